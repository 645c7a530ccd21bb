package cli

import (
	"context"

	"github.com/spf13/cobra"

	"andon/internal/demo"
)

func newDemo(a *app) *cobra.Command {
	o := demo.Options{}
	cmd := verb(words{
		use: "demo", group: "more",
		short: "watch the board do real work",
		long: `Make a fresh home and let its board work, in real processes: a card for each
folder is measured, one worker is killed and its card tried again, one asks a
question, and a report is written when all is known. The home is removed at the
end.

With --json each line is an event as watch has it, and the last one the report.`,
		example: "  andon demo\n  andon demo --dir ~/src --keep",
		exits:   "a card could not be done, or the folder cannot be read",
	}, noWords, func(ctx context.Context, _ []string) error {
		o.Self, o.Out, o.JSON, o.Terminal, o.Width, o.Zone = a.Self, a.Out, a.json, a.Terminal, a.Width, a.Zone
		return demo.Run(ctx, o)
	})
	cmd.Flags().StringVar(&o.Dir, "dir", ".", "folder whose folders are measured")
	cmd.Flags().BoolVar(&o.Keep, "keep", false, "keep the home, and say where it is")
	return cmd
}
