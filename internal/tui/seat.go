package tui

import (
	"context"
	"errors"
	"sync"
	"time"

	tea "charm.land/bubbletea/v2"
)

// seat is an open board with what has been begun at it. Commands run beside the
// screen, and the board may be closed only when they have ended.
type seat struct {
	*Desk
	ctx    context.Context
	cancel context.CancelFunc

	mu   sync.RWMutex // held for reading by each command; for writing by who leaves
	left bool

	lost   []error // of writes that ended when nobody looked any more
	losing sync.Mutex
}

func newSeat(ctx context.Context, d *Desk) *seat {
	ctx, cancel := context.WithCancel(ctx)
	return &seat{Desk: d, ctx: ctx, cancel: cancel}
}

// How long an operation may take. To change something may mean to wait for other
// writers, or for a worker to end.
const (
	patience      = 15 * time.Second
	writePatience = 40 * time.Second
)

// read is a command that reads the board and is given up when the seat is left.
func (s *seat) read(do func(context.Context) tea.Msg) tea.Cmd {
	return func() tea.Msg {
		s.mu.RLock()
		defer s.mu.RUnlock()
		if s.left || s.ctx.Err() != nil {
			return nil
		}
		ctx, cancel := context.WithTimeout(s.ctx, patience)
		defer cancel()
		return do(ctx)
	}
}

// write is a command that changes the board. It is not given up half-way: who
// leaves waits for it, and hears if it failed.
func (s *seat) write(do func(context.Context) (string, error)) tea.Cmd {
	return func() tea.Msg {
		s.mu.RLock()
		defer s.mu.RUnlock()
		if s.left {
			return nil
		}
		ctx, cancel := context.WithTimeout(context.WithoutCancel(s.ctx), writePatience)
		defer cancel()
		said, err := do(ctx)
		if err != nil && s.ctx.Err() != nil {
			s.losing.Lock()
			s.lost = append(s.lost, err)
			s.losing.Unlock()
		}
		return didMsg{seat: s, said: said, err: late(err)}
	}
}

// late says of an operation that took too long what is known of it.
func late(err error) error {
	if errors.Is(err, context.DeadlineExceeded) {
		return errLate
	}
	return err
}

var errLate = errors.New("the board did not answer in time; others may be busy with it: try again")

// leave waits for what was begun and closes the board.
func (s *seat) leave() error {
	s.cancel()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.left {
		return nil
	}
	s.left = true
	return errors.Join(append(s.lost, s.Close())...)
}
