package cli

import (
	"context"
	"slices"

	"github.com/spf13/cobra"

	"andon/internal/view"
	"andon/kanban"
)

func newRuns(a *app) *cobra.Command {
	o := &runs{app: a}
	cmd := verb(words{
		use: "runs [ID]", group: "look",
		short: "list the attempts at a card",
		long: `List the attempts at a card, the oldest first: how each ended, whose it was, and
what it reported. Inside a worker the id may be left out. A card that is not
there has no runs, which is no error.`,
		example: `  andon runs t_1a2b3c4d
  andon runs t_1a2b3c4d --state-type outcome --state-name crashed
  andon runs t_1a2b3c4d --json | jq '.[-1].summary'`,
		exits: "the board could not be read",
	}, cobra.MaximumNArgs(1), o.run)
	f := cmd.Flags()
	f.StringVar(&o.stateType, "state-type", "", "only runs by their status or outcome (with --state-name)")
	f.StringVar(&o.stateName, "state-name", "", "the status or outcome")
	return cmd
}

type runs struct {
	*app
	stateType, stateName string
}

func (o *runs) run(ctx context.Context, args []string) error {
	ids, err := o.ids(args)
	if err != nil {
		return err
	}
	keep, err := runFilter(o.stateType, o.stateName)
	if err != nil {
		return err
	}
	return o.with(ctx, func(s *session) error {
		runs, err := s.Runs(ctx, ids[0])
		if err != nil {
			return err
		}
		runs = keep(runs)
		checks, err := s.Proposals(ctx, ids[0])
		if err != nil {
			return err
		}
		if o.json {
			return view.JSON(o.Out, view.WithChecks(view.NewRuns(runs), checks))
		}
		if len(runs) == 0 {
			o.printf("(no runs)\n")
			return nil
		}
		o.printf("%s", view.RunTable(runs, o.Now(), o.Zone))
		checks = slices.DeleteFunc(checks, func(p kanban.Proposal) bool {
			return !slices.ContainsFunc(runs, func(r kanban.Run) bool { return r.ID == p.Run })
		})
		if len(checks) > 0 {
			o.printf("\nChecks\n%s", view.CheckRows(checks, o.Zone))
		}
		return nil
	})
}
