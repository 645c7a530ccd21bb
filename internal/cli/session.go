package cli

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"andon/internal/attach"
	"andon/internal/board"
	"andon/internal/config"
	"andon/internal/home"
	"andon/internal/store"
	"andon/kanban"
)

// session is an open board with the settings around it.
type session struct {
	*board.Board
	files  attach.Files
	home   home.Home
	place  home.Board
	config config.Config // the defaults where andon.yaml cannot be read
	unread error         // why it cannot
	db     *store.DB
	mark   string // of the process tree that this call is a part of, as worker.Mark has it
}

// with opens the board that the call means, hands it to do and closes it. An
// andon.yaml that is wrong is only warned of: a worker must be able to report
// while somebody edits it.
func (a *app) with(ctx context.Context, do func(*session) error) error {
	return a.session(ctx, func(s *session) error {
		s.tellUnread(a)
		return do(s)
	})
}

// tellUnread warns of settings that could not be read.
func (s *session) tellUnread(a *app) {
	if s.unread != nil {
		a.warn("%v; going on without it", s.unread)
	}
}

// configured is [app.with] for the verbs that work by andon.yaml: one that is
// wrong is refused.
func (a *app) configured(ctx context.Context, do func(*session) error) error {
	return a.session(ctx, func(s *session) error {
		if s.unread != nil {
			return s.unread
		}
		return do(s)
	})
}

func (a *app) session(ctx context.Context, do func(*session) error) (err error) {
	s, err := a.open(ctx)
	if err != nil {
		return err
	}
	defer func() {
		closing := s.db.Close()
		if closing != nil && errors.Is(err, errSaid) {
			a.say(closing)
			return
		}
		err = errors.Join(err, closing)
	}()
	return do(s)
}

// otherHome is the way out for who named a home that cannot be one.
const otherHome = "name a folder that can be written, with --home or ANDON_HOME"

func (a *app) open(ctx context.Context) (*session, error) {
	h, place, err := a.find()
	if err != nil {
		return nil, err
	}
	return a.openAt(ctx, h, place)
}

// openAt opens the board at a place of the home.
func (a *app) openAt(ctx context.Context, h home.Home, place home.Board) (*session, error) {
	if info, err := os.Stat(h.Root); err == nil && !info.IsDir() {
		return nil, &kanban.Error{Code: kanban.Denied, Msg: fmt.Sprintf("the home %s is a file, and must be a folder", h.Root), Hint: otherHome}
	}
	cfg, unread := a.loadConfig(h)
	if e, ok := errors.AsType[*kanban.Error](unread); ok && e.Code == kanban.Denied {
		return nil, unread
	} else if unread != nil {
		cfg = config.Default()
	}
	db, err := a.openDB(ctx, place)
	if err != nil {
		return nil, err
	}
	b := board.New(db)
	b.Defaults = place.Defaults()
	if a.own() == "" { // what workers do, people do not undo
		b.Journal = &board.Journal{Actor: a.author(), Command: rand.Text()}
	}
	b.Policy = cfg.Policy(config.RateLimitCooldown(a.Env))
	files := attach.Of(place)
	// Those below which scratch folders are removed, so nothing goes that was not kept.
	files.Workspaces = func() []string { return home.WorkspaceRoots(h.Root, place) }
	b.Deliver = files.Deliver
	s := &session{Board: b, files: files, home: h, place: place, config: cfg, unread: unread, db: db, mark: "ANDON_RUN=" + a.Env("ANDON_RUN")}
	b.Checks = a.reporter(s).Checks
	return s, nil
}

// openDB opens a board, for a delegated child only to look at.
func (a *app) openDB(ctx context.Context, place home.Board) (*store.DB, error) {
	db, err := place.Open(ctx, a.opening())
	if err == nil {
		db.Deny = a.delegated()
	}
	return db, err
}

// loadConfig reads andon.yaml. One that cannot be read at all is [kanban.Denied].
func (a *app) loadConfig(h home.Home) (config.Config, error) {
	cfg, err := config.Load(h.ConfigFile(), os.ReadFile)
	if err == nil {
		return cfg, nil
	}
	if _, inFile := errors.AsType[*config.Error](err); !inFile {
		return cfg, &kanban.Error{Code: kanban.Denied, Err: err, Msg: err.Error(), Hint: otherHome}
	}
	return cfg, &kanban.Error{Code: kanban.Invalid, Err: err, Msg: err.Error()}
}

// delegated is the refusal of every change to a process that may only look; nil
// for others.
func (a *app) delegated() error {
	if a.Env("HERMES_DELEGATED_CHILD_CONTEXT") == "" {
		return nil
	}
	return &kanban.Error{Code: kanban.Denied, Msg: "this process is a delegated child (HERMES_DELEGATED_CHILD_CONTEXT is set), and may only look at the board",
		Hint: "tell the worker that delegated to it what should change"}
}

// opening is how this call opens a file.
func (a *app) opening() store.Options {
	return store.Options{Busy: config.BusyTimeout(a.Env), Warn: func(s string) { a.warn("%s", s) }}
}

// limit is the number of failures that trips the breaker for t, and whose it is.
func (s *session) limit(t kanban.Task) (int64, string) { return s.Policy(t.Assignee).Limit(t) }

// find tells which board the call means, without opening it.
func (a *app) find() (home.Home, home.Board, error) {
	h, err := home.Find(a.places, a.Env, a.UserHome)
	if err != nil {
		return h, home.Board{}, &kanban.Error{Code: kanban.Usage, Err: err, Msg: err.Error()}
	}
	place, err := h.Current()
	switch {
	case errors.Is(err, home.ErrNoBoard):
		err = &kanban.Error{Code: kanban.NotFound, Err: err, Msg: err.Error()}
	case err != nil:
		err = &kanban.Error{Code: kanban.Usage, Err: err, Msg: err.Error()}
	}
	return h, place, err
}

// env reads a variable of the worker's environment in either family of names.
func (a *app) env(name string) string {
	if v := a.Env("ANDON_" + name); v != "" {
		return v
	}
	return a.Env("HERMES_KANBAN_" + name)
}

// own is the card of the worker that makes this call, empty outside a worker.
func (a *app) own() kanban.TaskID { return kanban.TaskID(a.env("TASK")) }

// pin is the run which a verb upon id is bound to: a worker moves its own card
// only as long as its run is the current one.
func (a *app) pin(id kanban.TaskID) (kanban.RunID, error) {
	run := a.env("RUN_ID")
	if id != a.own() || run == "" {
		return 0, nil
	}
	n, err := strconv.ParseInt(run, 10, 64)
	if err != nil || n <= 0 {
		return 0, usagef("ANDON_RUN_ID is %q; it must be the number of a run", run)
	}
	return kanban.RunID(n), nil
}

// ids are the cards that the arguments name; within a worker none means its own.
func (a *app) ids(args []string) ([]kanban.TaskID, error) {
	if len(args) == 0 {
		if own := a.own(); own != "" {
			return []kanban.TaskID{own}, nil
		}
		return nil, usagef("which card? name its id (only inside a worker it may be left out)")
	}
	ids := make([]kanban.TaskID, len(args))
	for i, s := range args {
		ids[i] = kanban.TaskID(strings.TrimSpace(s))
	}
	return ids, nil
}

// author is who this call speaks for.
func (a *app) author() string {
	for _, name := range []string{"HERMES_PROFILE_NAME", "HERMES_PROFILE"} {
		if v := strings.TrimSpace(a.Env(name)); v != "" {
			return v
		}
	}
	return "user"
}
