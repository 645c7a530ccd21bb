package worker_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"andon/internal/board"
	"andon/internal/home"
	"andon/internal/proc"
	"andon/internal/store"
	"andon/internal/store/storetest"
	"andon/internal/worker"
	"andon/internal/workspace"
	"andon/kanban"
)

// floor is a board with its folders.
type floor struct {
	t     *testing.T
	board *board.Board
	clean worker.Cleaner
	root  string // of the scratch folders
}

func newFloor(t *testing.T, db *store.DB) *floor {
	dir := t.TempDir()
	place := home.Board{Slug: home.Default, DB: filepath.Join(dir, "kanban.db"), Workspaces: filepath.Join(dir, "kanban", "workspaces")}
	b := board.New(db)
	return &floor{t: t, board: b, clean: worker.Cleaner{Board: b, Place: place, Root: dir}, root: place.Workspaces}
}

// card makes a card with a folder of its own, in which there is a file.
func (f *floor) card(parents ...kanban.TaskID) kanban.TaskID {
	f.t.Helper()
	task, _, err := f.board.Create(f.t.Context(), kanban.Draft{Title: "a card", Parents: parents})
	if err != nil {
		f.t.Fatal(err)
	}
	write(f.t, filepath.Join(f.root, string(task.ID), "work.txt"))
	return task.ID
}

func write(t *testing.T, path string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("x"), 0o644); err != nil {
		t.Fatal(err)
	}
}

func (f *floor) do(c kanban.Change, err error) kanban.Change {
	f.t.Helper()
	if err != nil {
		f.t.Fatal(err)
	}
	return c
}

// finish completes a card that nobody works on, and cleans up after it.
func (f *floor) finish(id kanban.TaskID) {
	f.t.Helper()
	f.do(f.board.Complete(f.t.Context(), id, kanban.Report{}))
	f.after(id)
}

func (f *floor) after(id kanban.TaskID) {
	f.t.Helper()
	if err := f.clean.After(f.t.Context(), id, 0); err != nil {
		f.t.Errorf("clean up after %s: %v", id, err)
	}
}

// has fails the test unless just these cards have their folders.
func (f *floor) has(when string, want map[kanban.TaskID]bool) {
	f.t.Helper()
	for id, there := range want {
		_, err := os.Stat(filepath.Join(f.root, string(id), "work.txt"))
		if (err == nil) != there {
			f.t.Errorf("%s: the folder of %s is there: %t, want %t", when, id, err == nil, there)
		}
	}
}

// A child that was promoted by force may finish first: its parent works on, in its
// folder. The folder goes when the parent is finished and no other child needs it.
func TestTrap33TheFolderOfAWorkingParentStays(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		f := newFloor(t, db)
		parent := f.card()
		first, second := f.card(parent), f.card(parent)
		f.do(f.board.Claim(t.Context(), parent, kanban.Claimant{Lock: "host:1"}))
		for _, child := range []kanban.TaskID{first, second} {
			f.do(f.board.Promote(t.Context(), child, kanban.Promotion{Force: true}, false))
		}
		f.finish(first)
		f.has("the first child is done", map[kanban.TaskID]bool{parent: true, first: false, second: true})
		f.finish(parent)
		f.has("the parent is done", map[kanban.TaskID]bool{parent: true, second: true})
		f.do(f.board.Archive(t.Context(), second))
		f.after(second)
		f.has("the last child is archived", map[kanban.TaskID]bool{parent: false, second: false})
		f.after(second) // it may be called twice
	})
}

// Only the children of a card read what it left; those of its children do not.
func TestAFolderIsKeptForTheNextOnly(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		f := newFloor(t, db)
		a := f.card()
		b := f.card(a)
		c := f.card(b)
		f.finish(a)
		f.has("the first is done", map[kanban.TaskID]bool{a: true, b: true, c: true})
		f.finish(b)
		f.has("the second is done", map[kanban.TaskID]bool{a: false, b: true, c: true})
		f.finish(c)
		f.has("all are done", map[kanban.TaskID]bool{b: false, c: false})
	})
}

