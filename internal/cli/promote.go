package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"andon/kanban"
)

func newPromote(a *app) *cobra.Command {
	o := &promote{app: a}
	cmd := verb(words{
		use: "promote ID [REASON...]", group: "cards",
		short: "make a card ready by hand",
		long: `Make a todo or blocked card ready. One that waits for unfinished parents is
refused, unless forced; that holds until it is claimed and finished, blocked or
moved.`,
		example: `  andon promote t_1a2b3c4d "reviewed by hand"
  andon promote t_1a2b3c4d --force --dry-run`,
		exits: "no such card, it is neither todo nor blocked, or it waits for a parent",
	}, cobra.ArbitraryArgs, o.run)
	f := cmd.Flags()
	f.StringSliceVar(&o.more, "ids", nil, idsUsage)
	f.BoolVar(&o.force, "force", false, "although a parent is unfinished")
	f.BoolVar(&o.dryRun, "dry-run", false, "only say whether it would be refused")
	return cmd
}

type promote struct {
	*app
	more          []string
	force, dryRun bool
}

// promoted is what scripts are told of one card.
type promoted struct {
	ID       kanban.TaskID `json:"task_id"`
	Promoted bool          `json:"promoted"` // or, in a dry run, that it would be
	DryRun   bool          `json:"dry_run"`
	Forced   bool          `json:"forced"`
	Reason   *string       `json:"reason"`
	Error    *string       `json:"error"`
}

func (o *promote) run(ctx context.Context, args []string) error {
	ids, words, err := o.cards(args, o.more)
	if err != nil {
		return err
	}
	return o.with(ctx, func(s *session) error {
		p := kanban.Promotion{Reason: strings.TrimSpace(strings.Join(words, " ")), Force: o.force}
		if p.Actor, err = o.speaker(ctx, s); err != nil {
			return err
		}
		return o.each(ids, func(id kanban.TaskID) (string, any, error) {
			_, err := s.Promote(ctx, id, p, o.dryRun)
			v := promoted{ID: id, Promoted: err == nil, DryRun: o.dryRun, Forced: o.force}
			if p.Reason != "" {
				v.Reason = &p.Reason
			}
			if err != nil {
				text := err.Error()
				v.Error = &text
			}
			line := "Promoted %s -> ready"
			if o.dryRun {
				line = "Would promote %s -> ready"
			}
			return fmt.Sprintf(line, id), v, err
		})
	})
}
