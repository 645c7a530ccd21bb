package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"andon/kanban"
)

func newArchive(a *app) *cobra.Command {
	o := &archive{app: a}
	return verb(words{
		use: "archive ID...", group: "cards",
		short: "put cards away",
		long: `Put cards away: they are listed no longer, and hold their children back no
longer. The run of a running card ends.`,
		example: `  andon archive t_1a2b3c4d
  andon list --status done --json | jq -r '.[].id' | xargs andon archive`,
		exits: "no such card, or it is archived already",
	}, cobra.MinimumNArgs(1), o.run)
}

type archive struct{ *app }

func (o *archive) run(ctx context.Context, args []string) error {
	ids, err := o.ids(args)
	if err != nil {
		return err
	}
	return o.with(ctx, func(s *session) error {
		return o.each(ids, func(id kanban.TaskID) (string, any, error) {
			c, err := s.Archive(ctx, id)
			return changed(c, err, fmt.Sprintf("Archived %s", id))
		})
	})
}
