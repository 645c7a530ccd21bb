package dispatch

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"andon/internal/proc"
	"andon/internal/store"
	"andon/internal/worker"
	"andon/kanban"
)

func (s *seat) worker(h store.Held, ended bool) Worker {
	w := Worker{Held: h, Local: worker.Local(h.Task.Lock, s.d.host), Stillborn: ended && h.Task.WorkerPID == 0}
	if !w.Local && h.Task.WorkerPID != 0 && h.Run.Worker.Start != "" {
		// The host may have another name now than when the card was claimed. These very
		// processes, though, live here or nowhere; of the two, lest those of another host
		// have the same numbers.
		v := h.Run.Worker
		w.Local = proc.ID{PID: int(h.Task.WorkerPID), Start: v.Start}.Alive() &&
			(v.AgentPID == 0 || v.AgentStart != "" && proc.ID{PID: int(v.AgentPID), Start: v.AgentStart}.Alive())
	}
	if !w.Local {
		return w
	}
	if h.Task.WorkerPID != 0 {
		w.Dead = !proc.ID{PID: int(h.Task.WorkerPID), Start: h.Run.Worker.Start}.Alive()
		return w
	}
	// A dispatcher's lock is "<host>:<pid>:<start>"; a claim by hand has no start,
	// since the process that made it ends at once and proves nothing.
	if host, rest, ok := strings.Cut(h.Task.Lock, ":"); ok && host != "" {
		if pid, start, ok := strings.Cut(rest, ":"); ok && start != "" {
			if n, err := strconv.Atoi(pid); err == nil {
				w.Gone = h.Task.Lock != s.d.self && !proc.ID{PID: n, Start: start}.Alive()
			}
		}
	}
	return w
}

// recoveries is how many running cards of a board are acted upon side by side: to end
// a process takes seconds, and nothing is started meanwhile.
const recoveries = 16

func (s *seat) recoverAll(ctx context.Context, set Settings, lost []Recovery) {
	var (
		working sync.WaitGroup
		mu      sync.Mutex // of the report
		free    = make(chan struct{}, recoveries)
	)
	for _, l := range lost {
		free <- struct{}{}
		working.Go(func() {
			c, err := s.recover(ctx, set, l)
			mu.Lock()
			defer mu.Unlock()
			s.recovered(l, c, err)
			<-free
		})
	}
	working.Wait()
}

// recovered notes what became of a running card that was acted upon.
func (s *seat) recovered(l Recovery, c kanban.Change, err error) {
	r, id := &s.report, l.Worker.Task.ID
	list := map[Cause]*[]kanban.TaskID{CauseLease: &r.Reclaimed, CauseClaimer: &r.Reclaimed, CauseSilent: &r.Stale,
		CauseCrash: &r.Crashed, CauseStillborn: &r.Crashed, CauseTimeout: &r.TimedOut}[l.Cause]
	switch {
	case errors.Is(err, kanban.ErrSuperseded):
	case err != nil:
		r.Errors = append(r.Errors, err)
	case len(c.Events) > 0: // else it had ended by itself since it was looked at
		*list = append(*list, id)
		if c.Task.Status == kanban.Blocked {
			r.AutoBlocked = append(r.AutoBlocked, id)
		}
	}
}

// recover acts upon a running card. What belonged to its worker is ended, and
// seen to be gone, before the card is released: no change, if it is not.
func (s *seat) recover(ctx context.Context, set Settings, l Recovery) (c kanban.Change, err error) {
	run := l.Worker.Run
	if l.Cause == CauseExtend {
		_, err := s.board.Extend(ctx, run, set.Job.TTL)
		return c, err
	}
	run.WorkerPID = l.Worker.Task.WorkerPID
	host := s.d.host
	if l.Worker.Local && !worker.Local(run.Lock, host) {
		host, _, _ = strings.Cut(run.Lock, ":") // its former name
	}
	x, err := worker.End(ctx, s.place, run, host, set.Job.Grace)
	if err != nil && ctx.Err() != nil {
		return c, err
	}
	if x.Survived() {
		_, err := s.board.Defer(ctx, run, map[Cause]string{
			CauseLease: "ttl_expired_worker_alive", CauseSilent: "heartbeat_stale_worker_alive",
		}[l.Cause], x)
		return c, err
	}
	elapsed := time.Since(run.StartedAt)
	switch l.Cause {
	case CauseLease, CauseClaimer, CauseSilent:
		c, err = s.board.Lapse(ctx, run, kanban.Lapse(l.Cause), time.Duration(set.Limits.StaleTimeout), x)
	case CauseStillborn:
		c, err = s.board.Ended(ctx, run, kanban.Exit{}, kanban.OnExitProtocol,
			&kanban.Failure{Class: kanban.SpawnFailed, Error: "the supervisor ended before it took over; the card's log may say why"})
	case CauseCrash:
		c, err = s.board.Ended(ctx, run, kanban.Exit{Unknown: true}, kanban.OnExitProtocol,
			&kanban.Failure{Class: kanban.Crashed, Exit: kanban.Exit{Unknown: true}, PID: run.WorkerPID})
	case CauseTimeout:
		c, err = s.board.Ended(ctx, run, kanban.Exit{Unknown: true}, kanban.OnExitProtocol,
			&kanban.Failure{Class: kanban.TimedOut, PID: run.WorkerPID, Elapsed: elapsed, Limit: run.MaxRuntime, Sigkill: x.Sigkill})
	}
	return c, err
}

// patience is how long a board that others hold is waited for with a card to start.
// The other boards wait meanwhile, and it is looked at again.
const patience = 2 * time.Second

// start claims a card and starts a supervisor for it.
func (s *seat) start(ctx context.Context, set Settings, t kanban.Task) (Spawn, error) {
	profile := set.Limits.Profiles[t.Assignee]
	began := time.Now()
	soon, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	c, err := s.board.Claim(soon, t.ID, kanban.Claimant{Lock: s.d.self, TTL: set.Job.TTL, MaxRuntime: time.Duration(profile.MaxRuntime)})
	if err != nil && ctx.Err() == nil && errors.Is(err, context.DeadlineExceeded) {
		err = &kanban.Error{Code: kanban.Busy, Err: err, Msg: fmt.Sprintf("start %s: others held the board for longer than %s", t.ID, patience)}
	}
	if err != nil {
		return Spawn{}, err
	}
	commit := time.Since(began)
	job := set.Job
	job.Board, job.Task, job.Run, job.Lock, job.Profile = s.place, t.ID, c.Task.Run, s.d.self, profile
	s.note(job.Run, true)
	err = s.d.Launch(job, func() {
		s.note(job.Run, false)
		s.wake() // if it ended before it took over, the next tick sees to the card
	})
	if err != nil {
		s.note(job.Run, false) // if that cannot be recorded now, the next tick finds it
		run := kanban.Run{ID: job.Run, Task: t.ID}
		_, ferr := s.board.Ended(context.WithoutCancel(ctx), run, kanban.Exit{}, profile.OnExit,
			&kanban.Failure{Class: kanban.SpawnFailed, Error: err.Error()})
		return Spawn{}, errors.Join(fmt.Errorf("start %s: %w", t.ID, err), ferr)
	}
	return Spawn{Task: t.ID, Run: job.Run, Assignee: t.Assignee, Workspace: c.Task.WorkspacePath,
		After: time.Since(s.d.began), Commit: commit}, nil
}
