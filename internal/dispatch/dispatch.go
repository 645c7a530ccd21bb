package dispatch

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"andon/internal/board"
	"andon/internal/home"
	"andon/internal/lock"
	"andon/internal/proc"
	"andon/internal/store"
	"andon/internal/worker"
	"andon/kanban"
)

// Dispatcher starts the cards of one board. Its fields are set before the first
// use. One process has one.
type Dispatcher struct {
	Board  *board.Board
	Place  home.Board
	Limits Limits
	Job    worker.Job // what all jobs have in common

	// Launch starts a supervisor and calls done when it has ended.
	Launch func(job worker.Job, done func()) error

	// Report hears what a tick did; it may be nil.
	Report func(Report)

	once     sync.Once
	host     string
	self     string // this process as its claims name it
	kick     chan struct{}
	mu       sync.Mutex
	seen     kanban.EventID        // the newest event when cards were last promoted; zero: never
	swept    time.Time             // when all cards were last looked at
	launched map[kanban.RunID]bool // runs whose supervisor this process started; false: it has ended
}

// Report is what one tick did.
type Report struct {
	SkippedLocked bool // another dispatcher was at it; nothing was done

	Reclaimed, Crashed, TimedOut, Stale, AutoBlocked, Promoted []kanban.TaskID

	Fired []board.Fired // routines that were due

	AutoAssigned []kanban.TaskID // cards of nobody, given to the default assignee
	Guarded      []kanban.TaskID // held by their past since this tick

	Spawned []Spawn
	Starts  Starts // for the cards that were not started: why
	Errors  []error

	next    time.Time
	running []Worker // as last seen; nil if nothing was looked at
}

// Spawn is a card that was started.
type Spawn struct {
	Task      kanban.TaskID
	Run       kanban.RunID
	Assignee  string
	Workspace string
}

// Idle reports whether the tick changed nothing.
func (r Report) Idle() bool {
	return len(r.Reclaimed)+len(r.Crashed)+len(r.TimedOut)+len(r.Stale)+len(r.AutoBlocked)+len(r.Promoted)+len(r.Fired)+
		len(r.AutoAssigned)+len(r.Guarded)+len(r.Spawned)+len(r.Errors) == 0
}

func (d *Dispatcher) init() {
	d.once.Do(func() {
		d.host = proc.Hostname()
		self := proc.Self()
		d.self = fmt.Sprintf("%s:%d:%s", d.host, self.PID, self.Start)
		d.kick = make(chan struct{}, 1)
		d.launched = map[kanban.RunID]bool{}
	})
}

// LockFile is the lock that a dispatcher holds while it does a pass over a board,
// Hermes' too. Who holds it has the board's workers to himself.
func LockFile(b home.Board) string { return b.Sidecar(".dispatch.lock") }

