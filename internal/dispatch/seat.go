package dispatch

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"andon/internal/board"
	"andon/internal/home"
	"andon/internal/lock"
	"andon/internal/store"
	"andon/kanban"
)

// seat is a dispatcher's place at one board.
type seat struct {
	d     *Dispatcher
	place home.Board
	board *board.Board // nil: not open
	mark  fs.FileInfo  // of the file that was opened
	done  func() error
	pulse store.Pulse
	rest  *rest // why it is left alone; nil: it is not

	woken  atomic.Bool // something may have happened
	due    time.Time   // when it is looked at by itself
	until  time.Time   // when a hold of its cards ends; by the clock on the wall
	care   *attendance // nil: nobody waits for commits and for supervisors
	asleep func()      // ends the waiting for commits

	stirred kanban.EventID // the newest event when cards were last promoted; zero: never
	swept   time.Time      // when all cards were last looked at

	// Of the present pass.
	snap   Snapshot // as last seen; counts also when the board is not looked at
	seen   bool     // in this pass
	busy   bool     // others held the board for too long: it is looked at again soon
	guard  *lock.File
	locked bool // this process has the board to itself, or there are no locks
	report Report

	mu       sync.Mutex
	launched map[kanban.RunID]bool // runs whose supervisor this process started; false: it has ended
}

// rest is that a board cannot be worked with: until its file changes, or for some
// time.
type rest struct {
	until time.Time
	was   [2]stamp
}

// restFor is how long a board that cannot be worked with is left alone.
const restFor = 300 * time.Second

// stamp tells whether a file has changed.
type stamp struct {
	size    int64
	written time.Time
	there   bool
}

func stampOf(place home.Board) (s [2]stamp) {
	if place.OnServer() {
		return s
	}
	for i, file := range []string{place.DB, place.DB + "-wal"} {
		if info, err := os.Stat(file); err == nil {
			s[i] = stamp{info.Size(), info.ModTime(), true}
		}
	}
	return s
}

// open opens the board. One that is not there yet is left alone and no error.
func (s *seat) open(ctx context.Context) error {
	if err := s.place.Look(ctx); errors.Is(err, home.ErrAbsent) {
		return nil
	}
	mark := s.place.Mark() // before: one that comes meanwhile is another, at worst
	b, done, err := s.d.Open(ctx, s.place)
	if err != nil {
		return err
	}
	pulse, err := b.Pulse(ctx)
	if err != nil {
		return errors.Join(err, done())
	}
	s.board, s.mark, s.done, s.pulse, s.rest = b, mark, done, pulse, nil
	s.launched = map[kanban.RunID]bool{}
	return nil
}

// attend waits for commits and for supervisors that end, until close.
func (s *seat) attend(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	commits, err := s.board.Wake(ctx)
	if err != nil {
		cancel()
		return err
	}
	s.care = &attendance{ended: s.wake, bereaved: s.bereaved, posts: map[kanban.RunID]*post{}, going: map[kanban.RunID]*post{}}
	var waiting sync.WaitGroup
	waiting.Go(func() {
		for range commits {
			s.wake()
		}
		// Where that ends by itself, the slow tick and the deadlines remain.
	})
	s.asleep = func() {
		s.care.end()
		cancel()
		waiting.Wait()
	}
	return nil
}

// close leaves the board. Its workers go on.
func (s *seat) close() error {
	if s.board == nil {
		return nil
	}
	if s.asleep != nil {
		s.asleep()
		s.asleep, s.care = nil, nil
	}
	err := errors.Join(s.pulse.Close(), s.done())
	s.board, s.snap = nil, Snapshot{}
	return err
}

func (s *seat) wake() {
	s.woken.Store(true)
	s.d.nudge()
}

// fail notes what went wrong, and leaves the board alone if it cannot be worked
// with. One that is only busy is tried again.
func (s *seat) fail(ctx context.Context, err error) {
	if err == nil || ctx.Err() != nil {
		return
	}
	s.report.Errors = append(s.report.Errors, err)
	if s.board != nil && (kanban.CodeOf(err) == kanban.Busy || kanban.CodeOf(err) == kanban.Unknown) {
		s.due, s.busy = time.Now().Add(lockRetry), true
		return
	}
	_ = s.close() // what was said matters more
	s.snap = Snapshot{}
	s.rest = &rest{time.Now().Add(restFor), stampOf(s.place)}
	s.report.Rests = s.rest.until
}

// rested reports whether the board may be tried again.
func (s *seat) rested() bool {
	return s.rest == nil || !time.Now().Before(s.rest.until) || stampOf(s.place) != s.rest.was
}

// take gets the board for this process until release. Another dispatcher that is
// at it is no error.
func (s *seat) take() {
	if s.locked {
		return
	}
	guard, held, err := lock.Try(LockFile(s.place))
	s.skip(err == nil && !held)
	s.locked = !s.report.SkippedLocked // that the lock cannot be had is no reason not to work: the claims are safe without
	s.guard = guard
}

// skip says that nothing is started here in this pass.
func (s *seat) skip(yes bool) { s.report.SkippedLocked, s.snap.Closed = yes, yes }

