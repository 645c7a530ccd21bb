package dispatch

import (
	"context"
	"errors"
	"fmt"

	"andon/internal/proc"
	"andon/internal/worker"
	"andon/kanban"
)

// StopWorkers ends the workers of this host on all boards and waits for them, after Run
// has returned. Their cards go back, uncounted.
func (d *Dispatcher) StopWorkers(ctx context.Context) (wrong error) {
	d.init()
	places, err := d.Boards(ctx)
	if err != nil {
		return err
	}
	for _, place := range places {
		b, done, err := d.Open(ctx, place)
		if err == nil {
			s := &seat{d: d, place: place, board: b}
			err = errors.Join(s.stopWorkers(ctx), done())
		}
		if err != nil { // the others are stopped all the same
			wrong = errors.Join(wrong, fmt.Errorf("stop the workers of board %s: %w", place.Slug, err))
		}
	}
	return wrong
}

// stopWorkers tells each supervisor that the host wants it gone. One that was started
// just now is told when it has taken over, or is never heard of.
func (s *seat) stopWorkers(ctx context.Context) error {
	told := map[kanban.RunID]bool{}
	var wrong error
	err := s.board.Until(ctx, func() (bool, error) {
		f, err := s.board.Floor(ctx)
		if err != nil {
			return false, err
		}
		left := false
		for _, h := range f.Running {
			w := s.worker(h, false)
			switch {
			case w.Task.WorkerPID == 0:
				left = left || w.Task.Lock == s.d.self
				continue
			case !w.Local || w.Dead || w.Run.Worker.Start == "":
				continue // another's, or the next dispatcher's to find
			}
			left = true
			if told[w.Run.ID] {
				continue
			}
			told[w.Run.ID] = true
			err := proc.Signal(proc.ID{PID: int(w.Task.WorkerPID), Start: w.Run.Worker.Start}, false)
			if errors.Is(err, errors.ErrUnsupported) {
				err = s.endWorker(ctx, w.Run)
			}
			if err != nil && !errors.Is(err, kanban.ErrSuperseded) {
				wrong = errors.Join(wrong, err)
			}
		}
		return !left, nil
	})
	return errors.Join(err, wrong)
}

// endWorker ends a worker that cannot be asked.
func (s *seat) endWorker(ctx context.Context, run kanban.Run) error {
	x, err := worker.End(ctx, s.place, run, s.d.host, s.d.now().Job.Grace)
	if err != nil || x.Survived() {
		return err
	}
	_, err = s.board.Lapse(ctx, run, kanban.Stopped, 0, x)
	return err
}
