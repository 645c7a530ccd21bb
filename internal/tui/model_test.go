package tui

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"andon/internal/board"
	"andon/kanban"
)

func TestKeysMoveTheSelection(t *testing.T) {
	d := newDrive(t, 200, 50, cards(t, many(100)...))
	for _, step := range []struct {
		keys []string
		want string
	}{
		{nil, "Card 000"},
		{[]string{"j", "j", "down"}, "Card 003"},
		{[]string{"k", "up"}, "Card 001"},
		{[]string{"up", "up", "up"}, "Card 000"},
		{[]string{"pgdown"}, "Card 014"},
		{[]string{"ctrl+d"}, "Card 021"},
		{[]string{"pgup"}, "Card 007"},
		{[]string{"G"}, "Card 099"},
		{[]string{"down"}, "Card 099"},
		{[]string{"g"}, "Card 000"},
		{[]string{"end"}, "Card 099"},
		{[]string{"home", "h", "l", "left", "right"}, "Card 000"},
	} {
		d.press(step.keys...)
		d.until(fmt.Sprintf("%q: %s", step.keys, step.want), func() bool {
			task, ok := d.m.column().selected()
			return ok && task.Title == step.want && strings.Contains(bare(d.screen()), "▌ "+step.want)
		})
	}
	d.press("h")
	if s := d.m.column().status; s != kanban.Scheduled {
		t.Errorf("h goes to %s, want scheduled", s)
	}
	d.press("q")
	d.until("end", func() bool { return d.quit })
}

// Of a large column a part is read at a time, and every card can be reached.
func TestScrollingReadsWindows(t *testing.T) {
	d := newDrive(t, 80, 24, cards(t, many(300)...))
	for i := range 300 {
		want := fmt.Sprintf("Card %03d", i)
		d.until(want, func() bool { task, ok := d.m.column().selected(); return ok && task.Title == want })
		if n := len(d.m.column().cards); n > window {
			t.Fatalf("%d cards are held, want at most %d", n, window)
		}
		d.press("j")
	}
}

// Whatever the size, no line is longer or shorter than the screen, and there are
// just as many as it has; in both ways to measure signs.
func TestEveryFrameFits(t *testing.T) {
	d := newDrive(t, 80, 24, func(b *board.Board) {
		cards(t, "漢字の題名はとても長いのでここで切られるはずです", "👨‍👩‍👧 family 🚀 rocket", "\x1b[2Jclear\nlines\ttabs", "e\u0301te\u0301 \u202eorder",
			strings.Repeat("verylongword", 30), "plain")(b)
	})
	frames := map[string]func(){
		"board":  func() {},
		"menu":   func() { d.press("m") },
		"form":   func() { d.press("c"); d.write("a title 漢字 " + strings.Repeat("and more ", 30)) },
		"filter": func() { d.press("/"); d.write("漢") },
		"help":   func() { d.press("?") },
		"card":   func() { d.press("enter") },
		"why":    func() { d.press("w") },
		"log":    func() { d.press("L") },
	}
	for name, open := range frames {
		for _, clusters := range []bool{false, true} {
			d.m.clusters = clusters
			open()
			for _, size := range [][2]int{{200, 50}, {100, 30}, {80, 24}, {79, 24}, {61, 17}, {24, 8}, {20, 5}, {1, 1}} {
				d.send(tea.WindowSizeMsg{Width: size[0], Height: size[1]})
				lines := d.m.screen()
				if len(lines) > size[1] {
					t.Errorf("%s at %v: %d lines", name, size, len(lines))
				}
				for i, l := range lines {
					if w := d.m.method().StringWidth(l); w > size[0] {
						t.Errorf("%s at %v, clusters %t: line %d has %d columns: %q", name, size, clusters, i, w, ansi.Strip(l))
					}
				}
			}
			d.send(tea.WindowSizeMsg{Width: 80, Height: 24})
			for range 3 {
				d.press("esc")
			}
		}
	}
}

func TestColumnsThatFit(t *testing.T) {
	for width, want := range map[int]int{20: 1, 79: 1, 80: 4, 99: 4, 100: 5, 120: 6, 159: 7, 160: 8, 400: 8} {
		if n, _, _ := layout(width); n != want {
			t.Errorf("%d columns wide: %d are shown, want %d", width, n, want)
		}
		x := 0
		for i := range want {
			at, w := place(i, width)
			if at != x {
				t.Errorf("%d wide: column %d begins at %d, want %d", width, i, at, x)
			}
			x += w
		}
		if x != width {
			t.Errorf("%d wide: the columns fill %d", width, x)
		}
	}
}

