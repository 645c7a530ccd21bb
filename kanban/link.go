package kanban

import "slices"

// Link makes t wait for parent. below are the links among t and all that waits
// for it, at any distance: were parent there, everything on the way would wait
// for itself. A ready card goes back to todo if parent is not finished; a
// running one runs on.
func (t Task) Link(parent Task, below []Link) (Change, error) {
	if parent.ID == t.ID {
		return Change{}, &Error{Code: Conflict, Err: ErrCycle, Msg: sprintf("link %s to itself: a card cannot wait for itself", t.ID)}
	}
	if way := path(below, t.ID, parent.ID); way != nil {
		return Change{}, &Error{Code: Conflict, Err: ErrCycle,
			Msg:  sprintf("link %s -> %s: it would close the circle %s", parent.ID, t.ID, arrows(append(way, t.ID))),
			Hint: sprintf("`andon unlink %s %s` opens it", way[0], way[1])}
	}
	c := t.change(VerbLink)
	if t.Status == Ready && !t.Forced && !parent.Status.Satisfied() {
		c.Task.Status = Todo
	}
	c.Links = []Link{{Parent: parent.ID, Child: t.ID}}
	c.event(EventLinked, 0, payload("parent", parent.ID, "child", t.ID))
	return c, nil
}

// Unlink makes t wait for parent no longer. links are those to t's parents.
func (t Task) Unlink(parent TaskID, links []Link) (Change, error) {
	l := Link{Parent: parent, Child: t.ID}
	if !slices.Contains(links, l) {
		return Change{}, &Error{Code: NotFound, Err: ErrNotFound, Msg: sprintf("unlink %s -> %s: there is no such link", parent, t.ID)}
	}
	c := t.change(VerbUnlink)
	c.Unlinks = []Link{l}
	c.event(EventUnlinked, 0, payload("parent", parent, "child", t.ID))
	return c, nil
}

// path finds a way from one card down the links to another, both ends
// included; nil if there is none.
func path(links []Link, from, to TaskID) []TaskID {
	children := map[TaskID][]TaskID{}
	for _, l := range links {
		children[l.Parent] = append(children[l.Parent], l.Child)
	}
	came := map[TaskID]TaskID{from: ""}
	for queue := []TaskID{from}; len(queue) > 0; queue = queue[1:] {
		if queue[0] == to {
			way := []TaskID{to}
			for at := to; at != from; {
				at = came[at]
				way = append(way, at)
			}
			slices.Reverse(way)
			return way
		}
		for _, c := range children[queue[0]] {
			if _, seen := came[c]; !seen {
				came[c] = queue[0]
				queue = append(queue, c)
			}
		}
	}
	return nil
}

func arrows(ids []TaskID) string {
	s := string(ids[0])
	for _, id := range ids[1:] {
		s += " -> " + string(id)
	}
	return s
}
