package dispatch_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"andon/internal/config"
	"andon/internal/gc"
	"andon/internal/worker"
	"andon/kanban"
)

// gone waits until there is nothing at the path.
func (f *floor) gone(path string) {
	f.t.Helper()
	limit := time.After(time.Minute)
	look := time.NewTicker(5 * time.Millisecond) // no commit tells of it
	defer look.Stop()
	for {
		if _, err := os.Stat(path); os.IsNotExist(err) {
			return
		}
		select {
		case <-limit:
			f.t.Fatalf("%s is there after a minute", path)
		case <-look.C:
		}
	}
}

// A scratch folder goes after the last process of its run, which works in it to the
// end: also one that has a session of its own and does not heed SIGTERM.
func TestScratchFolderGoesAfterTheWholeTree(t *testing.T) {
	t.Parallel()
	f := newFloor(t, shell(`setsid sh -c 'trap "" TERM; while touch here; do :; done; echo early >>"$TEST_ROOT/early"' & sleep 0.2`, kanban.OnExitComplete))
	id := f.one()
	run := f.last(id)
	f.gone(filepath.Join(placeOf(f.root).Workspaces, string(id)))
	if left := alive(worker.Mark(placeOf(f.root), run.ID)); len(left) > 0 {
		t.Errorf("processes %v were left", left)
	}
	if _, err := os.Stat(filepath.Join(f.root, "early")); err == nil {
		t.Error("the folder was removed while a process of the run worked in it")
	}
	if events := f.card(id).Events; events[3].Kind != kanban.EventScratchTip {
		t.Errorf("the first card with a scratch folder was not told of it: %v", events)
	}
}

// A card whose worker was ended because somebody archived it leaves nothing either.
func TestArchivedCardLeavesNoFolder(t *testing.T) {
	t.Parallel()
	f := newFloor(t, shell("sleep 300", kanban.OnExitComplete))
	id := f.one()
	f.until("the agent to run", func() bool {
		runs := f.card(id).Runs
		return len(runs) == 1 && runs[0].Worker.AgentPID != 0
	})
	if _, err := f.board.Archive(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	f.gone(filepath.Join(placeOf(f.root).Workspaces, string(id)))
}

// A card that is to be tried again keeps its folder.
func TestFailedCardKeepsItsFolder(t *testing.T) {
	t.Parallel()
	f := newFloor(t, shell("echo half >work; exit 1", kanban.OnExitComplete))
	id := f.one()
	f.last(id)
	if _, err := os.Stat(filepath.Join(placeOf(f.root).Workspaces, string(id), "work")); err != nil {
		t.Error(err)
	}
}

// A supervisor that is killed before it cleans up leaves a folder that gc finds.
func TestKilledBeforeTheCleanUp(t *testing.T) {
	t.Parallel()
	f := newFloor(t, completing, "TEST_DIE_AT=recorded")
	ids := f.create(1)
	f.dispatch()
	f.until("the card to be done", func() bool { return f.settled(ids) })
	place := placeOf(f.root)
	dir := filepath.Join(place.Workspaces, string(ids[0]))
	if _, err := os.Stat(dir); err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	r, err := gc.Run(t.Context(), f.board, place, f.root, gc.Options{Now: now, Events: now.AddDate(-1, 0, 0), Logs: now.AddDate(-1, 0, 0)})
	if err != nil || r.Workspaces != 1 {
		t.Errorf("gc: %+v, %v; want one folder", r, err)
	}
	f.gone(dir)
}

// Kills at any point of the hand-over leave one worktree, whole and on its branch,
// and cards of one repository that start at once do not disturb each other.
func TestWorktreesOutliveKills(t *testing.T) {
	for _, point := range []string{"none", "launched", "told", "taken", "started", "exited"} {
		t.Run(point, func(t *testing.T) {
			t.Parallel()
			f := newFloor(t, config.Profile{Command: []string{"sh", "-c", `git status --porcelain >>"$TEST_ROOT/dirty"; test -e a.txt && git branch --show-current >>"$TEST_ROOT/branches"`},
				OnExit: kanban.OnExitComplete}, "TEST_DIE_AT="+point, "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_NOSYSTEM=1")
			repo := filepath.Join(f.root, "repo")
			for _, args := range [][]string{
				{"init", "-q", "-b", "main", repo}, {"-C", repo, "add", "."},
				{"-C", repo, "-c", "user.name=a", "-c", "user.email=a@b", "commit", "-q", "-m", "first"},
			} {
				if args[0] == "-C" && args[2] == "add" {
					if err := os.WriteFile(filepath.Join(repo, "a.txt"), []byte("a\n"), 0o644); err != nil {
						t.Fatal(err)
					}
				}
				if out, err := exec.Command("git", args...).CombinedOutput(); err != nil {
					t.Fatalf("git %q: %v\n%s", args, err, out)
				}
			}
			var ids []kanban.TaskID
			for range 3 {
				c, _, err := f.board.Create(t.Context(), kanban.Draft{Title: "a card", Assignee: "agent", WorkspaceKind: kanban.Worktree, WorkspacePath: repo})
				if err != nil {
					t.Fatal(err)
				}
				ids = append(ids, c.ID)
			}
			first := f.dispatch()
			if point == "launched" {
				_ = first.Wait() // it kills itself
				f.dispatch()
			}
			f.until("all cards to be done", func() bool { return f.settled(ids) })
			for _, id := range ids {
				card := f.card(id)
				if want := filepath.Join(repo, ".worktrees", string(id)); card.Task.WorkspacePath != want || card.Task.Branch != "wt/"+string(id) {
					t.Errorf("card %s worked at %s on %s, want %s", id, card.Task.WorkspacePath, card.Task.Branch, want)
				}
				if _, err := os.Stat(filepath.Join(card.Task.WorkspacePath, "a.txt")); err != nil {
					t.Error(err) // the worktree of a finished card stays
				}
			}
			out, err := exec.Command("git", "-C", repo, "worktree", "list").Output()
			if n := strings.Count(string(out), "\n"); err != nil || n != 1+len(ids) {
				t.Errorf("%d worktrees, %v; want %d:\n%s", n, err, 1+len(ids), out)
			}
			if dirty, err := os.ReadFile(filepath.Join(f.root, "dirty")); err != nil || len(dirty) > 0 {
				t.Errorf("a worker found changes in its worktree: %q, %v", dirty, err)
			}
		})
	}
}
