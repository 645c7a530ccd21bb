//go:build unix

package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"andon/internal/store/storetest"
)

// desk is a home in which commands are run, each a process of its own.
type desk struct{ home string }

func newDesk(t *testing.T) desk {
	t.Helper()
	d := desk{filepath.Join(t.TempDir(), "home")}
	d.run(t, "init")
	return d
}

func (d desk) command(t testing.TB, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(t.Context(), "andon", args...)
	for _, e := range os.Environ() {
		if !strings.HasPrefix(e, "ANDON_") && !strings.HasPrefix(e, "HERMES_") && !strings.HasPrefix(e, "NO_COLOR") && !strings.HasPrefix(e, "SSH_") && !strings.HasPrefix(e, "TERM_") {
			cmd.Env = append(cmd.Env, e)
		}
	}
	cmd.Env = append(cmd.Env, "ANDON_HOME="+d.home, "TERM=xterm-256color", "TZ=UTC",
		"GORACE=atexit_sleep_ms=50") // else each command takes a second more under -race
	return cmd
}

// run runs a command to its end and returns what it printed.
func (d desk) run(t testing.TB, args ...string) string {
	t.Helper()
	var stderr bytes.Buffer
	cmd := d.command(t, args...)
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("andon %q: %v\n%s%s", args, err, out, &stderr)
	}
	return string(out)
}

// create makes a card and returns its id.
func (d desk) create(t testing.TB, title string, args ...string) string {
	t.Helper()
	var v struct{ ID string }
	if err := json.Unmarshal([]byte(d.run(t, append([]string{"create", title, "--json"}, args...)...)), &v); err != nil {
		t.Fatal(err)
	}
	return v.ID
}

func (d desk) board(t testing.TB, width, height int, env ...string) *terminal {
	t.Helper()
	cmd := d.command(t, "board")
	cmd.Env = append(cmd.Env, env...)
	return onTerminal(t, cmd, width, height)
}

func TestBoardMovesACard(t *testing.T) {
	d := newDesk(t)
	id := d.create(t, "Write the letter")
	term := d.board(t, 200, 50)
	term.shows(t, "Write the letter")

	term.press(t, "m")
	menu := term.shows(t, "Move "+id)
	for _, verb := range []string{"complete", "block", "schedule", "cancel", "archive"} {
		if !strings.Contains(menu, verb) {
			t.Errorf("the menu of a ready card lacks %s:\n%s", verb, menu)
		}
	}
	for _, verb := range []string{"promote", "unblock", "reopen", "reclaim"} {
		if strings.Contains(menu, verb) {
			t.Errorf("the menu of a ready card offers %s:\n%s", verb, menu)
		}
	}
	term.press(t, "c")
	term.shows(t, "Complete")
	term.press(t, "it is in the post"+ctrlS)
	term.shows(t, "it was ready and is done")
	term.matches(t, `DONE +1`)
	if out := d.run(t, "show", id); !strings.Contains(out, "it is in the post") {
		t.Errorf("the result is not on the card:\n%s", out)
	}

	term.press(t, "q")
	if err := term.ends(t); err != nil {
		t.Errorf("q: %v", err)
	}
}

func TestBoardAnswersABlockedCard(t *testing.T) {
	d := newDesk(t)
	id := d.create(t, "Bake the cake")
	d.run(t, "block", id, "--kind", "needs_input", "grams or ounces?")
	term := d.board(t, 200, 50)
	term.matches(t, `BLOCKED +1`)
	term.press(t, "a")
	term.shows(t, "grams or ounces?") // what was asked stands above the answer
	term.press(t, "in grams"+ctrlS)
	term.shows(t, "it was blocked and is ready")
	if out := d.run(t, "show", id); !strings.Contains(out, "UNBLOCK: in grams") {
		t.Errorf("the answer is no comment on the card:\n%s", out)
	}
}

func TestBoardFilters(t *testing.T) {
	d := newDesk(t)
	d.create(t, "Write the letter", "--assignee", "ada")
	d.create(t, "Post the letter", "--assignee", "bob")
	d.create(t, "Bake the cake", "--assignee", "bob", "--tenant", "bakery")
	term := d.board(t, 200, 50)
	term.shows(t, "3 cards")
	term.press(t, "/letter")
	term.hides(t, "Bake")
	term.press(t, " @bob")
	term.hides(t, "Write the letter")
	term.press(t, enterKey)
	term.shows(t, "/ letter @bob")
	term.shows(t, "Post the letter") // half of a name was nobody's, so it had gone for a moment
	term.press(t, escKey)
	term.shows(t, "3 cards")
	term.press(t, "/#bakery status:rea"+enterKey)
	term.hides(t, "letter")
	term.shows(t, "Bake the cake")
	term.press(t, "/nothing"+enterKey)
	term.shows(t, "0 cards")
}

