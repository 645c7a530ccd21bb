package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"andon/internal/board"
	"andon/internal/view"
	"andon/kanban"
)

func newReassign(a *app) *cobra.Command {
	o := &reassign{app: a}
	cmd := verb(words{
		use: "reassign ID... PROFILE", group: "cards",
		short: "give cards to another, also from a worker's hands",
		long: `Give cards to another profile or person, or with none, - or null to nobody. With
--reclaim a card that runs is taken from its worker first, which is ended; without
it, such a card is refused. Another assignee begins with no failures.`,
		example: `  andon reassign t_1a2b3c4d t_5e6f7a8b bob
  andon reassign t_1a2b3c4d bob --reclaim --reason "ada hangs"`,
		exits: "no such card, or it is running and --reclaim is not given",
	}, cobra.MinimumNArgs(2), o.run)
	f := cmd.Flags()
	f.BoolVar(&o.reclaim, "reclaim", false, "take a running card from its worker first")
	f.StringVar(&o.reason, "reason", "", "why it is taken, kept with the run")
	return cmd
}

type reassign struct {
	*app
	reclaim bool
	reason  string
}

func (o *reassign) run(ctx context.Context, args []string) error {
	last := len(args) - 1
	to, err := kanban.ParseAssignee(args[last])
	if err != nil {
		return err
	}
	ids, err := o.ids(args[:last])
	if err != nil {
		return err
	}
	return o.with(ctx, func(s *session) error {
		return o.each(ids, func(id kanban.TaskID) (string, any, error) {
			var c kanban.Change
			var reclaimed bool
			var err error
			if o.reclaim {
				err = take(ctx, s, "reassign", id, func(t kanban.Task, x kanban.Termination) (err error) {
					c, reclaimed, err = s.Reassign(ctx, id, to, &board.Taking{Reason: o.reason, Was: t.Run, Ended: x})
					return err
				})
			} else {
				c, _, err = s.Reassign(ctx, id, to, nil)
			}
			line := fmt.Sprintf("Reassigned %s to %s", id, view.Plain(or(to, "(unassigned)")))
			if reclaimed {
				line += " (claim reclaimed)"
			}
			return changed(c, err, line)
		})
	})
}
