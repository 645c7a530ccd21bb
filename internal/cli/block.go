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
to triage. With --kind transient and --until, the worker says that it met a rate
limit and when that ends: no attempt is counted, the card goes on by itself then, and
until then no card of a profile with the same account is started. Inside a worker the id may be left out: a first word is taken for one
only if it looks like one.`,
		example: `  andon block t_1a2b3c4d "no access to the archive" --kind capability
  andon block "which unit?"                       inside a worker
  andon block --kind transient --until +3h "weekly quota"`,
		exits: "no such card, or it is neither ready nor running",
	}, cobra.ArbitraryArgs, o.run)
	f := cmd.Flags()
	f.StringSliceVar(&o.more, "ids", nil, idsUsage)
	f.StringVar(&o.kind, "kind", "", "dependency, needs_input, capability or transient")
	f.StringVar(&o.until, "until", "", "when the rate limit ends that the worker met, such as +2h (with --kind transient)")
	o.changed = f.Changed
	return cmd
}

type block struct {
	*app
	more []string
	kind string

	until   string
	changed func(flag string) bool
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
	until, err := o.parseWhen("--until", o.until, o.changed("until"))
	if err != nil {
		return err
	}
	if !until.IsZero() && kind != kanban.Transient {
		return usagef("--until goes with --kind transient")
	}
	pins, err := o.pins(ids)
	if err != nil {
		return err
	}
	return o.with(ctx, func(s *session) error {
		why := kanban.Block{Kind: kind, Until: until, Reason: strings.TrimSpace(strings.Join(reason, " "))}
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
	case kanban.Ready:
		s = fmt.Sprintf("%s and all of its account rest until %s", t.ID, t.RetryAt.UTC().Format("2006-01-02 15:04:05 UTC"))
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
