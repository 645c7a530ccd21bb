// Package notify delivers to the targets of andon.yaml what subscriptions and
// targets are to hear of. A notification is claimed before it is sent, and the
// claim is kept beside the cursor: whatever ends this process, none is lost, and
// of each subscription one at most is sent twice, with the id it had.
package notify

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"andon/internal/board"
	"andon/internal/config"
	"andon/internal/fsx"
	"andon/internal/home"
	"andon/internal/lock"
	"andon/internal/proc"
	"andon/internal/store"
	"andon/kanban"
)

// Options are what a runner works with.
type Options struct {
	Home    home.Home
	Boards  func() ([]home.Board, error) // asked again now and then: boards come
	Open    func(context.Context, home.Board) (*store.DB, error)
	Targets map[string]config.Target // as [config.Target.Resolve] gives them

	// Report hears how each delivery went, Warn of what works less well than it
	// should. They may be called by several goroutines at once.
	Report func(Report)
	Warn   func(string)

	at func(point string) // tests end the process there
}

// Report is how one delivery went.
type Report struct {
	Board  home.Slug
	Notice board.Notice
	Text   string // what was to be told
	Error  string // empty: it was delivered
	Target kanban.Target
}

const (
	rediscover = 10 * time.Second // how soon a new board is seen
	safety     = time.Minute      // the slow look, which nothing wakes
	settleTime = 30 * time.Second // to record how a delivery went, also when told to end
	singleWait = 2 * time.Second
)

