package cli

import (
	"context"

	"github.com/spf13/cobra"

	"andon/internal/view"
)

func newStats(a *app) *cobra.Command {
	return verb(words{
		use: "stats", group: "look",
		short: "count the cards by status and by assignee",
		long: `Count the cards that are not archived, by status and by assignee, and tell how
long ago the oldest ready card was made.`,
		example: `  andon stats
  andon stats --json | jq .oldest_ready_age_seconds`,
		exits: "the board could not be read",
	}, cobra.NoArgs, func(ctx context.Context, _ []string) error {
		return a.with(ctx, func(s *session) error {
			counts, err := s.Stats(ctx)
			if err != nil {
				return err
			}
			stats := view.NewStats(counts.OldestReady, a.Now())
			for _, c := range counts.Counts {
				stats.Count(c.Status, c.Assignee, c.N)
			}
			if a.json {
				return view.JSON(a.Out, stats)
			}
			a.printf("%s", stats.Text(a.style()))
			return nil
		})
	})
}
