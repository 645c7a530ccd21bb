package kanban

import (
	"fmt"
	"strings"
	"time"
)

// Specification is what a raw idea turned out to be. Nil leaves a field as it is.
type Specification struct {
	Title    *string
	Body     *string
	Assignee *string
	Author   string // of the comment that tells what changed; empty: none

	// Of is what the card said when it was thought about. One that says something
	// else by now is refused. Nil: whatever it says.
	Of *Idea
}

// Specify takes the card out of triage, to wait for its parents or be ready.
func (t Task) Specify(s Specification, now time.Time) (Change, error) {
	if err := t.allowed(VerbSpecify, ""); err != nil {
		return Change{}, err
	}
	if err := t.still(s.Of); err != nil {
		return Change{}, err
	}
	d := Draft{Title: t.Title, Body: t.Body, Assignee: t.Assignee}
	for _, f := range []struct{ to, from *string }{{&d.Title, s.Title}, {&d.Body, s.Body}, {&d.Assignee, s.Assignee}} {
		if f.from != nil {
			*f.to = *f.from
		}
	}
	d, err := d.Clean()
	if err != nil {
		return Change{}, err
	}
	if err := prose("the author", &s.Author); err != nil {
		return Change{}, err
	}
	c := t.change(VerbSpecify)
	n := &c.Task
	n.Status = Todo
	var fields []string
	if s.Title != nil && d.Title != t.Title {
		n.Title, fields = d.Title, append(fields, "title")
	}
	if s.Body != nil && d.Body != t.Body {
		n.Body, fields = d.Body, append(fields, "body")
	}
	if s.Assignee != nil && d.Assignee != t.Assignee {
		n.Assignee, fields = d.Assignee, append(fields, "assignee")
		n.clearFailures()
	}
	var p Payload
	if len(fields) > 0 {
		p = payload("changed_fields", fields)
		c.note(s.Author, "Specified: updated "+strings.Join(fields, ", ")+".", now)
	}
	c.event(EventSpecified, 0, p)
	return c, nil
}

// note is a comment of which the event that follows tells enough.
func (c *Change) note(author, body string, now time.Time) {
	if author = strings.TrimSpace(author); author != "" {
		c.Comments = append(c.Comments, Comment{Task: c.Task.ID, Author: author, Body: body, At: now})
	}
}

// Part is a card that a raw idea is broken into.
type Part struct {
	Title    string
	Body     string
	Assignee string
	After    []int // the parts that it waits for, by their places

	WorkspaceKind WorkspaceKind // empty: the root's
	WorkspacePath string        // empty: the root's, unless each needs its own
}

// Decomposition is how a raw idea is broken up.
type Decomposition struct {
	Parts        []Part
	RootAssignee string // who puts the parts together; empty: as it is
	Author       string // of the parts and of a comment that lists them
	Hold         bool   // leave the parts in todo until something looks for what is due
	Of           *Idea  // as in a [Specification]
}

// Decompose breaks the card up. Its parts are new cards with these ids, and the
// card itself waits for all of them. subs are those of the card. The changes
// are stored in their order, together.
func (t Task) Decompose(d Decomposition, ids []TaskID, subs []Sub, now time.Time) ([]Change, error) {
	if err := t.allowed(VerbDecompose, ""); err != nil {
		return nil, err
	}
	if err := t.still(d.Of); err != nil {
		return nil, err
	}
	if len(d.Parts) == 0 {
		return nil, Invalidf("decompose %s: into no parts", t.ID)
	}
	if err := prose("the root's assignee", &d.RootAssignee, "the author", &d.Author); err != nil {
		return nil, err
	}
	links, err := d.links(ids)
	if err != nil {
		return nil, err
	}
	author := strings.TrimSpace(d.Author)
	var all []Change
	root := t.change(VerbDecompose)
	for i, p := range d.Parts {
		c, err := t.part(p, ids[i], author, now)
		if err != nil {
			return nil, fmt.Errorf("part %d: %w", i+1, err)
		}
		for _, l := range links {
			if l.Child == ids[i] {
				c.Links = append(c.Links, l)
				c.event(EventLinked, 0, payload("parent", l.Parent, "child", l.Child))
			}
		}
		for _, s := range subs {
			s.Task, s.At, s.Cursor, s.ChatType, s.Mode = ids[i], now, CaughtUp, "", "notify"
			c.Subs = append(c.Subs, s)
		}
		all = append(all, c)
		root.Links = append(root.Links, Link{Parent: ids[i], Child: t.ID})
	}
	n := &root.Task
	n.Status = Todo
	if a := CanonicalAssignee(d.RootAssignee); a != "" && a != t.Assignee {
		n.Assignee = a
		n.clearFailures()
	}
	names := make([]string, len(ids))
	for i, id := range ids {
		names[i] = string(id)
	}
	root.note(author, "Decomposed into "+strings.Join(names, ", ")+".", now)
	root.event(EventDecomposed, 0, payload("child_ids", names, "root_assignee", orNull(CanonicalAssignee(d.RootAssignee))))
	return append(all, root), nil
}

// part makes one card of a decomposition of t.
func (t Task) part(p Part, id TaskID, author string, now time.Time) (Change, error) {
	if author == "" {
		author = "decomposer"
	}
	d := Draft{Title: p.Title, Body: p.Body, Assignee: p.Assignee, Tenant: t.Tenant, CreatedBy: author,
		WorkspaceKind: p.WorkspaceKind, WorkspacePath: p.WorkspacePath}
	if d.WorkspaceKind == "" {
		d.WorkspaceKind = t.WorkspaceKind
	}
	// A checkout is never shared.
	if d.WorkspacePath == "" && d.WorkspaceKind == t.WorkspaceKind && d.WorkspaceKind != Worktree {
		d.WorkspacePath = t.WorkspacePath
	}
	d, err := d.Clean()
	if err != nil {
		return Change{}, err
	}
	c, err := Create(id, d, nil, now)
	if err != nil {
		return Change{}, err
	}
	c.Task.Status, c.Events = Todo, nil
	c.event(EventCreated, 0, payload("by", author, "from_decompose_of", t.ID))
	return c, nil
}

// links are those among the parts. It refuses places that do not exist, and
// circles.
func (d Decomposition) links(ids []TaskID) ([]Link, error) {
	if len(ids) != len(d.Parts) {
		return nil, Invalidf("%d ids for %d parts", len(ids), len(d.Parts))
	}
	var links []Link
	for i, p := range d.Parts {
		for _, after := range p.After {
			if after < 0 || after >= len(d.Parts) || after == i {
				return nil, Invalidf("part %d (%q) waits for part %d, and it can wait for another of the %d only", i+1, cut(p.Title, 60), after+1, len(d.Parts))
			}
			if path(links, ids[i], ids[after]) != nil {
				return nil, &Error{Code: Invalid, Err: ErrCycle, Msg: sprintf("part %d (%q) cannot wait for part %d: they would wait for each other", i+1, cut(p.Title, 60), after+1)}
			}
			links = append(links, Link{Parent: ids[after], Child: ids[i]})
		}
	}
	return links, nil
}
