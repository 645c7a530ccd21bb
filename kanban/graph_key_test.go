package kanban_test

import (
	"strings"
	"testing"
	"time"

	"andon/kanban"
)

// Two cards must never be taken for one another because their keys are alike.
func TestGraphKeysAreCleanAndApart(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, graph, node, want string }{
		{"slash in the graph's name", "a/b", "c", "slash"},
		{"NUL in a card's name", "a", "b\x00c", "NUL"},
		{"no UTF-8 in the graph's name", "a\xff", "b", "UTF-8"},
		{"slash in a card's name", "a", "b/c", ""},
	}
	for _, tt := range tests {
		g := kanban.Graph{Name: tt.graph, Nodes: []kanban.Node{{Name: tt.node, Draft: kanban.Draft{Title: "x"}}}}
		_, err := g.Clean()
		if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: Clean: %v, want %q", tt.name, err, tt.want)
		}
	}
}

func TestMaxRuntimeIsNeverRoundedToNone(t *testing.T) {
	t.Parallel()
	for in, want := range map[time.Duration]time.Duration{
		0: 0, 1: time.Second, time.Second: time.Second, 2500 * time.Millisecond: 3 * time.Second,
	} {
		d, err := kanban.Draft{Title: "x", MaxRuntime: in}.Clean()
		if err != nil || d.MaxRuntime != want {
			t.Errorf("Clean with max runtime %v = %v, %v, want %v", in, d.MaxRuntime, err, want)
		}
	}
}
