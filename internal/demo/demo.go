// Package demo shows the board at work on a real folder: real worker processes,
// one of which is killed and one of which asks, a real dispatcher, one file.
package demo

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/goccy/go-yaml"

	"andon/internal/board"
	"andon/internal/fsx"
	"andon/internal/home"
	"andon/internal/proc"
	"andon/internal/store"
	"andon/internal/view"
	"andon/internal/worker"
	"andon/kanban"
)

//go:embed workers/*.sh
var scripts embed.FS

// Options is what a demo needs.
type Options struct {
	Dir      string // the folder to measure
	Keep     bool   // keep the home
	Self     string // this program's file
	Out      io.Writer
	JSON     bool // what happens as lines of JSON, as watch has them, and at the end the report
	Terminal bool
	Width    int
	Zone     *time.Location
}

// Run makes a fresh home, lets its board do the work, shows that and returns
// when everything is done and the board has been checked. The home is removed
// unless it shall be kept.
func Run(ctx context.Context, o Options) (err error) {
	folders, err := foldersOf(o.Dir)
	if err != nil {
		return err
	}
	if _, err := exec.LookPath("sh"); err != nil {
		return &kanban.Error{Code: kanban.Denied, Err: err, Msg: "the demo's workers are shell scripts, and there is no sh on the PATH",
			Hint: "on Windows, run it from Git Bash"}
	}
	root, err := os.MkdirTemp("", "andon-demo-")
	if err != nil {
		return err
	}
	defer func() {
		if !o.Keep {
			err = errors.Join(err, os.RemoveAll(root))
		}
	}()
	d, err := open(ctx, root, o)
	if err != nil {
		return err
	}
	err = d.run(ctx, folders)
	d.leave()
	err = errors.Join(err, d.db.Close())
	if o.Keep && !o.JSON {
		fmt.Fprintf(o.Out, "\nkept: andon --home %s list\n", root)
	}
	return err
}

// foldersOf lists the folders of dir that are not hidden; dir itself if it has
// none.
func foldersOf(dir string) ([]string, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, &kanban.Error{Code: kanban.Invalid, Err: err, Msg: "measure a folder: " + err.Error(), Hint: "name another with --dir"}
	}
	var folders []string
	for _, e := range entries {
		if e.IsDir() && !strings.HasPrefix(e.Name(), ".") {
			folders = append(folders, filepath.Join(dir, e.Name()))
		}
	}
	if len(folders) == 0 {
		folders = []string{dir}
	}
	return folders, nil
}

type demo struct {
	Options
	root  string
	place home.Board
	db    *store.DB
	board *board.Board
	began time.Time

	fragile, asking, report kanban.TaskID
	killed                  bool
}

func open(ctx context.Context, root string, o Options) (*demo, error) {
	profiles := map[string]any{}
	for _, name := range []string{"measure", "ask", "fragile", "report"} {
		script, err := scripts.ReadFile("workers/" + name + ".sh")
		if err != nil {
			return nil, err
		}
		profiles[name] = map[string]any{"command": []string{"sh", "-c", string(script)}}
	}
	config, err := yaml.Marshal(map[string]any{"profiles": profiles})
	if err != nil {
		return nil, err
	}
	h, err := home.Find(home.Flags{Home: root}, func(string) string { return "" }, root)
	if err != nil {
		return nil, err
	}
	if err := fsx.WriteFile(h.ConfigFile(), config, 0o644); err != nil {
		return nil, err
	}
	place := h.Board(home.Default)
	db, err := place.Open(ctx, store.Options{})
	if err != nil {
		return nil, err
	}
	return &demo{Options: o, root: root, place: place, db: db, board: board.New(db), began: time.Now()}, nil
}

