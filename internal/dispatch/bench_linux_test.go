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
// cards, on one with a hundred thousand that are done, also with a budget for the
// month in which they were, and on one with thousands that wait for a person.
func BenchmarkTick(b *testing.B) {
	for _, c := range []struct {
		name string
		n    int
		end  func(kanban.Task, time.Time) (kanban.Change, error)
		per  kanban.Period // of a budget; empty: there is none
	}{
		{"empty", 0, nil, ""},
		{"done=100000", 100_000, func(t kanban.Task, now time.Time) (kanban.Change, error) {
			return t.Complete(kanban.Report{Summary: "done"}, nil, kanban.Witness{}, now)
		}, ""},
		{"budget", 100_000, func(t kanban.Task, now time.Time) (kanban.Change, error) {
			return t.Complete(kanban.Report{Summary: "done", Usage: kanban.Expense{Input: 1}}, nil, kanban.Witness{}, now)
		}, kanban.PerMonth},
		{"blocked=5000", 5000, func(t kanban.Task, now time.Time) (kanban.Change, error) {
			return t.Block(kanban.Block{Reason: "which?", Kind: kanban.NeedsInput, Author: "ada"}, nil, nil, now)
		}, ""},
	} {
		b.Run(c.name, func(b *testing.B) {
			root := b.TempDir()
			place := placeOf(root)
			db, err := sqlite.Open(b.Context(), filepath.Join(root, "kanban.db"), store.Options{})
			if err != nil {
				b.Fatal(err)
			}
			defer db.Close()
			db.Now = func() time.Time { return time.Now().Add(-time.Hour) }
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
			db.Now = time.Now
			d := dispatch.Single(board.New(db), place)
			d.Settings = dispatch.Settings{
				Limits: dispatch.Limits{Dispatch: config.Dispatch{MaxInProgress: 4, Interval: config.Duration(time.Minute)},
					Profiles: map[string]config.Profile{"agent": {}}},
				Job: worker.Job{Root: root, TTL: time.Minute}}
			if c.per != "" {
				d.Settings.Limits.Budgets = []kanban.Budget{{Tokens: 1e9, Per: c.per}}
			}
			pass, end, err := d.Passes(b.Context())
			if err != nil {
				b.Fatal(err)
			}
			defer end()
			for b.Loop() {
				if r, err := pass(); err != nil || !r.Idle() {
					b.Fatalf("%+v, %v", r, err)
				}
			}
		})
	}
}
