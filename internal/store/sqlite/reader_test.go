package sqlite_test

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"

	"andon/internal/store"
	"andon/internal/store/sqlite"
	"andon/internal/store/storetest"
	"andon/kanban"
)

// readEnv names a board that a process opens and reads.
const readEnv = "ANDON_TEST_READ"

func init() { children[readEnv] = readAll }

func readAll(path string) error {
	ctx := context.Background()
	db, err := sqlite.Open(ctx, path, store.Options{})
	if err != nil {
		return err
	}
	err = db.View(ctx, func(tx *store.Tx) error {
		head, err := tx.Head(ctx)
		fmt.Println("head:", head)
		return err
	})
	if err != nil {
		return err
	}
	return db.Close()
}

// Who reads a board with a write-ahead log does not wait for a writer: a process
// opens, reads and ends while a transaction is held that ends only after it has.
func TestReadersDoNotWait(t *testing.T) {
	t.Parallel()
	db := storetest.Open(t, filepath.Join(t.TempDir(), "kanban.db"))
	err := db.Update(t.Context(), func(tx *store.Tx) error {
		c, err := kanban.Create("t_1", kanban.Draft{Title: "x", WorkspaceKind: kanban.Scratch}, nil, tx.Now)
		if err != nil {
			return err
		}
		if err := tx.Apply(t.Context(), &c); err != nil {
			return err
		}
		said := storetest.Race(t, 1, 0, readEnv+"="+db.Path())
		if len(said[0]) != 1 || said[0][0] != "head: 0" {
			t.Errorf("the reader said %q, want what was there before the transaction", said[0])
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
