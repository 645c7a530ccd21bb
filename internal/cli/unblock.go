package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"andon/kanban"
)

func newUnblock(a *app) *cobra.Command {
	o := &unblock{app: a}
	cmd := verb(words{
		use: "unblock ID...", group: "cards",
		short: "let blocked or scheduled cards go on",
		long: `Let blocked or scheduled cards go on: to ready, or to todo while a parent is
unfinished. Their failures are forgotten. The reason is kept as a comment, which
the worker reads when it starts.`,
		example: `  andon unblock t_1a2b3c4d --reason "in grams"
  andon list --status blocked --json | jq -r '.[].id' | xargs andon unblock`,
		exits: "no such card, or it is neither blocked nor scheduled",
	}, cobra.MinimumNArgs(1), o.run)
	cmd.Flags().StringVar(&o.reason, "reason", "", "the answer, kept as a comment")
	return cmd
}

type unblock struct {
	*app
	reason string
}

func (o *unblock) run(ctx context.Context, args []string) error {
	ids, err := o.ids(args)
	if err != nil {
		return err
	}
	return o.with(ctx, func(s *session) error {
		u := kanban.Unblock{Reason: o.reason}
		if u.Author, err = o.speaker(ctx, s); err != nil {
			return err
		}
		return o.each(ids, func(id kanban.TaskID) (string, any, error) {
			c, err := s.Unblock(ctx, id, u)
			return changed(c, err, fmt.Sprintf("Unblocked %s", id))
		})
	})
}
