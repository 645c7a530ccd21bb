package worker

import (
	"context"

	"andon/internal/proc"
	"andon/kanban"
)

// outlive returns when no worker of an earlier run of the card is left. One that has
// handed the card over may take a moment to end by itself, and whoever puts the card
// back meanwhile, such as a person who answers at once, must not give it a second
// worker beside the first. One that outstays its farewell is ended.
func (s *supervisor) outlive(ctx context.Context) error {
	runs, err := s.board.Runs(ctx, s.run.Task)
	if err != nil {
		return err
	}
	var last kanban.RunID // each saw to what the one before it had left
	for _, r := range runs {
		if r.ID < s.run.ID {
			last = max(last, r.ID)
		}
	}
	for _, r := range runs {
		if r.ID >= s.run.ID || r.Worker.Start == "" || r.Worker.Exit != "" {
			continue
		}
		supervisor := proc.ID{PID: int(r.Worker.PID), Start: r.Worker.Start}
		if supervisor.Alive() {
			s.logf("run %s has yet to end", r.ID)
			late, cancel := context.WithTimeout(ctx, farewell+s.job.grace()+yieldRest)
			err := proc.Wait(late, supervisor)
			cancel()
			if err == nil {
				continue
			}
		} else if r.ID != last {
			continue
		}
		// Its lock went with its claim. Its processes live on this host or are not found.
		r.WorkerPID, r.Lock = r.Worker.PID, s.job.Lock
		for {
			x, err := End(ctx, s.job.Board, r, proc.Hostname(), s.job.Grace)
			if ctx.Err() != nil {
				return ctx.Err()
			}
			if !x.Survived() {
				break
			}
			s.logf("the worker of run %s does not end: %v", r.ID, err)
		}
	}
	return nil
}
