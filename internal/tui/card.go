package tui

import (
	"context"
	"fmt"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"andon/internal/board"
	"andon/internal/view"
	"andon/kanban"
)

// cardEvents is how much of a card's history its page shows.
const cardEvents = 50

// pageMsg brings what a page shows.
type pageMsg struct {
	page *page
	task kanban.Task
	text func(m *model, w int) []string
	err  error
}

func (m *model) paged(msg pageMsg) tea.Cmd {
	if msg.err != nil {
		m.refuse(msg.err)
		if kanban.CodeOf(msg.err) == kanban.NotFound && m.page() == msg.page { // deleted meanwhile
			m.pop()
		}
		return nil
	}
	msg.page.task, msg.page.text = msg.task, msg.text
	msg.page.renew()
	return nil
}

// openCard shows a card with all that belongs to it.
func (m *model) openCard(t kanban.Task) tea.Cmd {
	p := &page{title: "Card " + plain(string(t.ID)), card: t.ID, task: t, hints: cardHints, text: func(*model, int) []string { return []string{"reading…"} }}
	s := m.seat
	p.reload = func() tea.Cmd {
		return s.read(func(ctx context.Context) tea.Msg {
			c, err := s.Board.Show(ctx, t.ID, cardEvents)
			return pageMsg{p, c.Task, func(m *model, w int) []string { return m.cardText(c, w) }, late(err)}
		})
	}
	m.push(p)
	return p.reload()
}

// openWhy shows why a card stands where it does.
func (m *model) openWhy(t kanban.Task) tea.Cmd {
	p := &page{title: "Why: " + plain(t.Title), card: t.ID, task: t, hints: textHints, text: func(*model, int) []string { return []string{"asking…"} }}
	s := m.seat
	p.reload = func() tea.Cmd {
		return s.read(func(ctx context.Context) tea.Msg {
			lines, err := s.Why(ctx, t.ID)
			return pageMsg{p, t, func(m *model, w int) (out []string) {
				for _, l := range lines {
					out = append(out, m.prose(l, w)...)
				}
				return out
			}, late(err)}
		})
	}
	m.push(p)
	return p.reload()
}

func (m *model) cardText(c board.Card, w int) (out []string) {
	t := c.Task
	add := func(lines ...string) { out = append(out, lines...) }
	part := func(name string) {
		add("", m.look.accent.Render(name))
	}
	add(m.wrapped(plain(t.Title), w, m.look.bold.Render)...)
	who := "unassigned"
	if t.Assignee != "" {
		who = "@" + plain(t.Assignee)
	}
	facts := []string{m.look.status[t.Status].Render(view.Icon(t.Status) + " " + plain(string(t.Status))), plain(string(t.ID)), who, fmt.Sprintf("priority %d", t.Priority)}
	if t.Tenant != "" {
		facts = append(facts, "#"+plain(t.Tenant))
	}
	add(m.cut(strings.Join(facts, "   "), w))
	times := "created " + m.hour(t.CreatedAt)
	if t.CreatedBy != "" {
		times += " by " + plain(t.CreatedBy)
	}
	for _, x := range []struct {
		what string
		at   time.Time
	}{{"started", t.StartedAt}, {"done", t.CompletedAt}, {"goes on", t.StartAt}, {"due", t.DueAt}} {
		if !x.at.IsZero() {
			times += " · " + x.what + " " + m.hour(x.at)
		}
	}
	add(m.look.faint.Render(m.cut(times, w)))
	if t.Status == kanban.Blocked {
		why := blockReason(c.Events)
		if t.BlockKind != "" {
			why = strings.TrimSuffix(strings.ReplaceAll(string(t.BlockKind), "_", " ")+": "+why, ": ")
		}
		if why != "" {
			add("")
			add(m.wrapped("⊘ "+plain(why), w, m.look.status[kanban.Blocked].Render)...)
		}
	}
	if strings.TrimSpace(t.Body) != "" {
		add("")
		add(m.prose(t.Body, w)...)
	}
	if strings.TrimSpace(t.Result) != "" {
		part("Result")
		add(m.prose(t.Result, w)...)
	}
	for _, rel := range []struct {
		name  string
		cards []kanban.Task
	}{{"Waits for", c.Parents}, {"Waited for by", c.Children}} {
		if len(rel.cards) == 0 {
			continue
		}
		part(rel.name)
		for _, x := range rel.cards {
			add(m.cut(m.look.status[x.Status].Render(view.Icon(x.Status)+" "+fmt.Sprintf("%-9s", plain(string(x.Status))))+" "+plain(string(x.ID))+"  "+plain(x.Title), w))
		}
	}
	if len(c.Comments) > 0 {
		part(fmt.Sprintf("Comments (%d)", len(c.Comments)))
		for i, x := range c.Comments {
			if i > 0 {
				add("")
			}
			add(m.look.bold.Render(plain(x.Author)) + "  " + m.look.faint.Render(m.hour(x.At)))
			add(m.prose(x.Body, w)...)
		}
	}
	if len(c.Runs) > 0 {
		part(fmt.Sprintf("Runs (%d)", len(c.Runs)))
		for line := range strings.SplitSeq(strings.TrimRight(view.RunTable(c.Runs, m.Now(), m.Zone), "\n"), "\n") {
			add(m.cut(line, w))
		}
	}
	if len(c.Events) > 0 {
		part("Last events")
		for _, e := range c.Events {
			add(m.cut(view.EventRow(e, m.Zone), w))
		}
	}
	return out
}

func (m *model) wrapped(s string, w int, paint func(...string) string) (out []string) {
	for _, l := range m.wrap(s, w, 0) {
		out = append(out, paint(l))
	}
	return out
}

// hour is a time as short as it is clear.
func (m *model) hour(t time.Time) string {
	t, now := t.In(m.Zone), m.Now().In(m.Zone)
	switch {
	case t.YearDay() == now.YearDay() && t.Year() == now.Year():
		return t.Format("15:04")
	case t.Year() == now.Year():
		return t.Format("Jan 2 15:04")
	}
	return t.Format("2006-01-02")
}

// blockReason is what the newest block says, empty if it says nothing.
func blockReason(events []kanban.Event) string {
	for i := len(events) - 1; i >= 0; i-- {
		switch e := events[i]; e.Kind {
		case kanban.EventBlocked, kanban.EventBlockLoop, kanban.EventDependency:
			return e.Payload.Text("reason")
		case kanban.EventGaveUp:
			return e.Payload.Text("error")
		}
	}
	return ""
}
