package tui

import (
	"fmt"
	"strings"

	tea "charm.land/bubbletea/v2"
	"charm.land/lipgloss/v2"

	"andon/internal/view"
	"andon/kanban"
)

// The least screen on which anything can be shown.
const leastWidth, leastHeight = 24, 8

// View is the whole screen, drawn anew if a message may have changed it; the
// renderer sends what differs.
func (m *model) View() tea.View {
	v := tea.View{AltScreen: true, MouseMode: tea.MouseModeCellMotion, WindowTitle: "andon " + m.seat.Name}
	if m.stale {
		m.frameText, m.stale = strings.Join(m.screen(), "\n"), false
	}
	v.Content = m.frameText
	return v
}

func (m *model) screen() []string {
	if m.width == 0 || m.height == 0 {
		return nil
	}
	if m.width < leastWidth || m.height < leastHeight {
		return []string{m.cut("too small for a board; q quits", m.width)}
	}
	lines := []string{m.header()}
	if p := m.page(); p != nil {
		lines = append(lines, p.draw(m, m.width, m.height-3)...)
	} else {
		lines = append(lines, m.columns()...)
	}
	status := m.status()
	lines = append(append(lines[:m.height-1-len(status):m.height-1-len(status)], status...), m.hints())
	if m.box != nil {
		lines = m.lay(lines, m.box.draw(m, m.width, m.height-2))
	}
	return lines
}

// header names the board, and what of it is shown.
func (m *model) header() string {
	left := " " + m.look.accent.Render("andon") + m.look.faint.Render(" │ ") + m.look.bold.Render(plain(m.seat.Name))
	if f := strings.TrimSpace(m.filter.text()); f != "" && !m.typing {
		left += m.look.faint.Render(" │ ") + m.look.bold.Render("/ "+plain(f))
	}
	if m.counts == nil {
		return m.ends(left, m.look.faint.Render("reading… "), m.width)
	}
	var right []string
	for _, s := range []kanban.Status{kanban.Running, kanban.Blocked, kanban.Review} {
		if n := m.counts[s]; n > 0 {
			right = append(right, m.look.status[s].Render(fmt.Sprintf("%s %d %s", view.Icon(s), n, s)))
		}
	}
	cards := fmt.Sprintf("%d cards", m.total())
	if m.total() == 1 {
		cards = "1 card"
	}
	right = append(right, cards)
	for used := m.wide(left) + 2; len(right) > 1 && used+m.wide(strings.Join(right, " · ")) > m.width; {
		right = right[1:]
	}
	return m.ends(left, strings.Join(right, m.look.faint.Render(" · "))+" ", m.width)
}

// columns draws the board itself.
func (m *model) columns() []string {
	height := m.height - 3
	out := make([]string, height)
	for i, c := range m.shown() {
		_, w := place(i, m.width)
		lines := m.draw(c, w, height, i)
		for y := range out {
			out[y] += m.fit(lines[y], w)
		}
	}
	return out
}

// draw is one column: its name, a rule, the cards, and how many more there are.
// The first sign of each line is the margin, which marks the selected card.
func (m *model) draw(c *column, w, height, i int) []string {
	active := c == m.column()
	n, _, _ := layout(m.width)
	style, rule := m.look.status[c.status], "─"
	if active {
		rule = "━"
	}
	name := view.Icon(c.status) + " " + strings.ToUpper(string(c.status))
	count := fmt.Sprint(c.count)
	head := style.Render(name)
	if !active && c.count == 0 {
		head = m.look.faint.Render(name)
	}
	before, after := " ", ""
	if i == 0 && m.left > 0 {
		before = m.look.bold.Render("‹")
	}
	if i == n-1 && m.left+n < len(m.cols) {
		after = m.look.bold.Render("›")
	}
	lines := []string{before + m.ends(head, m.look.bold.Render(count)+" "+after, w-1)}

	above, below := c.top, c.count-min(c.count, c.top+m.rows())
	bar := strings.Repeat(rule, w-2)
	if above > 0 {
		more := fmt.Sprintf(" ↑ %d ", above)
		bar = strings.Repeat(rule, max(0, w-2-m.wide(more)-1)) + more + rule
	}
	if active {
		lines = append(lines, " "+style.Render(bar))
	} else {
		lines = append(lines, " "+m.look.faint.Render(bar))
	}
	switch {
	case m.counts == nil:
	case c.count == 0:
		lines = append(lines, "", m.look.faint.Render(m.middle("no cards", w)))
	default:
		for k := c.top; k < min(c.top+m.rows(), c.count); k++ {
			t, ok := c.card(k)
			if !ok {
				lines = append(lines, m.look.faint.Render("  …"), "", "")
				continue
			}
			lines = append(lines, m.face(t, w, active && k == c.cur)...)
		}
	}
	for len(lines) < height {
		lines = append(lines, "")
	}
	if below > 0 {
		lines[height-1] = m.look.faint.Render(m.middle(fmt.Sprintf("↓ %d more", below), w))
	}
	return lines
}

