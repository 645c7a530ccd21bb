package kanban

import (
	"testing"
	"time"
)

const pull = "https://github.com/acme/anvil/pull/7"

func TestGuard(t *testing.T) {
	t.Parallel()
	at := func(d time.Duration) time.Time { return noon.Add(d) }
	linked := func(ago time.Duration) []Comment { return []Comment{{Body: "see " + pull + ", please", At: at(-ago)}} }
	event := func(k EventKind, ago time.Duration) []Event { return []Event{{ID: 1, Kind: k, At: at(-ago)}} }
	ended := func(o Outcome, ago time.Duration) Run { return Run{ID: 1, Outcome: o, EndedAt: at(-ago)} }
	for name, c := range map[string]struct {
		runs     []Run
		comments []Comment
		events   []Event
		retry    time.Duration
		want     GuardReason
		until    time.Duration
	}{
		"no past":                 {},
		"words that are no guard": {comments: []Comment{{Body: "429 quota auth author forbidden github.com/pull/x http://github.com/a/pull/1", At: noon}}},

		"a fresh pull request":         {comments: linked(time.Hour), want: GuardPull, until: 23 * time.Hour},
		"the last second of it":        {comments: linked(24*time.Hour - time.Second), want: GuardPull, until: time.Second},
		"an old pull request":          {comments: linked(24 * time.Hour)},
		"an older one, named again":    {comments: append(linked(30*time.Hour), linked(time.Minute)...), want: GuardPull, until: 24*time.Hour - time.Minute},
		"unblocked since":              {comments: linked(time.Hour), events: event(EventUnblocked, time.Minute)},
		"unblocked in that second":     {comments: linked(time.Hour), events: event(EventUnblocked, time.Hour)},
		"unblocked before":             {comments: linked(time.Hour), events: event(EventUnblocked, time.Hour+time.Second), want: GuardPull, until: 23 * time.Hour},
		"the review was reopened":      {comments: linked(time.Hour), events: event(EventReviewReopened, time.Minute)},
		"a person let it go":           {comments: linked(time.Hour), events: event(EventUnguarded, time.Minute)},
		"a promotion is no word on it": {comments: linked(time.Hour), events: event(EventPromoted, time.Minute), want: GuardPull, until: 23 * time.Hour},

		"a recent success":        {runs: []Run{ended(OutcomeCompleted, 10*time.Minute)}, want: GuardSuccess, until: 50 * time.Minute},
		"a success of an hour":    {runs: []Run{ended(OutcomeCompleted, time.Hour)}},
		"put back since":          {runs: []Run{ended(OutcomeCompleted, 10*time.Minute)}, events: event(EventStatus, 9*time.Minute)},
		"put back in that second": {runs: []Run{ended(OutcomeCompleted, 10*time.Minute)}, events: event(EventReclaimed, 10*time.Minute)},
		"put back before":         {runs: []Run{ended(OutcomeCompleted, 10*time.Minute)}, events: event(EventPromoted, 11*time.Minute), want: GuardSuccess, until: 50 * time.Minute},
		"let go after a success":  {runs: []Run{ended(OutcomeCompleted, 10*time.Minute)}, events: event(EventUnguarded, 0)},
		"a failure is no success": {runs: []Run{ended(OutcomeCrashed, time.Minute)}},

		"a quota":                   {runs: []Run{ended(OutcomeRateLimited, time.Minute)}, retry: 4 * time.Minute, want: GuardRateLimit, until: 4 * time.Minute},
		"a quota, and it has ended": {runs: []Run{ended(OutcomeRateLimited, time.Hour)}, comments: linked(time.Minute)},
		"a quota before a crash":    {runs: []Run{ended(OutcomeRateLimited, time.Hour), {ID: 2, Outcome: OutcomeCrashed, EndedAt: at(-time.Hour)}}, comments: linked(time.Hour), want: GuardPull, until: 23 * time.Hour},
	} {
		task := Task{Status: Ready}
		if c.retry > 0 {
			task.RetryAt = at(c.retry)
		}
		g, held := task.Guard(NewPast(c.runs, c.comments, c.events), noon)
		if held != (c.want != "") || held && (g.Reason != c.want || !g.Until.Equal(at(c.until))) {
			t.Errorf("%s: held %v by %q until %v, want %q until %v", name, held, g.Reason, g.Until, c.want, at(c.until))
		}
	}
}

