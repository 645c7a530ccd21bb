package dispatch_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"andon/internal/board"
	"andon/internal/config"
	"andon/internal/dispatch"
	"andon/internal/home"
	"andon/internal/store"
	"andon/internal/store/sqlite"
	"andon/internal/worker"
	"andon/kanban"
)

// The test binary is also the dispatcher and the supervisor, in processes of
// their own, so that they can be killed.
func TestMain(m *testing.M) {
	switch {
	case len(os.Args) > 1 && os.Args[1] == "supervise":
		ctx, _ := signal.NotifyContext(context.Background(), syscall.SIGTERM) // as the command does
		limit, _ := strconv.ParseInt(os.Getenv("TEST_LOG_LIMIT"), 10, 64)
		os.Exit(said(worker.Supervise(ctx, os.Stdin, worker.Options{Self: os.Args[0], NoCgroup: os.Getenv("TEST_NO_CGROUP") != "", LogLimit: limit,
			At: func(p worker.Point) { dieAt(string(p)) }})))
	case len(os.Args) == 3 && os.Args[1] == "complete":
		os.Exit(said(report(context.Background())))
	case os.Getenv("TEST_DISPATCHER") != "":
		os.Exit(said(dispatcher(os.Getenv("TEST_DISPATCHER"))))
	}
	os.Exit(m.Run())
}

func said(err error) int {
	if err != nil {
		fmt.Fprintln(os.Stderr, "test process:", err)
		return 1
	}
	return 0
}

// dieAt kills this process at the point that TEST_DIE_AT names, once for each
// home: the next process passes it.
func dieAt(point string) {
	if os.Getenv("TEST_DIE_AT") != point {
		return
	}
	f, err := os.OpenFile(os.Getenv("TEST_DIED"), os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return
	}
	f.Close()
	syscall.Kill(os.Getpid(), syscall.SIGKILL)
	select {} // until it arrives
}

// dispatcher is the process that serves the board of a home.
func dispatcher(root string) error {
	ctx := context.Background()
	place := placeOf(root)
	db, err := sqlite.Open(ctx, place.DB, store.Options{})
	if err != nil {
		return err
	}
	defer db.Close()
	var profiles map[string]config.Profile
	if err := json.Unmarshal([]byte(os.Getenv("TEST_PROFILES")), &profiles); err != nil {
		return err
	}
	interval, err := time.ParseDuration(os.Getenv("TEST_INTERVAL"))
	if err != nil {
		return err
	}
	grace, err := time.ParseDuration(os.Getenv("TEST_GRACE"))
	if err != nil {
		return err
	}
	cooldown, err := time.ParseDuration(os.Getenv("TEST_COOLDOWN"))
	if err != nil {
		return err
	}
	const limit = 5
	d := dispatch.Single(board.New(db), place)
	d.Settings = dispatch.Settings{
		Limits: dispatch.Limits{
			Dispatch: config.Dispatch{MaxInProgress: 4, FailureLimit: limit, Interval: config.Duration(interval)},
			Profiles: profiles,
		},
		Job: worker.Job{Root: root, TTL: time.Minute, Busy: time.Minute, Grace: grace, FailureLimit: limit, RateLimitCooldown: cooldown},
	}
	d.Launch = func(job worker.Job, done func()) error {
		dieAt("claimed")
		err := worker.Launch(os.Args[0], job, done)
		dieAt("launched")
		return err
	}
	return d.Run(ctx)
}

func placeOf(root string) home.Board {
	h, err := home.Find(home.Flags{Home: root}, func(string) string { return "" }, root)
	if err != nil {
		panic(err)
	}
	return h.Board(home.Default)
}

// floor is a home with a board, and the processes that serve it.
type floor struct {
	t     *testing.T
	root  string
	db    *store.DB
	board *board.Board
	env   []string
}

// agentScript is what every agent does: it proves that no other agent of its
// card lives, leaves a child in a session of its own, and works for a moment.
const agentScript = `exec 9>>"$TEST_ROOT/$ANDON_TASK.lock"; flock -n 9 || echo "$ANDON_TASK" >>"$TEST_ROOT/doubles"
setsid sh -c 'trap "" TERM; sleep 300' &
sleep 0.1`

// completing is a profile whose agents do that and are done.
var completing = config.Profile{Command: []string{"sh", "-c", agentScript}, OnExit: kanban.OnExitComplete}

func newFloor(t *testing.T, p config.Profile, env ...string) *floor {
	t.Helper()
	return newFloorOf(t, map[string]config.Profile{"agent": p}, env...)
}

