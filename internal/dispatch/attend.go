package dispatch

import (
	"context"
	"sync"
	"sync/atomic"

	"andon/internal/proc"
	"andon/internal/worker"
	"andon/kanban"
)

// attendance is the care for the supervisors of this host, whoever started them:
// the dispatcher hears of it when one ends, and tells it when its card has left
// it. Neither costs anything while nothing happens.
type attendance struct {
	ended    func()                                       // called, from any goroutine, when a supervisor ends that has a card
	bereaved func(context.Context, kanban.RunID, proc.ID) // likewise, when it ended and its card had left it

	posts  map[kanban.RunID]*post
	going  map[kanban.RunID]*post // their card has left them
	leaves sync.WaitGroup
}

type post struct {
	supervisor proc.ID
	wait       context.Context
	leave      context.CancelFunc
	met        atomic.Int32 // of two things that come in any order: it has ended, its card has left it
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
		if seen[run] = true; a.posts[run] != nil {
			continue
		}
		p := &post{supervisor: proc.ID{PID: int(w.Task.WorkerPID), Start: w.Run.Worker.Start}}
		p.wait, p.leave = context.WithCancel(ctx)
		a.posts[run] = p
		a.leaves.Go(func() {
			switch {
			case proc.Wait(p.wait, p.supervisor) != nil:
			case p.met.Add(1) == 2:
				a.bereaved(p.wait, run, p.supervisor)
				p.leave()
			default:
				a.ended()
			}
		})
	}
	for run, p := range a.going {
		if p.wait.Err() != nil {
			delete(a.going, run)
		}
	}
	for run, p := range a.posts {
		if seen[run] {
			continue
		}
		delete(a.posts, run)
		a.going[run] = p
		_ = proc.Nudge(p.supervisor) // it may be gone already; and it looks by itself now and then
		if p.met.Add(1) == 2 {
			a.leaves.Go(func() {
				a.bereaved(p.wait, run, p.supervisor)
				p.leave()
			})
		}
	}
}

// end leaves all supervisors to themselves.
func (a *attendance) end() {
	for _, posts := range []map[kanban.RunID]*post{a.posts, a.going} {
		for _, p := range posts {
			p.leave()
		}
	}
	a.leaves.Wait()
}

// bereaved ends what a supervisor left that was killed after its card had left it: no
// card tells of it any more. One that ended by itself has said how its agent did.
func (s *seat) bereaved(ctx context.Context, id kanban.RunID, supervisor proc.ID) {
	run, err := s.board.Run(ctx, id)
	if err != nil || run != nil && (run.Open() || run.Worker.Exit != "") {
		return
	}
	if run == nil { // gone with its card
		run = &kanban.Run{ID: id, Worker: kanban.Worker{PID: int64(supervisor.PID), Start: supervisor.Start}}
	}
	run.WorkerPID, run.Lock = int64(supervisor.PID), s.d.self            // its lock went with its claim
	_, _ = worker.End(ctx, s.place, *run, s.d.host, s.d.now().Job.Grace) // what survives, nobody can end
}
