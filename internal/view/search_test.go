package view_test

import (
	"strings"
	"testing"

	"github.com/mattn/go-runewidth"

	"andon/internal/view"
	"andon/kanban"
)

// A hit fits the terminal, shows the words wherever in a long text they stand, and
// nothing that could move the cursor.
func TestHit(t *testing.T) {
	q, err := kanban.ParseQuery("needle", nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	hay := strings.Repeat("hay \x1b[2J\n", 100)
	task := kanban.Task{ID: "t_1a2b3c4d", Title: strings.Repeat("A title of 語. ", 9), Status: kanban.Ready}
	for name, text := range map[string]string{"start": "NEEDLE " + hay, "middle": hay + "needle" + hay, "end": hay + "Needle", "short": "a needle"} {
		h := view.NewHit("default", task, kanban.InBody, text, q)
		marked := []rune(h.Excerpt)[h.Marks[0][0]:h.Marks[0][1]]
		if len(h.Marks) != 1 || !strings.EqualFold(string(marked), "needle") || len([]rune(h.Excerpt)) > 120 || strings.ContainsAny(h.Excerpt, "\n\x1b") {
			t.Errorf("%s: %q, marked %v", name, h.Excerpt, h.Marks)
		}
		for _, colour := range []bool{false, true} {
			rows := view.Style{Colour: colour, Width: 60}.Hit(h, 7, q)
			plain := strings.NewReplacer("\x1b[36m", "", "\x1b[1;33m", "", "\x1b[0m", "").Replace(rows)
			if !colour && !strings.Contains(strings.ToLower(rows), "«needle»") {
				t.Errorf("%s: the word is not to be seen: %q", name, rows)
			}
			if colour == (plain == rows) || strings.Contains(plain, "\x1b") || strings.Count(rows, "\n") != 2 {
				t.Errorf("%s, colour %t: %q", name, colour, rows)
			}
			for line := range strings.Lines(strings.NewReplacer("«", "", "»", "").Replace(plain)) {
				if w := runewidth.StringWidth(strings.TrimSuffix(line, "\n")); w > 60 {
					t.Errorf("%s: a line of %d columns: %q", name, w, line)
				}
			}
		}
	}
}
