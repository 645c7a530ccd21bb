package board_test

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"andon/internal/board"
	"andon/internal/store"
	"andon/internal/store/storetest"
	"andon/kanban"
)

// What a database proposes loses nothing and orders nothing wrongly: a search is
// what looking at every card gives, on each kind of board and for each limit.
func TestSearchFindsWhatLookingFinds(t *testing.T) {
	// Letters that have a case beyond ASCII, some whose other case is within it, and
	// the signs that mean something to LIKE.
	letters := []rune("abkKsSeéÉσςΣжЖıİſKßẞ語%_\\'\"-*[] \n")
	text := rapid.StringOfN(rapid.SampledFrom(letters), 0, 12, -1)
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		b := board.New(db)
		rapid.Check(t, func(rt *rapid.T) {
			// The board grows from one check to the next.
			id := add(t, b, kanban.Draft{Title: "k" + text.Draw(rt, "title") + "s", Body: text.Draw(rt, "body"), Assignee: rapid.SampledFrom([]string{"", "ada"}).Draw(rt, "assignee")})
			for range rapid.IntRange(0, 2).Draw(rt, "comments") {
				if _, err := b.Comment(t.Context(), id, "bob", "x"+text.Draw(rt, "comment")); err != nil {
					rt.Fatal(err)
				}
			}
			if rapid.Bool().Draw(rt, "done") {
				if _, err := b.Complete(t.Context(), id, kanban.Report{Result: text.Draw(rt, "result"), Summary: text.Draw(rt, "summary")}); err != nil {
					rt.Fatal(err)
				}
			}
			places := rapid.SliceOfDistinct(rapid.SampledFrom(kanban.Places()), rapid.ID[string]).Draw(rt, "in")
			sought := rapid.OneOf(rapid.StringOfN(rapid.SampledFrom(letters), 1, 3, -1), rapid.Just(string(id)), rapid.Just(string(id)[:4]))
			var not []string
			if rapid.IntRange(0, 2).Draw(rt, "minus") == 0 {
				not = []string{sought.Draw(rt, "not")}
			}
			q, err := kanban.ParseQuery(sought.Draw(rt, "first")+" "+sought.Draw(rt, "second"), not, places)
			if err != nil {
				return // nothing is sought
			}
			f := store.SearchFilter{Assignee: rapid.SampledFrom([]string{"", "ada"}).Draw(rt, "by")}
			if rapid.Bool().Draw(rt, "some") {
				f.Statuses = []kanban.Status{kanban.Done}
			}
			limit := rapid.IntRange(0, 5).Draw(rt, "limit")
			hits, err := b.Search(t.Context(), q, f, limit)
			if err != nil {
				rt.Fatal(err)
			}
			if got, want := tell(hits), tell(look(t, b, db, q, f, limit)); !slices.Equal(got, want) {
				rt.Fatalf("%+v, %+v: found\n%q\nand looking finds\n%q", q, f, got, want)
			}
		})
	})
}

func tell(hits []board.Hit) (all []string) {
	for _, h := range hits {
		all = append(all, fmt.Sprintf("%s %s %q", h.Task.ID, h.Place, h.Text))
	}
	return all
}

// look searches by looking at every card.
func look(t *testing.T, b *board.Board, db *store.DB, q kanban.Query, f store.SearchFilter, limit int) (hits []board.Hit) {
	t.Helper()
	tasks, err := b.List(t.Context(), store.Filter{Statuses: f.Statuses, Assignee: f.Assignee, Archived: true})
	if err != nil {
		t.Fatal(err)
	}
	var ids []kanban.TaskID
	for _, task := range tasks {
		ids = append(ids, task.ID)
	}
	err = db.View(t.Context(), func(tx *store.Tx) error {
		docs, err := tx.Documents(t.Context(), ids)
		for _, d := range docs {
			if place, text, ok := q.Match(*d); ok {
				hits = append(hits, board.Hit{Task: d.Task, Place: place, Text: text})
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(hits, board.Hit.Compare)
	if limit > 0 {
		hits = hits[:min(limit, len(hits))]
	}
	return hits
}

// More cards are proposed than are looked at in one go, and those that the words
// exclude stand in front.
func TestSearchGoesOnLooking(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		b := board.New(db)
		for i := range 60 {
			add(t, b, kanban.Draft{Title: fmt.Sprintf("ж %d", i), Body: "Щ"})
		}
		old := add(t, b, kanban.Draft{Title: "ы", Body: "ж"})
		q, err := kanban.ParseQuery("ж -щ", nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		hits, err := b.Search(t.Context(), q, store.SearchFilter{}, 3)
		if err != nil {
			t.Fatal(err)
		}
		if len(hits) != 1 || hits[0].Task.ID != old {
			t.Errorf("found %q, want %s", tell(hits), old)
		}
	})
}
