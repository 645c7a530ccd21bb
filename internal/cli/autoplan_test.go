package cli

import (
	"fmt"
	"path/filepath"
	"testing"

	"andon/internal/board"
	"andon/internal/store"
	"andon/internal/store/sqlite"
	"andon/kanban"
)

// A planner that fails for weeks, and each time in other words, does not fill the card.
func TestUnplannedIsToldAFewTimes(t *testing.T) {
	db, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "kanban.db"), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	b := board.New(db)
	idea, _, err := b.Create(t.Context(), kanban.Draft{Title: "an idea", Triage: true})
	if err != nil {
		t.Fatal(err)
	}
	p := &autoplanner{}
	for _, n := range []int{1, 1, 1, kanban.MaxPlanTries, 50, 50} {
		for i := range n {
			if err := p.comment(t.Context(), b, idea.ID, fmt.Errorf("process %d has failed", i)); err != nil {
				t.Fatal(err)
			}
		}
		if said, err := b.Comments(t.Context(), idea.ID); err != nil || len(said) != min(n, kanban.MaxPlanTries) {
			t.Errorf("after %d causes there are %d comments, %v", n, len(said), err)
		}
	}
}
