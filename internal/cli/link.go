package cli

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"andon/kanban"
)

func newLink(a *app) *cobra.Command {
	o := &link{app: a}
	return verb(words{
		use: "link PARENT CHILD", group: "cards",
		short: "make a card wait for another",
		long: `Make the child wait until the parent is done. A ready child goes back to todo
while the parent is unfinished; a running one runs on.`,
		example: `  andon link t_1a2b3c4d t_5e6f7a8b`,
		exits:   "no such card, or the cards would wait for each other",
	}, cobra.ExactArgs(2), o.run)
}

func newUnlink(a *app) *cobra.Command {
	o := &link{app: a, off: true}
	return verb(words{
		use: "unlink PARENT CHILD", group: "cards",
		short:   "let a card wait for another no longer",
		long:    `Let the child wait for the parent no longer. It becomes ready if nothing else holds it.`,
		example: `  andon unlink t_1a2b3c4d t_5e6f7a8b`,
		exits:   "no such link",
	}, cobra.ExactArgs(2), o.run)
}

type link struct {
	*app
	off bool
}

func (o *link) run(ctx context.Context, args []string) error {
	l := kanban.Link{Parent: kanban.TaskID(strings.TrimSpace(args[0])), Child: kanban.TaskID(strings.TrimSpace(args[1]))}
	return o.with(ctx, func(s *session) error {
		do, did := s.Link, "Linked"
		if o.off {
			do, did = s.Unlink, "Unlinked"
		}
		c, err := do(ctx, l)
		if err != nil {
			return err
		}
		return o.tell(c.Task, "%s %s -> %s", did, l.Parent, l.Child)
	})
}
