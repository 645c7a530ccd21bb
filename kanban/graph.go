package kanban

import (
	"slices"
	"strings"
)

// Node is a card of a graph that is made in one piece.
type Node struct {
	Name  string // unique within the graph
	Draft Draft  // its Parents are ids of cards that are on the board already
	After []string
}

// Graph is a set of cards and who waits for whom. Applying it makes what the
// board lacks and changes nothing else, so that it may be applied again.
type Graph struct {
	Name  string // sets graphs apart on one board
	Nodes []Node
}

// Key is the idempotency key by which a node's card is known again.
func (g Graph) Key(n Node) string { return "apply/" + g.Name + "/" + n.Name }

// Clean returns the graph with each draft in its stored form and the nodes in
// an order in which every one comes after those it waits for. It refuses names
// that are missing, used twice or unknown, and circles.
func (g Graph) Clean() (Graph, error) {
	if strings.TrimSpace(g.Name) == "" {
		return g, Invalidf("the graph has no name")
	}
	if strings.Contains(g.Name, "/") {
		// Else card b/c of graph a had the key of card c of graph a/b.
		return g, Invalidf("the name %q of the graph has a slash", g.Name)
	}
	if err := cleanText("the graph's name", g.Name); err != nil {
		return g, err
	}
	at := map[string]int{}
	nodes := slices.Clone(g.Nodes)
	for i, n := range nodes {
		if strings.TrimSpace(n.Name) == "" {
			return g, Invalidf("card %d (%q) has no name", i+1, cut(n.Draft.Title, 60))
		}
		if err := cleanText("a card's name", n.Name); err != nil {
			return g, err
		}
		if _, twice := at[n.Name]; twice {
			return g, Invalidf("two cards are named %q", n.Name)
		}
		at[n.Name] = i
		n.Draft.IdempotencyKey = g.Key(n)
		d, err := n.Draft.Clean()
		if err != nil {
			return g, Invalidf("card %q: %v", n.Name, err)
		}
		nodes[i].Draft = d
	}
	var links []Link
	for _, n := range nodes {
		for _, p := range n.After {
			if _, known := at[p]; !known {
				return g, &Error{Code: Invalid, Msg: sprintf("card %q waits for %q, which is no card of this file", n.Name, p),
					Hint: "name a card of the file, or the id of a card on the board"}
			}
			if way := path(links, TaskID(n.Name), TaskID(p)); way != nil || p == n.Name {
				return g, &Error{Code: Conflict, Err: ErrCycle,
					Msg: sprintf("card %q cannot wait for %q: the circle %s would never begin", n.Name, p, arrows(append(way, TaskID(n.Name))))}
			}
			links = append(links, Link{Parent: TaskID(p), Child: TaskID(n.Name)})
		}
	}
	g.Nodes = g.Nodes[:0:0]
	placed := map[string]bool{}
	var place func(n Node)
	place = func(n Node) {
		if placed[n.Name] {
			return
		}
		placed[n.Name] = true
		for _, p := range n.After {
			place(nodes[at[p]])
		}
		g.Nodes = append(g.Nodes, n)
	}
	for _, n := range nodes {
		place(n)
	}
	return g, nil
}

// Differs names the fields in which a card on the board is not what the draft
// would make of it.
func (d Draft) Differs(t Task) []string {
	var names []string
	for _, f := range []struct {
		name string
		same bool
	}{
		{"title", d.Title == t.Title},
		{"body", d.Body == t.Body},
		{"assignee", d.Assignee == t.Assignee},
		{"priority", d.Priority == t.Priority},
		{"tenant", d.Tenant == t.Tenant},
		{"workspace", d.WorkspaceKind == t.WorkspaceKind && (d.WorkspacePath == "" || d.WorkspacePath == t.WorkspacePath)},
		{"max_runtime", d.MaxRuntime == t.MaxRuntime},
		{"max_retries", d.MaxRetries == t.MaxRetries},
		{"check", d.Check == t.Check},
		{"skills", slices.Equal(d.Skills, t.Skills)},
		{"model", d.Model == t.Model && d.Provider == t.Provider},
		{"due", d.DueAt.Equal(t.DueAt)},
	} {
		if !f.same {
			names = append(names, f.name)
		}
	}
	return names
}
