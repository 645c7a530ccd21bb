package view

import (
	"fmt"
	"strings"

	"github.com/mattn/go-runewidth"

	"andon/kanban"
)

// Hit is a card that a search found, as scripts see it. Marks are where in the
// excerpt the words stand, in characters, from and to.
type Hit struct {
	Board     string        `json:"board"`
	ID        kanban.TaskID `json:"id"`
	Status    kanban.Status `json:"status"`
	Title     string        `json:"title"`
	Assignee  *string       `json:"assignee"`
	CreatedAt *int64        `json:"created_at"`
	Where     string        `json:"where"`
	Excerpt   string        `json:"excerpt"`
	Marks     [][2]int      `json:"marks"`
}

// excerptLength is how many characters of a text a hit shows.
const excerptLength = 120

// NewHit shows a hit: the text is what stands in the place where q found it.
func NewHit(board string, t kanban.Task, place kanban.Place, text string, q kanban.Query) Hit {
	v := Hit{
		Board: board, ID: t.ID, Status: t.Status, Title: t.Title, Assignee: opt(t.Assignee), CreatedAt: epoch(t.CreatedAt),
		Where: place.String(), Marks: [][2]int{},
	}
	v.Excerpt = excerpt(text, q, excerptLength)
	if marks := q.Spans(v.Excerpt); marks != nil {
		v.Marks = marks
	}
	return v
}

// excerpt is the part of a text around the first of the words, on one line.
func excerpt(text string, q kanban.Query, length int) string {
	all := []rune(strings.Join(strings.Fields(Plain(text)), " "))
	if len(all) <= length {
		return string(all)
	}
	from := 0
	if spans := q.Spans(string(all)); len(spans) > 0 {
		from = max(0, min(spans[0][0]-length/4, len(all)-(length-1)))
	}
	if from == 0 {
		return strings.TrimRight(string(all[:length-1]), " ") + "…"
	}
	if from+length-1 >= len(all) {
		return "…" + strings.TrimLeft(string(all[from:]), " ")
	}
	return "…" + strings.TrimSpace(string(all[from:from+length-2])) + "…"
}

// Hit is a hit on one line, or on two if the words are not in its title alone.
func (st Style) Hit(h Hit, boardWidth int, q kanban.Query) string {
	board := Plain(h.Board)
	board += strings.Repeat(" ", max(0, boardWidth-runewidth.StringWidth(board)))
	id, status := Plain(string(h.ID)), fmt.Sprintf("%-9s", Plain(string(h.Status)))
	used := runewidth.StringWidth(Icon(h.Status) + " " + id + "  " + status + "  " + board + "  ")
	title := st.mark(st.cut(Plain(h.Title), used), q)
	row := st.Paint(h.Status, Icon(h.Status)) + " " + id + "  " + st.Paint(h.Status, status) + "  " + board + "  " + title + "\n"
	if h.Where == kanban.InID.String() || h.Where == kanban.InTitle.String() {
		return row
	}
	where := "    " + h.Where + ": "
	part := h.Excerpt
	if st.Width > 0 { // what is cut off at its end might be the word itself
		part = excerpt(part, q, max(st.Width-len(where), leastTitle))
	}
	return row + where + st.mark(st.cut(part, len(where)), q) + "\n"
}

// mark makes the words stand out: by colour, or between « and ».
func (st Style) mark(s string, q kanban.Query) string {
	open, end := "«", "»"
	if st.Colour {
		open, end = "\x1b[1;33m", "\x1b[0m"
	}
	all := []rune(s)
	var b strings.Builder
	at := 0
	for _, span := range q.Spans(s) {
		b.WriteString(string(all[at:span[0]]) + open + string(all[span[0]:span[1]]) + end)
		at = span[1]
	}
	return b.String() + string(all[at:])
}
