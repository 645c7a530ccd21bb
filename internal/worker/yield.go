package worker

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"andon/internal/home"
	"andon/internal/proc"
	"andon/kanban"
)

// Who takes a run back by force asks its supervisor to yield: to end the agent with
// grace, and to leave without a word on the board but what it took, for what happened is
// the taker's to record. A file says so, beside the run's folder, which goes with the
// supervisor, and a nudge says that it is there; a supervisor that does not hear is
// killed.
const (
	yieldEnd    = ".yield"
	yieldKilled = "killed" // the file's content, once the agent would not end by itself
)

// yieldRest is how long beyond the grace a supervisor may take to be gone.
const yieldRest = 2 * time.Second

func yieldPath(b home.Board, run kanban.RunID) string {
	return filepath.Join(b.Runs, run.String()+yieldEnd)
}

// RunOf is the run to which something in a board's folder of runs belongs; false:
// nothing of andon's.
func RunOf(name string) (kanban.RunID, bool) {
	digits := strings.TrimSuffix(name, yieldEnd)
	n, err := strconv.ParseInt(digits, 10, 64)
	run := kanban.RunID(n)
	return run, err == nil && n > 0 && run.String() == digits
}

// askToYield returns when the supervisor is gone, or has had its time, and whether
// the agent had to be killed.
func askToYield(ctx context.Context, b home.Board, run kanban.Run, grace time.Duration) (killed bool) {
	supervisor := proc.ID{PID: int(run.WorkerPID), Start: run.Worker.Start}
	file := yieldPath(b, run.ID)
	if !proc.CanNudge || !supervisor.Alive() || os.WriteFile(file, nil, 0o600) != nil {
		return false
	}
	defer os.Remove(file)
	if proc.Nudge(supervisor) != nil {
		return false
	}
	late := time.After(grace + yieldRest)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for supervisor.Alive() {
		select {
		case <-ctx.Done():
			return false
		case <-late:
			return false
		case <-tick.C:
		}
	}
	word, err := os.ReadFile(file)
	return err == nil && string(word) == yieldKilled
}

// asked reports whether somebody takes the run back.
func (s *supervisor) asked() bool {
	_, err := os.Stat(yieldPath(s.job.Board, s.run.ID))
	return err == nil
}

// yield ends the agent and leaves the rest to who asked.
func (s *supervisor) yield(exited <-chan kanban.Exit) error {
	s.cause = "the run was taken back"
	res := s.clear()
	x := <-exited
	s.accountSoon()
	s.trailer(x)
	if !res.Killed {
		return nil
	}
	return os.WriteFile(yieldPath(s.job.Board, s.run.ID), []byte(yieldKilled), 0o600)
}
