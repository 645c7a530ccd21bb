// Package tui is the terminal board: a surface that shows one board on a whole
// screen, follows what any process commits to it, and does what its keys ask for.
//
// The model is pure: [model.Update] takes a message and answers with commands,
// which alone reach the board and the system, each within a time-out and beside
// the screen. Every text of a board is shown through [plain].
package tui

import (
	"context"
	"errors"
	"io"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"

	"andon/internal/board"
	"andon/kanban"
)

// Desk is one open board, with what must be known to work at it.
type Desk struct {
	Name  string
	Board *board.Board

	// There tells whether the board still is where it was opened: err if nothing
	// is there, and same is false if another one is, which must be opened anew.
	There func() (same bool, err error)

	// Log opens what the workers of a card have written; fs.ErrNotExist if nothing.
	Log func(kanban.TaskID) (io.ReadSeekCloser, error)

	// Why tells why a card is not worked on, and what would start it.
	Why func(context.Context, kanban.TaskID) ([]string, error)

	// After sees to what a change leaves to be done beside the board.
	After func(context.Context, kanban.Change)

	// Cancel and Reclaim end the worker of a card, if it has one, and then do what
	// the verbs of these names do.
	Cancel  func(context.Context, kanban.TaskID) (kanban.Change, error)
	Reclaim func(ctx context.Context, id kanban.TaskID, reason string) (kanban.Change, error)

	Close func() error
}

// Options is all that the screen has of the world besides the board.
type Options struct {
	Desk   *Desk                                   // the first board; it is closed in the end
	Boards func(context.Context) ([]string, error) // the names of those there are
	Open   func(ctx context.Context, name string) (*Desk, error)
	Author string                          // who speaks
	People []string                        // assignees to offer, such as the profiles
	Editor []string                        // the program and its words that edits a file; nil: there is none
	At     func(string) (time.Time, error) // reads a time, such as 17:30 or +2h

	In     io.Reader
	Out    io.Writer
	Env    []string
	Colour bool
	Zone   *time.Location
	Now    func() time.Time
}

// ahead begins a command at once, and returns the command that has its message.
func ahead(cmd tea.Cmd) tea.Cmd {
	done := make(chan tea.Msg, 1)
	go func() { done <- cmd() }()
	return func() tea.Msg { return <-done }
}

// Run shows the board until its user leaves or the context ends. What was begun
// is brought to its end first; what then fails is returned.
func Run(ctx context.Context, o Options) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	m := newModel(ctx, o)
	m.first = ahead(m.sit()) // while the terminal is made ready
	profile := colorprofile.ASCII
	if o.Colour {
		profile = colorprofile.ANSI // the sixteen colours that the user has chosen to be legible
	}
	_, err := tea.NewProgram(m, tea.WithContext(ctx), tea.WithInput(o.In), tea.WithOutput(o.Out), tea.WithEnvironment(o.Env),
		tea.WithColorProfile(profile)).Run()
	if errors.Is(err, tea.ErrInterrupted) || ctx.Err() != nil { // that is how it is told to end
		err = nil
	}
	return errors.Join(err, m.seat.leave())
}
