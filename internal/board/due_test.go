package board_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"andon/internal/board"
	"andon/internal/store"
	"andon/internal/store/storetest"
	"andon/kanban"
)

// A card goes on by itself when its hour has come, and not before.
func TestScheduledCardGoesOnAtItsHour(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		b := board.New(db)
		now := time.Unix(1_800_000_000, 0)
		db.Now = func() time.Time { return now }
		at := now.Add(time.Hour)
		parent := add(t, b, kanban.Draft{})
		free, waits := add(t, b, kanban.Draft{At: at}), add(t, b, kanban.Draft{At: at, Parents: []kanban.TaskID{parent}})
		add(t, b, kanban.Draft{At: at.Add(time.Hour)})
		c, err := b.Schedule(t.Context(), parent, kanban.Schedule{})
		if err != nil || c.Task.Status != kanban.Scheduled {
			t.Fatalf("%+v, %v", c.Task, err)
		}
		if f, err := b.Floor(t.Context()); err != nil || !f.Next.Equal(at) {
			t.Errorf("the next start is %v (%v), want %v", f.Next, err, at)
		}
		now = at.Add(-time.Second)
		same(t, "due a second early", mustDue(t, b), nil)
		now = at
		same(t, "due", mustDue(t, b), []kanban.TaskID{free})
		status(t, b, waits, kanban.Todo)
		status(t, b, parent, kanban.Scheduled)
		if f, err := b.Floor(t.Context()); err != nil || !f.Next.Equal(at.Add(time.Hour)) {
			t.Errorf("then the next start is %v (%v)", f.Next, err)
		}
		same(t, "due again", mustDue(t, b), nil)
	})
}

// Whatever the verbs do, in whatever order, they promote what they make due: a
// look for what is due finds nothing, and the board is whole.
func TestNothingDueIsLeft(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		seed := rand.Uint64()
		random := rand.New(rand.NewPCG(seed, 0))
		b := board.New(db)
		var cards []kanban.TaskID
		for range 8 {
			cards = append(cards, add(t, b, kanban.Draft{Assignee: "ada", Triage: random.IntN(3) == 0}))
		}
		some := func() kanban.TaskID { return cards[random.IntN(len(cards))] }
		ctx := t.Context()
		for step := range 300 {
			id, other := some(), some()
			task, err := b.Task(ctx, id)
			if err != nil {
				t.Fatal(err)
			}
			name, err := oneOf(ctx, b, random.IntN(17), task, other, &cards)
			switch kanban.CodeOf(err) {
			case kanban.Conflict, kanban.NotFound, kanban.Invalid:
			default:
				if err != nil {
					t.Fatalf("seed %d, step %d, %s: %v", seed, step, name, err)
				}
			}
			if due := mustDue(t, b); len(due) > 0 {
				t.Fatalf("seed %d, step %d: %s of %s in %s (with %s) left %v due (%v)", seed, step, name, id, task.Status, other, due, err)
			}
		}
	})
}

