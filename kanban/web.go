package kanban

import "slices"

// Web is cards and who of them waits for whom. It is made by [NewWeb].
type Web struct {
	Tasks []Task

	// Parents and Children are, for each of the tasks, the others that it waits for
	// and that wait for it, by their places among the tasks and in their order.
	Parents, Children [][]int
}

// NewWeb joins cards and the links among them. Links to other cards, to a card
// itself, and those that are there twice are left out: a file of another program
// may have them. So may it have circles.
func NewWeb(tasks []Task, links []Link) Web {
	w := Web{Tasks: tasks, Parents: make([][]int, len(tasks)), Children: make([][]int, len(tasks))}
	at := make(map[TaskID]int, len(tasks))
	for i, t := range tasks {
		at[t.ID] = i
	}
	for _, l := range links {
		p, there := at[l.Parent]
		c, too := at[l.Child]
		if there && too && p != c {
			w.Parents[c] = append(w.Parents[c], p)
			w.Children[p] = append(w.Children[p], c)
		}
	}
	for _, lists := range [][][]int{w.Parents, w.Children} {
		for i := range lists {
			slices.Sort(lists[i])
			lists[i] = slices.Compact(lists[i])
		}
	}
	return w
}

// Roots are the cards that wait for no other one.
func (w Web) Roots() (roots []int) {
	for i := range w.Tasks {
		if len(w.Parents[i]) == 0 {
			roots = append(roots, i)
		}
	}
	return roots
}

// Longest is the longest chain of unfinished cards, each of which waits for the
// one before it: no work of many hands is done sooner. A chain of one is none.
// Of several the one is meant whose cards come first. Where links run in a circle
// the chain ends at the latest before it comes back to a card of its own.
func (w Web) Longest() []int {
	const (
		unseen = iota
		begun
		ended
	)
	n := len(w.Tasks)
	state, length, next := make([]byte, n), make([]int, n), make([]int, n)
	best := -1
	type step struct{ card, child int }
	for root := range n {
		if state[root] != unseen || w.Tasks[root].Status.Satisfied() {
			continue
		}
		state[root], length[root], next[root] = begun, 1, -1
		stack := []step{{root, 0}} // a chain can be longer than a stack of calls should be
		for len(stack) > 0 {
			top := &stack[len(stack)-1]
			i := top.card
			if top.child == len(w.Children[i]) {
				state[i] = ended
				stack = stack[:len(stack)-1]
				continue
			}
			c := w.Children[i][top.child]
			switch {
			case w.Tasks[c].Status.Satisfied() || state[c] == begun: // the latter is a circle
				top.child++
			case state[c] == unseen:
				state[c], length[c], next[c] = begun, 1, -1
				stack = append(stack, step{c, 0})
			default:
				if length[c]+1 > length[i] {
					length[i], next[i] = length[c]+1, c
				}
				top.child++
			}
		}
	}
	for i := range n {
		if length[i] > 1 && (best < 0 || length[i] > length[best]) {
			best = i
		}
	}
	var chain []int
	for i := best; i >= 0; i = next[i] {
		chain = append(chain, i)
	}
	return chain
}

// Near are the card and those that it waits for, at whatever distance, and those
// that wait for it; no further than depth links away, if depth is not zero.
func Near(id TaskID, links []Link, depth int) []TaskID {
	parents, children := map[TaskID][]TaskID{}, map[TaskID][]TaskID{}
	for _, l := range links {
		parents[l.Child] = append(parents[l.Child], l.Parent)
		children[l.Parent] = append(children[l.Parent], l.Child)
	}
	near := []TaskID{id}
	for _, to := range []map[TaskID][]TaskID{parents, children} {
		near = append(near, spreading([]TaskID{id}, to, depth)[1:]...)
	}
	slices.Sort(near)
	return slices.Compact(near)
}

// Shallow are the places of the cards that are no further than depth links from
// one that waits for nothing, or have none such before them, in their order.
func (w Web) Shallow(depth int) []int {
	to := make(map[int][]int, len(w.Tasks))
	for i, list := range w.Children {
		to[i] = list
	}
	near := spreading(w.Roots(), to, depth)
	below := make(map[int]bool, len(w.Tasks))
	for _, i := range spreading(w.Roots(), to, 0) {
		below[i] = true
	}
	for i := range w.Tasks {
		if !below[i] {
			near = append(near, i)
		}
	}
	slices.Sort(near)
	return near
}

// spreading are the nodes from which it begins and then those that can be
// reached, the nearer first.
func spreading[N comparable](from []N, to map[N][]N, depth int) []N {
	seen := make(map[N]bool, len(from))
	for _, n := range from {
		seen[n] = true
	}
	all := slices.Clone(from)
	for edge, far := all, 1; len(edge) > 0 && (depth <= 0 || far <= depth); far++ {
		before := len(all)
		for _, n := range edge {
			for _, m := range to[n] {
				if !seen[m] {
					seen[m] = true
					all = append(all, m)
				}
			}
		}
		edge = all[before:]
	}
	return all
}
