package board_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"andon/internal/board"
	"andon/internal/store"
	"andon/internal/store/storetest"
	"andon/kanban"
)

// What makes a card due promotes it in the same transaction: afterwards it is
// ready, its event stands behind the cause, and when the promotion cannot be
// stored neither is the cause.
func TestWhatMakesACardDuePromotesIt(t *testing.T) {
	for _, tt := range []struct {
		name  string
		cause kanban.EventKind
		of    string // the card of the causing event
		do    func(ctx context.Context, b *board.Board, parent, child kanban.TaskID) error
	}{
		{"complete the last parent", kanban.EventCompleted, "parent", func(ctx context.Context, b *board.Board, parent, child kanban.TaskID) error {
			_, err := b.Complete(ctx, parent, kanban.Report{})
			return err
		}},
		{"archive the last parent", kanban.EventArchived, "parent", func(ctx context.Context, b *board.Board, parent, child kanban.TaskID) error {
			_, err := b.Archive(ctx, parent)
			return err
		}},
		{"unlink the last parent", kanban.EventUnlinked, "child", func(ctx context.Context, b *board.Board, parent, child kanban.TaskID) error {
			_, err := b.Unlink(ctx, kanban.Link{Parent: parent, Child: child})
			return err
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			storetest.Each(t, func(t *testing.T, db *store.DB) {
				b := board.New(db)
				first, last := add(t, b, kanban.Draft{}), add(t, b, kanban.Draft{})
				child := add(t, b, kanban.Draft{Parents: []kanban.TaskID{first, last}})
				sticky := add(t, b, kanban.Draft{Parents: []kanban.TaskID{last}, Blocked: true})
				if _, err := b.Complete(t.Context(), first, kanban.Report{}); err != nil {
					t.Fatal(err)
				}
				status(t, b, child, kanban.Todo)

				draw := storetest.Nail(t, db, string(child))
				before := storetest.Everything(t, db)
				if err := tt.do(t.Context(), b, last, child); err == nil || !strings.Contains(err.Error(), "nailed down") {
					t.Errorf("with the child nailed down: %v", err)
				}
				if d := cmp.Diff(before, storetest.Everything(t, db)); d != "" {
					t.Errorf("without the promotion, the cause was stored (-before +after):\n%s", d)
				}
				draw()

				after := head(t, b)
				if err := tt.do(t.Context(), b, last, child); err != nil {
					t.Fatal(err)
				}
				status(t, b, child, kanban.Ready)
				status(t, b, sticky, kanban.Blocked)
				of := map[string]kanban.TaskID{"parent": last, "child": child}[tt.of]
				same(t, "events", kinds(t, b, after), []string{fmt.Sprint(of, " ", tt.cause), fmt.Sprint(child, " promoted")})
			})
		})
	}
}

// A tripped breaker holds until a person unblocks, reassigns or edits the card.
func TestBreakerHolds(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		b := board.New(db)
		b.Policy = func(string) kanban.Policy { return kanban.Policy{BoardLimit: 1} }
		trip := func() kanban.TaskID {
			id := add(t, b, kanban.Draft{Assignee: "ada"})
			c, err := b.Claim(t.Context(), id, kanban.Claimant{Lock: "h:1"})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := b.Ended(t.Context(), c.Runs[0], kanban.Exit{Code: 1}, kanban.OnExitProtocol, nil); err != nil {
				t.Fatal(err)
			}
			status(t, b, id, kanban.Blocked)
			return id
		}
		due := func(want ...kanban.TaskID) {
			t.Helper()
			got, err := b.PromoteDue(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			same(t, "promoted", got, want)
		}
		held := trip()
		due()
		b.Policy = func(string) kanban.Policy { return kanban.Policy{BoardLimit: 9} } // a raised limit releases nothing
		due()
		status(t, b, held, kanban.Blocked)

		b.Policy = func(string) kanban.Policy { return kanban.Policy{BoardLimit: 1} }
		if _, err := b.Assign(t.Context(), held, "bob"); err != nil {
			t.Fatal(err)
		}
		status(t, b, held, kanban.Ready) // it was made due, and so promoted at once
		edited := trip()
		if _, err := b.Edit(t.Context(), edited, kanban.Edit{Priority: new(int64(3))}); err != nil {
			t.Fatal(err)
		}
		status(t, b, edited, kanban.Blocked)
		if _, err := b.Edit(t.Context(), edited, kanban.Edit{Body: new("in grams")}); err != nil {
			t.Fatal(err)
		}
		status(t, b, edited, kanban.Ready)
		unblocked := trip()
		if _, err := b.Unblock(t.Context(), unblocked, kanban.Unblock{}); err != nil {
			t.Fatal(err)
		}
		status(t, b, unblocked, kanban.Ready)
	})
}

