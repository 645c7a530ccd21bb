package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"strings"
	"sync"

	"github.com/spf13/cobra"

	"andon/internal/config"
	"andon/internal/home"
	"andon/internal/mcp"
	"andon/internal/token"
	"andon/internal/view"
	"andon/kanban"
)

func newMCP(a *app) *cobra.Command {
	o := &mcpVerb{app: a}
	cmd := verb(words{
		use: "mcp", group: "work",
		short: "serve the board to an agent (MCP on standard input and output)",
		long: `Serve the board to an agent by the Model Context Protocol, on standard input and
output, until that ends. docs/mcp.md lists the tools, resources and prompts.

Inside a worker (ANDON_TASK or HERMES_KANBAN_TASK is set, or a token is given) the
session is that of the worker: it works on its own card, for as long as its run is
the current one, may comment on every card, make cards and link them, and nothing
else. Without ANDON_RUN_ID its run is the one that the card has at the start.
Otherwise the session may do all that the tools offer, or with --read-only only
look.`,
		example: `  andon mcp
  andon mcp --read-only --board site
  claude mcp add andon -- andon mcp`,
		exits: "no such board, a token that is not of this board, or the connection broke",
	}, cobra.NoArgs, o.run)
	f := cmd.Flags()
	f.BoolVar(&o.readOnly, "read-only", false, "only look, and offer no tool that changes anything")
	f.StringVar(&o.token, "token", "", "be the worker of the run that this token is of (ANDON_TOKEN)")
	o.changed = f.Changed
	return cmd
}

type mcpVerb struct {
	*app
	readOnly bool
	token    string
	changed  func(flag string) bool
}

func (o *mcpVerb) run(ctx context.Context, _ []string) error {
	return o.with(ctx, func(s *session) (err error) {
		server := &mcp.Server{
			TTL: config.ClaimTTL(o.Env), Web: o.Web, Now: o.Now, Zone: o.Zone, Version: build().Version,
			Log: slog.New(slog.DiscardHandler),
		}
		if server.Scope, err = o.scope(ctx, s); err != nil {
			return err
		}
		if server.Author, err = o.speakerOf(ctx, s, server.Scope); err != nil {
			return err
		}
		if server.Tenant = strings.TrimSpace(o.Env("HERMES_TENANT")); server.Tenant == "" { // an agent may keep its environment from us
			if server.Tenant, err = tenantOf(ctx, s, server.Scope); err != nil {
				return err
			}
		}
		desks := newDesks(o.app, server.Scope, o.take, seated{o.desk(server.Scope, func() *session { return s }), stands(s.place)})
		server.Open = desks.get
		err = server.Serve(ctx, io.NopCloser(o.In), nopCloser{o.Out})
		return errors.Join(untilEnd(ctx, err), desks.close())
	})
}

type nopCloser struct{ io.Writer }

func (nopCloser) Close() error { return nil }

// scope is what the session may do.
func (o *mcpVerb) scope(ctx context.Context, s *session) (kanban.Scope, error) {
	scope := kanban.Scope{ReadOnly: o.readOnly}
	word := strings.TrimSpace(o.token)
	switch {
	case o.changed("token") && word == "":
		return scope, usagef("--token is empty")
	case word == "":
		word = strings.TrimSpace(o.Env("ANDON_TOKEN"))
	}
	if word != "" {
		g, err := o.grant(ctx, s.home, s.place, word)
		if err != nil {
			return scope, fmt.Errorf("read the token: %w", err)
		}
		scope.Task, scope.Run, scope.Leased, scope.Until = g.Task, g.Run, true, g.Expires
		return scope, nil
	}
	if scope.Task = o.own(); scope.Task == "" {
		return scope, nil
	}
	var err error
	if scope.Run, err = o.pin(scope.Task); err != nil || scope.Run != 0 {
		return scope, err
	}
	t, err := s.Task(ctx, scope.Task)
	if err != nil {
		return scope, fmt.Errorf("be the worker of %s: %w", scope.Task, err)
	}
	scope.Run = t.Run
	return scope, nil
}

// grant is what a token of a worker of the board gives.
func (a *app) grant(ctx context.Context, h home.Home, place home.Board, word string) (token.Grant, error) {
	key, err := h.Key(ctx, false)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return token.Grant{}, err
	}
	return token.Verify(key, place.Address(), word, a.Now()) // without a key there are no tokens
}

// speakerOf is who the session speaks for: a worker is the profile of its run.
func (a *app) speakerOf(ctx context.Context, s *session, scope kanban.Scope) (string, error) {
	if !scope.Worker() {
		return a.author(), nil
	}
	run, err := s.Run(ctx, scope.Run)
	if err != nil {
		return "", err
	}
	if run != nil && run.Task == scope.Task && run.Profile != "" {
		return run.Profile, nil
	}
	t, err := s.Task(ctx, scope.Task)
	if err != nil && kanban.CodeOf(err) != kanban.NotFound {
		return "", err
	}
	return or(t.Assignee, "worker"), nil
}

