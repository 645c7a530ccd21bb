package dispatch

import (
	"cmp"
	"slices"
	"time"

	"andon/kanban"
)

func (l Limits) zone() *time.Location { return cmp.Or(l.Zone, time.Local) }

// Windows are when the periods of the budgets began that now is in, each once. What
// was spent since then, a plan has to know; it is nothing where there is no budget.
func (l Limits) Windows(now time.Time) (since []time.Time) {
	for _, b := range l.Budgets {
		begin, _ := b.Per.Window(now, l.zone())
		if !slices.ContainsFunc(since, begin.Equal) {
			since = append(since, begin)
		}
	}
	return since
}

// exhausted are the holds of the budgets that are used up.
func (l Limits) exhausted(all []Snapshot) (holds []Hold) {
	for _, s := range l.Standings(all) {
		if s.Budget.Exhausted(s.Spent) {
			holds = append(holds, Hold{Kind: HoldBudget, Until: s.Until, Budget: s.Budget, Spent: s.Spent})
		}
	}
	return holds
}

// Standing is what has been taken of a budget in the present period, which lasts until
// a time.
type Standing struct {
	Budget kanban.Budget
	Spent  kanban.Expense
	Until  time.Time
}

// Standings are those of all budgets, by what was spent on all boards together. A
// board that was last looked at in another period has spent nothing in this one that
// is known: else somebody would have looked.
func (l Limits) Standings(all []Snapshot) (list []Standing) {
	var now time.Time
	for _, s := range all {
		if s.Now.After(now) {
			now = s.Now
		}
	}
	for _, b := range l.Budgets {
		begin, end := b.Per.Window(now, l.zone())
		var sum kanban.Expense
		for _, s := range all {
			for _, o := range s.Spent {
				if o.Since.Equal(begin) {
					sum = sum.Plus(b.Sum(s.Board, o.By))
				}
			}
		}
		list = append(list, Standing{b, sum, end})
	}
	return list
}

// budget tells of a budget of which nothing is left.
func (w *writer) budget(h Hold) {
	b := h.Budget
	w.reason(h.Kind, map[string]any{"profile": b.Profile, "tenant": b.Tenant, "board": b.Board, "per": b.Per, "usd": b.Cost, "tokens": b.Tokens,
		"spent_usd": h.Spent.Cost, "spent_tokens": h.Spent.Tokens()},
		"The budget of %s, %s, is spent: %s; free again at %s.", b.Whose(), b.Limit(), b.Taken(h.Spent), w.clock(h.Until)).Until = h.Until
	w.start("andon claim %s", w.q.Task.ID)
}
