package dispatch

import (
	"fmt"
	"testing"

	"andon/internal/config"
	"andon/kanban"
)

// A queue of thousands is planned anew at each commit.
func BenchmarkPlanOfALongQueue(b *testing.B) {
	s := Snapshot{Board: "default", Now: now, Running: make([]Worker, 2)}
	for i := range 5000 {
		s.Ready = append(s.Ready, kanban.Task{ID: kanban.TaskID(fmt.Sprint("t_", i)), Status: kanban.Ready, Assignee: "ada", Tenant: fmt.Sprint("of ", i%50)})
	}
	l := Limits{Dispatch: config.Dispatch{MaxInProgress: 2}, Profiles: map[string]config.Profile{"ada": {}}}
	for b.Loop() {
		Plan([]Snapshot{s}, l)
	}
}