// While a worker of a finished card may live, its folder and what it may read stay.
func TestAFolderStaysWhileAWorkerMayLive(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		f := newFloor(t, db)
		parent := f.card()
		f.finish(parent)
		child, other := f.card(parent), f.card()
		run := kanban.Run{ID: f.do(f.board.Claim(t.Context(), child, kanban.Claimant{Lock: "host:1"})).Task.Run, Task: child}
		self := proc.Self()
		f.do(f.board.Started(t.Context(), run, "host:1", kanban.Worker{PID: int64(self.PID), Start: self.Start}, filepath.Join(f.root, string(child))))
		write(t, filepath.Join(f.root, string(parent), "work.txt"))
		f.finish(child)
		f.finish(other)
		f.has("the worker lives", map[kanban.TaskID]bool{parent: true, child: true, other: false})
		f.do(f.board.Ended(t.Context(), run, kanban.Exit{}, kanban.OnExitProtocol, nil))
		f.after(child)
		f.has("the worker has ended", map[kanban.TaskID]bool{parent: false, child: false})
	})
}

// What a card's row says is text, and any program may have written it: nothing but
// a folder strictly below one of the managed roots is removed.
func TestNothingElseIsRemoved(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		f := newFloor(t, db)
		neighbour := f.card() // its folder must not go with another's card
		outside := filepath.Join(f.clean.Root, "outside")
		link := func(name, to string) string {
			path := filepath.Join(f.root, name)
			if err := os.Symlink(to, path); err != nil {
				t.Fatal(err)
			}
			return path
		}
		write(t, filepath.Join(outside, "work.txt"))
		write(t, filepath.Join(f.root, "..", "beside", "work.txt"))
		write(t, filepath.Join(f.root, "file"))
		for name, path := range map[string]string{
			"outside":                      outside,
			"the root itself":              f.root,
			"around the root":              filepath.Dir(f.root),
			"the home":                     f.clean.Root,
			"the whole disk":               "/",
			"dots that lead out":           f.root + "/" + string(neighbour) + "/../../beside",
			"a link that leads out":        link("out", outside),
			"through a link that does":     filepath.Join(link("out2", f.clean.Root), "outside"),
			"a link to the root":           link("self", f.root),
			"a link to another's folder":   link("other", filepath.Join(f.root, string(neighbour))),
			"another's folder by its name": filepath.Join(f.root, string(neighbour)),
			"a file":                       filepath.Join(f.root, "file"),
			"relative":                     "outside",
		} {
			id := f.card()
			if err := os.RemoveAll(filepath.Join(f.root, string(id))); err != nil {
				t.Fatal(err)
			}
			f.do(f.board.Complete(t.Context(), id, kanban.Report{}))
			if _, err := storetest.Neighbour(t, db).ExecContext(t.Context(), query(db, `UPDATE tasks SET workspace_path = ? WHERE id = ?`), path, id); err != nil {
				t.Fatal(err)
			}
			h, err := f.board.Household(t.Context(), id)
			if err != nil {
				t.Fatal(err)
			}
			found, err := f.clean.Spent(t.Context(), h, 0)
			if err == nil {
				t.Errorf("%s: %s would be removed", name, found.Path)
			}
			if name != "another's folder by its name" && name != "relative" && !errors.Is(err, workspace.ErrUnmanaged) {
				t.Errorf("%s: refused with %v, which does not say that it is not managed", name, err)
			}
		}
		f.has("after all", map[kanban.TaskID]bool{neighbour: true})
		for _, path := range []string{filepath.Join(outside, "work.txt"), filepath.Join(f.root, "..", "beside", "work.txt")} {
			if _, err := os.Stat(path); err != nil {
				t.Error(err)
			}
		}
	})
}

// query is a statement as the database of the board wants it.
func query(db *store.DB, q string) string {
	if !storetest.OnPostgres(db.Path()) {
		return q
	}
	out, n := "", '0'
	for _, r := range q {
		if r == '?' {
			n++
			out += "$" + string(n)
			continue
		}
		out += string(r)
	}
	return out
}

// Caches of build tools are full of folders that nobody may write to.
func TestFoldersThatCannotBeWrittenToAreRemoved(t *testing.T) {
	root := t.TempDir()
	deep := filepath.Join(root, "t_1", "mod", "deep")
	write(t, filepath.Join(deep, "file"))
	for _, dir := range []string{deep, filepath.Dir(deep)} {
		if err := os.Chmod(dir, 0o555); err != nil {
			t.Fatal(err)
		}
	}
	f, err := workspace.Managed(filepath.Join(root, "t_1"), []string{root})
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Remove(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(f.Path); err == nil {
		t.Error("it is still there")
	}
}
