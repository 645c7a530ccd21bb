package dispatch

import (
	"context"
	"sync"

	"andon/internal/proc"
	"andon/kanban"
)

// attendance is the care for the supervisors of this host, whoever started them:
// the dispatcher hears of it when one ends, and tells it when its card has left
// it. Neither costs anything while nothing happens.
type attendance struct {
	ended  func() // called, from any goroutine, when a supervisor ends
	posts  map[kanban.RunID]post
	leaves sync.WaitGroup
}

type post struct {
	supervisor proc.ID
	leave      context.CancelFunc
}

// turn brings the attendance up to what a tick has seen.
func (a *attendance) turn(ctx context.Context, running []Worker) {
	seen := map[kanban.RunID]bool{}
	for _, w := range running {
		run := w.Run.ID
		// Without a start it is another program's worker, or none yet: its pid
		// might be anybody's.
		if !w.Local || w.Task.WorkerPID == 0 || w.Run.Worker.Start == "" {
			continue
		}
		if seen[run] = true; a.posts[run].leave != nil {
			continue
		}
		wait, leave := context.WithCancel(ctx)
		p := post{proc.ID{PID: int(w.Task.WorkerPID), Start: w.Run.Worker.Start}, leave}
		a.posts[run] = p
		a.leaves.Go(func() {
			if proc.Wait(wait, p.supervisor) == nil {
				a.ended()
			}
		})
	}
	for run, p := range a.posts {
		if !seen[run] {
			_ = proc.Nudge(p.supervisor) // it may be gone already; and it looks by itself now and then
			p.leave()
			delete(a.posts, run)
		}
	}
}

// end leaves all supervisors to themselves.
func (a *attendance) end() {
	for _, p := range a.posts {
		p.leave()
	}
	a.leaves.Wait()
}
