package cli

import (
	"context"

	"github.com/spf13/cobra"

	"andon/internal/store"
	"andon/internal/view"
	"andon/kanban"
)

func newTail(a *app) *cobra.Command {
	o := &tail{app: a}
	cmd := verb(words{
		use: "tail [ID]", group: "look",
		short: "print the history of a card, and what happens to it",
		long: `Print the whole history of a card, an event on each line, and go on with what
happens to it as it happens. It ends with Ctrl-C. Inside a worker the id may be
left out. What the worker itself prints is shown by log.`,
		example: `  andon tail t_1a2b3c4d
  andon tail t_1a2b3c4d --json | jq -r .kind`,
		exits: "no such card",
	}, cobra.MaximumNArgs(1), o.run)
	o.stream.flags(cmd)
	return cmd
}

type tail struct {
	*app
	stream stream
}

func (o *tail) run(ctx context.Context, args []string) error {
	ids, err := o.ids(args)
	if err != nil {
		return err
	}
	if err := o.stream.validate(); err != nil {
		return err
	}
	return untilEnd(ctx, o.with(ctx, func(s *session) error {
		t, err := s.Task(ctx, ids[0])
		if err != nil {
			return err
		}
		return o.stream.print(ctx, o.app, s, 0, store.EventFilter{Task: t.ID}, func(e kanban.Event) (string, error) {
			return view.EventRow(e, o.Zone), nil
		})
	}))
}
