package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"andon/internal/config"
	"andon/internal/dispatch"
	"andon/internal/fsx"
	"andon/internal/home"
	"andon/internal/lock"
	"andon/internal/view"
	"andon/kanban"
)

func newRun(a *app) *cobra.Command {
	o := &run{app: a}
	cmd := verb(words{
		use: "run", aliases: []string{"daemon"}, group: "work",
		short: "dispatch until stopped",
		long: `Start cards as they become ready, on all boards of the home or on the one that
--board names, as long as this process runs. A commit by any process wakes it at
once, and a new board is found by itself. Stopping it, even by force, loses nothing:
workers go on, and the next dispatcher takes up where this one was. With
--stop-workers they are ended, their cards go back, uncounted, and it waits for that.
Started by systemd, it tells of its readiness and gives signs of life; see
"andon service".

A change of andon.yaml is in force at once; one that is wrong is refused, and what was
in force stays so. A hang-up (SIGHUP) has the file read again in any case.

With planner.auto in andon.yaml, raw ideas in triage are broken up by the planner as
they come, one at a time and beside the dispatching, which never waits for it.

A board that cannot be worked with is told of and left alone until its file changes,
or for 5 minutes, and the others are served on. A home has one dispatcher at a time,
and a live Hermes gateway counts.`,
		example: `  andon run
  andon daemon --interval 60 --pidfile /run/andon.pid
  andon run --json | jq -c .spawned
  andon run --log-format json --metrics 127.0.0.1:9464`,
		exits: "another dispatcher serves this home, or no board can be opened",
	}, noWords, o.run)
	o.flags(cmd.Flags())
	return cmd
}

// flags are those of every dispatcher that stays.
func (o *run) flags(f *pflag.FlagSet) {
	f.StringVar(&o.interval, "interval", "", "the slow safety tick, in seconds or such as 1m (default: dispatch.interval)")
	f.IntVar(&o.failureLimit, "failure-limit", 0, "failures in a row that block a card (default: dispatch.failure_limit)")
	f.StringVar(&o.pidfile, "pidfile", "", "keep the number of this process in a file as long as it runs")
	f.BoolP("verbose", "v", false, "accepted for scripts written for Hermes: what a pass did is told always")
	f.Bool("force", false, "accepted for scripts written for Hermes, and not needed")
	_ = f.MarkHidden("force") // there is such a flag
	f.StringVar(&o.logFormat, "log-format", "text", "write structured lines to standard error: text or json")
	f.StringVar(&o.logLevel, "log-level", "info", "the least level of those lines: debug, info, warn or error")
	f.StringVar(&o.metrics, "metrics", "", "serve figures for Prometheus at an address, such as 127.0.0.1:9464, under /metrics")
	f.BoolVar(&o.anywhere, "metrics-anywhere", false, "let --metrics be an address that other hosts can reach")
	f.BoolVar(&o.stopWorkers, "stop-workers", false, "when stopped, end the workers of this host, too, and wait for them; their cards go back")
	o.changed = f.Changed
	f.IntVar(&o.max, "max", 0, "at most so many running cards (beside dispatch.max_in_progress; 0: no further limit)")
}

type run struct {
	*app
	fleet *fleet

	max, failureLimit int
	interval, pidfile string
	every             time.Duration // the interval; zero: not given
	changed           func(flag string) bool

	logFormat, logLevel, metrics string
	anywhere, stopWorkers        bool
	logger                       *slog.Logger
	gauges                       *gauges
}

// singleWait is how long to wait for the place of the one dispatcher: whoever
// only asks whether it is taken holds it for an instant.
const singleWait = 2 * time.Second

// stopLimit is how long to wait for the workers that are ended: some seconds of grace,
// and what a supervisor takes to write that down.
const stopLimit = time.Minute

func (o *run) run(ctx context.Context, _ []string) error {
	if err := o.understand(); err != nil {
		return err
	}
	release, err := o.begin(ctx)
	if err != nil || release == nil {
		return err
	}
	defer release()
	return o.dispatch(ctx)
}

// understand looks at the words of the call.
func (o *run) understand() (err error) {
	if o.max < 0 {
		return usagef("--max %d: it cannot be negative", o.max)
	}
	if o.changed("failure-limit") && o.failureLimit < 1 {
		return usagef("--failure-limit %d: it must be 1 or more", o.failureLimit)
	}
	if o.changed("pidfile") && strings.TrimSpace(o.pidfile) == "" {
		return usagef("--pidfile is blank; name a file")
	}
	if o.interval != "" {
		if o.every, err = config.ParseDuration(o.interval); err == nil && o.every < time.Second {
			err = errors.New("it must be at least 1s")
		}
		if err != nil {
			return usagef("--interval %s: %v", o.interval, err)
		}
	}
	if o.logger, err = o.newLogger(); err != nil {
		return err
	}
	if o.changed("metrics") {
		if err := parseListen("metrics", o.metrics, "127.0.0.1:9464", o.anywhere); err != nil {
			return err
		}
		o.gauges = newGauges()
	}
	return nil
}

