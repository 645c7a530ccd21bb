package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"andon/internal/dispatch"
	"andon/internal/lock"
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
		return take(ctx, s, "reclaim", id, func(t kanban.Task, x kanban.Termination) error {
			c, err := s.Reclaim(ctx, id, o.reason, t.Run, x)
			if err != nil {
				return err
			}
			return o.tell(c.Task, "Reclaimed %s", id)
		})
	})
}

// takeWait is how long to wait for a dispatcher to finish its pass.
const takeWait = 15 * time.Second

// take ends the worker of a card, if it has one, and then does what follows from
// that. No dispatcher is at the board meanwhile: it would take the worker's end
// for a crash, and start the card again.
func take(ctx context.Context, s *session, verb string, id kanban.TaskID, do func(kanban.Task, kanban.Termination) error) error {
	t, err := s.Task(ctx, id)
	if err != nil {
		return err
	}
	if t.Status != kanban.Running {
		return do(t, kanban.Termination{})
	}
	release, err := alone(ctx, s, fmt.Sprintf("%s %s", verb, id))
	if err != nil {
		return err
	}
	defer release()
	if t, err = s.Task(ctx, id); err != nil { // it may have moved before the lock was had
		return err
	}
	x, err := endWorker(ctx, s, verb, t)
	if err != nil {
		return err
	}
	return do(t, x)
}

// alone keeps dispatchers away from the board until release is called: none starts
// a card meanwhile, or judges one.
func alone(ctx context.Context, s *session, what string) (release func(), err error) {
	guard, held, err := lock.Poll(ctx, dispatch.LockFile(s.place), 10*time.Millisecond, takeWait)
	switch {
	case errors.Is(err, lock.ErrUnavailable): // then it keeps no dispatcher away, and is none of ours to wait for
		return func() {}, nil
	case err != nil:
		return nil, err
	case !held:
		return nil, &kanban.Error{Code: kanban.Busy, Msg: what + ": a dispatcher is at the board, and does not finish its pass", Hint: "try again"}
	}
	return func() { _ = guard.Unlock() }, nil // the end of the process frees it, too
}

// endWorker ends the processes of the card's run before it is given to another.
// One that survives keeps the card.
func endWorker(ctx context.Context, s *session, verb string, t kanban.Task) (kanban.Termination, error) {
	run, err := s.Run(ctx, t.Run)
	if err != nil || run == nil {
		return kanban.Termination{}, err
	}
	if run.WorkerPID != 0 && s.mark == worker.Mark(s.place, run.ID) { // it would be gone before it had done what follows
		return kanban.Termination{}, &kanban.Error{Code: kanban.Conflict, Msg: fmt.Sprintf("%s %s: this command is a part of the worker that it would end first", verb, t.ID),
			Hint: "a worker hands its card over with `andon complete` or `andon block`"}
	}
	x, err := worker.End(ctx, s.place, *run, proc.Hostname(), 0)
	if x.Survived() {
		return x, &kanban.Error{Code: kanban.Denied, Err: err,
			Msg:  fmt.Sprintf("%s %s: its worker (pid %d) does not end", verb, t.ID, run.WorkerPID),
			Hint: "the card stays with it, lest two work on it at once; end the process by hand and try again"}
	}
	return x, nil
}