func newFloorOf(t *testing.T, p map[string]config.Profile, env ...string) *floor {
	t.Helper()
	profiles, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	root := t.TempDir()
	db, err := sqlite.Open(t.Context(), placeOf(root).DB, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	f := &floor{t: t, root: root, db: db, board: board.New(db)}
	f.env = append(os.Environ(), "TEST_DISPATCHER="+root, "TEST_ROOT="+root, "TEST_PROFILES="+string(profiles),
		"TEST_INTERVAL=1s", "TEST_COOLDOWN=1h", "TEST_GRACE=50ms", "TEST_DIED="+filepath.Join(root, "died"), "GORACE=atexit_sleep_ms=0")
	f.env = append(f.env, env...)
	t.Cleanup(func() { db.Close() })
	return f
}

// dispatch starts a dispatcher. It is killed at the end of the test.
func (f *floor) dispatch() *exec.Cmd {
	f.t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env, cmd.Stderr = f.env, os.Stderr
	if err := cmd.Start(); err != nil {
		f.t.Fatal(err)
	}
	f.t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	return cmd
}

func (f *floor) create(n int) []kanban.TaskID {
	f.t.Helper()
	var ids []kanban.TaskID
	for i := range n {
		c, _, err := f.board.Create(f.t.Context(), kanban.Draft{Title: fmt.Sprintf("card %d", i), Assignee: "agent"})
		if err != nil {
			f.t.Fatal(err)
		}
		ids = append(ids, c.ID)
	}
	return ids
}

// until waits for the board to be as asked.
func (f *floor) until(what string, ok func() bool) {
	f.t.Helper()
	f.within(time.Minute, what, ok)
}

func (f *floor) within(limit time.Duration, what string, ok func() bool) {
	f.t.Helper()
	ctx, cancel := context.WithTimeout(f.t.Context(), limit)
	defer cancel()
	if f.board.Until(ctx, func() (bool, error) { return ok(), nil }) == nil {
		return
	}
	tasks, _ := f.board.List(f.t.Context(), store.Filter{})
	for _, t := range tasks {
		log, _ := os.ReadFile(worker.LogFile(placeOf(f.root), t.ID))
		f.t.Logf("%s %s failures=%d %q\n%s", t.ID, t.Status, t.Failures, t.LastError, log)
	}
	f.t.Fatalf("waited %s for %s", limit, what)
}

// settled reports whether every card is done and the end of each worker known.
func (f *floor) settled(ids []kanban.TaskID) bool {
	for _, id := range ids {
		card := f.card(id)
		if card.Task.Status != kanban.Done || card.Runs[len(card.Runs)-1].Worker.Exit == "" {
			return false
		}
	}
	return true
}

func (f *floor) card(id kanban.TaskID) board.Card {
	f.t.Helper()
	c, err := f.board.Show(f.t.Context(), id, 0)
	if err != nil {
		f.t.Fatal(err)
	}
	return c
}

// check looks for what no kill may leave behind.
func (f *floor) check(ids []kanban.TaskID) {
	f.t.Helper()
	found, err := f.db.Audit(f.t.Context())
	if err != nil || len(found) > 0 {
		f.t.Errorf("audit: %q, %v", found, err)
	}
	if doubles, err := os.ReadFile(filepath.Join(f.root, "doubles")); err == nil {
		f.t.Errorf("two workers of one card lived at once: %s", doubles)
	}
	for _, id := range ids {
		completed := 0
		card := f.card(id)
		for _, r := range card.Runs {
			if r.Outcome == kanban.OutcomeCompleted {
				completed++
				if r.Worker.Exit != "exit 0" {
					f.t.Errorf("card %s: completed run %s has exit %q, want exit 0", id, r.ID, r.Worker.Exit)
				}
			}
		}
		if completed != 1 {
			f.t.Errorf("card %s was completed %d times, want once", id, completed)
		}
		for _, r := range card.Runs {
			if left := alive(worker.Mark(placeOf(f.root), r.ID)); len(left) > 0 {
				f.t.Errorf("card %s: run %s left processes %v", id, r.ID, left)
			}
		}
	}
}

// alive lists the processes with the mark of a run, found otherwise than the
// code under test finds them.
func alive(mark string) []string {
	var pids []string
	files, _ := filepath.Glob("/proc/[0-9]*/environ")
	for _, file := range files {
		if env, err := os.ReadFile(file); err == nil && strings.Contains("\x00"+string(env), "\x00"+mark+"\x00") {
			pids = append(pids, filepath.Base(filepath.Dir(file)))
		}
	}
	return pids
}
