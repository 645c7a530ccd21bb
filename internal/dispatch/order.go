package dispatch

import (
	"cmp"
	"slices"

	"andon/internal/config"
	"andon/internal/store"
	"andon/kanban"
)

// party is whom a card is worked on for: its tenant, on whichever board, or the
// board itself where a card has none.
type party struct{ tenant, board string }

func partyOf(board, tenant string) party {
	if tenant != "" {
		return party{tenant: tenant}
	}
	return party{board: board}
}

// pair is a profile that works for a party. A turn goes to a party first, and
// within that to a profile.
type pair struct {
	party   party
	profile string
}

// turns tells whose turn it is among cards of equal priority: who has the fewest
// running, of those who was served the longest ago, and the same for the profiles
// of that party.
type turns struct {
	parties, pairs          map[any]int // how many run
	partyServed, pairServed map[any]int // when they were last served; 0: not of late
	serving                 int
}

func newTurns(all []Snapshot) turns {
	t := turns{parties: map[any]int{}, pairs: map[any]int{}, partyServed: map[any]int{}, pairServed: map[any]int{}}
	for _, s := range all {
		for _, w := range s.Running {
			p := pair{partyOf(s.Board, w.Task.Tenant), w.Task.Assignee}
			t.parties[p.party]++
			t.pairs[p]++
		}
	}
	for _, p := range served(all) {
		t.serve(p)
	}
	return t
}

// served lists who was served, the latest last. What lies in the future was before
// the clock was set back, and so before everything else.
func served(all []Snapshot) []pair {
	type one struct {
		store.Served
		board string
		after bool // the clock was set back, if it was
	}
	var list []one
	for _, s := range all {
		for _, v := range s.Served {
			list = append(list, one{v, s.Board, !v.At.After(s.Now)})
		}
	}
	slices.SortStableFunc(list, func(a, b one) int {
		if a.after != b.after {
			if b.after {
				return -1
			}
			return 1
		}
		return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.board, b.board), cmp.Compare(a.Run, b.Run))
	})
	pairs := make([]pair, len(list))
	for i, v := range list {
		pairs[i] = pair{partyOf(v.board, v.Tenant), v.Profile}
	}
	return pairs
}

func (t *turns) serve(p pair) {
	t.serving++
	t.partyServed[p.party], t.pairServed[p] = t.serving, t.serving
}

func (t *turns) take(p pair) {
	t.parties[p.party]++
	t.pairs[p]++
	t.serve(p)
}

// compare orders two pairs by whose turn it is; 0 if nothing says.
func (t *turns) compare(a, b pair) int {
	return cmp.Or(
		cmp.Compare(t.parties[a.party], t.parties[b.party]), cmp.Compare(t.partyServed[a.party], t.partyServed[b.party]),
		cmp.Compare(t.pairs[a], t.pairs[b]), cmp.Compare(t.pairServed[a], t.pairServed[b]))
}

// waiter is a ready card that nothing of its own holds back.
type waiter struct {
	*kanban.Task
	snapshot int // whose card it is
	place    int // in that board's queue
	board    string
}

func (w waiter) compare(o waiter) int {
	return cmp.Or(w.CreatedAt.Compare(o.CreatedAt), cmp.Compare(w.board, o.board), cmp.Compare(w.place, o.place))
}

// line is the cards of one pair and one priority, the longest waiting first.
type line struct {
	pair
	waiters []waiter
}

// lines sorts cards into lines by priority, the most urgent first, which is also
// how each line is read: what is urgent comes before everything else.
func lines(waiting []waiter) [][]*line {
	slices.SortStableFunc(waiting, func(a, b waiter) int { return cmp.Or(-cmp.Compare(a.Priority, b.Priority), a.compare(b)) })
	var levels [][]*line
	at := map[pair]*line{}
	for i, w := range waiting {
		if i == 0 || w.Priority != waiting[i-1].Priority {
			levels, at = append(levels, nil), map[pair]*line{}
		}
		p := pair{partyOf(w.board, w.Tenant), w.Assignee}
		if at[p] == nil {
			at[p] = &line{pair: p}
			levels[len(levels)-1] = append(levels[len(levels)-1], at[p])
		}
		at[p].waiters = append(at[p].waiters, w)
	}
	return levels
}

// choose gives the cards of the lines to start, one after the other, as long as
// there is room. A card that does not fit is passed over by those that do: room
// only shrinks as cards start, so it would not fit later either.
func choose(level []*line, r *room, start func(waiter)) {
	for !r.full() {
		var next *line
		for _, l := range level {
			for len(l.waiters) > 0 && len(r.caps(l.waiters[0].board, *l.waiters[0].Task)) > 0 {
				l.waiters = l.waiters[1:]
			}
			if len(l.waiters) == 0 {
				continue
			}
			if next == nil || cmp.Or(r.turns.compare(l.pair, next.pair), l.waiters[0].compare(next.waiters[0])) < 0 {
				next = l
			}
		}
		if next == nil {
			return
		}
		w := next.waiters[0]
		next.waiters = next.waiters[1:]
		r.take(w.board, *w.Task)
		start(w)
	}
}

// needs are the resources that a running card takes one of each, sorted.
func needs(t kanban.Task, profiles map[string]config.Profile) []string {
	own := profiles[t.Assignee].Resources
	if len(own) == 0 {
		return t.Resources
	}
	return slices.Compact(slices.Sorted(slices.Values(slices.Concat(own, t.Resources))))
}