// begin finds what is to be served, and takes the place of its dispatcher. A context
// that ends meanwhile gives neither the place nor an error.
func (o *run) begin(ctx context.Context) (release func(), err error) {
	f, err := o.findFleet(ctx)
	if err != nil {
		return nil, err
	}
	f.max, f.failureLimit, f.interval = o.max, o.failureLimit, config.Duration(o.every)
	o.fleet = f
	leave, err := o.alone(ctx, f.home)
	if err != nil || leave == nil || o.pidfile == "" {
		return leave, err
	}
	remove, err := keepPID(o.pidfile)
	if err != nil {
		leave()
		return nil, err
	}
	return func() { remove(); leave() }, nil
}

// dispatch starts cards until the context ends.
func (o *run) dispatch(ctx context.Context) error {
	f := o.fleet
	d := f.dispatcher()
	plans := newAutoplanner(o)
	d.Report = func(r dispatch.Report) { o.report(r); plans.heed(r) }
	m := newManager(o.Env)
	d.Turn = m.turn
	if o.gauges != nil {
		f.opened = o.gauges.opened
		done, err := o.gauges.serve(ctx, o.metrics)
		if err != nil {
			return err
		}
		defer done()
	}
	if !o.json {
		o.printf("dispatching %s (%s), %s; Ctrl-C stops it, and workers %s\n", f.home.Root, o.what(ctx), counted(len(f.config.Load().Profiles), "profile", "profiles"),
			map[bool]string{false: "go on", true: "end with it"}[o.stopWorkers])
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var watching sync.WaitGroup
	stopped := make(chan struct{})
	watching.Go(func() { f.reload(ctx, f.read, func() { d.Set(f.settings()) }) })
	watching.Go(func() { m.live(stopped) })
	watching.Go(func() { plans.live(ctx) })
	err := d.Run(ctx)
	m.tell("STOPPING=1")
	if o.stopWorkers {
		late, free := context.WithTimeout(context.WithoutCancel(ctx), stopLimit)
		err = errors.Join(err, d.StopWorkers(late))
		free()
	}
	cancel()
	close(stopped)
	watching.Wait()
	return err
}

// what names the boards that are served.
func (o *run) what(ctx context.Context) string {
	boards, err := o.fleet.boards(ctx)
	if err != nil || len(boards) != 1 {
		return fmt.Sprintf("%d boards", len(boards))
	}
	return "board " + string(boards[0].Slug)
}

// alone takes the place of the home's one dispatcher. A context that ends meanwhile
// gives neither the place nor an error.
func (o *run) alone(ctx context.Context, h home.Home) (release func(), err error) {
	path := h.DispatcherLock()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, err
	}
	guard, held, err := lock.Poll(ctx, path, 50*time.Millisecond, singleWait)
	switch {
	case ctx.Err() != nil:
		return nil, nil
	case errors.Is(err, lock.ErrUnavailable):
		o.warn("dispatching without the lock that keeps a second dispatcher away: %v", err)
		return func() {}, nil
	case err != nil:
		return nil, err
	case !held:
		return nil, &kanban.Error{Code: kanban.Conflict, Msg: fmt.Sprintf("another dispatcher serves %s: %s (it holds %s)", h.Root, h.Dispatcher(), path),
			Hint: "stop it first, or let it do the work"}
	}
	h.NoteDispatcher()
	return func() { _ = guard.Unlock() }, nil
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
	for i, e := range r.Errors {
		r.Errors[i] = o.fleet.about(r.Board, e)
	}
	if o.gauges != nil {
		o.gauges.heed(r)
	}
	if o.logger != nil {
		o.log(r)
	}
	if r.Idle() {
		return
	}
	for _, e := range r.Errors {
		if o.logger != nil {
			break // it was said
		}
		if !r.Rests.IsZero() {
			e = fmt.Errorf("%w; the board is left alone until its file changes, or for 5 minutes, and the others are served on", e)
		}
		o.say(e)
	}
	if o.json {
		_ = view.JSONLine(o.Out, boardTick{r.Board.Slug, newTickView(r)}) // nobody left to tell: the work goes on
		return
	}
	at, of := o.Now().In(o.Zone).Format("15:04:05"), ""
	if r.Board.Slug != home.Default {
		of = "  (board " + string(r.Board.Slug) + ")"
	}
	say := func(what string, ids []kanban.TaskID) {
		for _, id := range ids {
			o.printf("%s  %-9s %s%s\n", at, what, id, of)
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
			o.printf("%s  %-9s %s  %s until %s%s\n", at, "guarded", h.Task.ID, h.Holds[0].Kind, h.Holds[0].Until.In(o.Zone).Format("2006-01-02 15:04:05"), of)
		}
	}
	for _, s := range r.Spawned {
		o.printf("%s  %-9s %s  run %s  %s%s\n", at, "started", s.Task, s.Run, view.Plain(s.Assignee), of)
	}
}