// A card created blocked is a gate, whoever looks for what is due.
func TestCreatedBlockedStaysBlocked(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		b := board.New(db)
		gate := add(t, b, kanban.Draft{Blocked: true})
		if promoted, err := b.PromoteDue(t.Context()); err != nil || len(promoted) != 0 {
			t.Errorf("PromoteDue promoted %v (%v)", promoted, err)
		}
		if _, err := b.Assign(t.Context(), gate, "ada"); err != nil {
			t.Fatal(err)
		}
		status(t, b, gate, kanban.Blocked)
		if _, err := b.Unblock(t.Context(), gate, kanban.Unblock{}); err != nil {
			t.Fatal(err)
		}
		status(t, b, gate, kanban.Ready)
	})
}

func TestLinkRefusesACircle(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		b := board.New(db)
		first := add(t, b, kanban.Draft{})
		second := add(t, b, kanban.Draft{Parents: []kanban.TaskID{first}})
		third := add(t, b, kanban.Draft{Parents: []kanban.TaskID{second}})
		before := storetest.Everything(t, db)
		_, err := b.Link(t.Context(), kanban.Link{Parent: third, Child: first})
		circle := fmt.Sprintf("%s -> %s -> %s -> %s", first, second, third, first)
		if !errors.Is(err, kanban.ErrCycle) || !strings.Contains(err.Error(), circle) {
			t.Errorf("got %v, want ErrCycle that names %s", err, circle)
		}
		if d := cmp.Diff(before, storetest.Everything(t, db)); d != "" {
			t.Errorf("the refusal left (-before +after):\n%s", d)
		}
	})
}

// Two links that are harmless alone and a circle together: one of them is made.
func TestLinksMadeAtOnceFormNoCircle(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		boards := []*board.Board{board.New(db), board.New(storetest.Open(t, db.Path()))}
		for range 10 {
			a, z := add(t, boards[0], kanban.Draft{}), add(t, boards[0], kanban.Draft{})
			errs := make([]error, 2)
			var wg sync.WaitGroup
			for i, l := range []kanban.Link{{Parent: a, Child: z}, {Parent: z, Child: a}} {
				wg.Go(func() { _, errs[i] = boards[i].Link(t.Context(), l) })
			}
			wg.Wait()
			if (errs[0] == nil) == (errs[1] == nil) || errs[0] != nil && !errors.Is(errs[0], kanban.ErrCycle) || errs[1] != nil && !errors.Is(errs[1], kanban.ErrCycle) {
				t.Errorf("of two links that form a circle: %v and %v, want one ErrCycle", errs[0], errs[1])
			}
		}
	})
}

func graph(existing kanban.TaskID) kanban.Graph {
	return kanban.Graph{Name: "g", Nodes: []kanban.Node{
		{Name: "last", Draft: kanban.Draft{Title: "last"}, After: []string{"left", "right"}},
		{Name: "left", Draft: kanban.Draft{Title: "left", Priority: 2}, After: []string{"first"}},
		{Name: "right", Draft: kanban.Draft{Title: "right"}, After: []string{"first"}},
		{Name: "first", Draft: kanban.Draft{Title: "first", Parents: []kanban.TaskID{existing}}},
	}}
}

func TestApplyTwiceChangesNothing(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		b := board.New(db)
		existing := add(t, b, kanban.Draft{})
		g := graph(existing)
		made, err := b.Apply(t.Context(), g)
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range made {
			if !a.Created || a.Task.Status != kanban.Todo {
				t.Errorf("node %s: created %t, %s; want a new card in todo", a.Name, a.Created, a.Task.Status)
			}
		}
		before := storetest.Everything(t, db)
		again, err := b.Apply(t.Context(), g)
		if err != nil {
			t.Fatal(err)
		}
		for i, a := range again {
			if a.Created || a.Linked != nil || a.Differs != nil || a.Task.ID != made[i].Task.ID {
				t.Errorf("applied again, node %s gave %+v", a.Name, a)
			}
		}
		if d := cmp.Diff(before, storetest.Everything(t, db)); d != "" {
			t.Errorf("applied again, the board changed (-before +after):\n%s", d)
		}

		// A link that the graph has got since is made; a field that differs is named
		// and left alone.
		g.Nodes[1].After = append(g.Nodes[1].After, "right")
		g.Nodes[2].Draft.Title = "anew"
		again, err = b.Apply(t.Context(), g)
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range again {
			switch a.Name {
			case "left":
				if len(a.Linked) != 1 {
					t.Errorf("left was linked to %v, want right alone", a.Linked)
				}
			case "right":
				same(t, "right differs in", a.Differs, []string{"title"})
				if a.Task.Title != "right" {
					t.Errorf("right is now called %q", a.Task.Title)
				}
			}
		}
	})
}

