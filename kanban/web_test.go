package kanban_test

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"andon/kanban"
)

// drawWeb draws cards with links among them, also such as a board of ours could
// not have: circles, links to oneself and to cards that are gone.
func drawWeb(t *rapid.T, circles bool) (kanban.Web, []kanban.Link) {
	n := rapid.IntRange(1, 8).Draw(t, "cards")
	var tasks []kanban.Task
	for i := range n {
		tasks = append(tasks, kanban.Task{ID: kanban.TaskID(fmt.Sprint(i)), Status: rapid.SampledFrom(kanban.Statuses).Draw(t, "status")})
	}
	var links []kanban.Link
	for range rapid.IntRange(0, 16).Draw(t, "links") {
		p, c := rapid.IntRange(0, n).Draw(t, "parent"), rapid.IntRange(0, n).Draw(t, "child")
		if circles || p < c {
			links = append(links, kanban.Link{Parent: kanban.TaskID(fmt.Sprint(p)), Child: kanban.TaskID(fmt.Sprint(c))})
		}
	}
	return kanban.NewWeb(tasks, links), links
}

// The longest chain is as long as any that one finds by trying all.
func TestLongestChain(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w, _ := drawWeb(t, false)
		var longest func(i int) int
		longest = func(i int) int {
			if w.Tasks[i].Status.Satisfied() {
				return 0
			}
			most := 0
			for _, c := range w.Children[i] {
				most = max(most, longest(c))
			}
			return 1 + most
		}
		want := 0
		for i := range w.Tasks {
			want = max(want, longest(i))
		}
		if want == 1 {
			want = 0 // a chain of one is none
		}
		if got := w.Longest(); len(got) != want {
			t.Fatalf("%v is the longest chain; there is one of %d", got, want)
		}
	})
}

// In a circle, too, the chain is one of unfinished cards that are linked, and no
// card is in it twice.
func TestLongestChainInCircles(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w, _ := drawWeb(t, true)
		chain := w.Longest()
		for n, i := range chain {
			if w.Tasks[i].Status.Satisfied() || slices.Index(chain, i) != n || n > 0 && !slices.Contains(w.Children[chain[n-1]], i) {
				t.Fatalf("%v is no chain in %v", chain, w.Children)
			}
		}
	})
}

func TestNear(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		_, links := drawWeb(t, true)
		depth := rapid.IntRange(0, 3).Draw(t, "depth")
		want := []kanban.TaskID{"0"}
		for _, up := range []bool{true, false} {
			now := []kanban.TaskID{"0"}
			for far := 0; far < 10 && (depth == 0 || far < depth); far++ {
				var next []kanban.TaskID
				for _, l := range links {
					if up {
						l.Parent, l.Child = l.Child, l.Parent
					}
					if slices.Contains(now, l.Parent) {
						next = append(next, l.Child)
					}
				}
				want, now = append(want, next...), next
			}
		}
		slices.Sort(want)
		if got := kanban.Near("0", links, depth); !slices.Equal(got, slices.Compact(want)) {
			t.Fatalf("near 0 in %v are %v, want %v", links, got, slices.Compact(want))
		}
	})
}

func TestShallowLeavesNoCircleOut(t *testing.T) {
	id := func(i int) kanban.TaskID { return kanban.TaskID(fmt.Sprint(i)) }
	var tasks []kanban.Task
	for i := range 6 {
		tasks = append(tasks, kanban.Task{ID: id(i)})
	}
	links := []kanban.Link{{Parent: id(0), Child: id(1)}, {Parent: id(1), Child: id(2)}, {Parent: id(3), Child: id(4)}, {Parent: id(4), Child: id(3)}}
	if got := kanban.NewWeb(tasks, links).Shallow(1); !slices.Equal(got, []int{0, 1, 3, 4, 5}) {
		t.Errorf("shallow: %v", got)
	}
}

// No stack of calls is as deep as a chain may be long.
func TestLongestOfALongChain(t *testing.T) {
	const n = 200_000
	tasks := make([]kanban.Task, n)
	links := make([]kanban.Link, n)
	for i := range n {
		tasks[i].ID = kanban.TaskID(fmt.Sprint(i))
		links[i] = kanban.Link{Parent: kanban.TaskID(fmt.Sprint(i)), Child: kanban.TaskID(fmt.Sprint((i + 1) % n))} // a circle, even
	}
	if got := kanban.NewWeb(tasks, links).Longest(); len(got) != n {
		t.Errorf("the chain has %d cards", len(got))
	}
}