// refresh takes the board and looks at it anew.
func (s *seat) refresh(ctx context.Context) {
	s.take()
	if err := s.look(ctx); err != nil {
		s.fail(ctx, err)
		s.skip(true)
	}
}

func (s *seat) release() {
	if s.guard != nil {
		s.fail(context.Background(), s.guard.Unlock())
	}
	s.guard, s.locked, s.seen = nil, false, false
}

// look gathers what a plan needs.
func (s *seat) look(ctx context.Context) error {
	ended := s.ended()
	if _, err := s.pulse.Beat(ctx); err != nil { // before the look: what comes after it is news
		return err
	}
	f, err := s.board.Floor(ctx, s.d.now().Limits.Windows(time.Now())...)
	if err != nil {
		return err
	}
	snap := NewSnapshot(string(s.place.Slug), f, time.Now())
	for i, w := range snap.Running {
		snap.Running[i] = s.worker(w.Held, ended[w.Run.ID])
		if w.Task.WorkerPID == 0 {
			delete(ended, w.Run.ID) // still to be seen to
		}
	}
	s.forget(ended)
	s.gone(ctx, snap)
	snap.Closed = s.report.SkippedLocked
	s.snap, s.seen = snap, true
	return nil
}

// gone notes which runs have ended since the last look. Only who listens is told, so
// it is not asked for nothing, and what cannot be read is left out.
func (s *seat) gone(ctx context.Context, now Snapshot) {
	if s.d.Report == nil {
		return
	}
	still := map[kanban.RunID]bool{}
	for _, w := range now.Running {
		still[w.Run.ID] = true
	}
	for _, w := range s.snap.Running {
		if w.Run.ID == 0 || still[w.Run.ID] {
			continue
		}
		if run, err := s.board.Run(ctx, w.Run.ID); err == nil && run != nil && !run.Open() {
			s.report.Ended = append(s.report.Ended, Ended{*run})
		}
	}
}

// changed reports whether anybody has committed since the last look.
func (s *seat) changed(ctx context.Context) bool {
	news, err := s.pulse.Beat(ctx)
	return news || err != nil
}

// tend takes back what was lost on the board, makes the cards of routines and
// promotes what is due.
func (s *seat) tend(ctx context.Context, set Settings) error {
	lost := Recover(s.snap, set.Limits)
	s.recoverAll(ctx, set, lost)
	var err error
	if s.report.Fired, err = s.board.FireDue(ctx); err != nil {
		return err
	}
	if s.report.Promoted, err = s.promote(ctx, time.Duration(set.Limits.Interval)); err != nil {
		return err
	}
	if len(lost)+len(s.report.Fired)+len(s.report.Promoted) > 0 {
		return s.look(ctx)
	}
	return nil
}

// act does what the plan says.
func (s *seat) act(ctx context.Context, set Settings, p Starts) error {
	r := &s.report
	r.Starts = p
	var err error
	if r.AutoAssigned, err = s.board.AssignDefault(ctx, p.Assign, set.Limits.DefaultAssignee); err != nil {
		return err
	}
	given := map[kanban.TaskID]bool{}
	for _, id := range r.AutoAssigned {
		given[id] = true
	}
	for _, id := range p.Assign {
		if !given[id] {
			given[id] = false // someone else took it meanwhile
		}
	}
	for _, h := range p.Held {
		if _, news := h.Task.Guarded(s.snap.Pasts[h.Task.ID], s.snap.Now); !news {
			continue
		}
		switch recorded, err := s.board.Guard(ctx, h.Task.ID); {
		case recorded:
			r.Guarded = append(r.Guarded, h.Task.ID)
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil && kanban.CodeOf(err) != kanban.NotFound:
			r.Errors = append(r.Errors, err)
		}
	}
	for _, t := range p.Start {
		if mine, asked := given[t.ID]; asked && !mine {
			continue
		}
		sp, err := s.start(ctx, set, t)
		switch {
		case err == nil:
			r.Spawned = append(r.Spawned, sp)
		case kanban.CodeOf(err) == kanban.Conflict: // another was quicker, or its parents reopened
		case ctx.Err() != nil:
			return ctx.Err()
		case kanban.CodeOf(err) == kanban.Busy: // so it would be with the next
			return err
		default:
			r.Errors = append(r.Errors, err)
		}
	}
	return nil
}

// wants reports whether the plan has something to do here.
func (s *seat) wants(p Starts) bool {
	if len(p.Start)+len(p.Assign) > 0 {
		return true
	}
	for _, h := range p.Held {
		if _, news := h.Task.Guarded(s.snap.Pasts[h.Task.ID], s.snap.Now); news {
			return true
		}
	}
	return false
}

// ended lists the runs whose supervisor this process started and saw end. It is
// asked before the board is read: a run that has no worker there after that
// will not get one.
func (s *seat) ended() map[kanban.RunID]bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	ended := map[kanban.RunID]bool{}
	for run, alive := range s.launched {
		if !alive {
			ended[run] = true
		}
	}
	return ended
}

func (s *seat) forget(runs map[kanban.RunID]bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for run := range runs {
		delete(s.launched, run)
	}
}

func (s *seat) note(run kanban.RunID, alive bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.launched[run] = alive
}
