package cli

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"andon/internal/config"
	"andon/internal/view"
	"andon/kanban"
)

func newStats(a *app) *cobra.Command {
	o := &stats{app: a}
	cmd := verb(words{
		use: "stats", group: "look",
		short: "count cards, and tell how long work takes",
		long: `Count the cards that are not archived, by status and by assignee, and tell how
old the unfinished ones are. Of the time since --since, by default the last
twelve weeks: how long cards took from creation and from their first start to
completion, how long they were blocked (which is a part of that, told by
itself), and how many runs failed. Runs that were taken back, or met a rate
limit, are not counted. Of the last twelve weeks, from Monday to Monday: how
many cards were completed.

A share of 85 % means that so many cards took no longer.`,
		example: `  andon stats
  andon stats --since 30d
  andon stats --json | jq .cycle_time.created_to_completed.p85_seconds`,
		exits: "the board could not be read",
	}, noWords, o.run)
	f := cmd.Flags()
	o.changed = f.Changed
	f.StringVar(&o.since, "since", "", `how far back: a time such as "2026-01-31 18:00", a duration such as 30d, or all`)
	return cmd
}

type stats struct {
	*app
	since   string
	changed func(flag string) bool
}

// statWeeks is how many weeks are told, and looked back to.
const statWeeks = 12

func (o *stats) run(ctx context.Context, _ []string) error {
	now := o.Now()
	weeks := kanban.Weeks(statWeeks, now, o.Zone)
	since, err := o.from(now, weeks[0].Start)
	if err != nil {
		return err
	}
	return o.with(ctx, func(s *session) error {
		n, err := s.Flow(ctx, since, weeks)
		if err != nil {
			return err
		}
		v := view.NewStats(n.OldestReady, now)
		v.Overdue = n.Overdue
		for _, c := range n.Counts {
			v.Count(c.Status, c.Assignee, c.N)
		}
		v.Past = view.NewPast(since, n.FromCreated, n.FromStarted, n.Blocked, n.StillOpen, n.Ageing, n.Weeks, n.Outcomes)
		if o.json {
			return view.JSON(o.Out, v)
		}
		o.printf("%s", v.Text(o.style()))
		return nil
	})
}

// from reads --since.
func (o *stats) from(now, otherwise time.Time) (time.Time, error) {
	switch {
	case !o.changed("since"):
		return otherwise, nil
	case o.since == "all":
		return time.Unix(0, 0), nil
	}
	if d, err := config.ParseDuration(o.since); err == nil {
		return now.Add(-d), nil
	}
	at, err := config.ParseTime(o.since, now, o.Zone)
	if err != nil {
		return at, usagef(`--since %q: it is a time such as "2026-01-31 18:00", a duration such as 30d, or all`, o.since)
	}
	if at.After(now) {
		return at, usagef("--since %q: it is in the future", o.since)
	}
	return at, nil
}