// A guard is recorded when it begins to hold, once, and not at each look.
func TestGuardedIsRecordedOnce(t *testing.T) {
	t.Parallel()
	task := Task{ID: "t_1", Status: Ready}
	past := NewPast(nil, []Comment{{Body: pull, At: noon}}, nil)
	c, ok := task.Guarded(past, noon.Add(time.Minute))
	if !ok || len(c.Events) != 1 || c.Events[0].Kind != EventGuarded || c.Events[0].Payload.Text("reason") != "active_pr" {
		t.Fatalf("first look: %v, %+v", ok, c.Events)
	}
	if err := c.Legal(); err != nil {
		t.Error(err)
	}
	told := c.Events[0]
	told.ID, told.At = 5, noon.Add(time.Minute)
	past = NewPast(nil, []Comment{{Body: pull, At: noon}}, []Event{told})
	if c, ok := task.Guarded(past, noon.Add(2*time.Minute)); ok {
		t.Errorf("second look: recorded again: %+v", c.Events)
	}
	later := Comment{Body: pull, At: noon.Add(time.Hour)}
	if _, ok := task.Guarded(NewPast(nil, []Comment{later}, []Event{told}), noon.Add(2*time.Hour)); !ok {
		t.Error("a later comment holds it anew, and that is not recorded")
	}
	success := []Run{{ID: 1, Outcome: OutcomeCompleted, EndedAt: noon}}
	if _, ok := task.Guarded(NewPast(success, nil, []Event{told}), noon.Add(2*time.Minute)); !ok {
		t.Error("another reason is not recorded")
	}
	task.Status = Running
	if _, ok := task.Guarded(past, noon); ok {
		t.Error("a running card is recorded as guarded")
	}
	quota := NewPast([]Run{{ID: 1, Outcome: OutcomeRateLimited, EndedAt: noon}}, nil, nil)
	if _, ok := (Task{Status: Ready, RetryAt: noon.Add(time.Hour)}).Guarded(quota, noon); ok {
		t.Error("the rest after a quota is recorded; it has its own event")
	}
}

func TestAssignDefault(t *testing.T) {
	t.Parallel()
	task := Task{ID: "t_1", Status: Ready, Failures: 1, LastError: "x", RetryAt: noon}
	c, ok := task.AssignDefault(" Ada ")
	if !ok || c.Task.Assignee != "ada" || c.Task.Failures != 1 || c.Task.LastError != "x" || !c.Task.RetryAt.Equal(noon) {
		t.Errorf("AssignDefault: %v, %+v; want ada's card with its failures", ok, c.Task)
	}
	if got, _ := EncodeJSON(c.Events[0].Payload); c.Events[0].Kind != EventAssigned || got != `{"assignee": "ada", "source": "kanban.default_assignee"}` {
		t.Errorf("event %s %s", c.Events[0].Kind, got)
	}
	if err := c.Legal(); err != nil {
		t.Error(err)
	}
	for name, task := range map[string]Task{
		"somebody's": {Status: Ready, Assignee: "bob"}, "not ready": {Status: Todo}, "held": {Status: Ready, Lock: "here:1"},
	} {
		if _, ok := task.AssignDefault("ada"); ok {
			t.Errorf("a card that is %s was given away", name)
		}
	}
	if _, ok := task.AssignDefault(" "); ok {
		t.Error("a card was given to nobody")
	}
}

func TestBackoffIsSet(t *testing.T) {
	t.Parallel()
	p := Policy{Jitter: 0.5, Backoff: Backoff{Crash: 8 * time.Second, Max: 20 * time.Second}}
	for n, want := range map[int64]time.Duration{1: 4 * time.Second, 2: 8 * time.Second, 3: 10 * time.Second, 2000: 10 * time.Second} {
		if got := p.backoff(Crashed, n); got != want {
			t.Errorf("failure %d: %v, want %v", n, got, want)
		}
		if got := p.backoff(SpawnFailed, n); got != 0 {
			t.Errorf("failure %d to start: %v, want no delay", n, got)
		}
	}
}
