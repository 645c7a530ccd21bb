package tui

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"andon/internal/board"
	"andon/internal/home"
	"andon/internal/store"
	"andon/kanban"
)

// morning is the hour of these tests.
var morning = time.Date(2026, 3, 2, 9, 30, 0, 0, time.UTC)

// drive is a screen without a terminal: commands are run as the library does, and
// the model is asked what it would show. The board is a real one.
type drive struct {
	t    *testing.T
	m    *model
	db   *store.DB
	msgs chan tea.Msg
	quit bool
}

func newDrive(t *testing.T, width, height int, fill func(*board.Board)) *drive {
	t.Helper()
	db, err := home.Board{DB: filepath.Join(t.TempDir(), "kanban.db")}.Open(t.Context(), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	db.Now = func() time.Time { return morning }
	b := board.New(db)
	if fill != nil {
		fill(b)
	}
	never := func(context.Context, kanban.TaskID) (kanban.Change, error) {
		return kanban.Change{}, errors.New("no worker here")
	}
	ctx, cancel := context.WithCancel(context.Background())
	d := &drive{t: t, db: db, msgs: make(chan tea.Msg, 1000)}
	d.m = newModel(ctx, Options{
		Desk: &Desk{Name: "default", Board: b, Close: db.Close,
			Why:     func(context.Context, kanban.TaskID) ([]string, error) { return []string{"It is as it is."}, nil },
			After:   func(context.Context, kanban.Change) {},
			There:   func() (bool, error) { return true, nil },
			Log:     func(kanban.TaskID) (io.ReadSeekCloser, error) { return nil, fs.ErrNotExist },
			Cancel:  never,
			Reclaim: func(ctx context.Context, id kanban.TaskID, _ string) (kanban.Change, error) { return never(ctx, id) }},
		Boards: func(context.Context) ([]string, error) { return []string{"default"}, nil },
		Author: "user", People: []string{"ada", "bob"}, Zone: time.UTC, Now: func() time.Time { return morning },
		At: func(string) (time.Time, error) { return morning.Add(time.Hour), nil },
	})
	t.Cleanup(func() {
		cancel()
		if err := d.m.seat.leave(); err != nil {
			t.Error(err)
		}
	})
	d.send(tea.WindowSizeMsg{Width: width, Height: height})
	d.do(d.m.Init())
	d.until("the cards", func() bool { return d.m.counts != nil && !d.m.missing() })
	return d
}

// do runs a command beside, as the library does.
func (d *drive) do(cmd tea.Cmd) {
	if cmd == nil {
		return
	}
	go func() {
		switch msg := cmd().(type) {
		case nil:
		case tea.BatchMsg:
			for _, c := range msg {
				d.do(c)
			}
		default:
			d.msgs <- msg
		}
	}()
}

func (d *drive) send(msg tea.Msg) {
	if _, ok := msg.(tea.QuitMsg); ok {
		d.quit = true
		return
	}
	_, cmd := d.m.Update(msg)
	d.do(cmd)
}

// press sends keys: single letters, or names such as enter, esc, ctrl+s.
func (d *drive) press(keys ...string) {
	d.t.Helper()
	for _, k := range keys {
		d.send(keyOf(d.t, k))
	}
}

func keyOf(t *testing.T, s string) tea.KeyPressMsg {
	t.Helper()
	named := map[string]rune{"enter": tea.KeyEnter, "esc": tea.KeyEscape, "tab": tea.KeyTab, "up": tea.KeyUp, "down": tea.KeyDown, "left": tea.KeyLeft,
		"right": tea.KeyRight, "home": tea.KeyHome, "end": tea.KeyEnd, "pgup": tea.KeyPgUp, "pgdown": tea.KeyPgDown, "backspace": tea.KeyBackspace,
		"delete": tea.KeyDelete}
	k := tea.KeyPressMsg{}
	if rest, ok := strings.CutPrefix(s, "ctrl+"); ok {
		k.Mod, k.Code = tea.ModCtrl, []rune(rest)[0]
	} else if rest, ok := strings.CutPrefix(s, "shift+"); ok {
		k.Mod, k.Code = tea.ModShift, named[rest]
	} else if code, ok := named[s]; ok {
		k.Code = code
	} else {
		r := []rune(s)
		k.Code, k.Text = r[0], s
	}
	if len(s) > 1 && k.String() != s && k.Text == "" {
		t.Fatalf("key %q became %q", s, k.String())
	}
	return k
}

// write types text.
func (d *drive) write(s string) {
	for _, r := range s {
		d.send(tea.KeyPressMsg{Code: r, Text: string(r)})
	}
}

func (d *drive) screen() string { return strings.Join(d.m.screen(), "\n") }

func (d *drive) until(what string, is func() bool) {
	d.t.Helper()
	late := time.NewTimer(30 * time.Second)
	defer late.Stop()
	for !is() {
		select {
		case msg := <-d.msgs:
			d.send(msg)
		case <-late.C:
			d.t.Fatalf("no %s:\n%s", what, d.screen())
		}
	}
}

func (d *drive) shows(text string) {
	d.t.Helper()
	d.until(fmt.Sprintf("%q on the screen", text), func() bool { return strings.Contains(bare(d.screen()), text) })
}

// bare is a screen without its styles.
func bare(s string) string {
	var b strings.Builder
	for in := s; in != ""; {
		i := strings.IndexByte(in, '\x1b')
		if i < 0 {
			b.WriteString(in)
			break
		}
		b.WriteString(in[:i])
		in = in[i:]
		j := strings.IndexByte(in, 'm')
		in = in[j+1:]
	}
	return b.String()
}

// cards makes ready cards with these titles, the first the most urgent.
func cards(t *testing.T, titles ...string) func(*board.Board) {
	return func(b *board.Board) {
		for i, title := range titles {
			_, _, err := b.Create(t.Context(), kanban.Draft{Title: title, CreatedBy: "user", Priority: int64(len(titles) - i)})
			if err != nil {
				t.Fatal(err)
			}
		}
	}
}

func many(n int) (titles []string) {
	for i := range n {
		titles = append(titles, fmt.Sprintf("Card %03d", i))
	}
	return titles
}