func TestApplyIsAllOrNothing(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		b := board.New(db)
		existing := add(t, b, kanban.Draft{})
		before := storetest.Everything(t, db)
		for name, spoil := range map[string]func(*kanban.Graph){
			"a parent that is not there": func(g *kanban.Graph) { g.Nodes[0].Draft.Parents = []kanban.TaskID{"t_gone"} },
			"a circle":                   func(g *kanban.Graph) { g.Nodes[3].After = []string{"last"} },
			"a bad card":                 func(g *kanban.Graph) { g.Nodes[0].Draft.Title = " " },
		} {
			g := graph(existing)
			spoil(&g)
			if _, err := b.Apply(t.Context(), g); err == nil {
				t.Errorf("%s: applied", name)
			}
			if d := cmp.Diff(before, storetest.Everything(t, db)); d != "" {
				t.Errorf("%s: a part of the graph was made (-before +after):\n%s", name, d)
			}
		}

		// A link that closes a circle with cards on the board, found after others of
		// the graph were made.
		g := graph(existing)
		if _, err := b.Apply(t.Context(), g); err != nil {
			t.Fatal(err)
		}
		before = storetest.Everything(t, db)
		g.Nodes = []kanban.Node{
			{Name: "new", Draft: kanban.Draft{Title: "new"}},
			{Name: "first", Draft: kanban.Draft{Title: "first"}, After: []string{"last"}},
			{Name: "last", Draft: kanban.Draft{Title: "last"}},
		}
		if _, err := b.Apply(t.Context(), g); !errors.Is(err, kanban.ErrCycle) {
			t.Errorf("a circle over the board: %v, want ErrCycle", err)
		}
		if d := cmp.Diff(before, storetest.Everything(t, db)); d != "" {
			t.Errorf("a circle over the board: a part was made (-before +after):\n%s", d)
		}
	})
}

// One key, many creators at once: one card, and everybody is given it.
func TestIdempotencyKeyGivesOneCard(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		boards := []*board.Board{board.New(db), board.New(storetest.Open(t, db.Path()))}
		for round := range 5 {
			key := fmt.Sprint("key ", round)
			ids, news := make([]kanban.TaskID, 8), make([]int, 8)
			var wg sync.WaitGroup
			for i := range 8 {
				wg.Go(func() {
					task, existed, err := boards[i%2].Create(t.Context(), kanban.Draft{Title: fmt.Sprint("by ", i), IdempotencyKey: key})
					if err != nil {
						t.Error(err)
					}
					if ids[i] = task.ID; !existed {
						news[i] = 1
					}
				})
			}
			wg.Wait()
			made := 0
			for i := range ids {
				if made += news[i]; ids[i] != ids[0] {
					t.Errorf("creators of one key were given %s and %s", ids[0], ids[i])
				}
			}
			if made != 1 {
				t.Errorf("%d creators were told that the card is new, want 1", made)
			}
			// An archived card answers no longer.
			if _, err := boards[0].Archive(t.Context(), ids[0]); err != nil {
				t.Fatal(err)
			}
			again, existed, err := boards[0].Create(t.Context(), kanban.Draft{Title: "anew", IdempotencyKey: key})
			if err != nil || existed || again.ID == ids[0] {
				t.Errorf("after the archive: card %s, existed %t, %v", again.ID, existed, err)
			}
		}
	})
}