// What another process commits is on the screen without a key.
func TestBoardIsLive(t *testing.T) {
	d := newDesk(t)
	term := d.board(t, 80, 24)
	term.shows(t, "0 cards")
	id := d.create(t, "From elsewhere")
	term.shows(t, "1 card")
	term.press(t, "\x1b[C\x1b[C\x1b[C") // to ready, three columns to the right or there already
	term.shows(t, "From elsewhere")
	d.run(t, "edit", id, "--title", "Renamed elsewhere")
	term.shows(t, "Renamed elsewhere")
	d.run(t, "complete", id)
	term.shows(t, "no cards")
	d.run(t, "archive", id)
	d.run(t, "archive", "--rm", id) // leaves no event
	term.shows(t, "0 cards")
}

func TestBoardResizes(t *testing.T) {
	d := newDesk(t)
	for i := range 12 {
		d.create(t, fmt.Sprintf("Card %d with a title that is rather too long for a column", i), "--assignee", "ada")
	}
	term := d.board(t, 200, 50)
	whole := func(width, height, columns int) func(string) bool {
		return func(screen string) bool {
			names := 0
			for _, s := range []string{"TRIAGE", "TODO", "SCHEDULED", "READY", "RUNNING", "BLOCKED", "REVIEW", "DONE"} {
				if strings.Contains(screen, s) {
					names++
				}
			}
			lines := strings.Split(screen, "\n")
			return names == columns && len(lines) == height && strings.Contains(lines[height-1], "open") && strings.Contains(screen, "Card ")
		}
	}
	term.until(t, "eight columns", whole(200, 50, 8))
	term.resize(t, 100, 30)
	term.until(t, "five columns", whole(100, 30, 5))
	term.resize(t, 80, 24)
	term.until(t, "four columns", whole(80, 24, 4))
	term.resize(t, 60, 20)
	term.until(t, "one column", whole(60, 20, 1))
	term.shows(t, "READY")
	term.resize(t, 20, 5)
	term.shows(t, "too small")
	term.resize(t, 200, 50)
	term.until(t, "eight columns", whole(200, 50, 8))
}