// Tick does one pass over the board: it takes back what was lost, makes the cards
// of routines, promotes what is due and starts what may start. With dryRun it only plans the starts, and
// writes nothing.
func (d *Dispatcher) Tick(ctx context.Context, dryRun bool) (r Report, err error) {
	d.init()
	if dryRun {
		s, err := d.look(ctx)
		if err != nil {
			return r, err
		}
		r.Starts = Plan(s, d.Limits)
		r.AutoAssigned = r.Starts.Assign
		for _, t := range r.Starts.Start {
			r.Spawned = append(r.Spawned, Spawn{Task: t.ID, Assignee: t.Assignee})
		}
		return r, nil
	}
	guard, held, err := lock.Try(LockFile(d.Place))
	switch {
	case err == nil && !held:
		r.SkippedLocked = true
		return r, nil
	case err == nil:
		defer func() { err = errors.Join(err, guard.Unlock()) }()
	} // that the lock cannot be had is no reason not to work: the claims are safe without

	s, err := d.look(ctx)
	if err != nil {
		return r, err
	}
	r.running = append([]Worker{}, s.Running...)
	lost := Recover(s, d.Limits)
	for _, l := range lost {
		if err := d.recover(ctx, &r, l); err != nil && !errors.Is(err, kanban.ErrSuperseded) {
			r.Errors = append(r.Errors, err)
		}
	}
	if r.Fired, err = d.Board.FireDue(ctx); err != nil {
		return r, err
	}
	if r.Promoted, err = d.promote(ctx); err != nil {
		return r, err
	}
	if len(lost)+len(r.Fired)+len(r.Promoted) > 0 {
		if s, err = d.look(ctx); err != nil {
			return r, err
		}
	}
	r.Starts = Plan(s, d.Limits)
	if r.AutoAssigned, err = d.Board.AssignDefault(ctx, r.Starts.Assign, d.Limits.DefaultAssignee); err != nil {
		return r, err
	}
	given := map[kanban.TaskID]bool{}
	for _, id := range r.AutoAssigned {
		given[id] = true
	}
	for _, id := range r.Starts.Assign {
		if !given[id] {
			given[id] = false // someone else took it meanwhile
		}
	}
	for _, h := range r.Starts.Held {
		if _, news := h.Task.Guarded(s.Pasts[h.Task.ID], s.Now); !news {
			continue
		}
		switch recorded, err := d.Board.Guard(ctx, h.Task.ID); {
		case recorded:
			r.Guarded = append(r.Guarded, h.Task.ID)
		case ctx.Err() != nil:
			return r, ctx.Err()
		case err != nil && kanban.CodeOf(err) != kanban.NotFound:
			r.Errors = append(r.Errors, err)
		}
	}
	for _, t := range r.Starts.Start {
		if mine, asked := given[t.ID]; asked && !mine {
			continue
		}
		sp, err := d.start(ctx, t)
		switch {
		case err == nil:
			r.Spawned = append(r.Spawned, sp)
		case kanban.CodeOf(err) == kanban.Conflict: // another was quicker, or its parents reopened
		case ctx.Err() != nil:
			return r, ctx.Err()
		default:
			r.Errors = append(r.Errors, err)
		}
	}
	r.next = Deadline(s, d.Limits)
	return r, nil
}

// look gathers what a plan needs.
func (d *Dispatcher) look(ctx context.Context) (Snapshot, error) {
	ended := d.ended()
	f, err := d.Board.Floor(ctx)
	if err != nil {
		return Snapshot{}, err
	}
	s := Snapshot{Now: time.Now(), Ready: f.Ready, Next: f.Next, Pasts: f.Pasts}
	for _, h := range f.Running {
		s.Running = append(s.Running, d.worker(h, ended[h.Run.ID]))
		if h.Task.WorkerPID == 0 {
			delete(ended, h.Run.ID) // still to be seen to
		}
	}
	d.forget(ended)
	return s, nil
}

// ended lists the runs whose supervisor this process started and saw end. It is
// asked before the board is read: a run that has no worker there after that
// will not get one.
func (d *Dispatcher) ended() map[kanban.RunID]bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	ended := map[kanban.RunID]bool{}
	for run, alive := range d.launched {
		if !alive {
			ended[run] = true
		}
	}
	return ended
}

func (d *Dispatcher) forget(runs map[kanban.RunID]bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for run := range runs {
		delete(d.launched, run)
	}
}

func (d *Dispatcher) worker(h store.Held, ended bool) Worker {
	w := Worker{Held: h, Local: worker.Local(h.Task.Lock, d.host), Stillborn: ended && h.Task.WorkerPID == 0}
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
				w.Gone = h.Task.Lock != d.self && !proc.ID{PID: n, Start: start}.Alive()
			}
		}
	}
	return w
}

