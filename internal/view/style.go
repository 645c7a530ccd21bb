package view

import (
	"fmt"
	"strings"
	"time"

	"github.com/mattn/go-runewidth"

	"andon/kanban"
)

// Style is how rows look. Its zero value is for files and pipes: no colours, and
// lines as long as they are.
type Style struct {
	Colour bool
	Width  int // columns of the terminal; zero: not cut
	Zone   *time.Location

	// Due gives rows a column that says when the cards are due, as of then; zero: they
	// have none.
	Due time.Time
}

// zone is where hours are told; UTC if nobody said.
func (st Style) zone() *time.Location {
	if st.Zone == nil {
		return time.UTC
	}
	return st.Zone
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
	due := ""
	if !st.Due.IsZero() {
		due = fmt.Sprintf("%-24s  ", st.due(t))
	}
	used := runewidth.StringWidth(Icon(t.Status) + " " + id + "  " + status + middle + due)
	if t.Overdue(st.Due) {
		due = st.alarm(due)
	}
	return st.Paint(t.Status, Icon(t.Status)) + " " + id + "  " + st.Paint(t.Status, status) + middle + due + st.cut(Plain(t.Title), used)
}

// due says when a card is due, and if it was, in a word.
func (st Style) due(t kanban.Task) string {
	if t.DueAt.IsZero() {
		return ""
	}
	word := "due "
	if t.Overdue(st.Due) {
		word = "overdue "
	}
	return word + t.DueAt.In(st.zone()).Format("2006-01-02 15:04")
}

// alarm paints red.
func (st Style) alarm(text string) string {
	if !st.Colour {
		return text
	}
	return "\x1b[31m" + text + "\x1b[0m"
}

// DueLine says when a card is due, and that it is overdue if it is, on a line of
// its own.
func (st Style) DueLine(t kanban.Task, now time.Time) string {
	text := t.DueAt.In(st.zone()).Format("2006-01-02 15:04:05")
	if t.Overdue(now) {
		return st.alarm(text + " (overdue)")
	}
	return text
}

// Short is a card on one line beneath another one, behind a margin of so many
// columns.
func (st Style) Short(t kanban.Task, margin int) string {
	id := Plain(string(t.ID))
	used := margin + runewidth.StringWidth(Icon(t.Status)+" "+id+" ")
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
	if st.Width <= 0 || runewidth.StringWidth(s) <= room {
		return s
	}
	return strings.TrimRight(runewidth.Truncate(s, room-1, ""), " ") + "…"
}
