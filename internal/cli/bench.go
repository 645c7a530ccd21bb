package cli

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"andon/internal/bench"
	"andon/internal/board"
	"andon/internal/home"
	"andon/internal/store"
	"andon/internal/view"
	"andon/kanban"
)

func newBench(a *app) *cobra.Command {
	o := &benchmark{app: a}
	cmd := verb(words{
		use: "bench", group: "more",
		short: "measure a board on this machine",
		long: `Measure a board on this machine: processes that share one new board on a real
disk, each of which creates, claims, heartbeats and completes cards as fast as it
can. The board is checked at the end and removed. The raw rate at which the disk
syncs is measured beside it; a commit needs at least one sync.`,
		example: `  andon bench
  andon bench --procs 32 --pace 3
  andon bench --dir /mnt/disk --json | jq .commits_per_s`,
		exits: "it could not be done, or the board was not whole afterwards",
	}, noWords, o.run)
	f := cmd.Flags()
	f.IntVar(&o.procs, "procs", 8, "processes")
	f.IntVar(&o.lifecycles, "lifecycles", 200, "cards that each process takes through their lives")
	f.IntVar(&o.pace, "pace", 0, "milliseconds that a process thinks after each verb")
	f.StringVar(&o.dir, "dir", "", "folder on the disk to measure (default the user's folder for caches)")
	return cmd
}

type benchmark struct {
	*app
	procs, lifecycles, pace int
	dir                     string
}

func (o *benchmark) run(ctx context.Context, _ []string) error {
	switch {
	case o.procs < 1:
		return usagef("--procs %d: it must be 1 or more", o.procs)
	case o.lifecycles < 1:
		return usagef("--lifecycles %d: it must be 1 or more", o.lifecycles)
	case o.pace < 0:
		return usagef("--pace %d: it cannot be negative", o.pace)
	}
	dir, err := o.folder()
	if err != nil {
		return err
	}
	r, err := bench.Run(ctx, bench.Options{
		Procs: o.procs, Lifecycles: o.lifecycles, Dir: dir,
		Open: o.openFile,
		Worker: func(ctx context.Context, path string) *exec.Cmd {
			return exec.CommandContext(ctx, o.Self, workerVerb, path, strconv.Itoa(o.lifecycles), strconv.Itoa(o.pace))
		},
		Progress: o.progress(),
	})
	if o.Terminal && !o.json {
		o.printf("\r\x1b[K")
	}
	if err != nil {
		return err
	}
	if o.json {
		return view.JSON(o.Out, r)
	}
	o.text(r)
	return nil
}

// folder is where to measure. Not the system's folder for temporary files, which
// is often kept in memory and would know nothing of syncs.
func (o *benchmark) folder() (string, error) {
	if o.dir != "" {
		return o.dir, nil
	}
	dir, err := os.UserCacheDir()
	if err == nil {
		err = os.MkdirAll(dir, 0o700)
	}
	if err != nil {
		return "", &kanban.Error{Code: kanban.Denied, Err: err, Msg: err.Error(), Hint: "name a folder with --dir"}
	}
	return dir, nil
}

func (o *benchmark) openFile(ctx context.Context, path string) (*store.DB, error) {
	return home.Board{DB: path}.Open(ctx, store.Options{Warn: func(s string) { o.warn("%s", s) }})
}

func (o *benchmark) progress() func(done, of int) {
	if !o.Terminal || o.json {
		return nil
	}
	return func(done, of int) { o.printf("\r%d of %d cards done", done, of) }
}

func (o *benchmark) text(r bench.Result) {
	o.printf("processes %d, cards of each %d, seconds %.2f\n\n", r.Procs, r.Lifecycles, r.Seconds)
	o.printf("%9.0f cards/s, each created, claimed, kept alive and completed\n", r.LifecyclesPerSecond)
	o.printf("%9.0f commits/s\n", r.CommitsPerSecond)
	o.printf("%9.0f syncs/s of 4 KiB on this disk (p99 %.1f ms, max %.1f ms): %.2f commits per sync\n\n",
		r.SyncsPerSecond, r.Sync.P99, r.Sync.Max, r.Ratio)
	o.printf("%-10s %9s %9s %9s\n", "verb", "p50 ms", "p99 ms", "max ms")
	for _, v := range bench.Verbs {
		l := r.Verbs[v]
		o.printf("%-10s %9.2f %9.2f %9.2f\n", v, l.P50, l.P99, l.Max)
	}
	o.printf("\ncards done by each process when the first had done all: %v\n", r.Turns)
}

// workerVerb is not for people: `bench` starts it.
const workerVerb = "bench-worker"

func newBenchWorker(a *app) *cobra.Command {
	o := &benchmark{app: a}
	return &cobra.Command{
		Use: workerVerb + " FILE CARDS PACE", Hidden: true, Args: cobra.ExactArgs(3),
		RunE: func(cmd *cobra.Command, args []string) error { return o.work(cmd.Context(), args) },
	}
}

func (o *benchmark) work(ctx context.Context, args []string) (err error) {
	lifecycles, err1 := strconv.Atoi(args[1])
	pace, err2 := strconv.Atoi(args[2])
	if err := errors.Join(err1, err2); err != nil {
		return usagef("%v", err)
	}
	db, err := o.openFile(ctx, args[0])
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	return bench.Work(ctx, board.New(db), o.In, o.Out, lifecycles, time.Duration(pace)*time.Millisecond)
}
