package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"andon/internal/proc"
	"andon/internal/worker"
	"andon/kanban"
)

func newReclaim(a *app) *cobra.Command {
	o := &reclaim{app: a}
	cmd := verb(words{
		use: "reclaim ID", group: "work",
		short: "take a card back from its worker",
		long: `Take a card back from its worker: its run ends, its failures are forgotten, and
it is ready again.`,
		example: `  andon reclaim t_1a2b3c4d --reason "it hangs"`,
		exits:   "no such card, or nobody holds it",
	}, cobra.ExactArgs(1), o.run)
	cmd.Flags().StringVar(&o.reason, "reason", "", "why, kept with the run")
	return cmd
}

type reclaim struct {
	*app
	reason string
}

func (o *reclaim) run(ctx context.Context, args []string) error {
	id := kanban.TaskID(strings.TrimSpace(args[0]))
	return o.with(ctx, func(s *session) error {
		t, err := s.Task(ctx, id)
		if err != nil {
			return err
		}
		x, err := endWorker(ctx, s, "reclaim", t)
		if err != nil {
			return err
		}
		// Only the run whose worker was ended is taken back.
		c, err := s.Reclaim(ctx, id, o.reason, t.Run, x)
		if err != nil {
			return err
		}
		return o.tell(c.Task, "Reclaimed %s", id)
	})
}

// endWorker ends the processes of the card's run before it is given to another.
// One that survives keeps the card.
func endWorker(ctx context.Context, s *session, verb string, t kanban.Task) (kanban.Termination, error) {
	run, err := s.Run(ctx, t.Run)
	if err != nil || run == nil {
		return kanban.Termination{}, err
	}
	x, err := worker.End(ctx, s.place, *run, proc.Hostname(), 0)
	if x.Survived() {
		return x, &kanban.Error{Code: kanban.Denied, Err: err,
			Msg:  fmt.Sprintf("%s %s: its worker (pid %d) does not end", verb, t.ID, run.WorkerPID),
			Hint: "the card stays with it, lest two work on it at once; end the process by hand and try again"}
	}
	return x, nil
}