func TestBoardCreatesWithAnEditor(t *testing.T) {
	d := newDesk(t)
	editor := filepath.Join(t.TempDir(), "editor")
	if err := os.WriteFile(editor, []byte("#!/bin/sh\nprintf ' and a third\\n' >>\"$1\"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	term := d.board(t, 100, 30, "EDITOR="+editor)
	term.shows(t, "0 cards")
	term.press(t, "c")
	term.shows(t, "Create a card")
	term.press(t, "A letter\tAda\tone line\rand another")
	term.shows(t, "and another")
	term.press(t, ctrlE)
	term.shows(t, "and another and a third")
	term.press(t, ctrlS)
	s := term.shows(t, "created t_")
	id := regexp.MustCompile(`t_[0-9a-f]{8}`).FindString(s)
	out := d.run(t, "show", id)
	for _, want := range []string{"A letter", "ada", "one line", "and another and a third"} {
		if !strings.Contains(out, want) {
			t.Errorf("the card lacks %q:\n%s", want, out)
		}
	}
}

// A refusal is shown in the board's own words, and the text that was refused is
// not lost.
func TestBoardShowsRefusals(t *testing.T) {
	d := newDesk(t)
	parent := d.create(t, "First")
	d.create(t, "Second", "--parent", parent)
	term := d.board(t, 200, 50)
	term.shows(t, "Second")
	term.press(t, "mp")
	term.shows(t, "Promote")
	term.press(t, "at last\t"+enterKey)
	term.shows(t, "it waits for "+parent)
	term.shows(t, "at last")
	term.press(t, " "+enterKey) // although parents are open: yes
	term.shows(t, "it was todo and is ready")

	term.press(t, "c"+ctrlS)
	term.shows(t, "a card needs a title")
}

// Two processes move one card: the second is told what the first has done.
func TestBoardDoesNotOverruleOthers(t *testing.T) {
	d := newDesk(t)
	id := d.create(t, "Contested")
	term := d.board(t, 200, 50)
	term.shows(t, "Contested")
	term.press(t, "mb") // the form of a block is open...
	term.shows(t, "Reason")
	d.run(t, "complete", id) // ...when another one finishes the card
	term.matches(t, `DONE +1`)
	term.press(t, "too late"+enterKey)
	term.shows(t, "the card is done")
}

func TestBoardOpensACardAndItsLog(t *testing.T) {
	d := newDesk(t)
	parent := d.create(t, "Look at the parent")
	id := d.create(t, "Child of it", "--parent", parent, "--body", strings.Repeat("A long text.\n", 40)+"the end of the text")
	d.run(t, "comment", id, "look here")
	logs := filepath.Join(d.home, "kanban", "logs")
	if err := os.MkdirAll(logs, 0o755); err != nil {
		t.Fatal(err)
	}
	log := filepath.Join(logs, id+".log")
	if err := os.WriteFile(log, []byte("first words\n\x1b[2J\x1b]0;evil\x07still here\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	term := d.board(t, 80, 24)
	term.shows(t, "Child of it")
	term.press(t, enterKey)
	term.shows(t, "A long text.")
	term.press(t, "G")
	term.shows(t, "Last events")
	term.press(t, "g"+"\x1b[6~\x1b[6~")
	term.matches(t, "the end of the text")
	d.run(t, "comment", id, "another one") // the page is live, too
	term.press(t, "G")
	term.shows(t, "commented")
	term.press(t, "w")
	if s := term.shows(t, "It waits for t_"); !strings.Contains(s, "Look at the parent") {
		t.Errorf("why does not name the parent:\n%s", s)
	}
	term.press(t, escKey)
	term.hides(t, "It waits for t_")
	term.press(t, "l")
	term.shows(t, "still here")
	f, err := os.OpenFile(log, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteString("and it grows\n"); err != nil {
		t.Fatal(err)
	}
	if s := term.shows(t, "and it grows"); !strings.Contains(s, "first words") {
		t.Errorf("the log's escape sequences had an effect:\n%s", s)
	}
}

// Titles that would harm a terminal or are wider than they look leave the
// columns where they are.
func TestBoardKeepsItsColumns(t *testing.T) {
	d := newDesk(t)
	for _, title := range []string{"\x1b[2J\x1b[1;1Hgotcha", "漢字の題名はとても長いのでここで切られるはずです", "👨‍👩‍👧 family 🚀 rocket 🏳️‍🌈 flag", "e\u0301te\u0301 \u202eright to left", strings.Repeat("long ", 90)} {
		d.create(t, title, "--triage")
		d.create(t, title)
	}
	term := d.board(t, 80, 24)
	// The margin of each column is empty but for the mark of the selected card, once
	// the terminal has said how it measures signs.
	term.until(t, "empty margins", func(screen string) bool {
		if !strings.Contains(screen, "gotcha") || !strings.Contains(screen, "long long") {
			return false
		}
		term.mu.Lock()
		defer term.mu.Unlock()
		for _, x := range []int{20, 40, 60} {
			for y := 3; y < 22; y++ {
				if c := term.screen.CellAt(x, y); c != nil && c.Width == 1 && c.Content != " " && c.Content != "▌" {
					return false
				}
			}
		}
		return true
	})
}

func TestBoardNeedsAWholeScreen(t *testing.T) {
	term := newDesk(t).board(t, 80, 24, "TERM=dumb")
	term.shows(t, "TERM is \"dumb\"")
	var exit *exec.ExitError
	if err := term.ends(t); !errors.As(err, &exit) || exit.ExitCode() != 2 {
		t.Errorf("it ended with %v, want exit status 2", err)
	}
}

func TestBoardMouse(t *testing.T) {
	d := newDesk(t)
	d.create(t, "Upper", "--priority", "2")
	d.create(t, "Lower")
	term := d.board(t, 200, 50)
	term.shows(t, "Lower")
	click := func(x, y int) { term.press(t, fmt.Sprintf("\x1b[<0;%d;%dM\x1b[<0;%d;%dm", x, y, x, y)) }
	click(80, 7) // ready is the fourth column
	term.matches(t, `t_[0-9a-f]{8}  Lower`)
	term.press(t, "\x1b[<64;80;7M") // the wheel, upwards
	term.matches(t, `t_[0-9a-f]{8}  Upper`)
	click(80, 7)
	click(80, 7)
	term.matches(t, `Card t_[0-9a-f]{8}`)
	term.shows(t, "Lower")
}

func TestBoardSwitchesBoards(t *testing.T) {
	d := newDesk(t)
	d.create(t, "On the first")
	dir := filepath.Join(d.home, "kanban", "boards", "ops")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	d.run(t, "--db", filepath.Join(dir, "kanban.db"), "create", "On the other")
	term := d.board(t, 100, 30)
	term.shows(t, "On the first")
	term.press(t, "b")
	term.shows(t, "this one")
	term.press(t, "2")
	term.shows(t, "On the other")
	d.run(t, "--board", "ops", "create", "Seen live")
	term.shows(t, "Seen live")
	term.press(t, "q")
	if err := term.ends(t); err != nil {
		t.Error(err)
	}
}

// A board that goes away is told of, and shown again when it is back.
func TestBoardHeals(t *testing.T) {
	d := newDesk(t)
	d.create(t, "Still there")
	term := d.board(t, 100, 30)
	term.shows(t, "Still there")
	away := d.home + ".away"
	if err := os.Rename(d.home, away); err != nil {
		t.Fatal(err)
	}
	term.shows(t, "the board's file is gone")
	if err := os.Rename(away, d.home); err != nil {
		t.Fatal(err)
	}
	term.shows(t, "can be read again")
	d.create(t, "After that")
	term.shows(t, "After that")
}

// On a server the board is as live as on a file.
func TestBoardOnPostgres(t *testing.T) {
	dsn, err := storetest.Database("")
	if err != nil {
		t.Fatal(err)
	}
	d := newDesk(t)
	id := d.create(t, "On the server", "--db", dsn)
	term := d.board(t, 100, 30, "ANDON_DB="+dsn)
	term.shows(t, "On the server")
	d.run(t, "--db", dsn, "edit", id, "--title", "Renamed there")
	term.shows(t, "Renamed there")
	term.press(t, "mA") // put it away...
	term.shows(t, "Archive "+id+"?")
	term.press(t, "y") // ...although it is not done
	term.shows(t, "archived "+id)
	term.press(t, "b")
	term.shows(t, "default is the only board here")
}

func TestBoardWithoutColours(t *testing.T) {
	d := newDesk(t)
	d.create(t, "Plain")
	term := d.board(t, 100, 30, "NO_COLOR=yes")
	term.shows(t, "Plain")
	term.mu.Lock()
	defer term.mu.Unlock()
	reverse := false
	for y := range 30 {
		for x := range 100 {
			if c := term.screen.CellAt(x, y); c != nil {
				if c.Style.Fg != nil || c.Style.Bg != nil {
					t.Fatalf("%q at %d,%d has a colour", c.Content, x, y)
				}
				reverse = reverse || c.Style.Attrs != 0
			}
		}
	}
	if !reverse {
		t.Error("without colours, nothing shows what is selected")
	}
}

// BenchmarkBoard measures a whole process on a terminal: until the first frame
// with cards, and from a commit until it is seen.
func BenchmarkBoard(b *testing.B) {
	const many = 100_000
	dir := b.TempDir()
	andon := with(b, build(b, dir), filepath.Join(dir, "home"), many, idOf)
	start := func() *exec.Cmd {
		cmd := andon("board")
		cmd.Env = append(cmd.Env, "TERM=xterm-256color", "NO_COLOR=")
		return cmd
	}
	b.Run("first-frame", func(b *testing.B) {
		var took []float64
		for b.Loop() {
			began := time.Now()
			term := onTerminal(b, start(), 200, 50)
			term.shows(b, "write to")
			took = append(took, time.Since(began).Seconds()*1000)
			term.press(b, "q")
			if err := term.ends(b); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(median(took), "median-ms")
	})
	fresh := 0 // over all repetitions, which share the board
	b.Run("commit-to-screen", func(b *testing.B) {
		term := onTerminal(b, start(), 200, 50)
		term.shows(b, "write to")
		var took []float64
		for b.Loop() {
			fresh++
			title := fmt.Sprintf("Fresh %04d", fresh)
			if out, err := andon("create", title, "--priority", fmt.Sprint(100+fresh)).CombinedOutput(); err != nil {
				b.Fatalf("%v\n%s", err, out)
			}
			began := time.Now() // the commit is at most some milliseconds older
			term.shows(b, title)
			took = append(took, time.Since(began).Seconds()*1000)
		}
		b.ReportMetric(median(took), "median-ms")
	})
}
