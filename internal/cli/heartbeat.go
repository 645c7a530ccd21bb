package cli

import (
	"context"

	"github.com/spf13/cobra"

	"andon/internal/config"
	"andon/kanban"
)

func newHeartbeat(a *app) *cobra.Command {
	o := &heartbeat{app: a}
	cmd := verb(words{
		use: "heartbeat [ID]", group: "work",
		short: "say that a card's worker is alive",
		long: `Say that a card's worker is alive. From the run's own worker it extends the
lease too. Inside a worker the id may be left out.`,
		example: `  andon heartbeat --note "120 of 400 pages"       inside a worker`,
		exits:   "no such card, it is not running, or another run has it",
	}, cobra.MaximumNArgs(1), o.run)
	cmd.Flags().StringVar(&o.note, "note", "", "what it is at")
	return cmd
}

type heartbeat struct {
	*app
	note string
}

func (o *heartbeat) run(ctx context.Context, args []string) error {
	ids, err := o.ids(args)
	if err != nil {
		return err
	}
	run, err := o.pin(ids[0])
	if err != nil {
		return err
	}
	return o.with(ctx, func(s *session) error {
		c, err := s.Heartbeat(ctx, ids[0], kanban.Heartbeat{Run: run, Note: o.note, TTL: config.ClaimTTL(o.Env)})
		if err != nil {
			return err
		}
		return o.tell(c.Task, "Heartbeat recorded for %s", ids[0])
	})
}
