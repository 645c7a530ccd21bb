package dispatch

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"andon/internal/board"
	"andon/kanban"
)

// A budget holds just the cards whose runs would draw on it, by what was spent on all
// boards in its present period, and until the end of that.
func TestPlanKeepsToBudgets(t *testing.T) {
	t.Parallel()
	day, week, month := now.UTC().Truncate(24*time.Hour), time.Time{}, time.Time{}
	week, _ = kanban.PerWeek.Window(now, time.UTC)
	month, nextMonth := kanban.PerMonth.Window(now, time.UTC)
	outlay := func(since time.Time, profile, tenant string, money kanban.Money, tokens int64) kanban.Outlay {
		return kanban.Outlay{Since: since, By: []kanban.Spending{{Profile: profile, Tenant: tenant, Expense: kanban.Expense{Cost: money, Output: tokens}}}}
	}
	five := kanban.Budget{Profile: "ada", Cost: 5 * kanban.Dollar, Per: kanban.PerDay}
	for name, c := range map[string]struct {
		budget      kanban.Budget
		here, there []kanban.Outlay
		held        []kanban.TaskID // of the cards below
		until       time.Time
	}{
		"nothing was spent": {budget: five},
		"not all":           {budget: five, here: []kanban.Outlay{outlay(day, "ada", "", 4_999_999, 900)}},
		"all":               {budget: five, here: []kanban.Outlay{outlay(day, "ada", "", 5_120_000, 0)}, held: []kanban.TaskID{"ada", "ada for acme"}, until: day.Add(24 * time.Hour)},
		"on two boards": {budget: five, here: []kanban.Outlay{outlay(day, "ada", "", 2_500_000, 0)}, there: []kanban.Outlay{outlay(day, "ada", "acme", 2_500_000, 0)},
			held: []kanban.TaskID{"ada", "ada for acme"}, until: day.Add(24 * time.Hour)},
		"by another":    {budget: five, here: []kanban.Outlay{outlay(day, "bob", "", 9*kanban.Dollar, 0)}},
		"yesterday":     {budget: five, here: []kanban.Outlay{outlay(day.Add(-24*time.Hour), "ada", "", 9*kanban.Dollar, 0)}},
		"this month":    {budget: five, here: []kanban.Outlay{outlay(month, "ada", "", 9*kanban.Dollar, 0)}},
		"tenant's":      {budget: kanban.Budget{Tenant: "acme", Tokens: 100, Per: kanban.PerMonth}, here: []kanban.Outlay{outlay(month, "bob", "acme", 0, 100)}, held: []kanban.TaskID{"ada for acme"}, until: nextMonth},
		"board's":       {budget: kanban.Budget{Board: "here", Tokens: 100, Per: kanban.PerWeek}, here: []kanban.Outlay{outlay(week, "bob", "", 0, 100)}, held: []kanban.TaskID{"ada", "ada for acme", "bob"}, until: week.Add(7 * 24 * time.Hour)},
		"other board's": {budget: kanban.Budget{Board: "there", Tokens: 100, Per: kanban.PerWeek}, here: []kanban.Outlay{outlay(week, "bob", "", 0, 100)}},
		"all boards'": {budget: kanban.Budget{Tokens: 100, Per: kanban.PerDay}, there: []kanban.Outlay{outlay(day, "eve", "", 0, 100)},
			held: []kanban.TaskID{"ada", "ada for acme", "bob"}, until: day.Add(24 * time.Hour)},
		"either bound": {budget: kanban.Budget{Profile: "bob", Cost: kanban.Dollar, Tokens: 100, Per: kanban.PerDay}, here: []kanban.Outlay{outlay(day, "bob", "", 0, 100)},
			held: []kanban.TaskID{"bob"}, until: day.Add(24 * time.Hour)},
	} {
		l := limits()
		l.MaxInProgress, l.Zone, l.Budgets = 0, time.UTC, []kanban.Budget{c.budget}
		l.Profiles["ada"] = l.Profiles["bob"] // no cap
		here := Snapshot{Board: "here", Now: now, Spent: c.here, Ready: []kanban.Task{{ID: "ada", Assignee: "ada"}, {ID: "ada for acme", Assignee: "ada", Tenant: "acme"}, {ID: "bob", Assignee: "bob"}}}
		ready(&here)
		p := Plan([]Snapshot{here, {Board: "there", Now: now.Add(-time.Minute), Spent: c.there}}, l)[0]
		var held []kanban.TaskID
		for _, h := range p.By(HoldBudget) {
			held = append(held, h.Task.ID)
			if !h.Holds[0].Until.Equal(c.until) {
				t.Errorf("%s: held until %v, want %v", name, h.Holds[0].Until, c.until)
			}
		}
		if !slices.Equal(held, c.held) || len(p.Start)+len(held) != 3 {
			t.Errorf("%s: held %q, and %d start; want %q held", name, held, len(p.Start), c.held)
		}
		if until := p.Until(); !until.Equal(c.until) {
			t.Errorf("%s: looked at again %v, want %v", name, until, c.until)
		}
	}
}

// The answer names the budget, what was spent, and when there is more.
func TestWhyTellsOfABudget(t *testing.T) {
	t.Parallel()
	l := limits()
	l.Zone, l.Budgets = time.UTC, []kanban.Budget{{Profile: "bob", Cost: 5 * kanban.Dollar, Per: kanban.PerDay}}
	begin, end := kanban.PerDay.Window(now, time.UTC)
	f := board.Floor{Spent: []kanban.Outlay{{Since: begin, By: []kanban.Spending{{Profile: "bob", Expense: kanban.Expense{Cost: 5_120_000}}}}}}
	a := Why(board.Question{Case: board.Case{Task: kanban.Task{ID: "t_1", Status: kanban.Ready, Assignee: "bob"}}, Floor: f}, l, Around{Zone: time.UTC}, now)
	want := fmt.Sprintf("The budget of bob, 5 USD per day, is spent: 5.12 USD; free again at %s.", end.Format("2006-01-02 15:04"))
	if len(a.Reasons) != 1 || a.Reasons[0].Kind != HoldBudget || a.Reasons[0].Text != want || !a.Reasons[0].Until.Equal(end) {
		t.Errorf("%+v, want %q", a.Reasons, want)
	}
}
