package view

import (
	"fmt"
	"strings"
	"unicode"

	"andon/kanban"
)

// Style is how rows look. Its zero value is for files and pipes: no colours, and
// lines as long as they are.
type Style struct {
	Colour bool
	Width  int // columns of the terminal; zero: not cut
}

// palette are the sixteen colours that every terminal has and its user has
// chosen to be legible.
var palette = map[kanban.Status]string{
	kanban.Triage: "35", kanban.Todo: "90", kanban.Scheduled: "34", kanban.Ready: "36", kanban.Running: "33",
	kanban.Blocked: "31", kanban.Review: "35", kanban.Done: "32", kanban.Archived: "90",
}

// Paint gives text the colour of a status.
func (st Style) Paint(s kanban.Status, text string) string {
	colour, ok := palette[s]
	if !st.Colour || !ok {
		return text
	}
	return "\x1b[" + colour + "m" + text + "\x1b[0m"
}

// Row is a card on one line.
func (st Style) Row(t kanban.Task) string {
	who := t.Assignee
	if who == "" {
		who = "(unassigned)"
	}
	tenant := ""
	if t.Tenant != "" {
		tenant = " [" + t.Tenant + "]"
	}
	id, status := Plain(string(t.ID)), fmt.Sprintf("%-8s", Plain(string(t.Status)))
	middle := fmt.Sprintf("  %-20s%s  ", Plain(who), Plain(tenant))
	used := columns(Icon(t.Status) + " " + id + "  " + status + middle)
	return st.Paint(t.Status, Icon(t.Status)) + " " + id + "  " + st.Paint(t.Status, status) + middle + st.cut(Plain(t.Title), used)
}

// Short is a card on one line beneath another one, behind a margin of so many
// columns.
func (st Style) Short(t kanban.Task, margin int) string {
	id := Plain(string(t.ID))
	used := margin + columns(Icon(t.Status)+" "+id+" ")
	return st.Paint(t.Status, Icon(t.Status)) + " " + id + " " + st.cut(Plain(t.Title), used)
}

// Fit shortens s to one line of the terminal.
func (st Style) Fit(s string) string { return st.cut(s, 0) }

// leastTitle is how much of a title is shown however narrow the terminal is: a
// line that wraps is better than one that says nothing.
const leastTitle = 10

// cut shortens s so that it ends with the terminal's line, on which some columns
// are used already.
func (st Style) cut(s string, used int) string {
	room := max(st.Width-used, leastTitle)
	if st.Width <= 0 || columns(s) <= room {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		if room -= width(r); room < 1 { // one is for the dots
			break
		}
		b.WriteRune(r)
	}
	return strings.TrimRight(b.String(), " ") + "…"
}

func columns(s string) (n int) {
	for _, r := range s {
		n += width(r)
	}
	return n
}

// wide are the letters that take two columns: those of East Asia, and pictures.
var wide = &unicode.RangeTable{
	R16: []unicode.Range16{
		{Lo: 0x1100, Hi: 0x115f, Stride: 1}, {Lo: 0x2e80, Hi: 0x303e, Stride: 1}, {Lo: 0x3041, Hi: 0xa4cf, Stride: 1},
		{Lo: 0xa960, Hi: 0xa97f, Stride: 1}, {Lo: 0xac00, Hi: 0xd7a3, Stride: 1}, {Lo: 0xf900, Hi: 0xfaff, Stride: 1},
		{Lo: 0xfe30, Hi: 0xfe6f, Stride: 1}, {Lo: 0xff00, Hi: 0xff60, Stride: 1}, {Lo: 0xffe0, Hi: 0xffe6, Stride: 1},
	},
	R32: []unicode.Range32{
		{Lo: 0x1f300, Hi: 0x1f64f, Stride: 1}, {Lo: 0x1f680, Hi: 0x1f6ff, Stride: 1}, {Lo: 0x1f900, Hi: 0x1faff, Stride: 1},
		{Lo: 0x20000, Hi: 0x3fffd, Stride: 1},
	},
}

func width(r rune) int {
	switch {
	case unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf):
		return 0
	case unicode.Is(wide, r):
		return 2
	}
	return 1
}
