package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"andon/kanban"
)

func newArchive(a *app) *cobra.Command {
	o := &archive{app: a}
	cmd := verb(words{
		use: "archive [ID...]", group: "cards",
		short: "put cards away",
		long: `Put cards away: they are listed no longer, and hold their children back no
longer. The run of a running card ends. With --rm, delete cards that are archived
already; they are kept in the trash for a day.`,
		example: `  andon archive t_1a2b3c4d
  andon list --status done --json | jq -r '.[].id' | xargs andon archive
  andon archive --rm t_1a2b3c4d t_5e6f7a8b`,
		exits: "no such card, it is archived already, or with --rm it is not yet",
	}, cobra.ArbitraryArgs, o.run)
	cmd.Flags().StringSliceVar(&o.rm, "rm", nil, "delete these instead, which must be archived")
	return cmd
}

type archive struct {
	*app
	rm []string
}

func (o *archive) run(ctx context.Context, args []string) error {
	switch {
	case len(args) > 0 && len(o.rm) > 0:
		return kanban.Invalidf("archive some cards and delete others in two calls")
	case len(args)+len(o.rm) == 0:
		return kanban.Invalidf("which card? name its id, or with --rm that of an archived one")
	case len(o.rm) > 0:
		return (&remove{app: o.app, archived: true}).run(ctx, o.rm)
	}
	ids, err := o.ids(args)
	if err != nil {
		return err
	}
	return o.with(ctx, func(s *session) error {
		return o.each(ids, func(id kanban.TaskID) (string, any, error) {
			c, err := s.Archive(ctx, id)
			o.tidy(ctx, s, c)
			return changed(c, err, fmt.Sprintf("Archived %s", id))
		})
	})
}
