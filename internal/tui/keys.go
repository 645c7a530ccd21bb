package tui

import (
	"context"
	"fmt"
	"strings"

	tea "charm.land/bubbletea/v2"

	"andon/internal/store"
	"andon/kanban"
)

// hint is a key and what it does, as the lowest line and the help tell it.
type hint struct{ key, what string }

var (
	boardHints = []hint{{"enter", "open"}, {"m", "move"}, {"a", "answer"}, {"c", "create"}, {"?", "help"}, {"q", "quit"}, {"/", "filter"},
		{"L", "log"}, {"w", "why"}, {"e", "edit"}, {"s", "assign"}, {"+/-", "priority"}, {"b", "boards"}, {"←→↑↓", "go"}}
	cardHints = []hint{{"esc", "back"}, {"m", "move"}, {"a", "answer"}, {"e", "edit"}, {"l", "log"}, {"w", "why"}, {"s", "assign"},
		{"+/-", "priority"}, {"↑↓", "scroll"}, {"?", "help"}}
	textHints   = []hint{{"esc", "back"}, {"↑↓ PgUp PgDn", "scroll"}, {"q", "quit"}}
	logHints    = []hint{{"esc", "back"}, {"G", "follow the end"}, {"↑↓ PgUp PgDn", "scroll"}, {"m", "move"}}
	filterHints = []hint{{"enter", "keep"}, {"esc", "as before"}, {"", "words  @assignee  #tenant  status:ready"}}
	menuHints   = []hint{{"↑↓", "go"}, {"enter", "choose"}, {"esc", "leave"}}
	formHints   = []hint{{"tab", "next field"}, {"ctrl-s", "save"}, {"ctrl-e", "edit in $EDITOR"}, {"esc", "leave"}}
)

// Help tells the keys, for the screen and for the help of the command.
func Help() string {
	return `Moving
  ← → or h l, tab    the column before, the next one
  ↑ ↓ or k j         the card above, below
  g G, Home End      the first card, the last one
  PgUp PgDn          a screen of cards
  mouse              click selects, double click opens, the wheel moves

Looking
  enter              open the card: its text, links, comments, runs, history
  L                  the log of its workers as it grows (on a page also l)
  w                  why it stands where it does
  /                  filter: words, @assignee, #tenant, status:NAME
  esc                back; on the board, the filter is taken away
  b                  another board
  r                  read everything anew

Changing
  c                  create a card
  m                  move it: what its status allows, and nothing else
  a                  answer a blocked card, and let it go on
  e                  edit title, text and priority
  s                  assign it
  + -                raise or lower its priority

In a form: tab and arrows go from field to field, ctrl-s saves, ctrl-e opens a
text in $EDITOR, esc leaves. q or ctrl-c quits.`
}

func (m *model) key(k tea.KeyPressMsg) tea.Cmd {
	key := k.String()
	switch key {
	case "ctrl+c":
		return tea.Quit
	case "ctrl+z":
		return tea.Suspend
	}
	if m.width < leastWidth || m.height < leastHeight { // nothing else can be seen
		if key == "q" {
			return tea.Quit
		}
		return nil
	}
	switch {
	case m.box != nil:
		return m.box.key(m, k)
	case m.typing:
		return m.typed(k)
	}
	m.note = ""
	if p := m.page(); p != nil {
		switch {
		case key == "esc" || key == "left" || key == "backspace":
			m.pop()
			return nil
		case m.turn(p, key):
			return nil
		}
		return m.act(key)
	}
	if m.steer(key) {
		return nil
	}
	switch key {
	case "enter":
		return m.on(m.openCard)
	case "/":
		m.typing, m.was = true, m.filter.text()
		m.filter.set("")
	case "esc":
		m.filter.set("")
		return m.show(store.Glimpse{})
	case "b":
		return m.seat.read(func(ctx context.Context) tea.Msg {
			names, err := m.Boards(ctx)
			return boardsMsg{names, late(err)}
		})
	case "r", "ctrl+l":
		m.counts = nil
		return tea.Batch(m.glance(), tea.ClearScreen)
	}
	return m.act(key)
}

