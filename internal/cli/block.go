package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"andon/internal/view"
	"andon/kanban"
)

func newBlock(a *app) *cobra.Command {
	o := &block{app: a}
	cmd := verb(words{
		use: "block [ID] [REASON...]", group: "cards",
		short: "stop a card that cannot go on",
		long: `Stop a card that cannot go on, and say why; the reason is kept as a comment. It
waits in blocked for a person to unblock it. The kind dependency sends it to todo
instead, to wait for its parents; the second block of one kind in a row sends it
to triage. Inside a worker the id may be left out: a first word is taken for one
only if it looks like one.`,
		example: `  andon block t_1a2b3c4d "no access to the archive" --kind capability
  andon block "which unit?"                       inside a worker`,
		exits: "no such card, or it is neither ready nor running",
	}, cobra.ArbitraryArgs, o.run)
	f := cmd.Flags()
	f.StringSliceVar(&o.more, "ids", nil, idsUsage)
	f.StringVar(&o.kind, "kind", "", "dependency, needs_input, capability or transient")
	return cmd
}

type block struct {
	*app
	more []string
	kind string
}

func (o *block) run(ctx context.Context, args []string) error {
	ids, reason, err := o.cards(args, o.more)
	if err != nil {
		return err
	}
	kind, err := kanban.ParseBlockKind(o.kind)
	if err != nil {
		return usagef("--kind: %v", err)
	}
	pins, err := o.pins(ids)
	if err != nil {
		return err
	}
	return o.with(ctx, func(s *session) error {
		why := kanban.Block{Kind: kind, Reason: strings.TrimSpace(strings.Join(reason, " "))}
		if why.Author, err = o.speaker(ctx, s); err != nil {
			return err
		}
		return o.each(ids, func(id kanban.TaskID) (string, any, error) {
			why := why
			why.Run = pins[id]
			c, err := s.Block(ctx, id, why)
			return changed(c, err, blocked(c.Task, why.Reason))
		})
	})
}

// blocked says where a block has brought the card.
func blocked(t kanban.Task, reason string) string {
	s := "Blocked " + string(t.ID)
	switch t.Status {
	case kanban.Todo:
		s = fmt.Sprintf("%s went to todo: it waits for its parents", t.ID)
	case kanban.Triage:
		s = fmt.Sprintf("%s went to triage: it was blocked like this %d times in a row", t.ID, t.BlockRecurrences)
	}
	if reason != "" {
		s += ": " + view.Plain(reason)
	}
	return s
}
