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

// BenchmarkTick measures a tick that finds nothing to do, on a board without
// cards and on one with a hundred thousand that are done.
func BenchmarkTick(b *testing.B) {
	for _, done := range []int{0, 100_000} {
		b.Run(fmt.Sprintf("done=%d", done), func(b *testing.B) {
			root := b.TempDir()
			place := placeOf(root)
			db, err := sqlite.Open(b.Context(), filepath.Join(root, "kanban.db"), store.Options{})
			if err != nil {
				b.Fatal(err)
			}
			defer db.Close()
			err = db.Update(b.Context(), func(tx *store.Tx) error {
				for i := range done {
					c, err := kanban.Create(kanban.TaskID(fmt.Sprintf("t_%08x", uint32(i)*2654435761)), kanban.Draft{Title: "a card", Assignee: "agent", WorkspaceKind: kanban.Scratch}, nil, tx.Now)
					if err != nil {
						return err
					}
					if err := tx.Apply(b.Context(), &c); err != nil {
						return err
					}
					if c, err = c.Task.Complete(kanban.Report{Summary: "done"}, nil, kanban.Witness{}, tx.Now); err != nil {
						return err
					}
					if err := tx.Apply(b.Context(), &c); err != nil {
						return err
					}
				}
				return nil
			})
			if err != nil {
				b.Fatal(err)
			}
			d := dispatch.Single(board.New(db), place)
			d.Settings = dispatch.Settings{
				Limits: dispatch.Limits{Dispatch: config.Dispatch{MaxInProgress: 4, Interval: config.Duration(time.Minute)},
					Profiles: map[string]config.Profile{"agent": {}}},
				Job: worker.Job{Root: root, TTL: time.Minute}}
			for b.Loop() {
				if r, err := d.Tick(b.Context(), false); err != nil || len(r) != 1 || !r[0].Idle() {
					b.Fatalf("%+v, %v", r, err)
				}
			}
		})
	}
}
