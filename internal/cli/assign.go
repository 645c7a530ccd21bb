package cli

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"andon/internal/view"
	"andon/kanban"
)

func newAssign(a *app) *cobra.Command {
	o := &assign{app: a}
	return verb(words{
		use: "assign ID PROFILE", group: "cards",
		short: "give a card to a profile or person",
		long: `Give a card to a profile or person, or with none, - or null to nobody. Another
assignee begins with no failures. A card that runs must be reclaimed first.`,
		example: `  andon assign t_1a2b3c4d ada
  andon assign t_1a2b3c4d none`,
		exits: "no such card, or it is running",
	}, cobra.ExactArgs(2), o.run)
}

type assign struct{ *app }

func (o *assign) run(ctx context.Context, args []string) error {
	to, err := kanban.ParseAssignee(args[1])
	if err != nil {
		return err
	}
	return o.with(ctx, func(s *session) error {
		c, err := s.Assign(ctx, kanban.TaskID(strings.TrimSpace(args[0])), to)
		if err != nil {
			return err
		}
		o.warnIdle(s, c.Task)
		return o.tell(c.Task, "Assigned %s to %s", c.Task.ID, view.Plain(or(c.Task.Assignee, "(unassigned)")))
	})
}
