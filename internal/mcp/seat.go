package mcp

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"andon/kanban"
)

// seat is where the sessions of one bearer sit: they are served by one server, and
// told of changes together.
type seat struct {
	mu     sync.Mutex
	server *mcp.Server // nil: not open, or not yet
	gone   bool        // it is not in the list any longer
	own    *Desk
	worker bool

	fresh func() bool
	leave func() error // ends what tells of changes, and lets go of the board

	used time.Time // when a session was last begun
	over bool      // at the last look its run was
}

const (
	sweepEvery = time.Minute
	emptyFor   = 5 * time.Minute // until a seat without sessions is given up
)

// sit finds the bearer's seat. It is opened if the bearer begins a session, which is
// refused to the worker of a run that is over.
func (h *HTTP) sit(life context.Context, who Bearer, begins bool) (*mcp.Server, error) {
	for {
		h.mu.Lock()
		s := h.seats[who.ID]
		if s == nil && begins {
			s = &seat{}
			h.seats[who.ID] = s
		}
		h.mu.Unlock()
		if s == nil {
			return nil, nil
		}
		server, again, err := h.take(life, s, who, begins)
		if !again {
			return server, err
		}
	}
}

func (h *HTTP) take(life context.Context, s *seat, who Bearer, begins bool) (_ *mcp.Server, again bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.gone {
		return nil, true, nil
	}
	if s.server != nil && !s.fresh() { // its sessions speak of a board that is no longer there
		h.giveUp(who.ID, s)
		return nil, true, nil
	}
	if !begins {
		return s.server, false, nil
	}
	if s.server == nil {
		if err := h.open(life, s, who); err != nil {
			h.giveUp(who.ID, s)
			return nil, false, err
		}
	}
	s.used = time.Now()
	return s.server, false, s.own.Authorised(life)
}

// open opens a seat.
func (h *HTTP) open(life context.Context, s *seat, who Bearer) error {
	if life.Err() != nil {
		return life.Err()
	}
	agent, fresh, free, err := who.Sit(life)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(life)
	own, err := agent.Open(ctx, "")
	var server *mcp.Server
	var follow func(context.Context) error
	if err == nil {
		err = own.Authorised(ctx) // before anything is told
	}
	if err == nil {
		server, follow, err = agent.begin(ctx)
	}
	if err != nil {
		cancel()
		return errors.Join(err, free())
	}
	var telling sync.WaitGroup
	telling.Go(func() {
		if err := follow(ctx); err != nil {
			h.warn(err)
			cancel() // the next look gives the seat up, and its agents begin again
		}
	})
	s.server, s.own, s.worker = server, own, agent.Scope.Worker()
	s.fresh = func() bool { return ctx.Err() == nil && fresh() }
	s.leave = func() error {
		cancel()
		for session := range server.Sessions() {
			_ = session.Close() // whether its agent hears it or not
		}
		telling.Wait()
		return free()
	}
	return nil
}

// giveUp closes a seat and all its sessions. Its lock is the caller's.
func (h *HTTP) giveUp(id string, s *seat) {
	h.mu.Lock()
	if h.seats[id] == s {
		delete(h.seats, id)
	}
	h.mu.Unlock()
	s.gone = true
	if s.server != nil {
		if err := s.leave(); err != nil {
			h.warn(err)
		}
	}
}

// sweep gives up the seats that nobody needs, now and then.
func (h *HTTP) sweep(ctx context.Context) {
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-tick.C:
			for id, s := range h.all() {
				h.look(ctx, id, s, now)
			}
		}
	}
}

// look gives a seat up that has no sessions, or whose worker should have stopped some
// time ago. It is told so once more before that.
func (h *HTTP) look(ctx context.Context, id string, s *seat, now time.Time) {
	if !s.mu.TryLock() {
		return // somebody sits down
	}
	defer s.mu.Unlock()
	if s.gone || s.server == nil {
		return
	}
	was := s.over
	s.over = s.worker && kanban.CodeOf(s.own.Authorised(ctx)) == kanban.Conflict
	sessions := 0
	for range s.server.Sessions() {
		sessions++
	}
	if !s.fresh() || was && s.over || sessions == 0 && now.Sub(s.used) > emptyFor {
		h.giveUp(id, s)
	}
}

func (h *HTTP) all() map[string]*seat {
	h.mu.Lock()
	defer h.mu.Unlock()
	all := make(map[string]*seat, len(h.seats))
	for id, s := range h.seats {
		all[id] = s
	}
	return all
}

// clear gives up all seats.
func (h *HTTP) clear() {
	for id, s := range h.all() {
		s.mu.Lock()
		if !s.gone {
			h.giveUp(id, s)
		}
		s.mu.Unlock()
	}
}

func (h *HTTP) warn(err error) {
	if h.Warn != nil {
		h.Warn(err)
	}
}
