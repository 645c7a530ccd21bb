package cli

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"andon/internal/board"
	"andon/internal/store"
	"andon/internal/store/sqlite"
	"andon/kanban"
)

// place is a home with a board for the tests of this package.
type place struct {
	*board.Board
	home string
}

func newPlace(t *testing.T) place {
	t.Helper()
	home := t.TempDir()
	db, err := sqlite.Open(t.Context(), filepath.Join(home, "kanban.db"), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return place{board.New(db), home}
}

func (p place) create(t *testing.T, d kanban.Draft) kanban.Task {
	t.Helper()
	task, _, err := p.Create(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}
	return task
}

func (p place) io(out io.Writer, errs io.Writer) IO {
	return IO{
		In: strings.NewReader(""), Out: out, Err: errs, Zone: time.UTC, Now: time.Now,
		Env: func(name string) string { return map[string]string{"ANDON_HOME": p.home}[name] },
	}
}

// start runs a command until its context ends or it does. What it prints is
// read line by line; its status comes when it has ended.
func (p place) start(t *testing.T, ctx context.Context, args ...string) (*bufio.Reader, <-chan int) {
	t.Helper()
	r, w := io.Pipe()
	var errs bytes.Buffer
	status := make(chan int, 1)
	go func() {
		code := Main(ctx, args, p.io(w, &errs))
		if errs.Len() > 0 {
			t.Errorf("%q: stderr %q", args, errs.String())
		}
		w.Close()
		status <- code
	}()
	return bufio.NewReader(r), status
}

func TestRowsOnATerminal(t *testing.T) {
	p := newPlace(t)
	parent := p.create(t, kanban.Draft{Title: "a title that is longer than the terminal is wide"})
	child := p.create(t, kanban.Draft{Title: "short", Parents: []kanban.TaskID{parent.ID}})
	tests := []struct {
		name             string
		terminal, colour bool
		width            int
		args             []string
		want             string
	}{
		{"a pipe", false, true, 60, []string{"list", "--status", "ready"},
			"▶ ID  ready     (unassigned)          a title that is longer than the terminal is wide\n"},
		{"a terminal", true, true, 60, []string{"list", "--status", "ready"},
			"\x1b[36m▶\x1b[0m ID  \x1b[36mready   \x1b[0m  (unassigned)          a title that…\n"},
		{"no colours wanted", true, false, 60, []string{"list", "--status", "ready"}, "▶ ID  ready     (unassigned)          a title that…\n"},
		{"width unknown", true, false, 0, []string{"list", "--status", "ready"},
			"▶ ID  ready     (unassigned)          a title that is longer than the terminal is wide\n"},
		{"show", true, true, 42, []string{"show", string(child.ID)}, "\x1b[90m◻\x1b[0m CHILD  short\n  status:     \x1b[90mtodo\x1b[0m\n"},
		{"show a parent", true, true, 42, []string{"show", string(child.ID)}, "  parent:     \x1b[36m▶\x1b[0m ID a title that i…\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var out, errs bytes.Buffer
			io := p.io(&out, &errs)
			io.Terminal, io.Colour, io.Width = tt.terminal, tt.colour, tt.width
			if code := Main(t.Context(), tt.args, io); code != 0 || errs.Len() > 0 {
				t.Fatalf("%q: status %d, stderr %q", tt.args, code, errs.String())
			}
			got := strings.NewReplacer(string(parent.ID), "ID", string(child.ID), "CHILD").Replace(out.String())
			if !strings.Contains(got, tt.want) {
				t.Errorf("%q: got\n%q, want in it\n%q", tt.args, got, tt.want)
			}
		})
	}
}

func TestWatchBeginsNowAndEndsWithCtrlC(t *testing.T) {
	p := newPlace(t)
	p.create(t, kanban.Draft{Title: "before"})
	ctx, cancel := context.WithCancel(t.Context())
	out, status := p.start(t, ctx, "watch", "--json")
	// It cannot be seen from outside when it has begun; so cards are made until it tells of one.
	told := make(chan string, 1)
	go func() {
		line, _ := out.ReadString('\n')
		told <- line
		io.Copy(io.Discard, out)
	}()
	for line := ""; line == ""; {
		p.create(t, kanban.Draft{Title: "after"})
		select {
		case line = <-told:
			if strings.HasPrefix(line, `{"id":1,`) {
				t.Errorf("watch told of what was before: %s", line)
			}
		default:
		}
	}
	cancel()
	if got := <-status; got != 0 {
		t.Errorf("watch ended with status %d upon Ctrl-C, want 0", got)
	}
}

func TestTailFollowsACard(t *testing.T) {
	p := newPlace(t)
	task := p.create(t, kanban.Draft{Title: "one"})
	other := p.create(t, kanban.Draft{Title: "another"})
	ctx, cancel := context.WithCancel(t.Context())
	out, status := p.start(t, ctx, "tail", string(task.ID))
	next := func(want string) {
		t.Helper()
		line, err := out.ReadString('\n')
		if err != nil || !strings.Contains(line, want) {
			t.Fatalf("tail printed %q, %v; want %q in it", line, err, want)
		}
	}
	next("] created {")
	for _, id := range []kanban.TaskID{other.ID, task.ID} {
		if _, err := p.Comment(t.Context(), id, "ada", "on "+string(id)); err != nil {
			t.Fatal(err)
		}
	}
	next(`] commented {"author": "ada"`)
	cancel()
	if got := <-status; got != 0 {
		t.Errorf("tail ended with status %d upon Ctrl-C, want 0", got)
	}
}

func TestLogFollowsARunToItsEnd(t *testing.T) {
	p := newPlace(t)
	task := p.create(t, kanban.Draft{Title: "one", Assignee: "ada"})
	if _, err := p.Claim(t.Context(), task.ID, kanban.Claimant{Lock: "here:1", TTL: time.Hour}); err != nil {
		t.Fatal(err)
	}
	logs := filepath.Join(p.home, "kanban", "logs")
	if err := os.MkdirAll(logs, 0o755); err != nil {
		t.Fatal(err)
	}
	file, err := os.Create(filepath.Join(logs, string(task.ID)+".log"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	say := func(line string) {
		t.Helper()
		if _, err := file.WriteString(line); err != nil {
			t.Fatal(err)
		}
	}
	say("first\n")
	out, status := p.start(t, t.Context(), "log", string(task.ID), "--follow")
	if line, err := out.ReadString('\n'); line != "first\n" {
		t.Fatalf("log printed %q, %v; want first", line, err)
	}
	say("second\n")
	if line, err := out.ReadString('\n'); line != "second\n" {
		t.Fatalf("log printed %q, %v; want second", line, err)
	}
	say("last\n")
	if _, err := p.Complete(t.Context(), task.ID, kanban.Report{Summary: "done"}); err != nil {
		t.Fatal(err)
	}
	rest, err := io.ReadAll(out)
	if string(rest) != "last\n" || err != nil {
		t.Errorf("after the run had ended log printed %q, %v; want last", rest, err)
	}
	if got := <-status; got != 0 {
		t.Errorf("log ended with status %d, want 0", got)
	}
}
