package board_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"andon/internal/board"
	"andon/internal/store"
	"andon/kanban"
)

func create(t *testing.T, b *board.Board, title string, parents ...kanban.TaskID) kanban.TaskID {
	t.Helper()
	task, _, err := b.Create(t.Context(), kanban.Draft{Title: title, Parents: parents})
	if err != nil {
		t.Fatal(err)
	}
	return task.ID
}

func node(name string, after ...string) kanban.Node {
	return kanban.Node{Name: name, Draft: kanban.Draft{Title: name}, After: after}
}

func TestPreviewChangesNothing(t *testing.T) {
	t.Parallel()
	b, _ := open(t)
	if _, err := b.Apply(t.Context(), kanban.Graph{Name: "g", Nodes: []kanban.Node{node("a")}}); err != nil {
		t.Fatal(err)
	}
	before, err := b.Events(t.Context(), store.EventFilter{})
	if err != nil {
		t.Fatal(err)
	}
	g := kanban.Graph{Name: "g", Nodes: []kanban.Node{node("a", "b"), node("b")}}
	said, err := b.Preview(t.Context(), g)
	if err != nil {
		t.Fatal(err)
	}
	after, err := b.Events(t.Context(), store.EventFilter{})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(before, after); diff != "" {
		t.Errorf("events before and after Preview (-before +after):\n%s", diff)
	}
	tasks, err := b.List(t.Context(), store.Filter{})
	if err != nil || len(tasks) != 1 || tasks[0].Status != kanban.Ready {
		t.Errorf("after Preview the board has %+v, %v, want one ready card", tasks, err)
	}
	did, err := b.Apply(t.Context(), g)
	if err != nil {
		t.Fatal(err)
	}
	shape := func(applied []board.Applied) (s []string) {
		for _, a := range applied {
			line := a.Name
			if a.Created {
				line += " created"
			}
			if len(a.Linked) > 0 {
				line += " linked"
			}
			s = append(s, line)
		}
		return s
	}
	if want := []string{"b created", "a linked"}; !slices.Equal(shape(said), want) || !slices.Equal(shape(did), want) {
		t.Errorf("Preview said %q and Apply did %q, want %q", shape(said), shape(did), want)
	}
}

func TestApplyLinksOnce(t *testing.T) {
	t.Parallel()
	b, _ := open(t)
	g := kanban.Graph{Name: "g", Nodes: []kanban.Node{node("a"), node("b")}}
	if _, err := b.Apply(t.Context(), g); err != nil {
		t.Fatal(err)
	}
	g.Nodes[1].After = []string{"a", "a"}
	done, err := b.Apply(t.Context(), g)
	if err != nil {
		t.Fatal(err)
	}
	if got := done[1].Linked; len(got) != 1 {
		t.Errorf("a parent that is named twice was linked as %q, want once", got)
	}
}

func TestUnlinkTellsWhereTheCardStands(t *testing.T) {
	t.Parallel()
	b, _ := open(t)
	parent := create(t, b, "parent")
	child := create(t, b, "child", parent)
	c, err := b.Unlink(t.Context(), kanban.Link{Parent: parent, Child: child})
	if err != nil || c.Task.Status != kanban.Ready {
		t.Errorf("Unlink of the only parent: %s, %v, want ready", c.Task.Status, err)
	}
}