// The menu offers what the table of moves has for the card, and no more.
func TestMenuOffersLegalMoves(t *testing.T) {
	for _, s := range kanban.Statuses {
		var got []kanban.Verb
		for _, i := range legal(kanban.Task{Status: s}) {
			got = append(got, offers[i].verb)
		}
		for _, o := range offers {
			want := s.May(o.verb)
			if o.verb == kanban.VerbReclaim {
				want = s == kanban.Running // of a card that nobody holds there is nothing to take back
			}
			if slices.Contains(got, o.verb) != want {
				t.Errorf("%s %s: offered %t, want %t", s, o.verb, !want, want)
			}
		}
	}
	keys := map[string]bool{}
	for _, o := range offers {
		if keys[o.key] {
			t.Errorf("key %s is given twice", o.key)
		}
		keys[o.key] = true
	}
}

func TestFilterWords(t *testing.T) {
	for text, want := range map[string]string{
		"":                       "{[]   []}",
		"two words":              "{[two words]   []}",
		"@Ada #shop":             "{[] ada shop []}",
		"status:re":              "{[]   [ready review]}",
		"x status:done @a @b":    "{[x] b  [done]}",
		"@ #":                    "{[]   []}",
		"status:ready status:do": "{[]   [ready done]}",
	} {
		g, err := parseFilter(text)
		if got := fmt.Sprint(g); got != want || err != nil {
			t.Errorf("%q: %s, %v, want %s", text, got, err, want)
		}
	}
	if _, err := parseFilter("status:nowhere"); err == nil {
		t.Error("an unknown status is accepted")
	}
}

// The selection stays with its card when others come before it.
func TestSelectionStaysWithItsCard(t *testing.T) {
	d := newDrive(t, 80, 24, cards(t, many(20)...))
	d.press("j", "j")
	d.until("Card 002", func() bool { task, _ := d.m.column().selected(); return task.Title == "Card 002" })
	if _, _, err := d.m.seat.Board.Create(t.Context(), kanban.Draft{Title: "Urgent", Priority: 1000}); err != nil {
		t.Fatal(err)
	}
	d.shows("Urgent")
	if task, _ := d.m.column().selected(); task.Title != "Card 002" || !strings.Contains(bare(d.screen()), "▌ Card 002") {
		t.Errorf("selected is %q:\n%s", task.Title, bare(d.screen()))
	}
}

// What was written is lost to nobody: not by a refusal, nor by a slip of esc.
func TestFormsKeepWhatWasWritten(t *testing.T) {
	d := newDrive(t, 80, 24, nil)
	d.press("c", "tab")
	d.write("ada")
	d.press("ctrl+s")
	d.shows("a card needs a title")
	d.press("esc")
	d.shows("esc once more discards")
	if d.m.box == nil || !strings.Contains(bare(d.screen()), "ada") {
		t.Fatalf("the form is gone:\n%s", bare(d.screen()))
	}
	d.press("shift+tab")
	d.write("A title")
	d.press("ctrl+s")
	d.shows("created t_")
	d.press("c", "esc")
	if d.m.box != nil {
		t.Error("esc does not leave a form in which nothing was written")
	}
}

func TestPriorityKeysAddUp(t *testing.T) {
	d := newDrive(t, 80, 24, func(b *board.Board) {
		if _, _, err := b.Create(t.Context(), kanban.Draft{Title: "One"}); err != nil {
			t.Fatal(err)
		}
	})
	d.press("+", "+", "+", "-")
	id := d.m.column().id
	d.until("priority 2", func() bool {
		task, err := d.m.seat.Board.Task(t.Context(), id)
		return err == nil && task.Priority == 2 && strings.Contains(bare(d.screen()), "p2")
	})
}

// Keys that need a card say so where there is none, and nothing fails.
func TestEmptyBoard(t *testing.T) {
	for _, key := range []string{"enter", "m", "a", "L", "w", "e", "s", "+", "-"} {
		d := newDrive(t, 80, 24, nil)
		d.press(key)
		d.shows("no card is selected")
	}
	d := newDrive(t, 80, 24, nil)
	for _, key := range []string{"j", "k", "g", "G", "pgdown", "pgup", "h", "right", "esc", "r"} {
		d.press(key)
	}
	d.press("b")
	d.shows("only board")
}
