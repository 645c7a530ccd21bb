package worker

import (
	"context"
	"io"
	"os"
	"time"

	"andon/kanban"
)

// readMeter reads on in what this run has written to the log, where its preset tells how
// that is read. It is done before the log is begun anew, and at the end.
func (s *supervisor) readMeter() {
	if s.meter == nil {
		return
	}
	f, err := os.Open(s.log.Name())
	if err != nil {
		return
	}
	defer f.Close()
	if _, err := f.Seek(s.logFrom, io.SeekStart); err != nil {
		return
	}
	if err := s.meter.Read(f); err != nil {
		s.logf("read the usage: %v", err)
	}
	if at, err := f.Seek(0, io.SeekCurrent); err == nil {
		s.logFrom = at
	}
}

// usageWait is how long a run that must end soon tries again to tell what it took.
const usageWait = time.Second

// account records what the run's agent has taken, by its own output. It comes before
// the end is recorded, so that who starts the next card knows of it.
func (s *supervisor) account(ctx context.Context) {
	if s.meter == nil {
		return
	}
	s.readMeter()
	taken := s.meter.Taken()
	if s.meter = nil; taken.None() {
		return
	}
	_ = s.insist(ctx, "record the usage", func(ctx context.Context) error {
		_, err := s.board.Used(ctx, s.run, taken)
		if kanban.CodeOf(err) == kanban.NotFound {
			return nil // the card was deleted, and its runs with it
		}
		return err
	})
}

// accountSoon is [supervisor.account] for a run that others wait for.
func (s *supervisor) accountSoon() {
	ctx, cancel := context.WithTimeout(context.Background(), usageWait)
	defer cancel()
	s.account(ctx)
}
