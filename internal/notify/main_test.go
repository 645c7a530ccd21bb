package notify

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"andon/internal/board"
	"andon/internal/config"
	"andon/internal/home"
	"andon/internal/store"
	"andon/internal/store/storetest"
	"andon/kanban"
)

// runEnv makes a process of this binary a runner: how it runs, the database, the
// home, the file to write to, and the point at which it is killed and how many of
// them it passes before, apart by newlines.
const runEnv = "ANDON_TEST_NOTIFY"

func TestMain(m *testing.M) {
	if args := strings.Split(os.Getenv(runEnv), "\n"); len(args) == 6 {
		if err := runChild(args); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func runChild(args []string) error {
	passes, err := strconv.Atoi(args[5])
	if err != nil {
		return err
	}
	h, err := findHome(args[1], args[2])
	if err != nil {
		return err
	}
	o := options(h, map[string]config.Target{"file": appending(args[3]), "all": following(args[3])})
	var mu sync.Mutex
	o.at = func(point string) {
		mu.Lock()
		defer mu.Unlock()
		if point != args[4] {
			return
		}
		if passes--; passes < 0 {
			self, err := os.FindProcess(os.Getpid())
			if err != nil {
				panic(err)
			}
			_ = self.Kill()
			select {}
		}
	}
	if args[0] == "run" {
		return Run(context.Background(), o)
	}
	return Once(context.Background(), o)
}

func findHome(db, root string) (home.Home, error) {
	return home.Find(home.Flags{}, func(name string) string { return map[string]string{"ANDON_DB": db, "ANDON_HOME": root}[name] }, "")
}

func options(h home.Home, targets map[string]config.Target) Options {
	return Options{
		Home: h, Targets: targets, Boards: h.Boards,
		Open:   func(ctx context.Context, b home.Board) (*store.DB, error) { return b.Open(ctx, store.Options{}) },
		Report: func(Report) {},
		Warn:   func(s string) { fmt.Fprintln(os.Stderr, s) },
	}
}

// appending is a target that writes what it gets to the end of a file.
func appending(file string) config.Target {
	return config.Target{Kind: config.Command, Argv: []string{"tee", "-a", file}}
}

func following(file string) config.Target {
	t := appending(file)
	t.Follow = []kanban.EventKind{kanban.EventBlocked}
	return t
}

// post is a board with what it takes to deliver from it.
type post struct {
	*board.Board
	t    *testing.T
	db   *store.DB
	home home.Home
	file string

	mu      sync.Mutex
	reports []Report
	now     time.Time
}

func newPost(t *testing.T, path string) *post {
	t.Helper()
	root := t.TempDir()
	h, err := findHome(path, root)
	if err != nil {
		t.Fatal(err)
	}
	db := storetest.Open(t, path)
	p := &post{Board: board.New(db), t: t, db: db, home: h, file: filepath.Join(root, "out"), now: time.Now()}
	return p
}

func filePost(t *testing.T) *post {
	return newPost(t, filepath.Join(t.TempDir(), "kanban.db"))
}

// once delivers what is due at the post's hour, and returns how each went.
func (p *post) once(targets map[string]config.Target) []Report {
	p.t.Helper()
	p.reports = nil
	o := options(p.home, targets)
	o.Report = func(r Report) {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.reports = append(p.reports, r)
	}
	o.Open = func(ctx context.Context, b home.Board) (*store.DB, error) {
		db, err := b.Open(ctx, store.Options{})
		if err == nil {
			db.Now = func() time.Time { return p.now }
		}
		return db, err
	}
	if err := Once(p.t.Context(), o); err != nil {
		p.t.Fatal(err)
	}
	return p.reports
}

// card makes a card of which the targets hear.
func (p *post) card(targets ...string) kanban.TaskID {
	p.t.Helper()
	d := kanban.Draft{Title: "Write the letter", Assignee: "ada"}
	for _, name := range targets {
		d.Subs = append(d.Subs, kanban.Sub{Platform: string(config.Command), ChatID: name})
	}
	task, _, err := p.Create(p.t.Context(), d)
	if err != nil {
		p.t.Fatal(err)
	}
	return task.ID
}

func (p *post) block(id kanban.TaskID) {
	p.t.Helper()
	if _, err := p.Block(p.t.Context(), id, kanban.Block{Reason: "why"}); err != nil {
		p.t.Fatal(err)
	}
}

func (p *post) unblock(id kanban.TaskID) {
	p.t.Helper()
	if _, err := p.Unblock(p.t.Context(), id, kanban.Unblock{}); err != nil {
		p.t.Fatal(err)
	}
}

func (p *post) complete(id kanban.TaskID) {
	p.t.Helper()
	if _, err := p.Complete(p.t.Context(), id, kanban.Report{Summary: "it is done"}); err != nil {
		p.t.Fatal(err)
	}
}

func (p *post) subs() (all []string) {
	p.t.Helper()
	subs, err := p.Subscriptions(p.t.Context(), store.SubFilter{})
	if err != nil {
		p.t.Fatal(err)
	}
	for _, s := range subs {
		all = append(all, s.Where())
	}
	slices.Sort(all)
	return all
}

func (p *post) target(name string) kanban.Target {
	p.t.Helper()
	targets, err := p.Targets(p.t.Context())
	if err != nil {
		p.t.Fatal(err)
	}
	for _, t := range targets {
		if t.Name == name {
			return t
		}
	}
	p.t.Fatalf("no target %s among %+v", name, targets)
	return kanban.Target{}
}

// got reads what was written to the file.
func (p *post) got() []message {
	p.t.Helper()
	f, err := os.Open(p.file)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		p.t.Fatal(err)
	}
	defer f.Close()
	var all []message
	for d := json.NewDecoder(f); ; {
		var m message
		if err := d.Decode(&m); err == io.EOF {
			return all
		} else if err != nil {
			p.t.Fatal(err)
		}
		all = append(all, m)
	}
}

// told lists what was delivered, each as "kind card".
func told(reports []Report) (all []string) {
	for _, r := range reports {
		if r.Error == "" {
			all = append(all, fmt.Sprint(r.Notice.Event.Kind, " ", r.Notice.Event.Task))
		}
	}
	return all
}

func same(t *testing.T, what string, got, want []string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s: %q, want %q", what, got, want)
	}
}