// oneOf does one verb to a card.
func oneOf(ctx context.Context, b *board.Board, which int, t kanban.Task, other kanban.TaskID, cards *[]kanban.TaskID) (name string, err error) {
	do := func(verb string, c kanban.Change, e error) { name, err = verb, e }
	try := func(verb string) func(kanban.Change, error) {
		return func(c kanban.Change, e error) { do(verb, c, e) }
	}
	switch which {
	case 0, 1:
		try("link")(b.Link(ctx, kanban.Link{Parent: other, Child: t.ID}))
	case 2:
		try("unlink")(b.Unlink(ctx, kanban.Link{Parent: other, Child: t.ID}))
	case 3, 4:
		try("claim")(b.Claim(ctx, t.ID, kanban.Claimant{Lock: "h:1", Review: true}))
	case 5, 6:
		try("complete")(b.Complete(ctx, t.ID, kanban.Report{}))
	case 7:
		try("block")(b.Block(ctx, t.ID, kanban.Block{Kind: kanban.Dependency}))
	case 8:
		try("block")(b.Block(ctx, t.ID, kanban.Block{Reason: "why", Author: "a"}))
	case 9:
		try("unblock")(b.Unblock(ctx, t.ID, kanban.Unblock{}))
	case 10:
		try("request review")(b.RequestReview(ctx, t.ID, kanban.ReviewRequest{Summary: "s"}))
	case 11:
		try("reopen review")(b.ReopenReview(ctx, t.ID, kanban.Reopening{}))
	case 12:
		try("schedule")(b.Schedule(ctx, t.ID, kanban.Schedule{}))
	case 13:
		try("specify")(b.Specify(ctx, t.ID, kanban.Specification{}))
	case 14:
		_, parts, e := b.Decompose(ctx, t.ID, kanban.Decomposition{Parts: []kanban.Part{{Title: "x"}, {Title: "y", After: []int{0}}}})
		for _, p := range parts {
			*cards = append(*cards, p.ID)
		}
		return "decompose", e
	case 15:
		try("delete")(b.Delete(ctx, t.ID, kanban.Deletion{Was: t.Run}, nil))
		if err == nil {
			made, _, e := b.Create(ctx, kanban.Draft{Title: fmt.Sprint("for ", t.ID), Triage: true})
			for i := range *cards {
				if (*cards)[i] == t.ID {
					(*cards)[i] = made.ID
				}
			}
			return "delete", e
		}
	case 16:
		try("cancel")(b.Cancel(ctx, t.ID, "ada", t.Run, kanban.Termination{}))
	}
	return name, err
}

// What another program did and left undone is found among the cards that something
// happened to since, and those that wait for them: a look at all finds no more.
func TestPromoteSinceFindsWhatOthersLeft(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		b := board.New(db)
		parent, other := add(t, b, kanban.Draft{}), add(t, b, kanban.Draft{})
		child := add(t, b, kanban.Draft{Parents: []kanban.TaskID{parent}})
		waits := add(t, b, kanban.Draft{Parents: []kanban.TaskID{parent, other}})
		blocked := add(t, b, kanban.Draft{})
		if _, err := b.Block(ctx, blocked, kanban.Block{Reason: "why", Kind: kanban.NeedsInput, Author: "ada"}); err != nil {
			t.Fatal(err)
		}
		since := func(after kanban.EventID) ([]kanban.TaskID, kanban.EventID) {
			t.Helper()
			promoted, seen, err := b.PromoteSince(ctx, after)
			if err != nil {
				t.Fatal(err)
			}
			return promoted, seen
		}
		seen := head(t, b)
		if promoted, at := since(seen); len(promoted) > 0 || at != seen {
			t.Errorf("promoted %v up to %d, want none up to %d", promoted, at, seen)
		}
		// A neighbour that looks at nothing but the card it works on.
		err := db.Update(ctx, func(tx *store.Tx) error {
			task, err := tx.Task(ctx, parent)
			if err != nil {
				return err
			}
			done, err := task.Complete(kanban.Report{}, nil, kanban.Witness{}, tx.Now)
			if err != nil {
				return err
			}
			return tx.Apply(ctx, &done)
		})
		if err != nil {
			t.Fatal(err)
		}
		storetest.Exec(t, db, replaceID(`INSERT INTO task_events (task_id, kind, created_at) VALUES ('X', 'unblocked', 1)`, blocked))
		promoted, at := since(seen)
		slices.Sort(promoted)
		want := []kanban.TaskID{child, blocked}
		slices.Sort(want)
		same(t, "promoted", promoted, want)
		status(t, b, waits, kanban.Todo)
		same(t, "what a look at all finds", mustDue(t, b), nil)
		if promoted, _ := since(at); len(promoted) > 0 {
			t.Errorf("promoted %v again", promoted)
		}
	})
}
