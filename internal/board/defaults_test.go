package board

import (
	"path/filepath"
	"testing"

	"andon/internal/store"
	"andon/internal/store/storetest"
	"andon/kanban"
)

// What a board gives to its cards is stored with them, and a file that is applied
// again finds them as it wants them.
func TestDefaultsAreStoredWithTheCards(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		repo := t.TempDir()
		b := New(db)
		b.Defaults = kanban.Defaults{Workdir: t.TempDir(), Project: kanban.NewProject("shop", repo)}
		c, _, err := b.Create(t.Context(), kanban.Draft{Title: "Mend it"})
		if err != nil {
			t.Fatal(err)
		}
		got, err := b.Task(t.Context(), c.ID)
		if err != nil {
			t.Fatal(err)
		}
		if want := filepath.Join(repo, ".worktrees", string(c.ID)); got.WorkspaceKind != kanban.Worktree || got.WorkspacePath != want || got.Project != "shop" ||
			got.Branch != b.Defaults.Project.Branch(c.ID, "Mend it") {
			t.Errorf("stored: %s at %s, branch %s, project %s", got.WorkspaceKind, got.WorkspacePath, got.Branch, got.Project)
		}
		dir, _, err := b.Create(t.Context(), kanban.Draft{Title: "Look", WorkspaceKind: kanban.Dir})
		if err != nil || dir.WorkspacePath != b.Defaults.Workdir {
			t.Errorf("a dir card works in %q, %v", dir.WorkspacePath, err)
		}
		g := kanban.Graph{Name: "g", Nodes: []kanban.Node{{Name: "a", Draft: kanban.Draft{Title: "A"}}, {Name: "b", Draft: kanban.Draft{Title: "B"}, After: []string{"a"}}}}
		for i := range 2 {
			done, err := b.Apply(t.Context(), g)
			if err != nil {
				t.Fatal(err)
			}
			for _, a := range done {
				if a.Created != (i == 0) || len(a.Differs) > 0 || a.Task.WorkspaceKind != kanban.Worktree {
					t.Errorf("applied for the %d. time: %+v", i+1, a)
				}
			}
		}
		s, _, err := b.Swarm(t.Context(), kanban.Swarm{Goal: "g", Workers: []kanban.SwarmWorker{{Profile: "ada", Title: "w"}}, Verifier: "v", Synthesizer: "s"})
		if err != nil {
			t.Fatal(err)
		}
		if w, err := b.Task(t.Context(), s.Workers[0]); err != nil || w.WorkspaceKind != kanban.Worktree {
			t.Errorf("a worker of a swarm works in %s, %v", w.WorkspaceKind, err)
		}
	})
}
