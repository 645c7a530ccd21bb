package kanban

import (
	"strings"
	"testing"
	"time"
)

func TestOverdue(t *testing.T) {
	due := time.Unix(1_800_000_000, 0)
	for _, c := range []struct {
		status Status
		due    time.Time
		now    time.Time
		want   bool
	}{
		{Ready, due, due.Add(-time.Second), false},
		{Ready, due, due.Add(999 * time.Millisecond), false},
		{Ready, due, due.Add(time.Second), true},
		{Running, due, due.Add(time.Hour), true},
		{Triage, due, due.Add(time.Hour), true},
		{Done, due, due.Add(time.Hour), false},
		{Archived, due, due.Add(time.Hour), false},
		{Ready, time.Time{}, due, false},
	} {
		if got := (Task{Status: c.status, DueAt: c.due}).Overdue(c.now); got != c.want {
			t.Errorf("%s, due %v, at %v: %v", c.status, c.due, c.now, got)
		}
	}
}

func TestEditDue(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	card := Task{ID: "t_1", Status: Blocked, Title: "x", Failures: 3, Priority: 2}
	due := now.Add(time.Hour + time.Millisecond)
	c, err := card.Edit(Edit{DueAt: &due})
	if err != nil || c.Task.DueAt.Unix() != now.Unix()+3601 || c.Task.Failures != 3 || len(c.Events) != 1 || c.Events[0].Kind != EventReprioritized {
		t.Fatalf("got %+v, %v", c, err)
	}
	if text, _ := EncodeJSON(c.Events[0].Payload); text != `{"priority": 2, "due_at": 1800003601}` {
		t.Errorf("the event says %s", text)
	}
	again, err := c.Task.Edit(Edit{DueAt: &due})
	if err != nil || len(again.Events) != 0 {
		t.Errorf("the same again: %+v, %v", again.Events, err)
	}
	none, err := c.Task.Edit(Edit{DueAt: new(time.Time)})
	if err != nil || !none.Task.DueAt.IsZero() || none.Events[0].Payload.Get("due_at") != nil {
		t.Errorf("taken away: %+v, %v", none, err)
	}
	early := time.Unix(-5, 0)
	if _, err := card.Edit(Edit{DueAt: &early}); CodeOf(err) != Invalid {
		t.Errorf("before 1970: %v", err)
	}
	if _, err := (Draft{Title: "x", DueAt: early}).Clean(); CodeOf(err) != Invalid {
		t.Errorf("created before 1970: %v", err)
	}
}

func TestDiagnoseOverdue(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	for late, want := range map[time.Duration]Severity{
		-time.Hour: "", time.Hour: Warning, 24*time.Hour - time.Second: Warning, 24 * time.Hour: Grave, 1000 * time.Hour: Grave,
	} {
		found := Diagnose(Chart{Task: Task{ID: "t_1", Status: Running, DueAt: now.Add(-late)}}, Thresholds{Crashes: 9, Failures: 9, Cycles: 9}, now)
		switch {
		case want == "" && len(found) == 0:
		case len(found) != 1 || found[0].Kind != "overdue" || found[0].Severity != want || !strings.Contains(found[0].Actions[0].Payload["command"].(string), "andon log t_1"):
			t.Errorf("%s late: %+v, want %q", late, found, want)
		}
	}
}
