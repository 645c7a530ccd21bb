package kanban

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestEdit(t *testing.T) {
	held := card(Blocked).with(func(t *Task) { t.Failures, t.LastError, t.Body, t.Priority = 2, "x", "b", 3 })
	c := does(t)(held.Edit(Edit{Title: new(" Another "), Body: new("two"), Priority: new(int64(5))}))
	wants(t, c, `edited {"fields": ["title", "body"]}`, `reprioritized {"priority": 5}`)
	if n := c.Task; n.Title != "Another" || n.Body != "two" || n.Priority != 5 || n.Failures != 0 || n.Status != Blocked {
		t.Errorf("the card became %+v", n)
	}
	c = does(t)(held.Edit(Edit{Priority: new(int64(0))}))
	wants(t, c, `reprioritized {"priority": 0}`)
	if c.Task.Failures != 2 {
		t.Error("another priority forgave the failures")
	}
	c = does(t)(held.Edit(Edit{Body: new("")}))
	if wants(t, c, `edited {"fields": ["body"]}`); c.Task.Body != "" {
		t.Errorf("the body is %q", c.Task.Body)
	}
	wants(t, does(t)(held.Edit(Edit{Title: &held.Title, Body: &held.Body, Priority: &held.Priority})))
	_, err := held.Edit(Edit{Title: new(" ")})
	refuses(t, err, nil, Invalid, "blank")
	_, err = held.Edit(Edit{Body: new("\x00")})
	refuses(t, err, nil, Invalid, "NUL")
}

func TestEditResult(t *testing.T) {
	done := card(Done).with(func(t *Task) { t.Result = "old" })
	last := &Run{ID: 4, Task: done.ID, Status: "done", Outcome: OutcomeCompleted, StartedAt: noon, EndedAt: noon, Summary: "old", Metadata: json.RawMessage(`{"a": 1}`)}
	c := does(t)(done.EditResult(ResultEdit{Result: "über"}, last, noon))
	wants(t, c, `edited {"fields": ["result", "summary"], "result_len": 4, "summary": "über"}`)
	if r := c.Runs[0]; r.ID != 4 || r.Summary != "über" || string(r.Metadata) != `{"a": 1}` || c.Task.Result != "über" || c.Events[0].Run != 4 {
		t.Errorf("run %+v, card %+v", r, c.Task)
	}
	c = does(t)(done.EditResult(ResultEdit{Result: "r", Summary: "s\nt", Metadata: json.RawMessage(`{}`)}, last, noon))
	wants(t, c, `edited {"fields": ["result", "summary", "metadata"], "result_len": 1, "summary": "s"}`)
	if r := c.Runs[0]; r.Summary != "s\nt" || string(r.Metadata) != `{}` {
		t.Errorf("run %+v", r)
	}
	c = does(t)(done.EditResult(ResultEdit{Result: "r"}, nil, noon))
	if r := c.Runs[0]; r.ID != 0 || r.Status != "completed" || r.Summary != "r" || c.Events[0].Run != NewRun {
		t.Errorf("without a run, %+v was recorded", r)
	}
	_, err := done.EditResult(ResultEdit{Metadata: json.RawMessage(`[]`)}, nil, noon)
	refuses(t, err, nil, Invalid, "JSON object")
}

func TestOverrides(t *testing.T) {
	task, _ := running() // the next run is meant
	c := does(t)(task.SetModel(" m ", "p"))
	wants(t, c, `model_override_set {"model": "m", "provider": "p"}`)
	c = does(t)(c.Task.SetModel("", ""))
	if wants(t, c, `model_override_set {"model": null, "provider": null}`); c.Task.Model+c.Task.Provider != "" {
		t.Errorf("cleared: %+v", c.Task)
	}
	_, err := task.SetModel(" ", "p")
	refuses(t, err, nil, Invalid, "needs a model")
	c = does(t)(task.SetEffort("HIGH"))
	if wants(t, c, `reasoning_effort_set {"reasoning_effort": "high"}`); c.Task.Effort != "high" {
		t.Errorf("effort %q", c.Task.Effort)
	}
	wants(t, does(t)(task.SetEffort("")), `reasoning_effort_set {"reasoning_effort": null}`)
	_, err = task.SetEffort("huge")
	refuses(t, err, nil, Invalid, strings.Join(Efforts()[:2], ", "))
	wants(t, does(t)(task.Unguard("", " ")), `respawn_guard_cleared null`)
	wants(t, does(t)(task.Unguard("ada", "merged")), `respawn_guard_cleared {"actor": "ada", "reason": "merged"}`)
}

// A person's word ends the run; it counts neither as a failure nor as a block of
// the worker's.
func TestCancel(t *testing.T) {
	task, run := running()
	task.Failures, task.BlockKind, task.BlockRecurrences = 1, NeedsInput, 1
	c := does(t)(task.Cancel("bob", 7, Termination{PrevPID: 40, HostLocal: true, Attempted: true, Terminated: true}, run, noon))
	const ended = `"prev_pid": 40, "host_local": true, "termination_attempted": true, "terminated": true, "sigkill": false}`
	wants(t, c, `reclaimed {"manual": true, "reason": "cancelled by bob", "prev_lock": "host:11", `+ended,
		`blocked {"reason": "cancelled by bob", "kind": "needs_input", "recurrences": 0}`)
	meta, err := EncodeJSON(c.Runs[0].Metadata)
	if r := c.Runs[0]; err != nil || meta != `{"cancelled_by": "bob", `+ended || r.Outcome != OutcomeReclaimed || r.Status != "reclaimed" {
		t.Errorf("run %+v, metadata %s (%v)", r, meta, err)
	}
	if n := c.Task; n.Status != Blocked || n.Failures != 1 || n.Run != 0 || n.Lock != "" {
		t.Errorf("the card became %+v", n)
	}
	restarted := does(t)(c.Task.Unblock(Unblock{}, nil, nil, noon)).Task
	if asked := does(t)(restarted.Block(Block{Kind: NeedsInput}, nil, nil, noon)).Task; asked.Status != Blocked {
		t.Errorf("cancelled, restarted and blocked by its worker, the card is %s", asked.Status)
	}
	wants(t, does(t)(card(Ready).Cancel("bob", 0, Termination{}, nil, noon)), `blocked {"reason": "cancelled by bob", "kind": "needs_input", "recurrences": 0}`)
	_, err = task.Cancel("bob", 6, Termination{}, run, noon)
	refuses(t, err, ErrSuperseded, Conflict)
	_, err = card(Todo).Cancel("bob", 0, Termination{}, nil, noon)
	refuses(t, err, ErrConflict, Conflict, "andon archive")
}
