package view_test

import (
	"fmt"
	"html"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"andon/internal/view"
	"andon/kanban"
)

var hostile = []string{
	`a "quoted" title`, `"]; n9 [label="x`, "two\nlines\r\nor three", `back\slash \n \N \"`, `<b>bold</b> &lt; &amp; <br/>`,
	"`markdown`", "[a](b){c}|d|", `end`, `#quot; #35; %%comment`, "click n0 call x()", "\x1b[31mred", "語 é ∑ 👍", "", `\`, `"`,
}

func hostileWeb() kanban.Web {
	var tasks []kanban.Task
	var links []kanban.Link
	for i, title := range hostile {
		id := kanban.TaskID(fmt.Sprintf("t_%08x", i))
		if i == 1 {
			id = `"];x` // another program's
		}
		tasks = append(tasks, kanban.Task{ID: id, Title: title, Status: kanban.Statuses[i%len(kanban.Statuses)]})
		if i > 0 {
			links = append(links, kanban.Link{Parent: tasks[i-1].ID, Child: id})
		}
	}
	tasks[3].Status = `strange"]`
	return kanban.NewWeb(tasks, links)
}

// said is what a drawing should say of a card.
func said(t kanban.Task) string {
	return view.Plain(strings.TrimSpace(fmt.Sprintf("%s %s: %s", t.ID, t.Status, t.Title)))
}

// Each line of the drawing is a statement of its own, and read by Graphviz's rules
// the labels are what the cards say.
func TestDOTSaysWhatTheTitlesSay(t *testing.T) {
	w := hostileWeb()
	lines := strings.Split(strings.TrimSuffix(view.NewGraph(w, "").DOT(), "\n"), "\n")
	node := regexp.MustCompile(`^  n(\d+) \[label="((?:[^"\\]|\\.)*)"(, fillcolor="#[0-9a-f]{6}")?(, penwidth=3)?\];$`)
	edge := regexp.MustCompile(`^  n\d+ -> n\d+( \[penwidth=3\])?;$`)
	n := 0
	for _, l := range lines[2 : len(lines)-1] {
		m := node.FindStringSubmatch(l)
		if m == nil {
			if !edge.MatchString(l) {
				t.Errorf("no statement: %s", l)
			}
			continue
		}
		n++
		i, _ := strconv.Atoi(m[1])
		got := html.UnescapeString(strings.NewReplacer(`\\`, `\`, `\"`, `"`).Replace(m[2]))
		if want := said(w.Tasks[i]); got != want {
			t.Errorf("the label of card %d says %q, want %q", i, got, want)
		}
	}
	if n != len(hostile) {
		t.Errorf("%d cards are drawn, of %d", n, len(hostile))
	}
}

func TestMermaidSaysWhatTheTitlesSay(t *testing.T) {
	w := hostileWeb()
	lines := strings.Split(strings.TrimSuffix(view.NewGraph(w, "").Mermaid(), "\n"), "\n")
	node := regexp.MustCompile(`^  n(\d+)\["([^"\[\]{}()<>|\\` + "`" + `]*)"\](:::[a-z]+)?$`)
	other := regexp.MustCompile(`^  (n\d+ (-->|==>) n\d+|classDef [a-z]+ fill:#[0-9a-f]{6},color:#000)$`)
	code := regexp.MustCompile(`#(\d+);`)
	n := 0
	for _, l := range lines[1:] {
		m := node.FindStringSubmatch(l)
		if m == nil {
			if !other.MatchString(l) {
				t.Errorf("no statement: %s", l)
			}
			continue
		}
		n++
		i, _ := strconv.Atoi(m[1])
		got := code.ReplaceAllStringFunc(m[2], func(s string) string {
			r, _ := strconv.Atoi(s[1 : len(s)-1])
			return string(rune(r))
		})
		if want := said(w.Tasks[i]); got != want {
			t.Errorf("the label of card %d says %q, want %q", i, got, want)
		}
	}
	if n != len(hostile) {
		t.Errorf("%d cards are drawn, of %d", n, len(hostile))
	}
}

// A tree has each card once with its title, and a line for each link and each
// card that begins a tree; circles and depths do not hinder it.
func TestTreeIsWhole(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 40).Draw(t, "cards")
		var tasks []kanban.Task
		var links []kanban.Link
		for i := range n {
			tasks = append(tasks, kanban.Task{ID: kanban.TaskID(fmt.Sprintf("t_%03d", i)), Title: fmt.Sprintf("title%03d", i), Status: kanban.Todo})
			if rapid.IntRange(0, 3).Draw(t, "chain") > 0 {
				links = append(links, kanban.Link{Parent: kanban.TaskID(fmt.Sprintf("t_%03d", i)), Child: kanban.TaskID(fmt.Sprintf("t_%03d", (i+1)%n))})
			}
		}
		for range rapid.IntRange(0, 20).Draw(t, "more") {
			p, c := rapid.IntRange(0, n-1).Draw(t, "parent"), rapid.IntRange(0, n-1).Draw(t, "child")
			links = append(links, kanban.Link{Parent: tasks[p].ID, Child: tasks[c].ID})
		}
		w := kanban.NewWeb(tasks, links)
		text := view.Style{}.Tree(view.NewGraph(w, ""), rapid.Bool().Draw(t, "wide"))
		for i := range n {
			if c := strings.Count(text, fmt.Sprintf("title%03d", i)); c != 1 {
				t.Fatalf("card %d is drawn %d times:\n%s", i, c, text)
			}
		}
		total := 0
		for _, c := range w.Children {
			total += len(c)
		}
		below := regexp.MustCompile(`(?m)^.*(─|-) .*$`) // a line with a branch
		if got := len(below.FindAllString(text, -1)); got != total {
			t.Fatalf("%d links, and %d branches:\n%s", total, got, text)
		}
	})
}

// Thousands of cards, one behind the other, make lines that can be read.
func TestTreeOfALongChain(t *testing.T) {
	const n = 5000
	tasks := make([]kanban.Task, n)
	var links []kanban.Link
	for i := range n {
		tasks[i] = kanban.Task{ID: kanban.TaskID(fmt.Sprintf("t_%08x", i)), Title: "a link of the chain", Status: kanban.Todo}
		if i > 0 {
			links = append(links, kanban.Link{Parent: tasks[i-1].ID, Child: tasks[i].ID})
		}
	}
	text := view.Style{}.Tree(view.NewGraph(kanban.NewWeb(tasks, links), ""), true)
	if strings.Count(text, "a link of the chain") != n || !strings.HasSuffix(text, "unfinished cards: 5000\n") {
		t.Error("the chain is not drawn whole")
	}
	for l := range strings.Lines(text) {
		if len(l) > 200 {
			t.Fatalf("a line of %d bytes", len(l))
		}
	}
}
