package cli

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"andon/kanban"
)

func TestSpreadIDs(t *testing.T) {
	t.Parallel()
	tests := []struct{ in, want string }{
		{"list --json", "list --json"},
		{"block t_1 why --ids t_2 t_3 --kind transient", "block t_1 why --ids t_2 --ids t_3 --kind transient"},
		{"block --ids t_2 t_3 because of it", "block --ids t_2 --ids t_3 because of it"},
		{"block --ids t_2,t_3 t_4", "block --ids t_2,t_3 --ids t_4"},
		{"block t_1 --ids", "block t_1 --ids"},
		{"block t_1 -- --ids t_2 t_3", "block t_1 -- --ids t_2 t_3"},
	}
	for _, tt := range tests {
		if got := strings.Join(spread(strings.Fields(tt.in)), " "); got != tt.want {
			t.Errorf("spread(%s) = %s, want %s", tt.in, got, tt.want)
		}
	}
}

func TestCardsThatAreMeant(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, own, words, more string
		ids                    []kanban.TaskID
		rest                   string
	}{
		{"outside", "", "t_1 why so", "", []kanban.TaskID{"t_1"}, "why so"},
		{"outside, another program's id", "", "x-1 why", "", []kanban.TaskID{"x-1"}, "why"},
		{"outside, nothing", "", "", "", nil, ""},
		{"outside, more", "", "t_1 why", "t_2", []kanban.TaskID{"t_1", "t_2"}, "why"},
		{"outside, only more", "", "", "t_2", []kanban.TaskID{"t_2"}, ""},
		{"worker, nothing", "t_9", "", "", []kanban.TaskID{"t_9"}, ""},
		{"worker, prose", "t_9", "which unit?", "", []kanban.TaskID{"t_9"}, "which unit?"},
		{"worker, prose that begins like an id", "t_9", "t_shirt is missing", "", []kanban.TaskID{"t_9"}, "t_shirt is missing"},
		{"worker, its own", "t_9", "t_9 why", "", []kanban.TaskID{"t_9"}, "why"},
		{"worker, another", "t_9", "t_1 why", "", []kanban.TaskID{"t_1"}, "why"},
		{"worker, only more", "t_9", "why", "t_2", []kanban.TaskID{"t_2"}, "why"},
		{"worker, another program's own", "x-1", "x-1 why", "", []kanban.TaskID{"x-1"}, "why"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a := &app{IO: IO{Env: func(name string) string {
				if name == "ANDON_TASK" {
					return tt.own
				}
				return ""
			}}}
			ids, rest, err := a.cards(strings.Fields(tt.words), strings.Fields(tt.more))
			if (err != nil) != (tt.ids == nil) {
				t.Fatalf("cards: %v", err)
			}
			if diff := cmp.Diff(tt.ids, ids); diff != "" || strings.Join(rest, " ") != tt.rest {
				t.Errorf("cards: rest %q, want %q, ids (-want +got):\n%s", rest, tt.rest, diff)
			}
		})
	}
}