func (m *model) middle(s string, w int) string {
	return strings.Repeat(" ", max(0, (w-m.wide(s))/2)) + s
}

// face is a card among others: its title on one line or two, then who has it and
// what else matters in its status.
func (m *model) face(t kanban.Task, w int, selected bool) []string {
	in := w - 3
	title := m.wrap(plain(t.Title), in, cardRows-1)
	meta := m.meta(t, in)
	lines := make([]string, 0, cardRows)
	for _, l := range title {
		if selected {
			lines = append(lines, m.look.bold.Render("▌")+m.look.chosen.Render(m.fit(" "+l, w-2)))
		} else {
			lines = append(lines, "  "+l)
		}
	}
	if selected {
		lines = append(lines, m.look.bold.Render("▌")+m.look.plain.Reverse(true).Render(m.fit(" "+meta, w-2)))
	} else {
		lines = append(lines, "  "+m.look.faint.Render(meta))
	}
	for len(lines) < cardRows {
		lines = append(lines, "")
	}
	return lines
}

// meta is the last line of a card, on at most w columns: as much of it as fits
// whole, the most important first.
func (m *model) meta(t kanban.Task, w int) string {
	line := ""
	add := func(s string) {
		if s = strings.TrimSpace(line + " " + s); line == "" || m.wide(s) <= w {
			line = s
		}
	}
	if t.Assignee != "" {
		add("@" + plain(t.Assignee))
	}
	switch t.Status {
	case kanban.Blocked:
		switch t.BlockKind {
		case "":
		case kanban.NeedsInput:
			add("asks")
		default:
			add(plain(string(t.BlockKind)))
		}
	case kanban.Scheduled:
		if !t.StartAt.IsZero() {
			add("at " + m.hour(t.StartAt))
		}
	case kanban.Running:
		if !t.StartedAt.IsZero() {
			add(m.hour(t.StartedAt))
		}
	case kanban.Done:
		if !t.CompletedAt.IsZero() {
			add(m.hour(t.CompletedAt))
		}
	}
	if t.Overdue(m.Now()) {
		add("overdue")
	}
	if t.Failures > 0 && t.Status != kanban.Done {
		add(fmt.Sprintf("✗%d", t.Failures))
	}
	if t.Priority != 0 {
		add(fmt.Sprintf("p%d", t.Priority))
	}
	if t.Tenant != "" {
		add("#" + plain(t.Tenant))
	}
	if nobody := "unassigned"; t.Assignee == "" && m.wide(nobody+" "+line) <= w {
		line = strings.TrimSpace(nobody + " " + line)
	}
	return m.cut(line, w)
}

// status is what was done or refused last, or else the selected card in full. A
// refusal is shown whole, on more than one line if need be.
func (m *model) status() []string {
	w := m.width - 2
	switch {
	case m.typing:
		return []string{" " + m.fit(m.look.bold.Render("/ ")+m.filter.line(m, w-2, true), w)}
	case m.trouble != nil:
		return m.notice("✗ cannot read the board: "+m.trouble.Error(), m.look.wrong)
	case m.note != "" && m.wrong:
		return m.notice("✗ "+m.note, m.look.wrong)
	case m.note != "":
		return m.notice("✓ "+m.note, m.look.good)
	}
	t, ok := m.subject()
	if !ok {
		return []string{""}
	}
	return []string{" " + m.cut(m.look.faint.Render(plain(string(t.ID)))+"  "+plain(t.Title), w)}
}

func (m *model) notice(s string, style lipgloss.Style) (lines []string) {
	for _, l := range m.wrap(plain(s), m.width-2, 3) {
		lines = append(lines, " "+style.Render(m.fit(l, m.width-2)))
	}
	return lines
}

// hints is the line of keys.
func (m *model) hints() string {
	keys := boardHints
	switch {
	case m.typing:
		keys = filterHints
	case m.box != nil:
		keys = m.box.hints()
	case m.page() != nil:
		keys = m.page().hints
	}
	line, used := "", 1
	for _, k := range keys {
		w := m.wide(k.key) + 1 + m.wide(k.what) + 2
		if used+w-2 > m.width { // the last one needs no space behind it
			break
		}
		used += w
		if line != "" {
			line += "  "
		}
		line += m.look.accent.Render(k.key) + " " + m.look.faint.Render(k.what)
	}
	return m.fit(" "+line, m.width)
}
