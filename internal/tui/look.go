package tui

import (
	"strings"

	"charm.land/lipgloss/v2"

	"andon/internal/view"
	"andon/kanban"
)

// look are the styles. Colours are the sixteen that every terminal has, and what
// matters is also told by a sign, by bold letters or by exchanged colours: the
// program takes the colours away where there are none, and leaves the rest.
type look struct {
	plain, bold, faint, chosen, wrong, good, accent lipgloss.Style
	status                                          map[kanban.Status]lipgloss.Style
}

func newLook() look {
	s := lipgloss.NewStyle().Inline(true)
	l := look{
		plain: s, bold: s.Bold(true), faint: s.Faint(true), chosen: s.Bold(true).Reverse(true),
		wrong: s.Bold(true).Foreground(lipgloss.Red), good: s.Foreground(lipgloss.Green), accent: s.Bold(true).Foreground(lipgloss.Cyan),
		status: map[kanban.Status]lipgloss.Style{},
	}
	for st, c := range map[kanban.Status]lipgloss.Style{
		kanban.Triage: s.Foreground(lipgloss.Magenta), kanban.Todo: s, kanban.Scheduled: s.Foreground(lipgloss.Blue),
		kanban.Ready: s.Foreground(lipgloss.Cyan), kanban.Running: s.Foreground(lipgloss.Yellow), kanban.Blocked: s.Foreground(lipgloss.Red),
		kanban.Review: s.Foreground(lipgloss.Magenta), kanban.Done: s.Foreground(lipgloss.Green),
	} {
		l.status[st] = c.Bold(true)
	}
	return l
}

// plain is text of a board, safe to show on one line.
func plain(s string) string { return view.Plain(s) }

// wide is how many columns s takes on the terminal.
func (m *model) wide(s string) int {
	if simple(s) {
		return len(s)
	}
	return m.method().StringWidth(s)
}

// simple reports whether s is printable ASCII, which most text is, and of which
// each byte is a column.
func simple(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// cut shortens s to w columns and marks that it did.
func (m *model) cut(s string, w int) string {
	if w <= 0 {
		return ""
	}
	if len(s) <= w && simple(s) {
		return s
	}
	return m.method().Truncate(s, w, "…")
}

// fit is s on just w columns.
func (m *model) fit(s string, w int) string {
	s = m.cut(s, w)
	return s + strings.Repeat(" ", max(0, w-m.wide(s)))
}

// ends is a line with one text at each end; the left one gives way.
func (m *model) ends(left, right string, w int) string {
	room := w - m.wide(right)
	if room < 1 {
		return m.fit(left, w)
	}
	return m.fit(left, room) + right
}

// wrap breaks s into lines of at most w columns, at most limit of them; the last
// is cut. No limit is zero.
func (m *model) wrap(s string, w, limit int) []string {
	if w < 1 {
		return nil
	}
	if len(s) <= w && simple(s) {
		return []string{s}
	}
	lines := strings.Split(m.method().Wrap(s, w, ""), "\n")
	if limit > 0 && len(lines) > limit {
		rest := strings.Join(lines[limit-1:], " ")
		lines = append(lines[:limit-1:limit-1], m.cut(rest+" ", w))
		if m.wide(rest) > w {
			lines[limit-1] = m.cut(rest, w)
		}
	}
	return lines
}

// prose is text of several lines as a page shows it.
func (m *model) prose(s string, w int) (lines []string) {
	s = strings.ReplaceAll(view.PlainLines(strings.TrimRight(s, "\n")), "\t", "    ")
	for line := range strings.SplitSeq(s, "\n") {
		lines = append(lines, m.wrap(line, w, 0)...)
	}
	return lines
}

// lay puts the lines of a box into the middle of a screen.
func (m *model) lay(screen, lines []string) []string {
	w := 0
	for _, l := range lines {
		w = max(w, m.wide(l))
	}
	x, y := max(0, (m.width-w)/2), max(0, (len(screen)-len(lines))/2)
	for i, l := range lines {
		if y+i >= len(screen) {
			break
		}
		under := screen[y+i]
		left, right := m.method().Truncate(under, x, ""), m.method().TruncateLeft(under, x+w, "")
		screen[y+i] = m.fit(m.fit(left, x)+m.fit(l, w)+right, m.width)
	}
	return screen
}

// frame draws a box around lines.
func (m *model) frame(title string, lines []string, foot string, w int) []string {
	in := w - 4
	title = m.cut(title, in-2)
	out := []string{"╭─ " + m.look.bold.Render(title) + " " + strings.Repeat("─", max(0, in-1-m.wide(title))) + "╮"}
	for _, l := range lines {
		out = append(out, "│ "+m.fit(l, in)+" │")
	}
	foot = m.cut(foot, in-2)
	if foot == "" {
		return append(out, "╰"+strings.Repeat("─", w-2)+"╯")
	}
	return append(out, "╰"+strings.Repeat("─", max(0, in-1-m.wide(foot)))+" "+m.look.faint.Render(foot)+" ─╯")
}
