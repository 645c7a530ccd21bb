package dispatch

import (
	"testing"

	"andon/internal/proc"
	"andon/internal/store"
	"andon/kanban"
)

// A host that has another name now still knows the workers it started under the
// former one: they are not taken for those of another host, whose cards are given
// on when a lease lapses.
func TestRenamedHostKnowsItsWorkers(t *testing.T) {
	t.Parallel()
	self := proc.Self()
	h := store.Held{
		Task: kanban.Task{ID: "t_1", Status: kanban.Running, Run: 1, Lock: "former-name:1:2", WorkerPID: int64(self.PID), Expires: now.Add(-1)},
		Run:  kanban.Run{ID: 1, Lock: "former-name:1:2", StartedAt: now.Add(-60), Worker: kanban.Worker{PID: int64(self.PID), Start: self.Start}},
	}
	s := &seat{d: &Dispatcher{host: "new-name", self: "new-name:1:2"}}
	w := s.worker(h, false)
	if plan := Recover(Snapshot{Now: now, Running: []Worker{w}}, limits()); !w.Local || len(plan) != 1 || plan[0].Cause != CauseExtend {
		t.Errorf("%+v: %v, want its lease extended", w, plan)
	}
	h.Run.Worker.Start = "another"
	if w := s.worker(h, false); w.Local {
		t.Error("a process with the same number is taken for the worker")
	}
}