func (d *demo) run(ctx context.Context, folders []string) error {
	if err := d.cards(ctx, folders); err != nil {
		return err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	stop, err := d.dispatch(cancel)
	if err != nil {
		return err
	}
	defer stop()
	if err := d.follow(ctx); err != nil {
		return err
	}
	stop()
	return d.finish(ctx)
}

// cards makes the graph: the report waits for every measurement and the answer.
func (d *demo) cards(ctx context.Context, folders []string) error {
	g := kanban.Graph{Name: "demo"}
	report := kanban.Node{Name: "report", Draft: kanban.Draft{
		// A scratch folder would be gone with the card, and the report is to be read.
		Title: "Write the report", Assignee: "report", WorkspaceKind: kanban.Dir, WorkspacePath: filepath.Join(d.root, "report"),
	}}
	for i, f := range folders {
		n := kanban.Node{Name: fmt.Sprintf("measure-%d", i), Draft: kanban.Draft{
			Title: "Measure " + filepath.Base(f), Assignee: "measure", WorkspaceKind: kanban.Dir, WorkspacePath: f,
		}}
		g.Nodes = append(g.Nodes, n)
		report.After = append(report.After, n.Name)
	}
	g.Nodes = append(g.Nodes,
		kanban.Node{Name: "ask", Draft: kanban.Draft{Title: "Ask how to sort the report", Assignee: "ask", Priority: 1}},
		kanban.Node{Name: "fragile", Draft: kanban.Draft{Title: "Survive the death of a worker", Assignee: "fragile", Priority: 1}})
	report.After = append(report.After, "ask")
	g.Nodes = append(g.Nodes, report)
	made, err := d.board.Apply(ctx, g)
	if err != nil {
		return err
	}
	ids := map[string]kanban.TaskID{}
	for _, m := range made {
		ids[m.Name] = m.Task.ID
	}
	d.fragile, d.asking, d.report = ids["fragile"], ids["ask"], ids["report"]
	return nil
}

// dispatch starts the dispatcher, in a process of its own. If it ends before it
// is stopped, failed is told.
func (d *demo) dispatch(failed context.CancelCauseFunc) (stop func(), err error) {
	cmd := exec.Command(d.Self, "run", "--home", d.root)
	cmd.Env = slices.DeleteFunc(os.Environ(), func(e string) bool {
		return strings.HasPrefix(e, "ANDON_") || strings.HasPrefix(e, "HERMES_")
	})
	var said strings.Builder
	cmd.Stderr = &said
	proc.NewSession(cmd) // Ctrl-C reaches the demo, which then ends in order
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	ended := make(chan struct{})
	var stopping atomic.Bool
	go func() {
		defer close(ended)
		if err := cmd.Wait(); err != nil && !stopping.Load() {
			failed(fmt.Errorf("the dispatcher ended: %w: %s", err, strings.TrimSpace(said.String())))
		}
	}()
	return func() {
		if stopping.CompareAndSwap(false, true) {
			if cmd.Process.Signal(os.Interrupt) != nil {
				cmd.Process.Kill()
			}
			<-ended
		}
	}, nil
}

// follow shows what happens, answers the question and kills the worker that
// waits for it, until no card is left to do.
func (d *demo) follow(ctx context.Context) error {
	s := newScreen(d)
	for e, err := range d.board.Follow(ctx, 0, store.EventFilter{}) {
		if err != nil {
			return err
		}
		if err := s.event(ctx, e); err != nil {
			return err
		}
		switch {
		case e.Task == d.asking && e.Kind == kanban.EventBlocked:
			_, err = d.board.Unblock(ctx, d.asking, kanban.Unblock{Reason: "lines", Author: "you"})
		case e.Task == d.fragile && e.Kind == kanban.EventHeartbeat && !d.killed:
			err = d.kill(ctx, e.Run)
		case e.Kind == kanban.EventGaveUp || e.Kind == kanban.EventBlockLoop:
			return d.gaveUp(ctx, e.Task)
		case e.Kind == kanban.EventCompleted:
			if left, err := d.left(ctx); err != nil || left == 0 {
				return err
			}
		}
		if err != nil {
			return err
		}
	}
	return context.Cause(ctx)
}

// left counts the cards that are not done.
func (d *demo) left(ctx context.Context) (int, error) {
	stats, err := d.board.Stats(ctx)
	n := 0
	for _, c := range stats.Counts {
		if !c.Status.Satisfied() {
			n += c.N
		}
	}
	return n, err
}

// kill ends the worker of a run as no worker likes to be ended. Its supervisor
// records the process just after it has started it, so that may not be read yet.
func (d *demo) kill(ctx context.Context, id kanban.RunID) error {
	var agent proc.ID
	err := d.board.Until(ctx, func() (bool, error) {
		run, err := d.board.Run(ctx, id)
		if err != nil || run == nil {
			return true, err
		}
		agent = proc.ID{PID: int(run.Worker.AgentPID), Start: run.Worker.AgentStart}
		return agent.PID != 0, nil
	})
	if err != nil {
		return err
	}
	d.killed = true
	return proc.Signal(agent, true)
}

func (d *demo) gaveUp(ctx context.Context, id kanban.TaskID) error {
	t, err := d.board.Task(ctx, id)
	if err != nil {
		return err
	}
	log, _ := os.ReadFile(worker.LogFile(d.place, id)) // may be missing, which says enough
	return fmt.Errorf("card %s (%s) gave up: %s\n%s", id, t.Title, t.LastError, log)
}

// finish shows what came of it.
func (d *demo) finish(ctx context.Context) error {
	t, err := d.board.Task(ctx, d.report)
	if err != nil {
		return err
	}
	report, err := os.ReadFile(filepath.Join(t.WorkspacePath, "report.txt"))
	if err != nil {
		return err
	}
	if err := d.ended(ctx); err != nil {
		return err
	}
	runs, err := d.board.Runs(ctx, d.fragile)
	if err != nil {
		return err
	}
	if !d.JSON {
		fmt.Fprintf(d.Out, "\nThe report of %s:\n\n%s\n", d.report, view.PlainLines(string(report)))
		fmt.Fprintf(d.Out, "The runs of %s, whose first worker was killed:\n\n%s\n", d.fragile, view.RunTable(runs, time.Now(), d.Zone))
	}
	found, err := d.board.Check(ctx)
	if err != nil {
		return err
	}
	if len(found) > 0 {
		return &kanban.Error{Code: kanban.Damaged, Msg: "check: " + strings.Join(found, "; ")}
	}
	if d.JSON {
		return view.JSONLine(d.Out, finished{d.report, string(report), d.kept()})
	}
	fmt.Fprintln(d.Out, "check: ok")
	return nil
}

// finished is the last line of a demo as programs see it.
type finished struct {
	TaskID kanban.TaskID `json:"task_id"`
	Report string        `json:"report"`
	Home   *string       `json:"home"` // null: it is removed
}

// kept is the home that stays; nil if it does not.
func (d *demo) kept() *string {
	if !d.Keep {
		return nil
	}
	return &d.root
}

// ended waits until every supervisor has recorded how its agent ended.
func (d *demo) ended(ctx context.Context) error {
	ctx, cancel := context.WithTimeoutCause(ctx, 30*time.Second, errors.New("a worker has not ended within 30 s"))
	defer cancel()
	return d.board.Until(ctx, func() (bool, error) {
		tasks, err := d.board.List(ctx, store.Filter{})
		for _, t := range tasks {
			runs, err := d.board.Runs(ctx, t.ID)
			if err != nil {
				return false, err
			}
			for _, r := range runs {
				if r.Worker.PID != 0 && r.Worker.Exit == "" && r.Outcome != kanban.OutcomeSpawnFailed {
					return false, nil
				}
			}
		}
		return err == nil, err
	})
}

// leave ends what still runs, if the demo was broken off: nothing of it may
// outlive its home.
func (d *demo) leave() {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	floor, err := d.board.Floor(ctx)
	if err != nil {
		return
	}
	for _, h := range floor.Running {
		run := h.Run
		_, _ = worker.End(ctx, d.place, run, proc.Hostname(), time.Second) // as far as it can be done
	}
}