// tenantOf is whose work a worker does: that of its card.
func tenantOf(ctx context.Context, s *session, scope kanban.Scope) (string, error) {
	if !scope.Worker() {
		return "", nil
	}
	t, err := s.Task(ctx, scope.Task)
	if err != nil && kanban.CodeOf(err) != kanban.NotFound {
		return "", err
	}
	return t.Tenant, nil
}

// desk is the board of a session, as an agent has it. now is the session with the
// settings that are in force.
func (a *app) desk(scope kanban.Scope, now func() *session) *mcp.Desk {
	s := now()
	s.Board.Scope = scope
	if scope.Worker() {
		s.Board.Journal = nil // what workers do, people do not undo
	} else if s.Board.Journal != nil {
		s.Board.Journal.Command = "" // each change is undone by itself
	}
	return &mcp.Desk{
		Board: s.Board, Slug: string(s.place.Slug), Files: s.files,
		Log:     func(id kanban.TaskID) (io.ReadSeekCloser, error) { return openLog(s.place.Logs, id) },
		Project: func(name string) (kanban.Project, error) { return a.findProject(s.home, name) },
		Why: func(ctx context.Context, id kanban.TaskID) (view.Why, error) {
			s := now()
			answer, err := a.why(ctx, s, a.limits(s.config, 0), id)
			if err != nil {
				return view.Why{}, err
			}
			return newAnswer(answer), nil
		},
		Complete: func(ctx context.Context, id kanban.TaskID, r kanban.Report) (kanban.Change, error) {
			if a.Env("ANDON_CHECK") != "" {
				return kanban.Change{}, &kanban.Error{Code: kanban.Denied, Msg: fmt.Sprintf("complete %s: a check is running, and says what it finds by its exit status", id)}
			}
			return a.reporter(now()).Complete(ctx, id, r)
		},
		Tidy: func(ctx context.Context, c kanban.Change) { a.tidy(ctx, now(), c) },
	}
}

// desks are the boards that a session has opened.
type desks struct {
	*app
	scope kanban.Scope

	// take opens a board; now is as [app.desk] wants it, and fresh as in [stands].
	take func(context.Context, home.Slug) (now func() *session, fresh func() bool, free func() error, err error)

	mu    sync.Mutex
	open  map[string]seated // by the names that they were asked for
	frees []func() error
}

// seated is a board at which the session sits, and whether it is still the one that
// was opened.
type seated struct {
	*mcp.Desk
	fresh func() bool
}

func newDesks(a *app, scope kanban.Scope, take func(context.Context, home.Slug) (func() *session, func() bool, func() error, error), own seated) *desks {
	return &desks{app: a, scope: scope, take: take, open: map[string]seated{"": own}}
}

func (d *desks) get(ctx context.Context, slug string) (*mcp.Desk, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if known, ok := d.open[slug]; ok && known.fresh() {
		return known.Desk, nil
	}
	if slug == "" {
		return nil, &kanban.Error{Code: kanban.NotFound, Msg: "the board of this session is no longer there, or another is in its place", Hint: "begin a new session; nothing was changed"}
	}
	name, err := home.ParseSlug(slug)
	if err != nil {
		return nil, &kanban.Error{Code: kanban.Invalid, Err: err, Msg: err.Error()}
	}
	if known, ok := d.open[string(name)]; ok && known.fresh() {
		return known.Desk, nil
	}
	now, fresh, free, err := d.take(ctx, name)
	if err != nil {
		return nil, err
	}
	d.frees = append(d.frees, free) // also of one that was exchanged: somebody may be at it
	desk := d.desk(d.scope, now)
	d.open[string(name)] = seated{desk, fresh}
	return desk, nil
}

func (d *desks) close() (err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, free := range d.frees {
		err = errors.Join(err, free())
	}
	return err
}

// at is the same call with another board.
func (a *app) at(board home.Slug) *app {
	there := *a
	there.places.Board = string(board)
	return &there
}

func (a *app) take(ctx context.Context, board home.Slug) (now func() *session, fresh func() bool, free func() error, err error) {
	s, err := a.at(board).open(ctx)
	if err != nil {
		return nil, nil, nil, err
	}
	return func() *session { return s }, stands(s.place), s.db.Close, nil
}

// stands says later whether the file of a board that was opened is still that one.
func stands(place home.Board) (fresh func() bool) {
	mark := place.Mark()
	return func() bool { return place.Stays(mark) }
}