// Reads never write, even where something is due that nobody has promoted.
func TestReadsNeverWrite(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		b := board.New(db)
		parent := add(t, b, kanban.Draft{Assignee: "ada"})
		child := add(t, b, kanban.Draft{Parents: []kanban.TaskID{parent}, Assignee: "ada"})
		held := add(t, b, kanban.Draft{Assignee: "ada"})
		c, err := b.Claim(t.Context(), held, kanban.Claimant{Lock: "h:1"})
		if err != nil {
			t.Fatal(err)
		}
		storetest.Exec(t, db, `UPDATE tasks SET status = 'done', completed_at = 1 WHERE id = '`+string(parent)+`'`) // as a neighbour might
		routine(t, b, kanban.Routine{Name: "due", Cron: "@daily"})
		storetest.Exec(t, db, `UPDATE andon_routines SET next_at = 1`)

		version := storetest.Version(t, db)
		before, at := storetest.Everything(t, db), version()
		for name, read := range map[string]func() error{
			"List":     func() error { _, err := b.List(t.Context(), store.Filter{}); return err },
			"Task":     func() error { _, err := b.Task(t.Context(), child); return err },
			"Show":     func() error { _, err := b.Show(t.Context(), child, 10); return err },
			"Runs":     func() error { _, err := b.Runs(t.Context(), held); return err },
			"Run":      func() error { _, err := b.Run(t.Context(), c.Runs[0].ID); return err },
			"Stats":    func() error { _, err := b.Stats(t.Context()); return err },
			"Floor":    func() error { _, err := b.Floor(t.Context()); return err },
			"Routines": func() error { _, err := b.Routines(t.Context()); return err },
			"Routine":  func() error { _, err := b.Routine(t.Context(), "due"); return err },
			"Brief":    func() error { _, err := b.Brief(t.Context(), child); return err },
			"Head":     func() error { _, err := b.Head(t.Context()); return err },
			"Events": func() error {
				_, err := b.Events(t.Context(), store.EventFilter{Tenant: "x", Assignee: "ada", Limit: 2, Newest: true})
				return err
			},
			"Current": func() error { _, err := b.Current(t.Context(), c.Runs[0]); return err },
			"Check":   func() error { _, err := b.Check(t.Context()); return err },
			"Promote, dry": func() error {
				_, err := b.Promote(t.Context(), child, kanban.Promotion{}, true)
				return err
			},
			"Follow": func() error {
				for _, err := range b.Follow(t.Context(), 0, store.EventFilter{}) {
					return err
				}
				return nil
			},
		} {
			if err := read(); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			if got := version(); got != at {
				t.Errorf("%s committed something", name)
				at = got
			}
		}
		if d := cmp.Diff(before, storetest.Everything(t, db)); d != "" {
			t.Errorf("after reading, the board is another (-before +after):\n%s", d)
		}
		same(t, "due", mustDue(t, b), []kanban.TaskID{child})
		if at = version(); mustDue(t, b) != nil || version() != at {
			t.Error("with nothing due, PromoteDue wrote")
		}
	})
}

func mustDue(t *testing.T, b *board.Board) []kanban.TaskID {
	t.Helper()
	promoted, err := b.PromoteDue(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return promoted
}

// A run and what its supervisor tells of it, from the claim to the end and beyond
// it: a run that was superseded changes nothing.
func TestRunFromStartToEnd(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		b := board.New(db)
		id := add(t, b, kanban.Draft{Assignee: "ada"})
		c, err := b.Claim(t.Context(), id, kanban.Claimant{Lock: "h:1"})
		if err != nil {
			t.Fatal(err)
		}
		run := c.Runs[0]
		if _, err := b.Started(t.Context(), run, "h:1", kanban.Worker{PID: 40, Start: "then"}, "/w"); err != nil {
			t.Fatal(err)
		}
		if _, err := b.Started(t.Context(), run, "h:1", kanban.Worker{PID: 41}, "/w"); !errors.Is(err, kanban.ErrSuperseded) {
			t.Errorf("a second supervisor: %v, want ErrSuperseded", err)
		}
		if _, err := b.Agent(t.Context(), run, 42, "then"); err != nil {
			t.Fatal(err)
		}
		if _, err := b.Complete(t.Context(), id, kanban.Report{Summary: "done", Run: run.ID}); err != nil {
			t.Fatal(err)
		}
		if _, err := b.Renew(t.Context(), run, "h:1", 0); !errors.Is(err, kanban.ErrSuperseded) {
			t.Errorf("renewed after the end: %v, want ErrSuperseded", err)
		}
		after := head(t, b)
		for range 2 { // saying it twice is harmless
			if _, err := b.Ended(t.Context(), run, kanban.Exit{Signal: 9}, kanban.OnExitProtocol, nil); err != nil {
				t.Fatal(err)
			}
		}
		status(t, b, id, kanban.Done)
		same(t, "events after the verdict", kinds(t, b, after), nil)
		stored, err := b.Run(t.Context(), run.ID)
		if err != nil {
			t.Fatal(err)
		}
		if w := stored.Worker; w.PID != 40 || w.Start != "then" || w.AgentPID != 42 || w.Exit != "signal 9" || stored.Outcome != kanban.OutcomeCompleted {
			t.Errorf("the run is kept as %+v", *stored)
		}
		if current, err := b.Current(t.Context(), run); err != nil || current {
			t.Errorf("the ended run is current: %t (%v)", current, err)
		}
	})
}
