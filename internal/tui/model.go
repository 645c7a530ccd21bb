package tui

import (
	"context"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"andon/internal/store"
	"andon/kanban"
)

// model is the state of the screen.
type model struct {
	Options
	ctx  context.Context
	seat *seat
	look look

	width, height int
	clusters      bool // the terminal measures whole signs, such as a family of emoji, and not their parts

	// The columns.
	cols    []*column
	at      int // the active one
	left    int // the first one shown
	counts  map[kanban.Status]int
	head    kanban.EventID
	glimpse store.Glimpse

	// How reading goes.
	reading bool    // a glance is under way, or rests
	again   bool    // and something happened since
	begun   bool    // the board is being followed
	first   tea.Cmd // the first glance, which was begun ahead; nil once it is taken
	deaf    bool    // nothing tells of commits
	gone    bool    // the board is not where it was
	trouble error

	// What lies over the columns: pages fill the screen, a box lies above all.
	pages  []*page
	box    box
	typing bool // the filter is being typed
	filter field
	was    string // the filter before that

	note  string // what was done or refused last
	wrong bool   // and that it was refused

	frameText string // what was drawn last
	stale     bool   // and that a message came since which may have changed it

	clicked   time.Time // the last click, for double ones
	clickedID kanban.TaskID
}

// box is a menu or a form.
type box interface {
	key(*model, tea.KeyPressMsg) tea.Cmd
	draw(m *model, width, height int) []string
	hints() []hint
}

func newModel(ctx context.Context, o Options) *model {
	return &model{Options: o, ctx: ctx, seat: newSeat(ctx, o.Desk), look: newLook(), cols: newColumns()}
}

// Messages of what was done. Those of the live board are in live.go.
type (
	didMsg struct {
		seat *seat
		form *form // that asked for it; nil if none did
		said string
		err  error
	}
	openedMsg struct {
		seat *seat // the one that was left for it
		desk *Desk
		err  error
	}
	boardsMsg struct {
		names []string
		err   error
	}
	// leftMsg says how closing a board went that was left for another.
	leftMsg struct{ err error }
)

func (m *model) Init() tea.Cmd {
	if first := m.first; first != nil {
		m.first = nil
		return first
	}
	return m.sit()
}

// sit begins at the board of the seat. What follows it can wait until the first
// frame is on the screen.
func (m *model) sit() tea.Cmd { return m.glance() }

func (m *model) Update(msg tea.Msg) (tea.Model, tea.Cmd) { return m, m.update(msg) }

func (m *model) update(msg tea.Msg) tea.Cmd {
	stale := m.stale
	m.stale = true
	if cmd, mine := m.live(msg); mine {
		return cmd
	}
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		m.width, m.height = msg.Width, msg.Height
		for _, c := range m.cols {
			c.move(0, m.rows())
		}
		m.shown()
		return m.fill()
	case tea.ModeReportMsg:
		if msg.Mode == ansi.ModeUnicodeCore && (msg.Value == ansi.ModeReset || msg.Value == ansi.ModeSet || msg.Value == ansi.ModePermanentlySet) {
			m.clusters = true // the renderer does the same
		}
	case tea.KeyPressMsg:
		return tea.Batch(m.key(msg), m.fill())
	case tea.PasteMsg:
		return m.paste(msg.Content)
	case tea.MouseClickMsg, tea.MouseWheelMsg:
		return tea.Batch(m.mouse(msg.(tea.MouseMsg)), m.fill())
	case didMsg:
		return m.did(msg)
	case pageMsg:
		return m.paged(msg)
	case editedMsg:
		if f, ok := m.box.(*form); ok && f == msg.form {
			if msg.err != nil {
				m.refuse(msg.err)
			} else {
				f.fields[msg.field].set(msg.text)
			}
		}
	case askedMsg:
		if m.box == msg.form && msg.why != "" {
			msg.form.intro = append(msg.form.intro, "⊘ "+plain(msg.why))
		}
	case wordsMsg:
		m.edited(msg)
	case loggedMsg:
		return m.logged(msg)
	case lookMsg:
		if !msg.page.log.shut {
			return m.readLog(msg.page)
		}
	case boardsMsg:
		if msg.err != nil {
			m.refuse(msg.err)
			return nil
		}
		return m.chooseBoard(msg.names)
	case openedMsg:
		return m.opened(msg)
	case leftMsg:
		if msg.err != nil {
			m.refuse(msg.err)
		}
	default: // the library tells of much that is not shown
		m.stale = stale
	}
	return nil
}

// fill reads what the screen shows and the columns lack.
func (m *model) fill() tea.Cmd {
	if m.counts == nil || !m.missing() || m.trouble != nil {
		return nil
	}
	return m.glance()
}

func (m *model) did(msg didMsg) tea.Cmd {
	if msg.seat != m.seat {
		return nil
	}
	if msg.form != nil {
		msg.form.busy = false
	}
	if msg.err != nil { // the form stays, and what was written in it
		m.refuse(msg.err)
		return nil
	}
	if f, ok := m.box.(*form); ok && f == msg.form {
		m.box = nil
	}
	m.say(msg.said)
	return m.glance()
}

// open exchanges the board for another one, or for the same one opened anew.
func (m *model) open(name string) tea.Cmd {
	s := m.seat
	return s.read(func(ctx context.Context) tea.Msg {
		d, err := m.Open(ctx, name)
		return openedMsg{s, d, late(err)}
	})
}

func (m *model) opened(msg openedMsg) tea.Cmd {
	switch {
	case msg.seat != m.seat: // a second one, while the first was opened
		if msg.desk != nil {
			return func() tea.Msg { return leftMsg{msg.desk.Close()} }
		}
		return nil
	case msg.err != nil:
		m.refuse(msg.err)
		if m.trouble != nil {
			m.gone = true
			return m.seat.there()
		}
		return nil
	}
	old := m.seat
	if msg.desk.Name != old.Name {
		m.say("board " + msg.desk.Name)
	} else {
		m.say("the board can be read again")
	}
	m.seat = newSeat(m.ctx, msg.desk)
	m.cols, m.at, m.left, m.counts, m.head = newColumns(), 0, 0, nil, 0
	m.reading, m.again, m.begun, m.deaf, m.gone, m.trouble = false, false, false, false, false, nil
	for m.page() != nil {
		m.pop()
	}
	m.box = nil
	return tea.Batch(m.sit(), func() tea.Msg { return leftMsg{old.leave()} })
}

// say shows what was done, in the status line.
func (m *model) say(s string) { m.note, m.wrong = s, false }

// refuse shows why something was not done, in the words of who refused it.
func (m *model) refuse(err error) { m.note, m.wrong = strings.TrimSpace(err.Error()), true }

func (m *model) page() *page {
	if len(m.pages) == 0 {
		return nil
	}
	return m.pages[len(m.pages)-1]
}

// paste puts text where text is being written.
func (m *model) paste(s string) tea.Cmd {
	if m.typing {
		m.filter.insert(s)
		return m.refilter()
	}
	if f, ok := m.box.(*form); ok && !f.busy {
		f.fields[f.at].insert(s)
	}
	return nil
}

func (m *model) method() ansi.Method {
	if m.clusters {
		return ansi.GraphemeWidth
	}
	return ansi.WcWidth
}
