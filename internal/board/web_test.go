package board_test

import (
	"fmt"
	"slices"
	"testing"

	"andon/internal/board"
	"andon/internal/store"
	"andon/internal/store/storetest"
	"andon/kanban"
)

// A web has the cards that are linked, the most urgent first, the finished ones
// only if they are asked for; around a card, those before and after it.
func TestWeb(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		b := board.New(db)
		first := add(t, b, kanban.Draft{Title: "first"})
		left := add(t, b, kanban.Draft{Title: "left", Priority: 2, Parents: []kanban.TaskID{first}})
		add(t, b, kanban.Draft{Title: "right", Priority: 3, Parents: []kanban.TaskID{first}})
		add(t, b, kanban.Draft{Title: "last", Priority: 4, Parents: []kanban.TaskID{left}})
		add(t, b, kanban.Draft{Title: "alone"})
		if _, err := b.Complete(t.Context(), first, kanban.Report{}); err != nil {
			t.Fatal(err)
		}
		for _, tt := range []struct {
			f    board.WebFilter
			want []string
		}{
			{board.WebFilter{}, []string{"last", "right", "left"}},
			{board.WebFilter{Done: true}, []string{"last", "right", "left", "first"}},
			{board.WebFilter{Done: true, Depth: 1}, []string{"right", "left", "first"}},
			{board.WebFilter{Around: left}, []string{"last", "left"}},
			{board.WebFilter{Around: left, Done: true}, []string{"last", "left", "first"}},
			{board.WebFilter{Around: first, Depth: 1}, []string{"right", "left", "first"}},
		} {
			w, err := b.Web(t.Context(), tt.f)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, task := range w.Tasks {
				got = append(got, task.Title)
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("%+v: %v, want %v", tt.f, got, tt.want)
			}
		}
		if _, err := b.Web(t.Context(), board.WebFilter{Around: "t_00000000"}); kanban.CodeOf(err) != kanban.NotFound {
			t.Error(fmt.Sprint("around no card: ", err))
		}
	})
}
