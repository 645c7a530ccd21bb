package cli

import (
	"context"

	"github.com/spf13/cobra"

	"andon/internal/view"
)

func newAttachments(a *app) *cobra.Command {
	return verb(words{
		use: "attachments [ID]", group: "look",
		short: "list the files kept with a card",
		long: `List the files kept with a card: number, name, size, media type, who brought it,
and where it lies. Inside a worker the id may be left out.`,
		example: `  andon attachments t_1a2b3c4d
  andon attachments t_1a2b3c4d --json | jq -r '.[].stored_path'`,
		exits: "no such card",
	}, cobra.MaximumNArgs(1), func(ctx context.Context, args []string) error {
		ids, err := a.ids(args)
		if err != nil {
			return err
		}
		return a.with(ctx, func(s *session) error {
			list, err := s.Attachments(ctx, ids[0])
			switch {
			case err != nil:
				return err
			case a.json:
				return view.JSON(a.Out, view.NewAttachments(list))
			case len(list) == 0:
				a.printf("(no attachments)\n")
			default:
				a.printf("%s", view.AttachmentTable(list))
			}
			return nil
		})
	})
}
