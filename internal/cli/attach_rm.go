package cli

import (
	"context"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"andon/internal/view"
)

func newAttachRm(a *app) *cobra.Command {
	return verb(words{
		use: "attach-rm NUMBER", group: "cards",
		short:   "remove a file kept with a card",
		long:    "Remove a file kept with a card. `andon attachments` tells its number.",
		example: "  andon attach-rm 3",
		exits:   "no such attachment",
	}, cobra.ExactArgs(1), func(ctx context.Context, args []string) error {
		number, err := strconv.ParseInt(strings.TrimSpace(args[0]), 10, 64)
		if err != nil || number <= 0 {
			return usagef("%q is no number of an attachment; `andon attachments ID` tells those of a card", args[0])
		}
		return a.with(ctx, func(s *session) error {
			f, err := s.Attachment(ctx, number)
			if err != nil {
				return err
			}
			run, err := a.pin(f.Task)
			if err != nil {
				return err
			}
			left, err := s.files.Remove(ctx, s.Board, f, run)
			if err != nil {
				return err
			}
			if left != nil {
				a.warn("the file stays where it is: %v", left)
			}
			if a.json {
				return view.JSON(a.Out, view.NewAttachment(f))
			}
			a.printf("Removed %s (%d) from %s\n", view.Plain(f.Name), f.ID, view.Plain(string(f.Task)))
			return nil
		})
	})
}
