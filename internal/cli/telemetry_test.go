package cli

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"andon/internal/board"
	"andon/internal/dispatch"
	"andon/internal/home"
	"andon/internal/store"
	"andon/kanban"
)

// What a pass did and what is on the boards can be read as Prometheus reads it; a
// board that was closed is told of no longer.
func TestGauges(t *testing.T) {
	t.Parallel()
	h, err := home.Find(home.Flags{Home: t.TempDir()}, func(string) string { return "" }, "")
	if err != nil {
		t.Fatal(err)
	}
	place := h.Board(home.Default)
	db, err := place.Open(t.Context(), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	b := board.New(db)
	if _, _, err := b.Create(t.Context(), kanban.Draft{Title: "one", Assignee: "ada"}); err != nil {
		t.Fatal(err)
	}
	g := newGauges()
	g.opened(home.Default, b)
	g.heed(dispatch.Report{
		Board: place, Took: time.Millisecond, Errors: []error{errors.New("no")}, Reclaimed: []kanban.TaskID{"t_1"},
		Spawned: []dispatch.Spawn{{Task: "t_1", Run: 1, Assignee: "ada", After: 2 * time.Millisecond, Commit: time.Millisecond}},
		Ended:   []dispatch.Ended{{Run: kanban.Run{ID: 1, Profile: "ada", Outcome: kanban.OutcomeCrashed, StartedAt: time.Unix(1, 0), EndedAt: time.Unix(3, 0)}}},
	})
	server := httptest.NewServer(g)
	defer server.Close()
	read := func() string {
		answer, err := http.Get(server.URL)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		text, err := io.ReadAll(answer.Body)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	text := read()
	for _, want := range []string{
		`andon_cards{board="default",status="ready"} 1`, `andon_cards{board="default",status="running"} 0`,
		`andon_runs_started_total{board="default",profile="ada"} 1`, `andon_runs_ended_total{board="default",profile="ada",outcome="crashed"} 1`,
		`andon_run_duration_seconds_sum{board="default",profile="ada",outcome="crashed"} 2`, `andon_claim_latency_seconds_count{board="default"} 1`,
		`andon_commit_duration_seconds_count{board="default"} 1`, `andon_pass_duration_seconds_count{board="default"} 1`,
		`andon_errors_total{board="default"} 1`, `andon_reclaimed_total{board="default"} 1`,
	} {
		if !strings.Contains(text, want+"\n") {
			t.Errorf("no line %q in:\n%s", want, text)
		}
	}
	g.opened(home.Default, nil)
	if text := read(); strings.Contains(text, "andon_cards{") {
		t.Errorf("a closed board is counted:\n%s", text)
	}
}
