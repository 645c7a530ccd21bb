package main

import (
	"os/exec"
	"path/filepath"
	"testing"
)

const profiles = "dispatch: {max_in_progress: 4}\nprofiles: {ada: {command: [sh]}, bob: {command: [sh], max_in_progress: 2}}\n"

// BenchmarkHundredThousand times whole processes on a board of 100 000 cards, of
// which most wait for somebody to take them. A person who types a search and waits
// should not notice that no index was kept for it: its budget is 250 ms, and that of
// `list` and `why` 50 ms. Where all are ready, `why` has to know the place in the queue.
func BenchmarkHundredThousand(b *testing.B) {
	dir := b.TempDir()
	root := filepath.Join(dir, "home")
	andon := with(b, build(b, dir), root, hundredThousand, idOf)
	write(b, filepath.Join(root, "andon.yaml"), profiles)
	for _, c := range []struct {
		name string
		args []string
	}{
		{"list", []string{"list", "--status", "ready", "--limit", "50"}},
		{"show", []string{"show", string(idOf(hundredThousand / 2))}},
		{"stats", []string{"stats"}},
		{"search-nowhere", []string{"search", "zebra"}},
		{"search-rare", []string{"search", "card", "77777"}},
		{"search-everywhere", []string{"search", "people"}},
		{"search-phrase", []string{"search", `"who wait for"`, "done"}},
		{"search-without", []string{"search", "answer", "-zebra"}},
		{"search-id", []string{"search", string(idOf(boardSize / 2))}},
		{"search-beyond-ascii", []string{"search", "письмо"}},
	} {
		b.Run(c.name, func(b *testing.B) { wait(b, func(int) *exec.Cmd { return andon(c.args...) }) })
	}
	b.Run("why", func(b *testing.B) {
		wait(b, func(i int) *exec.Cmd { return andon("why", string(idOf(i*7919%hundredThousand))) })
	})
}

// BenchmarkLived times them on a board of as many cards that has had a life: `stats`
// counts half a year, in 300 ms at most, and `why` meets cards in every status.
func BenchmarkLived(b *testing.B) {
	dir := b.TempDir()
	root := filepath.Join(dir, "home")
	andon := lived(b, build(b, dir), root)
	write(b, filepath.Join(root, "andon.yaml"), profiles)
	b.Run("stats", func(b *testing.B) { wait(b, func(int) *exec.Cmd { return andon("stats") }) })
	b.Run("why", func(b *testing.B) {
		wait(b, func(i int) *exec.Cmd { return andon("why", string(idOf(i*7919%hundredThousand))) })
	})
}
