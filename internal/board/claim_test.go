package board_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"andon/internal/board"
	"andon/internal/store"
	"andon/internal/store/storetest"
	"andon/kanban"
)

// claimAll claims each of the cards, behind a gate each, and says which it got.
func claimAll(ctx context.Context, b *board.Board, ids []string) error {
	for i, id := range ids {
		if err := storetest.Gate(i); err != nil {
			return err
		}
		c, err := b.Claim(ctx, kanban.TaskID(id), kanban.Claimant{Lock: fmt.Sprint("host:", os.Getpid()), TTL: time.Hour})
		switch {
		case err == nil:
			fmt.Println(id, c.Task.Lock, c.Task.Run)
		case !errors.Is(err, kanban.ErrHeld):
			return err
		}
	}
	return nil
}

func TestClaimIsExclusiveAmongProcesses(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		const processes, cards = 8, 10
		b := board.New(db)
		var ids []string
		for range cards {
			ids = append(ids, string(add(t, b, kanban.Draft{})))
		}
		winners := map[string][]string{}
		for _, lines := range storetest.Race(t, processes, cards, as("claim", db, ids...)) {
			for _, l := range lines {
				id, claim, _ := strings.Cut(l, " ")
				winners[id] = append(winners[id], claim)
			}
		}
		for _, id := range ids {
			task, err := b.Task(t.Context(), kanban.TaskID(id))
			if err != nil {
				t.Fatal(err)
			}
			same(t, "winners of "+id, winners[id], []string{fmt.Sprint(task.Lock, " ", task.Run)})
			runs, err := b.Runs(t.Context(), task.ID)
			if err != nil {
				t.Fatal(err)
			}
			if len(runs) != 1 || runs[0].ID != task.Run || !runs[0].Open() {
				t.Errorf("card %s has runs %+v, want its current one alone", id, runs)
			}
		}
	})
}

func TestClaimIsExclusiveAmongGoroutines(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		boards := []*board.Board{board.New(db), board.New(storetest.Open(t, db.Path()))}
		for range 5 {
			id := add(t, boards[0], kanban.Draft{})
			var mu sync.Mutex
			var won []string
			var wg sync.WaitGroup
			for i := range 20 {
				wg.Go(func() {
					c, err := boards[i%2].Claim(t.Context(), id, kanban.Claimant{Lock: fmt.Sprint("host:", i), TTL: time.Minute})
					switch {
					case err == nil:
						mu.Lock()
						won = append(won, c.Task.Lock)
						mu.Unlock()
					case !errors.Is(err, kanban.ErrHeld):
						t.Errorf("Claim: %v", err)
					}
				})
			}
			wg.Wait()
			task, err := boards[0].Task(t.Context(), id)
			if err != nil {
				t.Fatal(err)
			}
			same(t, "winners", won, []string{task.Lock})
		}
	})
}

// The claim that a parent refuses leaves its mark: the card goes back, and the
// caller is told why.
func TestClaimWithOpenParentIsStoredAndRefused(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		b := board.New(db)
		parent := add(t, b, kanban.Draft{})
		child := add(t, b, kanban.Draft{Parents: []kanban.TaskID{parent}})
		storetest.Exec(t, db, `UPDATE tasks SET status = 'ready' WHERE id = '`+string(child)+`'`)
		after := head(t, b)
		if _, err := b.Claim(t.Context(), child, kanban.Claimant{Lock: "h:1"}); !errors.Is(err, kanban.ErrParentsOpen) {
			t.Errorf("Claim: %v, want ErrParentsOpen", err)
		}
		status(t, b, child, kanban.Todo)
		same(t, "events", kinds(t, b, after), []string{string(child) + " claim_rejected"})
	})
}
