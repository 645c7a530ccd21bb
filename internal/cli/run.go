package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"andon/internal/config"
	"andon/internal/dispatch"
	"andon/internal/fsx"
	"andon/internal/lock"
	"andon/internal/view"
	"andon/kanban"
)

func newRun(a *app) *cobra.Command {
	o := &run{app: a}
	cmd := verb(words{
		use: "run", aliases: []string{"daemon"}, group: "work",
		short: "dispatch until stopped",
		long: `Start cards as they become ready, as long as this process runs. A commit by any
process wakes it at once. Stopping it, even by force, loses nothing: workers go
on, and the next dispatcher takes up where this one was.

A home has one dispatcher at a time, and a live Hermes gateway counts.`,
		example: `  andon run
  andon daemon --interval 60 --pidfile /run/andon.pid
  andon run --json | jq -c .spawned`,
		exits: "another dispatcher serves this home, or the board cannot be opened",
	}, noWords, o.run)
	f := cmd.Flags()
	f.StringVar(&o.interval, "interval", "", "the slow safety tick, in seconds or such as 1m (default: dispatch.interval)")
	f.IntVar(&o.failureLimit, "failure-limit", 0, "failures in a row that block a card (default: dispatch.failure_limit)")
	f.StringVar(&o.pidfile, "pidfile", "", "keep the number of this process in a file as long as it runs")
	f.BoolP("verbose", "v", false, "accepted for scripts written for Hermes: what a pass did is told always")
	f.Bool("force", false, "accepted for scripts written for Hermes, and not needed")
	_ = f.MarkHidden("force") // there is such a flag
	o.changed = f.Changed
	f.IntVar(&o.max, "max", 0, "at most so many running cards (beside dispatch.max_in_progress; 0: no further limit)")
	return cmd
}

type run struct {
	*app
	max, failureLimit int
	interval, pidfile string
	changed           func(flag string) bool
}

// singleWait is how long to wait for the place of the one dispatcher: whoever
// only asks whether it is taken holds it for an instant.
const singleWait = 2 * time.Second

func (o *run) run(ctx context.Context, _ []string) error {
	if o.max < 0 {
		return usagef("--max %d: it cannot be negative", o.max)
	}
	if o.failureLimit < 0 {
		return usagef("--failure-limit %d: it must be 1 or more", o.failureLimit)
	}
	if o.changed("pidfile") && strings.TrimSpace(o.pidfile) == "" {
		return usagef("--pidfile is blank; name a file")
	}
	var interval time.Duration
	if o.interval != "" {
		var err error
		if interval, err = config.ParseDuration(o.interval); err == nil && interval < time.Second {
			err = errors.New("it must be at least 1s")
		}
		if err != nil {
			return usagef("--interval %s: %v", o.interval, err)
		}
	}
	return o.configured(ctx, func(s *session) error {
		if interval > 0 {
			s.config.Dispatch.Interval = config.Duration(interval)
		}
		s.limitFailures(o.app, o.failureLimit)
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
		if o.pidfile != "" {
			remove, err := keepPID(o.pidfile)
			if err != nil {
				return err
			}
			defer remove()
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

// keepPID writes the number of this process to a file until remove is called. A
// file that another process has written meanwhile is left to it.
func keepPID(path string) (remove func(), err error) {
	pid := fmt.Appendln(nil, os.Getpid())
	if err := fsx.WriteFile(path, pid, 0o644); err != nil {
		return nil, &kanban.Error{Code: kanban.Denied, Err: err, Msg: fmt.Sprintf("keep the number of this process in %s: %v", path, err),
			Hint: "name a file that can be written"}
	}
	return func() {
		if now, err := os.ReadFile(path); err == nil && bytes.Equal(now, pid) {
			_ = os.Remove(path) // the number of a process that is gone, at worst
		}
	}, nil
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
	for _, f := range r.Fired {
		what := string(f.Card)
		if f.Card == "" {
			what = fmt.Sprintf("no card (%s: %s)", f.Routine.Outcome, f.Routine.Error)
		}
		o.printf("%s  %-9s %s  %s\n", at, "routine", view.Plain(f.Routine.Name), view.Plain(what))
	}
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
