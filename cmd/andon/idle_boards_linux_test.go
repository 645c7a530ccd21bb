package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"andon/internal/board"
	"andon/internal/home"
	"andon/internal/store"
	"andon/kanban"
)

// BenchmarkIdleBoards lets a dispatcher serve ten boards on which nothing happens,
// and reports what that costs: per cent of a core over ten seconds.
func BenchmarkIdleBoards(b *testing.B) {
	const boards, span = 10, 10 * time.Second
	dir := b.TempDir()
	binary, root := build(b, dir), filepath.Join(dir, "home")
	h, err := home.Find(home.Flags{Home: root}, func(string) string { return "" }, root)
	if err != nil {
		b.Fatal(err)
	}
	var last *board.Board
	for i := range boards {
		place := h.Board(home.Default)
		if i > 0 {
			place = h.Board(home.Slug(fmt.Sprint("b", i)))
		}
		db, err := place.Open(b.Context(), store.Options{})
		if err != nil {
			b.Fatal(err)
		}
		defer db.Close()
		last = board.New(db)
		for range 100 {
			if _, _, err := last.Create(b.Context(), kanban.Draft{Title: "waits for a person", Assignee: "carol"}); err != nil {
				b.Fatal(err)
			}
		}
	}
	if err := os.WriteFile(filepath.Join(root, "andon.yaml"), []byte("profiles: {quick: {command: ['true'], on_exit: complete}}\n"), 0o644); err != nil {
		b.Fatal(err)
	}
	run := exec.Command(binary, "run")
	run.Env = append(os.Environ(), "ANDON_HOME="+root)
	if err := run.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		run.Process.Kill()
		run.Wait()
	})
	t, _, err := last.Create(b.Context(), kanban.Draft{Title: "shows that it serves", Assignee: "quick"})
	if err != nil {
		b.Fatal(err)
	}
	if err := last.Until(b.Context(), func() (bool, error) {
		now, err := last.Task(b.Context(), t.ID)
		return now.Status == kanban.Done, err
	}); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		before := cpuOf(b, []int{run.Process.Pid})
		<-time.After(span)
		b.ReportMetric(float64(cpuOf(b, []int{run.Process.Pid})-before)/float64(span)*100, "%-of-a-core")
	}
}
