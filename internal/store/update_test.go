package store_test

import (
	"fmt"
	"slices"
	"testing"

	"andon/internal/store"
	"andon/internal/store/storetest"
	"andon/kanban"
)

// Where the database says that it did nothing, the function is run again, over a
// board on which its first attempt never was.
func TestUpdateRunsAgain(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		mustCreate(t, db, "t_1")
		attempts := 0
		err := db.Update(t.Context(), func(tx *store.Tx) error {
			attempts++
			task, err := tx.Task(t.Context(), "t_1")
			if err != nil {
				return err
			}
			c, err := claim(tx, task) // refused if the first attempt's claim stands
			if err != nil {
				return err
			}
			if err := tx.Apply(t.Context(), &c); err != nil {
				return err
			}
			if attempts < 3 {
				return fmt.Errorf("attempt %d: %w", attempts, storetest.Collision(db))
			}
			return nil
		})
		if err != nil || attempts != 3 {
			t.Errorf("Update: %v after %d attempts, want success after 3", err, attempts)
		}
		if got := storetest.Dump(t, db, `SELECT count(*) n FROM task_runs`); !slices.Equal(got, []string{"n=1 "}) {
			t.Errorf("runs: %q, want one", got)
		}
	})
}

// View sees one state from its first look to its last, whatever is committed
// meanwhile; and a writer at work holds no reader up.
func TestViewSeesOneState(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		mustCreate(t, db, "t_1")
		together := storetest.OnPostgres(db.Path()) ||
			slices.Equal(storetest.Dump(t, db, `PRAGMA journal_mode`), []string{"journal_mode=wal "})
		var first, second kanban.EventID
		wrote := make(chan error, 1)
		err := db.View(t.Context(), func(tx *store.Tx) (err error) {
			if first, err = tx.Head(t.Context()); err != nil {
				return err
			}
			writing := make(chan struct{})
			go func() {
				_, err := apply(t.Context(), db, "t_1", func(tx *store.Tx, t kanban.Task) (kanban.Change, error) {
					close(writing)
					return comment("meanwhile")(tx, t)
				})
				wrote <- err
			}()
			<-writing
			if together { // in DELETE mode the commit waits for its readers
				if err := <-wrote; err != nil {
					return err
				}
				wrote <- nil
			}
			second, err = tx.Head(t.Context())
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if first != second {
			t.Errorf("the head was %d and became %d within one View", first, second)
		}
		if err := <-wrote; err != nil {
			t.Fatal(err)
		}
		if got := head(t, db); got != first+1 {
			t.Errorf("afterwards the head is %d, want %d", got, first+1)
		}
	})
}

// A reader does not wait for a writer: were it so, this would never end.
func TestReadingWhileAnotherWrites(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		mustCreate(t, db, "t_1")
		before := head(t, db)
		mustApply(t, db, "t_1", func(tx *store.Tx, task kanban.Task) (kanban.Change, error) {
			c, err := comment("first")(tx, task)
			if err != nil {
				return c, err
			}
			if err := tx.Apply(t.Context(), &c); err != nil {
				return c, err
			}
			if got := head(t, db); got != before {
				t.Errorf("a reader sees event %d, which is not committed", got)
			}
			return comment("second")(tx, task)
		})
		if got := head(t, db); got != before+2 {
			t.Errorf("afterwards the head is %d, want %d", got, before+2)
		}
	})
}
