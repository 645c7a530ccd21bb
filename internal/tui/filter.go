package tui

import (
	"fmt"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"andon/internal/store"
	"andon/kanban"
)

// parseFilter reads what was typed behind "/": words that must all occur, and
// @assignee, #tenant and status:NAME. A name of a status may be begun only.
func parseFilter(s string) (store.Glimpse, error) {
	var g store.Glimpse
	for _, w := range strings.Fields(s) {
		name, isStatus := strings.CutPrefix(w, "status:")
		switch {
		case isStatus:
			n := len(g.Statuses)
			for _, st := range kanban.Statuses {
				if st != kanban.Archived && strings.HasPrefix(string(st), strings.ToLower(name)) && !slices.Contains(g.Statuses, st) {
					g.Statuses = append(g.Statuses, st)
				}
			}
			if len(g.Statuses) == n {
				return g, fmt.Errorf("no status begins with %q", name)
			}
		case w[0] == '@' && len(w) > 1:
			g.Assignee = kanban.CanonicalAssignee(w[1:])
		case w[0] == '#' && len(w) > 1:
			g.Tenant = w[1:]
		case w == "@" || w == "#": // about to be typed
		default:
			g.Words = append(g.Words, w)
		}
	}
	return g, nil
}

// refilter applies what is typed.
func (m *model) refilter() tea.Cmd {
	g, err := parseFilter(m.filter.text())
	if err != nil { // likely half a word
		return nil
	}
	return m.show(g)
}

// show narrows the board to the cards that match.
func (m *model) show(g store.Glimpse) tea.Cmd {
	if same(g, m.glimpse) {
		return nil
	}
	m.glimpse = g
	for _, c := range m.cols {
		c.cur, c.top, c.off, c.id = 0, 0, 0, ""
	}
	if m.counts != nil {
		m.counts = map[kanban.Status]int{}
		for _, c := range m.cols { // every column is read anew
			m.counts[c.status] = -1
		}
	}
	return m.glance()
}

// typed handles a key while the filter is being typed.
func (m *model) typed(k tea.KeyPressMsg) tea.Cmd {
	switch k.String() {
	case "enter":
		if _, err := parseFilter(m.filter.text()); err != nil {
			m.typing = false
			m.refuse(err)
			return nil
		}
		m.typing = false
		if m.column().count == 0 {
			m.settle()
		}
		return nil
	case "esc":
		m.typing = false
		m.filter.set(m.was)
		return m.refilter()
	}
	m.filter.key(k)
	return m.refilter()
}
