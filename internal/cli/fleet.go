package cli

import (
	"context"
	"fmt"
	"sync/atomic"

	"andon/internal/board"
	"andon/internal/config"
	"andon/internal/dispatch"
	"andon/internal/home"
	"andon/internal/worker"
	"andon/kanban"
)

// fleet is what a dispatcher serves: the boards of a home, by its andon.yaml.
type fleet struct {
	*app
	home   home.Home
	place  home.Board // the board that the call would mean
	config atomic.Pointer[config.Config]
	read   edition                       // of andon.yaml, at first
	opened func(home.Slug, *board.Board) // hears of boards that are opened and, nil, closed; may be nil

	max, failureLimit int             // of the command line; 0: not given
	interval          config.Duration // likewise
}

// findFleet finds the home and reads its andon.yaml, which must be right. A home
// without a board gets its first.
func (a *app) findFleet(ctx context.Context) (*fleet, error) {
	h, place, err := a.find()
	if err != nil {
		return nil, err
	}
	f := &fleet{app: a, home: h, place: place, read: editionOf(h.ConfigFile())}
	cfg, err := a.loadConfig(h)
	if err != nil {
		return nil, err
	}
	f.config.Store(&cfg)
	if err := a.delegated(); err != nil {
		return nil, err
	}
	// As every verb does: the board that is meant is made if it is not there. What is
	// wrong with it is told when it is its turn.
	if db, err := a.openDB(ctx, place); err == nil {
		err = db.Close()
		if err != nil {
			return nil, err
		}
	}
	f.nobody(cfg)
	return f, nil
}

// nobody warns of a default assignee that is no profile.
func (a *app) nobody(cfg config.Config) {
	if name := cfg.Dispatch.DefaultAssignee; name != "" {
		if _, known := cfg.Profiles[name]; !known {
			a.warn("dispatch.default_assignee is %q, and there is no such profile; cards of nobody stay so", name)
		}
	}
}

// boards are those that are served: all of the home that are not archived, or the
// one that was named.
func (f *fleet) boards(ctx context.Context) ([]home.Board, error) {
	if f.places.Board != "" {
		return []home.Board{f.place}, nil
	}
	all, err := f.allHere(ctx, f.home)
	if err != nil {
		return nil, err
	}
	var served []home.Board
	for _, b := range all {
		if b.Slug == home.Default || !b.Meta().Archived {
			served = append(served, b)
		}
	}
	return served, nil
}

// allHere are all boards that go with the one that is meant: of the home, or of the
// server. A file that was named stands alone.
func (a *app) allHere(ctx context.Context, h home.Home) ([]home.Board, error) {
	if b, err := h.Current(); err == nil && b.OnServer() {
		return h.Here(ctx)
	}
	return h.Boards()
}

// adjusted is a configuration with what the command line says instead.
func (f *fleet) adjusted() config.Config {
	c := *f.config.Load()
	if f.failureLimit > 0 {
		c.Dispatch.FailureLimit = f.failureLimit
	}
	if f.interval > 0 {
		c.Dispatch.Interval = f.interval
	}
	return c
}

// openAside opens a board for something else than dispatching.
func (f *fleet) openAside(ctx context.Context, place home.Board) (*board.Board, func() error, error) {
	db, err := f.openDB(ctx, place)
	if err != nil {
		return nil, nil, err
	}
	b := board.New(db)
	b.Defaults = place.Defaults()
	b.Policy = func(assignee string) kanban.Policy {
		return f.adjusted().Policy(config.RateLimitCooldown(f.Env))(assignee)
	}
	return b, db.Close, nil
}

func (f *fleet) open(ctx context.Context, place home.Board) (*board.Board, func() error, error) {
	b, closeBoard, err := f.openAside(ctx, place)
	if err != nil || f.opened == nil {
		return b, closeBoard, err
	}
	f.opened(place.Slug, b)
	return b, func() error {
		f.opened(place.Slug, nil)
		return closeBoard()
	}, nil
}

func (f *fleet) settings() dispatch.Settings {
	c := f.adjusted()
	return dispatch.Settings{
		Limits: f.limits(c, f.max),
		Job: worker.Job{
			Root: f.home.Root, TTL: config.ClaimTTL(f.Env), Busy: config.BusyTimeout(f.Env),
			RateLimitCooldown: config.RateLimitCooldown(f.Env), FailureLimit: c.Dispatch.FailureLimit,
			Backoff: c.Dispatch.Backoff.Rule(),
		},
	}
}

// limits are what a plan keeps to.
func (a *app) limits(c config.Config, max int) dispatch.Limits {
	return dispatch.Limits{Dispatch: c.Dispatch, Profiles: c.Profiles, Boards: c.Boards, Resources: c.Resources, Budgets: c.Budgets, Zone: a.Zone, Max: max, Grace: config.CrashGrace(a.Env),
		Cooldown: config.RateLimitCooldown(a.Env)}
}

func (f *fleet) dispatcher() *dispatch.Dispatcher {
	return &dispatch.Dispatcher{
		Boards: f.boards, Open: f.open, Settings: f.settings(), PassLock: f.home.PassLock(),
		Launch: func(job worker.Job, done func()) error { return worker.Launch(f.Self, job, done) },
	}
}

// about says of which board an error is, if it is not the one of which no word is
// lost.
func (f *fleet) about(b home.Board, err error) error {
	if b.Slug == "" || b.Slug == home.Default || f.places.Board != "" {
		return err
	}
	return fmt.Errorf("board %s: %w", b.Slug, err)
}
