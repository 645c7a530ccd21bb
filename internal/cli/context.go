package cli

import (
	"context"
	"io"

	"github.com/spf13/cobra"

	"andon/internal/view"
	"andon/kanban"
)

func newContext(a *app) *cobra.Command {
	return verb(words{
		use: "context [ID]", group: "look",
		short: "print what a worker is told of a card",
		long: `Print what a worker is told of a card: its text, the files kept with it, earlier
attempts, the results of its parents, recent work of the same assignee, and the
comments. Inside a worker the id may be left out.`,
		example: `  andon context t_1a2b3c4d
  andon context | my-agent --prompt-file -`,
		exits: "no such card",
	}, cobra.MaximumNArgs(1), func(ctx context.Context, args []string) error {
		ids, err := a.ids(args)
		if err != nil {
			return err
		}
		return a.with(ctx, func(s *session) error {
			brief, err := s.Brief(ctx, ids[0])
			if err != nil {
				return err
			}
			text := brief.Text(a.Now(), a.Zone)
			if a.json {
				return view.JSON(a.Out, struct {
					ID   kanban.TaskID `json:"id"`
					Text string        `json:"text"`
				}{brief.Task.ID, text})
			}
			if a.Terminal {
				text = view.PlainLines(text) // a worker gets it as it is
			}
			_, err = io.WriteString(a.Out, text)
			return err
		})
	})
}
