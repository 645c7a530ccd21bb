package cli

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"andon/internal/gc"
	"andon/internal/view"
	"andon/kanban"
)

func newGC(a *app) *cobra.Command {
	o := &collect{app: a}
	cmd := verb(words{
		use: "gc", group: "more",
		short: "remove what the board no longer needs",
		long: `Remove what the board no longer needs, and count it: events of cards that are done
or archived, once they are old; logs, and folders of runs that were killed, to which
nobody wrote for long, but never those of a running card; scratch folders of finished cards that no unfinished card needs
and no worker is in; deleted cards whose day in the trash is over. Cards, runs and
comments stay. A folder outside the board's folders of workspaces is never removed.`,
		example: `  andon gc --dry-run
  andon gc --event-retention-days 90 --log-retention-days 7`,
		exits: "something could not be removed; what could be is",
	}, noWords, o.run)
	f := cmd.Flags()
	f.IntVar(&o.events, "event-retention-days", 30, "keep events this long")
	f.IntVar(&o.logs, "log-retention-days", 30, "keep logs and folders of runs this long after they were last written to")
	f.BoolVar(&o.dryRun, "dry-run", false, "only count")
	return cmd
}

type collect struct {
	*app
	events, logs int
	dryRun       bool
}

// collected is what scripts are told of it.
type collected struct {
	Workspaces int         `json:"workspaces"`
	Events     int         `json:"events"`
	Logs       int         `json:"logs"`
	Runs       int         `json:"runs"`
	Trash      int         `json:"trash"`
	DryRun     bool        `json:"dry_run"`
	Refused    []leftAlone `json:"refused"`
}

type leftAlone struct {
	Task   kanban.TaskID `json:"task_id"`
	Path   string        `json:"path"`
	Reason string        `json:"reason"`
}

// maxRetention is a hundred years: more is a mistake, and the clock has an end.
const maxRetention = 36500

func (o *collect) run(ctx context.Context, _ []string) error {
	for flag, days := range map[string]int{"event-retention-days": o.events, "log-retention-days": o.logs} {
		if days < 1 || days > maxRetention {
			return usagef("--%s %d: it is from 1 to %d days", flag, days, maxRetention)
		}
	}
	return o.with(ctx, func(s *session) error {
		release, err := alone(ctx, s, "gc")
		if err != nil {
			return err
		}
		defer release()
		now := o.Now()
		r, err := gc.Run(ctx, s.Board, s.place, s.home.Root, gc.Options{
			Now: now, Events: now.AddDate(0, 0, -o.events), Logs: now.AddDate(0, 0, -o.logs), DryRun: o.dryRun,
		})
		if terr := o.tellCollected(r); err == nil {
			err = terr
		}
		return err
	})
}

func (o *collect) tellCollected(r gc.Report) error {
	v := collected{r.Workspaces, r.Events, r.Logs, r.Runs, r.Trash, o.dryRun, []leftAlone{}}
	for _, l := range r.Left {
		v.Refused = append(v.Refused, leftAlone{l.Task, l.Path, l.Why.Error()})
	}
	if o.json {
		return view.JSON(o.Out, v)
	}
	said := "Removed"
	if o.dryRun {
		said = "Would remove"
	}
	o.printf("%s %s\n", said, strings.Join([]string{
		counted(r.Workspaces, "scratch folder", "scratch folders"), counted(r.Events, "event", "events"), counted(r.Logs, "log", "logs"),
		counted(r.Runs, "run folder", "run folders"), counted(r.Trash, "deleted card", "deleted cards"),
	}, ", "))
	for _, l := range r.Left {
		o.printf("Left     %s: %s\n", l.Task, view.Plain(l.Why.Error()))
	}
	return nil
}
