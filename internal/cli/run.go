package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"andon/internal/dispatch"
	"andon/internal/lock"
	"andon/internal/view"
	"andon/kanban"
)

func newRun(a *app) *cobra.Command {
	o := &run{app: a}
	cmd := verb(words{
		use: "run", group: "work",
		short: "dispatch until stopped",
		long: `Start cards as they become ready, as long as this process runs. A commit by any
process wakes it at once. Stopping it, even by force, loses nothing: workers go
on, and the next dispatcher takes up where this one was.

A home has one dispatcher at a time, and a live Hermes gateway counts.`,
		example: `  andon run
  andon run --json | jq -c .spawned`,
		exits: "another dispatcher serves this home, or the board cannot be opened",
	}, cobra.NoArgs, o.run)
	cmd.Flags().IntVar(&o.max, "max", 0, "at most so many running cards (beside dispatch.max_in_progress; 0: no further limit)")
	return cmd
}

type run struct {
	*app
	max int
}

// singleWait is how long to wait for the place of the one dispatcher: whoever
// only asks whether it is taken holds it for an instant.
const singleWait = 2 * time.Second

func (o *run) run(ctx context.Context, _ []string) error {
	if o.max < 0 {
		return usagef("--max %d: it cannot be negative", o.max)
	}
	return o.configured(ctx, func(s *session) error {
		path := s.home.DispatcherLock()
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		guard, held, err := lock.Poll(ctx, path, 50*time.Millisecond, singleWait)
		switch {
		case ctx.Err() != nil:
			return nil
		case errors.Is(err, lock.ErrUnavailable):
			o.warn("dispatching without the lock that keeps a second dispatcher away: %v", err)
		case err != nil:
			return err
		case !held:
			return &kanban.Error{Code: kanban.Conflict, Msg: fmt.Sprintf("another dispatcher serves %s (it holds %s)", s.home.Root, path),
				Hint: "stop it first, or let it do the work"}
		default:
			defer guard.Unlock()
		}
		d := o.dispatcher(s, o.max)
		d.Report = o.report
		if !o.json {
			o.printf("dispatching %s (board %s), %d profiles; Ctrl-C stops it, and workers go on\n", s.Path(), s.place.Slug, len(s.config.Profiles))
		}
		if err := d.Run(ctx); err != nil {
			return err
		}
		return nil
	})
}

// report shows what a pass did, as soon as it did it.
func (o *run) report(r dispatch.Report) {
	for _, e := range r.Errors {
		fmt.Fprintf(o.Err, "andon: %s\n", view.Plain(e.Error()))
	}
	if o.json {
		_ = view.JSONLine(o.Out, newTickView(r)) // nobody left to tell: the work goes on
		return
	}
	at := o.Now().In(o.Zone).Format("15:04:05")
	say := func(what string, ids []kanban.TaskID) {
		for _, id := range ids {
			o.printf("%s  %-9s %s\n", at, what, id)
		}
	}
	say("reclaimed", r.Reclaimed)
	say("crashed", r.Crashed)
	say("timed out", r.TimedOut)
	say("stale", r.Stale)
	say("gave up", r.AutoBlocked)
	say("promoted", r.Promoted)
	say("assigned", r.AutoAssigned)
	for _, h := range r.Starts.Held {
		if slices.Contains(r.Guarded, h.Task.ID) {
			o.printf("%s  %-9s %s  %s until %s\n", at, "guarded", h.Task.ID, h.Holds[0].Kind, h.Holds[0].Until.In(o.Zone).Format("2006-01-02 15:04:05"))
		}
	}
	for _, s := range r.Spawned {
		o.printf("%s  %-9s %s  run %s  %s\n", at, "started", s.Task, s.Run, view.Plain(s.Assignee))
	}
}
