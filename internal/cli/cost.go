package cli

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"andon/internal/dispatch"
	"andon/internal/view"
	"andon/kanban"
)

func newCost(a *app) *cobra.Command {
	o := &cost{stats: stats{app: a}}
	cmd := verb(words{
		use: "cost", group: "look",
		short: "tell what the work has cost, in tokens and money",
		long: `Sum up what the runs of the board have taken of models since --since, by default
the last 30 days: by day in local time, by profile, by tenant, or by card, the
dearest first. What a run took is told by its agent's output, where the profile's
preset knows how to read that, or else by its worker (complete --usage, or the tool
kanban_complete). It counts for the profile and the tenant of that time, and for
the day on which it was told, and stays so when the card is deleted. The runs of which
nobody tells are not there.

Input is the tokens that came from no cache. A budget in andon.yaml keeps cards
from being started when it is spent; andon why says so. How the budgets stand, on all
boards together, is told at the end.`,
		example: `  andon cost
  andon cost --by profile --since 7d
  andon cost --by card --json | jq '.rows[0]'`,
		exits: "the board could not be read",
	}, noWords, o.run)
	f := cmd.Flags()
	o.changed = f.Changed
	f.StringVar(&o.by, "by", "day", "sum up by "+strings.Join(costKeys, ", "))
	f.StringVar(&o.since, "since", "30d", `how far back: a time such as "2026-01-31 18:00", a duration such as 30d, or all`)
	return cmd
}

// costKeys are what can be summed up by.
var costKeys = []string{"day", "profile", "tenant", "card"}

type cost struct {
	stats // which reads --since
	by    string
}

func (o *cost) run(ctx context.Context, _ []string) error {
	if !slices.Contains(costKeys, o.by) {
		return usagef("--by %q: it is one of %s", o.by, strings.Join(costKeys, ", "))
	}
	now := o.Now()
	since, err := o.from(now, now.Add(-30*24*time.Hour))
	if err != nil {
		return err
	}
	return o.with(ctx, func(s *session) error {
		v := view.NewCost(o.by, since)
		if err := o.sum(ctx, s, since, &v); err != nil {
			return err
		}
		if err := o.budgets(ctx, s, now, &v); err != nil {
			return err
		}
		if o.json {
			return view.JSON(o.Out, v)
		}
		o.printf("%s", v.Text(o.style()))
		return nil
	})
}

// budgets tells how the budgets stand, by what was spent on all boards.
func (o *cost) budgets(ctx context.Context, s *session, now time.Time, v *view.Cost) error {
	l := o.limits(s.config, 0)
	if len(l.Budgets) == 0 {
		return nil
	}
	f, err := s.Floor(ctx, l.Windows(now)...)
	if err != nil {
		return err
	}
	here := dispatch.NewSnapshot(string(s.place.Slug), f, now)
	for _, b := range l.Standings(append([]dispatch.Snapshot{here}, o.others(ctx, s, l, now)...)) {
		v.AddBudget(b.Budget, b.Spent, b.Until)
	}
	return nil
}

func (o *cost) sum(ctx context.Context, s *session, since time.Time, v *view.Cost) error {
	if o.by == "card" {
		of, err := s.UsageByCard(ctx, since)
		for _, u := range of {
			v.AddCard(u.Task, u.Title, u.Runs, u.Expense)
		}
		return err
	}
	all, err := s.Usage(ctx, since)
	key := map[string]func(kanban.Taken) string{
		"day":     func(t kanban.Taken) string { return t.At.In(o.Zone).Format(time.DateOnly) },
		"profile": func(t kanban.Taken) string { return t.Profile },
		"tenant":  func(t kanban.Taken) string { return t.Tenant },
	}[o.by]
	for _, t := range kanban.Totals(all, key) {
		v.Add(t.Key, t.Runs, t.Expense)
	}
	return err
}
