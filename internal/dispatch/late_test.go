package dispatch

import (
	"path/filepath"
	"testing"

	"andon/internal/board"
	"andon/internal/home"
	"andon/internal/store"
	"andon/internal/store/sqlite"
	"andon/kanban"
)

// A supervisor that has recorded the end of its run and is gone before the dispatcher
// asks for it is no crash.
func TestRunThatEndedMeanwhileIsNotToldAsACrash(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	h, err := home.Find(home.Flags{Home: root}, func(string) string { return "" }, root)
	if err != nil {
		t.Fatal(err)
	}
	place := h.Board(home.Default)
	db, err := sqlite.Open(t.Context(), filepath.Join(root, "kanban.db"), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	b := board.New(db)
	task, _, err := b.Create(t.Context(), kanban.Draft{Title: "one", Assignee: "agent"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.Claim(t.Context(), task.ID, kanban.Claimant{Lock: "here:1:2"}); err != nil {
		t.Fatal(err)
	}
	f, err := b.Floor(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	seen := f.Running[0]
	if _, err := b.Ended(t.Context(), seen.Run, kanban.Exit{}, kanban.OnExitComplete, nil); err != nil {
		t.Fatal(err)
	}
	s := &seat{d: &Dispatcher{host: "here"}, place: place, board: b}
	s.recoverAll(t.Context(), Settings{}, []Recovery{{Worker{Held: seen, Local: true, Dead: true}, CauseCrash}})
	if len(s.report.Crashed)+len(s.report.Errors) > 0 {
		t.Errorf("told of %v, %v; want nothing", s.report.Crashed, s.report.Errors)
	}
}