// Run delivers until the context ends, as the only runner of the home. A commit
// by any process wakes it. A board that fails is tried again, and the others go
// on meanwhile.
func Run(ctx context.Context, o Options) error {
	r, release, err := begin(ctx, o)
	if err != nil || r == nil {
		return err
	}
	defer release()
	var serving sync.WaitGroup
	defer serving.Wait()
	served := map[string]bool{}
	var mu sync.Mutex
	tick := time.NewTicker(rediscover)
	defer tick.Stop()
	for {
		boards, err := o.Boards()
		if err != nil {
			r.warn(err)
		}
		for _, place := range boards {
			mu.Lock()
			known := served[place.DB]
			served[place.DB] = true
			mu.Unlock()
			if known {
				continue
			}
			serving.Go(func() {
				if err := r.serve(ctx, place); err != nil && ctx.Err() == nil {
					r.warn(fmt.Errorf("board %s: %w", place.Slug, err))
					pause(ctx, safety) // what is broken stays so for a while
				}
				mu.Lock()
				delete(served, place.DB)
				mu.Unlock()
			})
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

func pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}

// Once delivers what there is, as far as targets may be tried now, and returns.
// A board where nobody is to hear of anything is not even opened.
func Once(ctx context.Context, o Options) error {
	r, release, err := begin(ctx, o)
	if err != nil || r == nil {
		return err
	}
	defer release()
	boards, err := o.Boards()
	if err != nil {
		return err
	}
	var failed error
	for _, place := range boards {
		if err := r.once(ctx, place); err != nil && ctx.Err() == nil {
			failed = errors.Join(failed, fmt.Errorf("board %s: %w", place.Slug, err))
		}
	}
	return failed
}

type runner struct {
	Options
	senders map[string]sender
	me      kanban.Holder
}

// begin takes the place of the home's one runner. A context that ends meanwhile
// gives no runner and no error.
func begin(ctx context.Context, o Options) (*runner, func(), error) {
	r := &runner{Options: o, senders: map[string]sender{}}
	for name, t := range o.Targets {
		s, err := newSender(t)
		if err != nil {
			return nil, nil, fmt.Errorf("target %s: %w", name, err)
		}
		r.senders[name] = s
	}
	self := proc.Self()
	r.me = kanban.Holder{Host: proc.Hostname(), PID: int64(self.PID), Start: self.Start}

	path := o.Home.NotifierLock()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, nil, err
	}
	guard, held, err := lock.Poll(ctx, path, 50*time.Millisecond, singleWait)
	switch {
	case ctx.Err() != nil:
		return nil, nil, nil
	case errors.Is(err, lock.ErrUnavailable):
		o.Warn(fmt.Sprintf("delivering without the lock that keeps a second runner away: %v", err))
		return r, func() {}, nil
	case err != nil:
		return nil, nil, err
	case !held:
		return nil, nil, &kanban.Error{Code: kanban.Conflict, Msg: fmt.Sprintf("%s delivers the notifications of %s (it holds %s)", holder(path), o.Home.Root, path),
			Hint: "stop it first, or let it do the work"}
	}
	// Only for people: who holds the lock is what counts.
	_ = fsx.WriteFile(path+".holder", fmt.Appendf(nil, "process %d on %s", r.me.PID, r.me.Host), 0o644)
	return r, func() { _ = guard.Unlock() }, nil
}

// holder names who said that it holds the lock.
func holder(path string) string {
	if text, err := os.ReadFile(path + ".holder"); err == nil && len(text) > 0 && len(text) < 200 {
		return string(text)
	}
	return "another process"
}

// Holder tells whether a runner serves the home just now, and which. It makes
// nothing.
func Holder(h home.Home) (who string, running bool) {
	path := h.NotifierLock()
	if _, err := os.Stat(path); err != nil {
		return "", false // none was ever started
	}
	guard, free, err := lock.Try(path)
	if free {
		_ = guard.Unlock()
	}
	if free || err != nil {
		return "", false
	}
	return holder(path), true
}

func (r *runner) warn(err error) { r.Warn(err.Error()) }

// serve delivers what one board has until the context ends. A board that is not
// there yet is none: the runner comes again.
func (r *runner) serve(ctx context.Context, place home.Board) (err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	mark := place.Mark() // before: one that comes meanwhile is another, at worst
	b, done, err := r.open(ctx, place)
	if b == nil {
		return err
	}
	defer func() { err = errors.Join(err, done()) }()
	wake, err := b.Wake(ctx)
	if err != nil {
		return err
	}
	lanes := r.lanes(place, b)
	errs := make(chan error, len(lanes))
	var running sync.WaitGroup
	for _, l := range lanes {
		running.Go(func() { errs <- l.run(ctx) })
	}
	look := time.NewTicker(rediscover)
	defer look.Stop()
	ended := 0
	for open := true; open && ended < max(len(lanes), 1); {
		select {
		case _, open = <-wake:
			for _, l := range lanes {
				l.poke()
			}
		case <-look.C:
			open = place.Stays(mark) // the board that came in its place is served anew
		case one := <-errs:
			err = errors.Join(err, one)
			ended = len(lanes) // it begins anew as a whole
		}
	}
	cancel()
	running.Wait()
	for range wake { // until its goroutine has ended
	}
	return err
}

func (r *runner) once(ctx context.Context, place home.Board) (err error) {
	wanted := false
	for name, t := range r.Targets {
		n, err := 0, error(nil)
		if !wanted && len(t.Follow) == 0 {
			n, err = place.CountSubs(ctx, store.SubCount{Platform: string(t.Kind), Chat: name})
		}
		wanted = wanted || n > 0 || err != nil || len(t.Follow) > 0
	}
	if !wanted {
		return nil
	}
	b, done, err := r.open(ctx, place)
	if b == nil {
		return err
	}
	defer func() { err = errors.Join(err, done()) }()
	for _, l := range r.lanes(place, b) {
		err := l.begin(ctx)
		if err == nil {
			_, err = l.drain(ctx)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// open opens a board that is there.
func (r *runner) open(ctx context.Context, place home.Board) (*board.Board, func() error, error) {
	if err := place.Look(ctx); err != nil {
		if errors.Is(err, home.ErrAbsent) {
			err = nil
		}
		return nil, nil, err
	}
	db, err := r.Open(ctx, place)
	if err != nil {
		return nil, nil, err
	}
	return board.New(db), db.Close, nil
}
