package kanban

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func TestLink(t *testing.T) {
	c := does(t)(card(Ready).Link(parent(Todo)[0], nil))
	wants(t, c, `linked {"parent": "t_0000000b", "child": "t_0000000a"}`)
	if want := []Link{{Parent: "t_0000000b", Child: "t_0000000a"}}; !slices.Equal(c.Links, want) {
		t.Errorf("links %v, want %v", c.Links, want)
	}
	_, err := card(Ready).Link(card(Ready), nil)
	refuses(t, err, ErrCycle, Conflict, "itself")

	// a waits for nothing; b waits for a, c for b. That a wait for c is a circle.
	below := []Link{{"t_0000000a", "b"}, {"b", "c"}, {"b", "d"}}
	_, err = card(Ready).Link(Task{ID: "c"}, below)
	refuses(t, err, ErrCycle, Conflict, "t_0000000a -> b -> c -> t_0000000a", "andon unlink t_0000000a b")
}

func TestUnlink(t *testing.T) {
	c := does(t)(card(Todo).Unlink("p", []Link{{"p", "t_0000000a"}, {"q", "t_0000000a"}}))
	wants(t, c, `unlinked {"parent": "p", "child": "t_0000000a"}`)
	if want := []Link{{"p", "t_0000000a"}}; !slices.Equal(c.Unlinks, want) {
		t.Errorf("unlinks %v, want %v", c.Unlinks, want)
	}
	_, err := card(Todo).Unlink("p", []Link{{"q", "t_0000000a"}})
	refuses(t, err, ErrNotFound, NotFound, "p -> t_0000000a")
}

// Whatever links are asked for in whatever order, those that are granted form no
// circle, and one is refused only if it would close one.
func TestLinksNeverFormACircle(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var links []Link
		reaches := func(from, to TaskID) bool { // by brute force
			seen, todo := map[TaskID]bool{}, []TaskID{from}
			for len(todo) > 0 {
				at := todo[0]
				if todo = todo[1:]; at == to {
					return true
				}
				for _, l := range links {
					if l.Parent == at && !seen[l.Child] {
						seen[l.Child] = true
						todo = append(todo, l.Child)
					}
				}
			}
			return false
		}
		ids := rapid.Custom(func(t *rapid.T) TaskID { return TaskID(fmt.Sprint("t_", rapid.IntRange(0, 6).Draw(t, "n"))) })
		for range rapid.IntRange(1, 30).Draw(t, "links") {
			l := Link{ids.Draw(t, "parent"), ids.Draw(t, "child")}
			c, err := Task{ID: l.Child, Status: Todo}.Link(Task{ID: l.Parent, Status: Todo}, links)
			if circle := reaches(l.Child, l.Parent); circle != (err != nil) {
				t.Fatalf("link %v onto %v: %v", l, links, err)
			}
			if err == nil {
				links = append(links, c.Links...)
			}
		}
	})
}
