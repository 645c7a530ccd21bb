package board_test

import (
	"fmt"
	"slices"
	"strings"
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
			// The board grows from one check to the next. What is sought is a part of what
			// was written, in some case or other.
			var written []string
			write := func(what string) string {
				written = append(written, text.Draw(rt, what))
				return written[len(written)-1]
			}
			id := add(t, b, kanban.Draft{Title: "k" + write("title") + "s", Body: write("body"), Assignee: rapid.SampledFrom([]string{"", "ada"}).Draw(rt, "assignee")})
			for range rapid.IntRange(0, 2).Draw(rt, "comments") {
				if _, err := b.Comment(t.Context(), id, "bob", "x"+write("comment")); err != nil {
					rt.Fatal(err)
				}
			}
			if rapid.Bool().Draw(rt, "done") {
				if _, err := b.Complete(t.Context(), id, kanban.Report{Result: write("result"), Summary: write("summary")}); err != nil {
					rt.Fatal(err)
				}
			}
			written = append(written, string(id))
			sought := rapid.Custom(func(rt *rapid.T) string {
				all := []rune(rapid.SampledFrom(written).Draw(rt, "of"))
				from := rapid.IntRange(0, len(all)).Draw(rt, "from")
				part := string(all[from:min(len(all), from+rapid.IntRange(1, 4).Draw(rt, "length"))])
				return rapid.SampledFrom([]string{part, strings.ToUpper(part), strings.ToLower(part), `"` + part + `"`}).Draw(rt, "case")
			})
			places := rapid.SliceOfDistinct(rapid.SampledFrom(kanban.Places()), rapid.ID[string]).Draw(rt, "in")
			var not []string
			if rapid.IntRange(0, 3).Draw(rt, "minus") == 0 {
				not = []string{sought.Draw(rt, "not")}
			}
			q, err := kanban.ParseQuery(strings.Join(rapid.SliceOfN(sought, 1, 2).Draw(rt, "words"), " "), not, places)
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
