package cli

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"sync"

	"andon/internal/board"
	"andon/internal/config"
	"andon/internal/home"
	"andon/internal/mcp"
	"andon/kanban"
)

// office has the boards at which agents sit over HTTP: each is open once, for as long
// as somebody sits there.
type office struct {
	*app
	fleet *fleet
	token [sha256.Size]byte // of the owner
	owner kanban.Scope

	mu   sync.Mutex
	open map[string]*shared // by their addresses
}

// shared is a board that several use.
type shared struct {
	users int // the office's lock guards it
	open  func() (*opened, error)
}

type opened struct {
	*session
	stands func() bool
}

func newOffice(f *fleet, token string, readOnly bool) *office {
	return &office{app: f.app, fleet: f, token: sha256.Sum256([]byte(token)), owner: kanban.Scope{ReadOnly: readOnly}, open: map[string]*shared{}}
}

// place finds the board of a name; no name is the one that was meant when the server
// was started.
func (o *office) place(name string) (home.Home, home.Board, error) {
	if name == "" {
		return o.fleet.home, o.fleet.place, nil
	}
	slug, err := home.ParseSlug(name)
	if err != nil {
		return home.Home{}, home.Board{}, &kanban.Error{Code: kanban.NotFound, Err: err, Msg: err.Error()}
	}
	h, place, err := o.at(slug).find()
	if errors.Is(err, home.ErrNoBoard) {
		err = &kanban.Error{Code: kanban.NotFound, Err: err, Msg: fmt.Sprintf("there is no board %q; `andon boards create` makes one", slug)}
	}
	return h, place, err
}

// know tells who bears a token at a board. Nothing that the process was started with
// gives or takes rights.
func (o *office) know(ctx context.Context, name, word string) (mcp.Bearer, error) {
	h, place, err := o.place(name)
	given := sha256.Sum256([]byte(word))
	id := sha256.Sum256([]byte(string(place.Slug) + "\x00" + word))
	who := mcp.Bearer{ID: hex.EncodeToString(id[:])}
	scope := o.owner
	if subtle.ConstantTimeCompare(given[:], o.token[:]) != 1 {
		if err != nil { // not even that it is not there
			return mcp.Bearer{}, &kanban.Error{Code: kanban.Denied, Msg: "it is no token of this board"}
		}
		g, err := o.grant(ctx, h, place, word)
		if err != nil {
			return mcp.Bearer{}, err
		}
		scope = kanban.Scope{Task: g.Task, Run: g.Run, Leased: true, Until: g.Expires}
		who.Expires = g.Expires
	}
	who.Sit = func(ctx context.Context) (*mcp.Server, func() bool, func() error, error) {
		if err != nil {
			return nil, nil, nil, err
		}
		return o.sit(ctx, h, place, scope)
	}
	return who, nil
}

// sit opens a board for somebody.
func (o *office) sit(ctx context.Context, h home.Home, place home.Board, scope kanban.Scope) (*mcp.Server, func() bool, func() error, error) {
	s, fresh, free, err := o.share(ctx, h, place)
	if err != nil {
		return nil, nil, nil, err
	}
	author, err := o.speakerOf(ctx, s, scope)
	if err != nil {
		return nil, nil, nil, errors.Join(err, free())
	}
	tenant, err := tenantOf(ctx, s, scope)
	if err != nil {
		return nil, nil, nil, errors.Join(err, free())
	}
	desks := newDesks(o.app, scope, o.takeShared, seated{o.desk(scope, o.current(s)), fresh})
	desks.frees = []func() error{free}
	return &mcp.Server{
		Open: desks.get, Author: author, Scope: scope, TTL: config.ClaimTTL(o.Env), Web: o.Web, Now: o.Now, Zone: o.Zone,
		Version: build().Version, Log: slog.New(slog.DiscardHandler), Tenant: tenant,
	}, fresh, desks.close, nil
}

func (o *office) takeShared(ctx context.Context, slug home.Slug) (now func() *session, fresh func() bool, free func() error, err error) {
	h, place, err := o.at(slug).find()
	if err != nil {
		return nil, nil, nil, err
	}
	s, fresh, free, err := o.share(ctx, h, place)
	if err != nil {
		return nil, nil, nil, err
	}
	return o.current(s), fresh, free, nil
}

// share opens a board, or finds it open. The session is the caller's own; free lets go
// of the database below it. fresh says whether that is still the one of this place.
func (o *office) share(ctx context.Context, h home.Home, place home.Board) (s *session, fresh func() bool, free func() error, err error) {
	key := place.Address()
	o.mu.Lock()
	e := o.open[key]
	if e == nil {
		ctx := context.WithoutCancel(ctx) // who asks first may go before it is open, and others wait for it
		e = &shared{open: sync.OnceValues(func() (*opened, error) { return o.openFor(ctx, h, place) })}
		o.open[key] = e
	}
	e.users++
	o.mu.Unlock()
	got, err := e.open()
	free = sync.OnceValue(func() error {
		o.mu.Lock()
		e.users--
		last := e.users == 0
		if last && o.open[key] == e {
			delete(o.open, key)
		}
		o.mu.Unlock()
		if last && got != nil {
			return got.db.Close()
		}
		return nil
	})
	if err != nil {
		return nil, nil, nil, errors.Join(err, free())
	}
	fresh = func() bool {
		if got.stands() {
			return true
		}
		o.mu.Lock()
		defer o.mu.Unlock()
		if o.open[key] == e {
			delete(o.open, key) // who comes now opens the other
		}
		return false
	}
	if !fresh() {
		return nil, nil, nil, errors.Join(&kanban.Error{Code: kanban.Busy, Msg: "the board is being exchanged; try again"}, free())
	}
	own := *got.session
	own.Board = o.bind(got.Board)
	return &own, fresh, free, nil
}

func (o *office) openFor(ctx context.Context, h home.Home, place home.Board) (*opened, error) {
	if err := place.Look(ctx); errors.Is(err, home.ErrAbsent) {
		return nil, &kanban.Error{Code: kanban.NotFound, Err: err, Msg: err.Error()}
	}
	s, err := o.openAt(ctx, h, place)
	if err != nil {
		return nil, err
	}
	got := &opened{session: s}
	got.stands = stands(place)
	return got, nil
}

// bind makes a board of one's own upon the same database, which goes by the settings
// in force.
func (o *office) bind(shared *board.Board) *board.Board {
	b := *shared
	if b.Journal != nil {
		j := *b.Journal
		b.Journal = &j
	}
	b.Policy = func(assignee string) kanban.Policy {
		return o.fleet.adjusted().Policy(config.RateLimitCooldown(o.Env))(assignee)
	}
	return &b
}

// current is a session with the settings in force.
func (o *office) current(s *session) func() *session {
	now := func() *session {
		c := *s
		c.config, c.unread = o.fleet.adjusted(), nil
		return &c
	}
	s.Board.Checks = func(profile string) kanban.Checking { return o.reporter(now()).Checks(profile) }
	return now
}
