package view

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/mattn/go-runewidth"

	"andon/kanban"
)

// Graph is cards and who of them waits for whom.
type Graph struct {
	web     kanban.Web
	asked   kanban.TaskID // empty: no card in particular
	chain   []int
	chained []int // for each card its place in the chain, from 1; 0: none
}

// NewGraph shows a web. asked is the card that it is about, if there is one.
func NewGraph(w kanban.Web, asked kanban.TaskID) Graph {
	g := Graph{web: w, asked: asked, chain: w.Longest(), chained: make([]int, len(w.Tasks))}
	for n, i := range g.chain {
		g.chained[i] = n + 1
	}
	return g
}

// critical reports whether the link is one of the longest chain.
func (g Graph) critical(parent, child int) bool {
	return g.chained[parent] > 0 && g.chained[child] == g.chained[parent]+1
}

// links calls do for each link.
func (g Graph) links(do func(parent, child int)) {
	for p, children := range g.web.Children {
		for _, c := range children {
			do(p, c)
		}
	}
}

// GraphNode is a card of a graph as scripts see it.
type GraphNode struct {
	ID       kanban.TaskID `json:"id"`
	Title    string        `json:"title"`
	Status   kanban.Status `json:"status"`
	Assignee *string       `json:"assignee"`
	Critical bool          `json:"critical"`
}

// GraphEdge is a link: the child waits for the parent.
type GraphEdge struct {
	Parent   kanban.TaskID `json:"parent"`
	Child    kanban.TaskID `json:"child"`
	Critical bool          `json:"critical"`
}

// GraphJSON is a graph as scripts see it.
type GraphJSON struct {
	Nodes        []GraphNode     `json:"nodes"`
	Edges        []GraphEdge     `json:"edges"`
	CriticalPath []kanban.TaskID `json:"critical_path"`
}

// JSON is the graph for scripts.
func (g Graph) JSON() GraphJSON {
	v := GraphJSON{Nodes: []GraphNode{}, Edges: []GraphEdge{}, CriticalPath: []kanban.TaskID{}}
	for i, t := range g.web.Tasks {
		v.Nodes = append(v.Nodes, GraphNode{t.ID, t.Title, t.Status, opt(t.Assignee), g.chained[i] > 0})
	}
	g.links(func(p, c int) {
		v.Edges = append(v.Edges, GraphEdge{g.web.Tasks[p].ID, g.web.Tasks[c].ID, g.critical(p, c)})
	})
	for _, i := range g.chain {
		v.CriticalPath = append(v.CriticalPath, g.web.Tasks[i].ID)
	}
	return v
}

// fills are light enough for black letters.
var fills = map[kanban.Status]string{
	kanban.Triage: "#e9d8fd", kanban.Todo: "#edf2f7", kanban.Scheduled: "#bee3f8", kanban.Ready: "#c4f1f9", kanban.Running: "#fefcbf",
	kanban.Blocked: "#fed7d7", kanban.Review: "#fbb6ce", kanban.Done: "#c6f6d5", kanban.Archived: "#e2e8f0",
}

// label is what a drawing says of a card, on one line.
func label(t kanban.Task) string {
	return Plain(strings.TrimSpace(string(t.ID) + " " + string(t.Status) + ": " + t.Title))
}

// DOT is the graph for Graphviz. The nodes are numbered: an id of another program
// might be anything.
func (g Graph) DOT() string {
	quote := strings.NewReplacer(`\`, `\\`, `"`, `\"`, `&`, `&amp;`)
	var b strings.Builder
	b.WriteString("digraph andon {\n  node [shape=box, style=\"rounded,filled\", fillcolor=\"#ffffff\"];\n")
	for i, t := range g.web.Tasks {
		fmt.Fprintf(&b, `  n%d [label="%s"`, i, quote.Replace(label(t)))
		if fill, known := fills[t.Status]; known {
			fmt.Fprintf(&b, `, fillcolor="%s"`, fill)
		}
		if g.chained[i] > 0 || t.ID == g.asked {
			b.WriteString(", penwidth=3")
		}
		b.WriteString("];\n")
	}
	g.links(func(p, c int) {
		fmt.Fprintf(&b, "  n%d -> n%d", p, c)
		if g.critical(p, c) {
			b.WriteString(" [penwidth=3]")
		}
		b.WriteString(";\n")
	})
	b.WriteString("}\n")
	return b.String()
}

// Mermaid is the graph for the Markdown of many places.
func (g Graph) Mermaid() string {
	var b strings.Builder
	b.WriteString("graph TD\n")
	used := map[kanban.Status]bool{}
	for i, t := range g.web.Tasks {
		fmt.Fprintf(&b, `  n%d["%s"]`, i, mermaid(label(t)))
		if fills[t.Status] != "" {
			used[t.Status] = true
			fmt.Fprintf(&b, ":::%s", t.Status)
		}
		b.WriteString("\n")
	}
	g.links(func(p, c int) {
		arrow := "-->"
		if g.critical(p, c) {
			arrow = "==>"
		}
		fmt.Fprintf(&b, "  n%d %s n%d\n", p, arrow, c)
	})
	for _, s := range kanban.Statuses {
		if used[s] {
			fmt.Fprintf(&b, "  classDef %s fill:%s,color:#000\n", s, fills[s])
		}
	}
	return b.String()
}

// mermaid writes every sign of ASCII that might mean something as its number.
func mermaid(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case r >= 0x80, '0' <= r && r <= '9', 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', strings.ContainsRune(" _.,:", r):
			b.WriteRune(r)
		default:
			fmt.Fprintf(&b, "#%d;", r)
		}
	}
	return b.String()
}

