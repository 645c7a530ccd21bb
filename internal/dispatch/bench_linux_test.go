package dispatch_test

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"andon/internal/board"
	"andon/internal/config"
	"andon/internal/dispatch"
	"andon/internal/store"
	"andon/internal/store/sqlite"
	"andon/internal/worker"
	"andon/kanban"
)

// BenchmarkTick measures a tick that finds nothing to do: on a board without
// cards, on one with a hundred thousand that are done, and on one with thousands
// that wait for a person.
func BenchmarkTick(b *testing.B) {
	for _, c := range []struct {
		name string
		n    int
		end  func(kanban.Task, time.Time) (kanban.Change, error)
	}{
		{"empty", 0, nil},
		{"done=100000", 100_000, func(t kanban.Task, now time.Time) (kanban.Change, error) {
			return t.Complete(kanban.Report{Summary: "done"}, nil, kanban.Witness{}, now)
		}},
		{"blocked=5000", 5000, func(t kanban.Task, now time.Time) (kanban.Change, error) {
			return t.Block(kanban.Block{Reason: "which?", Kind: kanban.NeedsInput, Author: "ada"}, nil, nil, now)
		}},
	} {
		b.Run(c.name, func(b *testing.B) {
			root := b.TempDir()
			place := placeOf(root)
			db, err := sqlite.Open(b.Context(), filepath.Join(root, "kanban.db"), store.Options{})
			if err != nil {
				b.Fatal(err)
			}
			defer db.Close()
			err = db.Update(b.Context(), func(tx *store.Tx) error {
				for i := range c.n {
					made, err := kanban.Create(kanban.TaskID(fmt.Sprintf("t_%08x", uint32(i)*2654435761)), kanban.Draft{Title: "a card", Assignee: "agent", WorkspaceKind: kanban.Scratch}, nil, tx.Now)
					if err != nil {
						return err
					}
					if err := tx.Apply(b.Context(), &made); err != nil {
						return err
					}
					ended, err := c.end(made.Task, tx.Now)
					if err != nil {
						return err
					}
					if err := tx.Apply(b.Context(), &ended); err != nil {
						return err
					}
				}
				return nil
			})
			if err != nil {
				b.Fatal(err)
			}
			d := &dispatch.Dispatcher{Board: board.New(db), Place: place,
				Limits: dispatch.Limits{Dispatch: config.Dispatch{MaxInProgress: 4, Interval: config.Duration(time.Minute)},
					Profiles: map[string]config.Profile{"agent": {}}},
				Job: worker.Job{Root: root, TTL: time.Minute}}
			for b.Loop() {
				if r, err := d.Tick(b.Context(), false); err != nil || !r.Idle() {
					b.Fatalf("%+v, %v", r, err)
				}
			}
		})
	}
}
