package tui

import (
	"context"
	"maps"
	"slices"
	"time"

	tea "charm.land/bubbletea/v2"

	"andon/internal/board"
	"andon/internal/store"
	"andon/kanban"
)

// This file follows the board: a commit of any process wakes it, and one glance
// reads what changed of that which is shown. There is one glance at a time, and
// what happens meanwhile makes one more.

type (
	// wakeMsg brings the channel that tells of commits.
	wakeMsg struct {
		seat *seat
		wake <-chan struct{}
		err  error
	}
	// wokenMsg says that something was committed; or, not open, that no more is told.
	wokenMsg struct {
		seat *seat
		wake <-chan struct{}
		open bool
	}
	glanceMsg struct {
		seat    *seat
		watched board.Watched
		glance  board.Glance
		err     error
	}
	// restedMsg ends the pause after a glance.
	restedMsg struct{ seat *seat }
	// retryMsg ends the pause after trouble.
	retryMsg struct{ seat *seat }
	// thereMsg says whether the board is still where it was.
	thereMsg struct {
		seat *seat
		same bool
		err  error
	}
)

const (
	// rest is the least time from one glance to the next: on a busy board the
	// screen need not show every commit.
	rest = 40 * time.Millisecond

	// retry is how long to wait after the board could not be read.
	retry = time.Second

	// upkeep is how often to see whether the board's file is still the same: one
	// that is replaced wakes nobody.
	upkeep = 2 * time.Second
)

// follow asks to be told of commits.
func (s *seat) follow() tea.Cmd {
	return s.read(func(context.Context) tea.Msg {
		wake, err := s.Board.Wake(s.ctx)
		return wakeMsg{s, wake, err}
	})
}

// await waits for the next commit. The board is closed only when the channel is.
func (s *seat) await(wake <-chan struct{}) tea.Cmd {
	return func() tea.Msg {
		s.mu.RLock()
		defer s.mu.RUnlock()
		_, open := <-wake
		return wokenMsg{s, wake, open}
	}
}

func (s *seat) there() tea.Cmd {
	return tea.Tick(upkeep, func(time.Time) tea.Msg {
		s.mu.RLock()
		defer s.mu.RUnlock()
		if s.left {
			return nil
		}
		same, err := s.There()
		return thereMsg{s, same, err}
	})
}

// glance reads what changed, or makes that happen after the glance under way.
func (m *model) glance() tea.Cmd {
	if m.reading {
		m.again = true
		return nil
	}
	m.reading, m.again = true, false
	s, w := m.seat, m.watched()
	return s.read(func(ctx context.Context) tea.Msg {
		g, err := s.Board.Glance(ctx, w)
		return glanceMsg{s, w, g, late(err)}
	})
}

// watched is what the next glance shall see to. A column of which cards are
// missing counts as changed.
func (m *model) watched() board.Watched {
	w := board.Watched{Glimpse: m.glimpse, After: m.head, Shown: map[kanban.TaskID]kanban.Status{}}
	if m.counts != nil {
		w.Counts = maps.Clone(m.counts)
	}
	for _, c := range m.cols {
		w.Spans = append(w.Spans, c.span(m.rows()))
		if c.missing(m.rows()) && w.Counts != nil {
			w.Counts[c.status] = -1
		}
		for _, t := range c.cards {
			w.Shown[t.ID] = c.status
		}
	}
	return w
}

func (m *model) glanced(msg glanceMsg) tea.Cmd {
	m.reading = false
	if msg.err != nil {
		return m.troubled(msg.err)
	}
	m.healed()
	var cmds []tea.Cmd
	if !same(msg.watched.Glimpse, m.glimpse) { // the filter was changed meanwhile
		return tea.Batch(append(cmds, m.glance())...)
	}
	first := m.counts == nil
	m.head, m.counts = msg.glance.Head, msg.glance.Counts
	for _, c := range m.cols {
		lane, read := msg.glance.Lanes[c.status]
		c.merge(m.counts[c.status], lane, read, !first && c == m.column(), m.rows())
	}
	if !m.begun {
		m.begun = true
		m.settle()
		cmds = append(cmds, m.seat.follow(), m.seat.there()) // a commit since the glance is seen when that begins
	}
	if p := m.page(); p != nil && p.card != "" && p.reload != nil &&
		(msg.glance.All || len(msg.glance.Touched) == 0 || slices.Contains(msg.glance.Touched, p.card)) && !first {
		cmds = append(cmds, p.reload())
	}
	switch {
	case m.missing():
		cmds = append(cmds, m.glance())
	case m.again:
		m.reading = true // until it has rested
		s := m.seat
		cmds = append(cmds, tea.Tick(rest, func(time.Time) tea.Msg { return restedMsg{s} }))
	}
	return tea.Batch(cmds...)
}

func same(a, b store.Glimpse) bool {
	return slices.Equal(a.Words, b.Words) && a.Assignee == b.Assignee && a.Tenant == b.Tenant && slices.Equal(a.Statuses, b.Statuses)
}

// troubled shows why the board cannot be read, and tries again soon.
func (m *model) troubled(err error) tea.Cmd {
	m.trouble = err
	s := m.seat
	return tea.Tick(retry, func(time.Time) tea.Msg { return retryMsg{s} })
}

func (m *model) healed() {
	if m.trouble != nil && !m.gone {
		m.trouble = nil
		m.say("the board can be read again")
	}
}

// live handles the messages of this file. Those of a board that was left are
// passed over.
func (m *model) live(msg tea.Msg) (tea.Cmd, bool) {
	switch msg := msg.(type) {
	case wakeMsg:
		if msg.seat != m.seat {
			return nil, true
		}
		if msg.err != nil {
			m.deaf = true
			return m.troubled(late(msg.err)), true
		}
		m.deaf = false
		return tea.Batch(msg.seat.await(msg.wake), m.glance()), true // what was committed before it listened
	case wokenMsg:
		switch {
		case msg.seat != m.seat || m.ctx.Err() != nil:
			return nil, true
		case !msg.open:
			m.deaf = true
			return tea.Tick(retry, func(time.Time) tea.Msg { return retryMsg{msg.seat} }), true
		}
		return tea.Batch(msg.seat.await(msg.wake), m.glance()), true
	case glanceMsg:
		if msg.seat != m.seat {
			return nil, true
		}
		return m.glanced(msg), true
	case restedMsg:
		if msg.seat != m.seat {
			return nil, true
		}
		m.reading = false
		return m.glance(), true
	case retryMsg:
		if msg.seat != m.seat {
			return nil, true
		}
		if m.deaf {
			m.deaf = false
			return tea.Batch(m.seat.follow(), m.glance()), true
		}
		return m.glance(), true
	case thereMsg:
		if msg.seat != m.seat {
			return nil, true
		}
		switch {
		case msg.err != nil:
			m.trouble, m.gone = msg.err, true
		case !msg.same || m.gone:
			m.gone = false
			return m.open(m.seat.Name), true
		}
		return m.seat.there(), true
	}
	return nil, false
}
