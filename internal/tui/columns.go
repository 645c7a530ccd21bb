package tui

import (
	"slices"

	"andon/internal/board"
	"andon/internal/store"
	"andon/kanban"
)

// window is how many cards of a column are held at most, besides those that a
// very high screen shows.
const window = 60

// column is what is known of the cards in one status: how many there are, and a
// window of them around those that are shown.
type column struct {
	status kanban.Status
	count  int

	off   int // of the first of cards in the column
	cards []kanban.Task

	cur int           // the selected card's place in the column
	id  kanban.TaskID // and its name, by which it is found again
	top int           // place of the first card shown
}

func newColumns() (cols []*column) {
	for _, s := range kanban.Statuses {
		if s != kanban.Archived {
			cols = append(cols, &column{status: s})
		}
	}
	return cols
}

// card is the card at a place; ok is false where it is not read yet.
func (c *column) card(i int) (t kanban.Task, ok bool) {
	if i -= c.off; i < 0 || i >= len(c.cards) {
		return t, false
	}
	return c.cards[i], true
}

func (c *column) selected() (kanban.Task, bool) { return c.card(c.cur) }

// span is the part of the column to be held when it is read next.
func (c *column) span(rows int) store.Span {
	n := max(window, 3*rows)
	off := c.off
	if c.missing(rows) || len(c.cards) == 0 {
		off = max(0, c.top-n/3)
	}
	return store.Span{Status: c.status, Offset: off, Limit: n, Newest: c.status == kanban.Done}
}

// missing reports whether cards that are to be shown are not read yet.
func (c *column) missing(rows int) bool {
	last := min(c.top+rows, c.count)
	return c.count > 0 && (c.top < c.off || last > c.off+len(c.cards))
}

// merge takes in what was read. The selection stays with its card as long as
// that is in the column, and else with its place. In a column that is not active
// the first card stays so, lest cards that come in drive the selection down and
// out of sight.
func (c *column) merge(count int, lane board.Lane, read, active bool, rows int) {
	c.count = count
	if read {
		c.off, c.cards = lane.Offset, lane.Cards
		i := slices.IndexFunc(c.cards, func(t kanban.Task) bool { return t.ID == c.id })
		if i >= 0 && c.id != "" && (active || c.cur > 0) {
			was := c.cur
			c.cur = c.off + i
			if c.top > 0 { // at the top, cards that come in are to be seen
				c.top += c.cur - was
			}
		}
	}
	c.move(0, rows)
}

// move selects the card that is so many places away, as far as there are cards.
func (c *column) move(by, rows int) {
	c.cur = max(0, min(c.cur+by, c.count-1))
	rows = max(rows, 1)
	c.top = max(0, min(max(c.top, c.cur-rows+1), c.cur, c.count-1))
	c.top = max(min(c.top, c.count-rows), 0)
	c.id = ""
	if t, ok := c.selected(); ok {
		c.id = t.ID
	}
}

// layout is how many columns are shown side by side and how wide they are; the
// first ones take what is left over.
func layout(width int) (n, each, over int) {
	const least = 20
	n = max(1, min(width/least, len(kanban.Statuses)-1))
	if width < 80 {
		n = 1
	}
	return n, width / n, width % n
}

// place is where a column is drawn: its left end and its width.
func place(i, width int) (x, w int) {
	_, each, over := layout(width)
	w = each
	if i < over {
		w++
	}
	return i*each + min(i, over), w
}

// rowsOf a card on the screen, and of everything that is not cards.
const (
	cardRows   = 3
	frameRows  = 6 // header, names, rule, what more there is, status, keys
	headerRows = 3
)

// rows is how many cards a column shows.
func (m *model) rows() int { return max(1, (m.height-frameRows)/cardRows) }

// shown are the columns on the screen.
func (m *model) shown() []*column {
	n, _, _ := layout(m.width)
	m.left = max(0, min(m.left, m.at, len(m.cols)-n))
	if m.at >= m.left+n {
		m.left = m.at - n + 1
	}
	return m.cols[m.left : m.left+n]
}

func (m *model) missing() bool {
	return slices.ContainsFunc(m.cols, func(c *column) bool { return c.missing(m.rows()) })
}

func (m *model) column() *column { return m.cols[m.at] }

// settle selects the first column that has cards, when the board is first shown.
func (m *model) settle() {
	if i := slices.IndexFunc(m.cols, func(c *column) bool { return c.count > 0 }); i >= 0 {
		m.at = i
	}
}

// total is the number of cards that match the filter.
func (m *model) total() (n int) {
	for _, c := range m.cols {
		n += c.count
	}
	return n
}

// subject is the card that a key is about: the one that is open, else the
// selected one.
func (m *model) subject() (kanban.Task, bool) {
	if p := m.page(); p != nil && p.card != "" {
		return p.task, p.task.ID != ""
	}
	return m.column().selected()
}
