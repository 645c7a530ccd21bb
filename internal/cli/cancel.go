package cli

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"andon/kanban"
)

func newCancel(a *app) *cobra.Command {
	o := &cancel{app: a}
	return verb(words{
		use: "cancel ID", group: "work",
		short: "stop the work on a card",
		long: `Stop the work on a card: its worker is ended, and the card waits in blocked until
it is unblocked. That counts neither as a failure nor as a block of the worker's.`,
		example: `  andon cancel t_1a2b3c4d
  andon unblock t_1a2b3c4d --reason "go on, in grams"`,
		exits: "no such card, it is neither ready nor running, or its worker does not end",
	}, cobra.ExactArgs(1), o.run)
}

type cancel struct{ *app }

func (o *cancel) run(ctx context.Context, args []string) error {
	id := kanban.TaskID(strings.TrimSpace(args[0]))
	return o.with(ctx, func(s *session) error {
		by, err := o.speaker(ctx, s)
		if err != nil {
			return err
		}
		return take(ctx, s, "cancel", id, func(t kanban.Task, x kanban.Termination) error {
			c, err := s.Cancel(ctx, id, by, t.Run, x)
			if err != nil {
				return err
			}
			return o.tell(c.Task, "Cancelled %s", id)
		})
	})
}
