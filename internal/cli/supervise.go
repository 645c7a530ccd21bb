package cli

import (
	"context"

	"github.com/spf13/cobra"

	"andon/internal/worker"
)

// newSupervise is the process behind a run. The dispatcher starts it and writes
// the job on its standard input; the words after it are there to be read in a
// list of processes.
func newSupervise(a *app) *cobra.Command {
	cmd := verb(words{
		use: "supervise ID RUN", group: "work",
		short: "carry out one run (started by the dispatcher)",
		long:  "Carry out one run. The dispatcher starts it; it reads its job from standard input.",
	}, cobra.ExactArgs(2), func(ctx context.Context, _ []string) error {
		return worker.Supervise(ctx, a.In, worker.Options{Self: a.Self})
	})
	cmd.Hidden = true
	return cmd
}
