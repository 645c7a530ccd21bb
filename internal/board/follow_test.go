package board_test

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"andon/internal/board"
	"andon/internal/store"
	"andon/internal/store/storetest"
	"andon/kanban"
)

// writeComments adds as many comments to the card as the second argument says.
func writeComments(ctx context.Context, b *board.Board, args []string) error {
	n, err := strconv.Atoi(args[1])
	if err != nil {
		return err
	}
	if err := storetest.Gate(0); err != nil {
		return err
	}
	for range n {
		if _, err := b.Comment(ctx, kanban.TaskID(args[0]), "ada", "x"); err != nil {
			return err
		}
	}
	return nil
}

// A follower of four writers misses no event and sees none twice, and their
// numbers rise.
func TestFollowMissesNothing(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		const writers, each = 4, 100
		b := board.New(db)
		id := add(t, b, kanban.Draft{})
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
		defer cancel()
		var seen []kanban.EventID
		followed := make(chan struct{})
		go func() {
			defer close(followed)
			for e, err := range b.Follow(ctx, 0, store.EventFilter{}) {
				if err != nil {
					t.Error(err)
					return
				}
				if seen = append(seen, e.ID); len(seen) == 1+writers*each {
					return
				}
			}
			t.Error("two minutes were not enough to see every event")
		}()
		storetest.Race(t, writers, 1, as("write", db, string(id), fmt.Sprint(each)))
		<-followed
		if !slices.IsSorted(seen) {
			t.Errorf("events came out of order: %v", seen)
		}
		all, err := b.Events(t.Context(), store.EventFilter{})
		if err != nil {
			t.Fatal(err)
		}
		var want []kanban.EventID
		for _, e := range all {
			want = append(want, e.ID)
		}
		same(t, "events seen", seen, want)
		gone(t)
	})
}

// More events than one look reads are yielded without another commit.
func TestFollowReadsOnWithoutANewCommit(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		b := board.New(db)
		id := add(t, b, kanban.Draft{})
		storetest.Exec(t, db, `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1200)
			INSERT INTO task_events (task_id, kind, created_at) SELECT '`+string(id)+`', 'imported', 1 FROM n`)
		n := 0
		for e, err := range b.Follow(t.Context(), 1, store.EventFilter{Kinds: []kanban.EventKind{"imported"}}) {
			if err != nil || e.Kind != "imported" {
				t.Fatal(e, err)
			}
			if n++; n == 1200 {
				break
			}
		}
		gone(t)
	})
}

// Follow returns when its context ends, whatever it is doing then.
func TestFollowEndsWithItsContext(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		b := board.New(db)
		id := add(t, b, kanban.Draft{})
		for name, follow := range map[string]func() error{
			"while it waits": func() error {
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				for e, err := range b.Follow(ctx, 0, store.EventFilter{}) {
					if err != nil {
						return err
					}
					if e.Task == id {
						time.AfterFunc(10*time.Millisecond, cancel) // it is, or soon will be, waiting for the next
					}
				}
				return nil
			},
			"while an event is looked at": func() error {
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				for _, err := range b.Follow(ctx, 0, store.EventFilter{}) {
					if cancel(); err != nil {
						return err
					}
				}
				return nil
			},
			"before it began": func() error {
				ctx, cancel := context.WithCancel(t.Context())
				cancel()
				for e, err := range b.Follow(ctx, 0, store.EventFilter{}) {
					return fmt.Errorf("it yielded %v, %v", e, err)
				}
				return nil
			},
		} {
			done := make(chan error, 1)
			go func() { done <- follow() }()
			select {
			case err := <-done:
				if err != nil {
					t.Errorf("%s: %v", name, err)
				}
			case <-time.After(20 * time.Second):
				t.Fatalf("%s: Follow has not returned", name)
			}
		}
		gone(t)
	})
}

// closed is a board that was there.
func closed(t *testing.T, path string) *board.Board {
	t.Helper()
	db, err := storetest.OpenAt(t.Context(), path, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	return board.New(db)
}

// A board that cannot be followed says so, and once.
func TestFollowOfAClosedBoard(t *testing.T) {
	storetest.Places(t, func(t *testing.T, path string) {
		b := closed(t, path)
		done := make(chan []error, 1)
		go func() {
			var errs []error
			for _, err := range b.Follow(t.Context(), 0, store.EventFilter{}) {
				errs = append(errs, err)
			}
			done <- errs
		}()
		select {
		case errs := <-done:
			if len(errs) != 1 || errs[0] == nil {
				t.Errorf("got errors %v, want one", errs)
			}
		case <-time.After(20 * time.Second):
			t.Fatal("Follow has not returned")
		}
	})
}

// gone waits until no goroutine of a follower is left; one that has been told to
// end may still be on its last instruction.
func gone(t *testing.T) {
	t.Helper()
	var left []string
	for begun := time.Now(); time.Since(begun) < 10*time.Second; runtime.Gosched() {
		buf := make([]byte, 1<<20)
		left = slices.DeleteFunc(strings.Split(string(buf[:runtime.Stack(buf, true)]), "\n\n"), func(g string) bool {
			return !strings.Contains(g, "store/sqlite.(*watch)") && !strings.Contains(g, "store/sqlite.(*board).notices") &&
				!strings.Contains(g, "store/sqlite.(*board).wake") && !strings.Contains(g, "store/postgres.(*board).wake") && !strings.Contains(g, "fsnotify.")
		})
		if len(left) == 0 {
			return
		}
	}
	t.Errorf("goroutines are left:\n%s", strings.Join(left, "\n\n"))
}