// pen is what a tree is drawn with.
type pen struct {
	branch, last, through, blank string
	again, below, circle, asked  string
	icon                         func(kanban.Status) string
}

var (
	unicodePen = pen{"├─ ", "└─ ", "│  ", "   ", "↑ above", "↓ below", "↻ a circle", "◀", Icon}
	asciiPen   = pen{"|- ", "`- ", "|  ", "   ", "(above)", "(below)", "(a circle)", "<--",
		func(s kanban.Status) string { return "[" + Plain(string(s)) + "]" }}
)

// deepest is how far a tree is indented. What lies deeper is a tree of its own: a
// chain of thousands would be thousands of columns wide.
const deepest = 16

// Tree draws the graph with letters: beneath each card those that wait for it.
// A card that waits for several is drawn once and named where it is met again.
// The longest chain is marked with stars. Without wide, ASCII's signs must do.
func (st Style) Tree(g Graph, wide bool) string {
	if len(g.web.Tasks) == 0 {
		return "(no card waits for another)\n"
	}
	t := tree{Graph: g, st: st, pen: asciiPen, state: make([]byte, len(g.web.Tasks))}
	if wide {
		t.pen = unicodePen
	}
	queue := g.web.Roots()
	for i := range g.web.Tasks {
		queue = append(queue, i) // those of which all are in circles have no root
	}
	for _, root := range queue {
		t.later = append(t.later, root)
		for len(t.later) > 0 {
			i := t.later[0]
			t.later = t.later[1:]
			if t.state[i] == 0 || t.state[i] == put {
				t.draw(i, "", "", 0)
			}
		}
	}
	if len(g.chain) > 0 {
		fmt.Fprintf(&t.out, "\n* the longest chain of unfinished cards: %d\n", len(g.chain))
	}
	return t.out.String()
}

const (
	put   = 1 // off to be drawn below
	drawn = 2
	above = 3 // being drawn, with what is beneath it
)

type tree struct {
	Graph
	st    Style
	pen   pen
	out   strings.Builder
	state []byte
	later []int
}

// draw writes a card and what is beneath it. first stands before its own line and
// rest before the others.
func (t *tree) draw(i int, first, rest string, depth int) {
	t.state[i] = above
	t.line(i, first, "")
	children := slices.Clone(t.web.Children[i])
	// The chain first: it is what the reader is to see.
	slices.SortStableFunc(children, func(a, b int) int { return cmp.Compare(t.off(i, a), t.off(i, b)) })
	for n, c := range children {
		branch, beneath := t.pen.branch, t.pen.through
		if n == len(children)-1 {
			branch, beneath = t.pen.last, t.pen.blank
		}
		switch {
		case t.state[c] == above:
			t.line(c, rest+branch, t.pen.circle)
		case t.state[c] == drawn:
			t.line(c, rest+branch, t.pen.again)
		case t.state[c] == put || depth+1 >= deepest && len(t.web.Children[c]) > 0:
			t.line(c, rest+branch, t.pen.below)
			if t.state[c] == 0 {
				t.state[c] = put
				t.later = append(t.later, c)
			}
		default:
			t.draw(c, rest+branch, rest+beneath, depth+1)
		}
	}
	t.state[i] = drawn
}

// off is 0 for the link of the longest chain and 1 for others.
func (t *tree) off(parent, child int) int {
	if t.critical(parent, child) {
		return 0
	}
	return 1
}

func (t *tree) line(i int, before, note string) {
	task := t.web.Tasks[i]
	star := "  "
	if t.chained[i] > 0 {
		star = "* "
	}
	after := ""
	if note != "" {
		after = "  " + note
	}
	if task.ID == t.asked {
		after += "  " + t.pen.asked
	}
	sign, id := t.pen.icon(task.Status), Plain(string(task.ID))
	title := ""
	if note == "" {
		used := runewidth.StringWidth(star + before + sign + " " + id + " " + after)
		title = " " + t.st.cut(Plain(task.Title), used)
		if task.Assignee != "" {
			title = " " + t.st.cut(Plain(task.Title+" ("+task.Assignee+")"), used)
		}
	}
	t.out.WriteString(star + before + t.st.Paint(task.Status, sign) + " " + id + title + after + "\n")
}
