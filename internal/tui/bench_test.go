package tui

import (
	"testing"

	"andon/kanban"
)

// BenchmarkView draws a whole screen of cards, as each message does.
func BenchmarkView(b *testing.B) {
	m := newModel(b.Context(), Options{Desk: &Desk{Name: "default"}})
	m.width, m.height, m.counts = 200, 50, map[kanban.Status]int{}
	for _, c := range m.cols {
		c.count = 500
		m.counts[c.status] = c.count
		for range window {
			c.cards = append(c.cards, kanban.Task{ID: "t_12345678", Status: c.status, Assignee: "ada", Priority: 3,
				Title: "Card 4711: write to the people who wait for an answer"})
		}
	}
	b.ReportAllocs()
	for b.Loop() {
		m.stale = true
		if m.View().Content == "" {
			b.Fatal("nothing is drawn")
		}
	}
}
