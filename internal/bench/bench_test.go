package bench

import (
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"andon/internal/board"
	"andon/internal/home"
	"andon/internal/store"
	"andon/kanban"
)

// The test binary, started with a board in this variable, is one of the
// processes. With "mute" it is one that never gets ready, with "fail" one that
// fails.
const workEnv = "ANDON_TEST_BENCH"

func TestMain(m *testing.M) {
	switch path := os.Getenv(workEnv); path {
	case "":
		os.Exit(m.Run())
	case "mute":
		io.Copy(io.Discard, os.Stdin)
	case "fail":
		os.Stderr.WriteString("no luck\n")
		os.Exit(1)
	default:
		db, err := open(context.Background(), path)
		if err == nil {
			err = Work(context.Background(), board.New(db), os.Stdin, os.Stdout, 3, 0)
		}
		if err != nil {
			os.Stderr.WriteString(err.Error())
			os.Exit(1)
		}
	}
}

func open(ctx context.Context, path string) (*store.DB, error) {
	return home.Board{DB: path}.Open(ctx, store.Options{})
}

// options starts processes in the mode; empty is the ordinary one.
func options(t *testing.T, mode string) Options {
	return Options{Procs: 3, Lifecycles: 3, Dir: t.TempDir(), Open: open,
		Worker: func(ctx context.Context, path string) *exec.Cmd {
			if mode != "" {
				path = mode
			}
			cmd := exec.CommandContext(ctx, os.Args[0])
			cmd.Env = append(os.Environ(), workEnv+"="+path, "GORACE=atexit_sleep_ms=0")
			return cmd
		}}
}

func mustBeEmpty(t *testing.T, dir string) {
	t.Helper()
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestRun(t *testing.T) {
	t.Parallel()
	o := options(t, "")
	r, err := Run(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Turns) != 3 || slices.Max(r.Turns) != 3 {
		t.Errorf("turns %v; want three, one of which has done all", r.Turns)
	}
	for _, v := range Verbs {
		if l := r.Verbs[v]; l.P50 <= 0 || l.P99 < l.P50 || l.Max < l.P99 {
			t.Errorf("%s: %+v", v, l)
		}
	}
	if r.Seconds <= 0 || r.SyncsPerSecond <= 0 || r.Ratio <= 0 {
		t.Errorf("result %+v", r)
	}
	mustBeEmpty(t, o.Dir)
}

func TestRunSaysWhatAProcessSaid(t *testing.T) {
	t.Parallel()
	o := options(t, "fail")
	if _, err := Run(t.Context(), o); err == nil || !strings.HasSuffix(err.Error(), ": no luck") {
		t.Errorf("Run = %v; want the last words of the process", err)
	}
	mustBeEmpty(t, o.Dir)
}

func TestRunIsInterrupted(t *testing.T) {
	t.Parallel()
	o := options(t, "mute")
	ctx, cancel := context.WithCancel(t.Context())
	var cmds []*exec.Cmd
	worker := o.Worker
	o.Worker = func(ctx context.Context, path string) *exec.Cmd {
		cmds = append(cmds, worker(ctx, path))
		if len(cmds) == o.Procs {
			cancel()
		}
		return cmds[len(cmds)-1]
	}
	if _, err := Run(ctx, o); !errors.Is(err, context.Canceled) {
		t.Errorf("Run = %v; want context.Canceled", err)
	}
	for _, cmd := range cmds {
		if cmd.Process != nil && cmd.ProcessState == nil {
			t.Errorf("process %d was not awaited", cmd.Process.Pid)
		}
	}
	mustBeEmpty(t, o.Dir)
}

func TestRunFindsABrokenBoard(t *testing.T) {
	t.Parallel()
	o := options(t, "")
	o.Open = func(ctx context.Context, path string) (*store.DB, error) {
		db, err := open(ctx, path)
		if err != nil {
			return nil, err
		}
		return db, db.Update(ctx, func(tx *store.Tx) error {
			return tx.Apply(ctx, &kanban.Change{Verb: kanban.VerbCreate,
				Task: kanban.Task{ID: "t_1", Status: kanban.Ready, Run: 1 << 40, WorkspaceKind: kanban.Scratch, CreatedAt: tx.Now}})
		})
	}
	if _, err := Run(t.Context(), o); kanban.CodeOf(err) != kanban.Damaged {
		t.Errorf("Run = %v; want that the board is not whole", err)
	}
	mustBeEmpty(t, o.Dir)
}

func TestWorkEndsWithItsParent(t *testing.T) {
	t.Parallel()
	db, err := open(t.Context(), filepath.Join(t.TempDir(), "kanban.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := Work(t.Context(), board.New(db), strings.NewReader("go\n"), io.Discard, 1<<30, time.Hour); !errors.Is(err, context.Canceled) {
		t.Errorf("Work without a parent = %v; want context.Canceled", err)
	}
	if err := Work(t.Context(), board.New(db), strings.NewReader(""), io.Discard, 1, 0); !errors.Is(err, io.EOF) {
		t.Errorf("Work that is not started = %v; want io.EOF", err)
	}
}

func TestJudgeTurns(t *testing.T) {
	t.Parallel()
	begun := time.UnixMicro(1_000_000)
	took := map[kanban.Verb][]int64{kanban.VerbCreate: {1000, 2000, 3000}}
	r := Options{Procs: 2, Lifecycles: 3}.judge(begun, []Log{
		{Ends: []int64{1_100_000, 1_900_000, 3_000_000}, Took: took},
		{Ends: []int64{1_200_000, 1_300_000, 1_900_000}, Took: took},
	}, []time.Duration{time.Millisecond})
	if want := []int{2, 3}; !slices.Equal(r.Turns, want) {
		t.Errorf("turns %v, want %v", r.Turns, want)
	}
	if r.Seconds != 2 || r.LifecyclesPerSecond != 3 || r.CommitsPerSecond != 12 || r.SyncsPerSecond != 1000 || r.Ratio != 0.012 {
		t.Errorf("result %+v", r)
	}
	if got, want := r.Verbs[kanban.VerbCreate], (Latency{2, 3, 3}); got != want {
		t.Errorf("create %+v, want %+v", got, want)
	}
}

// BenchmarkLifecycle is a card's whole life without contention.
func BenchmarkLifecycle(b *testing.B) {
	db, err := open(b.Context(), filepath.Join(b.TempDir(), "kanban.db"))
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	on := board.New(db)
	for b.Loop() {
		if _, err := lives(b.Context(), on, 1, 0); err != nil {
			b.Fatal(err)
		}
	}
}