// recover acts upon a running card. What belonged to its worker is ended, and
// seen to be gone, before the card is released.
func (d *Dispatcher) recover(ctx context.Context, r *Report, l Recovery) error {
	run, id := l.Worker.Run, l.Worker.Task.ID
	if l.Cause == CauseExtend {
		_, err := d.Board.Extend(ctx, run, d.Job.TTL)
		return err
	}
	run.WorkerPID = l.Worker.Task.WorkerPID
	x, err := worker.End(ctx, d.Place, run, d.host, d.Job.Grace)
	if err != nil && ctx.Err() != nil {
		return err
	}
	if x.Survived() {
		_, err := d.Board.Defer(ctx, run, map[Cause]string{
			CauseLease: "ttl_expired_worker_alive", CauseSilent: "heartbeat_stale_worker_alive",
		}[l.Cause], x)
		return err
	}
	elapsed := time.Since(run.StartedAt)
	var c kanban.Change
	switch l.Cause {
	case CauseLease, CauseClaimer, CauseSilent:
		c, err = d.Board.Lapse(ctx, run, kanban.Lapse(l.Cause), time.Duration(d.Limits.StaleTimeout), x)
	case CauseStillborn:
		c, err = d.Board.Ended(ctx, run, kanban.Exit{}, kanban.OnExitProtocol,
			&kanban.Failure{Class: kanban.SpawnFailed, Error: "the supervisor ended before it took over; the card's log may say why"})
	case CauseCrash:
		c, err = d.Board.Ended(ctx, run, kanban.Exit{Unknown: true}, kanban.OnExitProtocol,
			&kanban.Failure{Class: kanban.Crashed, Exit: kanban.Exit{Unknown: true}, PID: run.WorkerPID})
	case CauseTimeout:
		c, err = d.Board.Ended(ctx, run, kanban.Exit{Unknown: true}, kanban.OnExitProtocol,
			&kanban.Failure{Class: kanban.TimedOut, PID: run.WorkerPID, Elapsed: elapsed, Limit: run.MaxRuntime, Sigkill: x.Sigkill})
	}
	if err != nil {
		return err
	}
	list := map[Cause]*[]kanban.TaskID{CauseLease: &r.Reclaimed, CauseClaimer: &r.Reclaimed, CauseSilent: &r.Stale,
		CauseCrash: &r.Crashed, CauseStillborn: &r.Crashed, CauseTimeout: &r.TimedOut}[l.Cause]
	*list = append(*list, id)
	if c.Task.Status == kanban.Blocked {
		r.AutoBlocked = append(r.AutoBlocked, id)
	}
	return nil
}

// start claims a card and starts a supervisor for it.
func (d *Dispatcher) start(ctx context.Context, t kanban.Task) (Spawn, error) {
	profile := d.Limits.Profiles[t.Assignee]
	c, err := d.Board.Claim(ctx, t.ID, kanban.Claimant{Lock: d.self, TTL: d.Job.TTL, MaxRuntime: time.Duration(profile.MaxRuntime)})
	if err != nil {
		return Spawn{}, err
	}
	job := d.Job
	job.Board, job.Task, job.Run, job.Lock, job.Profile = d.Place, t.ID, c.Task.Run, d.self, profile
	d.note(job.Run, true)
	err = d.Launch(job, func() {
		d.note(job.Run, false)
		d.nudge() // if it ended before it took over, the next tick sees to the card
	})
	if err != nil {
		run := kanban.Run{ID: job.Run, Task: t.ID}
		_, ferr := d.Board.Ended(context.WithoutCancel(ctx), run, kanban.Exit{}, profile.OnExit,
			&kanban.Failure{Class: kanban.SpawnFailed, Error: err.Error()})
		return Spawn{}, errors.Join(fmt.Errorf("start %s: %w", t.ID, err), ferr)
	}
	return Spawn{Task: t.ID, Run: job.Run, Assignee: t.Assignee, Workspace: c.Task.WorkspacePath}, nil
}

func (d *Dispatcher) note(run kanban.RunID, alive bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.launched[run] = alive
}
