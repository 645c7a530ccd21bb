package kanban

import (
	"testing"
	"time"
)

func TestSchedule(t *testing.T) {
	task, run := running()
	c := does(t)(task.Schedule(Schedule{At: noon.Add(time.Hour), Reason: " at night ", Author: "ada", Run: 7}, run, noon))
	wants(t, c, `commented {"author": "ada", "len": 19}`, `scheduled {"reason": "at night", "start_at": 1700003600}`)
	if r := c.Runs[0]; r.Outcome != OutcomeScheduled || r.Status != "scheduled" || c.Comments[0].Body != "SCHEDULED: at night" {
		t.Errorf("run %+v, comment %q", r, c.Comments[0].Body)
	}
	wants(t, does(t)(card(Todo).Schedule(Schedule{}, nil, noon)), `scheduled {"reason": null}`)

	if got := does(t)(card(Todo).Schedule(Schedule{At: noon.Add(1)}, nil, noon)).Task.StartAt; !got.Equal(noon.Add(time.Second)) {
		t.Errorf("an hour within a second is kept as %v", got)
	}
	_, err := card(Ready).Schedule(Schedule{At: noon}, nil, noon)
	refuses(t, err, nil, Invalid, "not in the future")
	_, err = task.Schedule(Schedule{Run: 6}, run, noon)
	refuses(t, err, ErrSuperseded, Conflict)
	_, err = card(Scheduled).Schedule(Schedule{}, nil, noon)
	refuses(t, err, ErrConflict, Conflict, "andon unblock")
}

// A card without an hour waits for a person; one with an hour goes on when it
// has come, and not a second before.
func TestDue(t *testing.T) {
	task := card(Scheduled)
	if _, ok := task.Due(nil, noon); ok {
		t.Error("a card without an hour is due")
	}
	task.StartAt = noon
	if _, ok := task.Due(nil, noon.Add(-1)); ok {
		t.Error("due before its hour")
	}
	c, ok := task.Due(nil, noon)
	if !ok || c.Task.Status != Ready || !c.Task.StartAt.IsZero() {
		t.Errorf("due: %t, %+v", ok, c.Task)
	}
	wants(t, c, `promoted null`)
	c, _ = task.Due(parent(Running), noon)
	wants(t, c, `promoted {"status": "todo"}`)
	if c := does(t)(task.Unblock(Unblock{}, nil, nil, noon)); !c.Task.StartAt.IsZero() {
		t.Error("unblocked, the card keeps its hour")
	}
}

func TestCreateAt(t *testing.T) {
	d := Draft{Title: "x", At: noon.Add(time.Minute), Parents: []TaskID{"t_0000000b"}}
	c := does(t)(Create("t_1", d, parent(Todo), noon))
	if c.Task.Status != Scheduled || c.Task.StartAt != d.At || len(c.Events) != 2 || c.Events[1].Kind != EventScheduled {
		t.Errorf("made %+v with %+v", c.Task, c.Events)
	}
	_, err := Create("t_1", Draft{Title: "x", At: noon}, nil, noon)
	refuses(t, err, nil, Invalid, "not in the future")
	for _, d := range []Draft{{Title: "x", At: noon, Triage: true}, {Title: "x", At: noon, Blocked: true}} {
		_, err := d.Clean()
		refuses(t, err, nil, Invalid, "triage or blocked")
	}
}