// steer moves the selection, if the key is one for that.
func (m *model) steer(key string) bool {
	c, rows := m.column(), m.rows()
	switch key {
	case "left", "h", "shift+tab":
		m.at = max(0, m.at-1)
	case "right", "l", "tab":
		m.at = min(len(m.cols)-1, m.at+1)
	case "up", "k":
		c.move(-1, rows)
	case "down", "j":
		c.move(1, rows)
	case "pgup", "ctrl+b":
		c.move(-rows, rows)
	case "pgdown", "ctrl+f", "space":
		c.move(rows, rows)
	case "ctrl+u":
		c.move(-max(1, rows/2), rows)
	case "ctrl+d":
		c.move(max(1, rows/2), rows)
	case "home", "g":
		c.move(-c.count, rows)
	case "end", "G":
		c.move(c.count, rows)
	default:
		return false
	}
	return true
}

// act does what a key means on the board and on a card's page alike.
func (m *model) act(key string) tea.Cmd {
	switch key {
	case "q":
		return tea.Quit
	case "?":
		m.push(&page{title: "Keys", hints: textHints, text: func(m *model, w int) []string { return m.prose(Help(), w) }})
	case "c":
		m.box = m.creation()
	case "m":
		return m.on(m.moves)
	case "a":
		return m.on(m.answer)
	case "l", "L": // on the board, l goes to the right
		return m.on(m.openLog)
	case "w":
		return m.on(m.openWhy)
	case "e":
		return m.on(m.edition)
	case "s":
		return m.on(m.assignment)
	case "+", "=", "-", "_":
		by := int64(1)
		if key == "-" || key == "_" {
			by = -1
		}
		return m.on(func(t kanban.Task) tea.Cmd { return m.prioritize(t, by) })
	}
	return nil
}

// on does something with the card that is meant, if there is one.
func (m *model) on(do func(kanban.Task) tea.Cmd) tea.Cmd {
	t, ok := m.subject()
	if !ok {
		if m.page() == nil || m.page().card != "" {
			m.refuse(fmt.Errorf("no card is selected"))
		}
		return nil
	}
	return do(t)
}

// chooseBoard offers the boards there are.
func (m *model) chooseBoard(names []string) tea.Cmd {
	if len(names) < 2 {
		m.refuse(fmt.Errorf("%s is the only board here", m.seat.Name))
		return nil
	}
	b := &menu{title: "Boards"}
	for i, n := range names {
		it := item{key: letter(i), what: plain(n), do: func() tea.Cmd { return m.open(n) }}
		if n == m.seat.Name {
			b.at, it.more = i, "this one"
		}
		b.items = append(b.items, it)
	}
	m.box = b
	return nil
}

// letter is a key for the i-th of several things; beyond the digits there is none.
func letter(i int) string {
	if i < 9 {
		return string(rune('1' + i))
	}
	return " "
}

// mouse selects, opens and scrolls.
func (m *model) mouse(msg tea.MouseMsg) tea.Cmd {
	e := msg.Mouse()
	by := 0
	switch e.Button {
	case tea.MouseWheelUp:
		by = -1
	case tea.MouseWheelDown:
		by = 1
	case tea.MouseLeft:
	default:
		return nil
	}
	switch {
	case m.typing:
		return nil
	case m.box != nil:
		b, ok := m.box.(*menu)
		if !ok {
			return nil
		}
		if by != 0 {
			b.at = max(0, min(b.at+by, len(b.items)-1))
			return nil
		}
		lines := b.draw(m, m.width, m.height-2)
		w := m.wide(lines[0])
		x, y := e.X-max(0, (m.width-w)/2), e.Y-max(0, (m.height-len(lines))/2)
		if i := y - b.y; x > 0 && x < w-1 && y > 0 && y < len(lines)-1 && i >= 0 && i < len(b.items) {
			return b.choose(m, i)
		}
		return nil
	case m.page() != nil:
		m.page().scroll(3*by, m.pageHeight())
		return nil
	}
	shown := m.shown()
	for i, c := range shown {
		x, w := place(i, m.width)
		if e.X < x || e.X >= x+w {
			continue
		}
		m.at, m.note = m.left+i, ""
		if by != 0 {
			c.move(by, m.rows())
			return nil
		}
		k := c.top + (e.Y-headerRows)/cardRows
		if e.Y < headerRows || k >= min(c.count, c.top+m.rows()) {
			return nil
		}
		c.move(k-c.cur, m.rows())
		now := m.Now()
		double := c.id != "" && c.id == m.clickedID && now.Sub(m.clicked) < doubleClick
		m.clicked, m.clickedID = now, c.id
		if double {
			m.clickedID = ""
			return m.on(m.openCard)
		}
	}
	return nil
}

// joined is words parted by commas.
func joined(words []string) string { return strings.Join(words, ", ") }
