package board_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"andon/internal/board"
	"andon/internal/store"
	"andon/internal/store/storetest"
	"andon/kanban"
)

func swarm() kanban.Swarm {
	return kanban.Swarm{Goal: " A history\nof letters", Verifier: "Carl", Synthesizer: "dora", IdempotencyKey: "k", Priority: 2, Tenant: "acme",
		Workers: []kanban.SwarmWorker{{Profile: "ada", Title: "Find sources"}, {Profile: "bob", Title: "Draw", Skills: []string{"maps"}}}}
}

// A swarm is made whole, once for a key, and nobody could claim its root.
func TestSwarm(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		b := board.New(db)
		made, existed, err := b.Swarm(t.Context(), swarm())
		if err != nil || existed || len(made.Workers) != 2 {
			t.Fatalf("%+v, %t, %v", made, existed, err)
		}
		for id, want := range map[kanban.TaskID]kanban.Status{
			made.Root: kanban.Done, made.Workers[0]: kanban.Ready, made.Workers[1]: kanban.Ready, made.Verifier: kanban.Todo, made.Synthesizer: kanban.Todo,
		} {
			status(t, b, id, want)
		}
		root, err := b.Show(t.Context(), made.Root, 0)
		if err != nil {
			t.Fatal(err)
		}
		if r := root.Task; r.Title != "Swarm: A history" || r.Assignee != "swarm-orchestrator" || r.Tenant != "acme" || len(root.Children) != 2 {
			t.Errorf("the root is %+v", r)
		}
		if len(root.Runs) != 1 || !strings.Contains(string(root.Runs[0].Metadata), `"kanban_swarm_v1"`) {
			t.Errorf("the root's runs are %+v", root.Runs)
		}
		before := storetest.Everything(t, db)
		again, existed, err := b.Swarm(t.Context(), swarm())
		if err != nil || !existed {
			t.Errorf("made again: existed %t, %v", existed, err)
		}
		if d := cmp.Diff(made, again) + cmp.Diff(before, storetest.Everything(t, db)); d != "" {
			t.Errorf("made again, it is another (-first +second):\n%s", d)
		}
		for _, w := range made.Workers {
			if _, err := b.Complete(t.Context(), w, kanban.Report{}); err != nil {
				t.Fatal(err)
			}
		}
		status(t, b, made.Verifier, kanban.Ready)
	})
}

func TestSwarmIsAllOrNothing(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		b := board.New(db)
		add(t, b, kanban.Draft{IdempotencyKey: "taken"})
		before := storetest.Everything(t, db)
		for name, spoil := range map[string]func(*kanban.Swarm){
			"no goal":        func(s *kanban.Swarm) { s.Goal = " " },
			"no worker":      func(s *kanban.Swarm) { s.Workers = nil },
			"no profile":     func(s *kanban.Swarm) { s.Workers[1].Profile = "" },
			"no title":       func(s *kanban.Swarm) { s.Workers[1].Title = " " },
			"no verifier":    func(s *kanban.Swarm) { s.Verifier = "" },
			"no synthesizer": func(s *kanban.Swarm) { s.Synthesizer = "" },
			"a bad title":    func(s *kanban.Swarm) { s.Workers[1].Title = "\x00" },
			"a card's key":   func(s *kanban.Swarm) { s.IdempotencyKey = "taken" },
		} {
			s := swarm()
			spoil(&s)
			if made, _, err := b.Swarm(t.Context(), s); err == nil {
				t.Errorf("%s: made %+v", name, made)
			}
			if d := cmp.Diff(before, storetest.Everything(t, db)); d != "" {
				t.Errorf("%s: a part was made (-before +after):\n%s", name, d)
			}
		}
	})
}
