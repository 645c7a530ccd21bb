package dispatch

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"andon/internal/config"
	"andon/internal/store"
	"andon/kanban"
)

var now = time.Unix(1_800_000_000, 0)

func limits() Limits {
	return Limits{
		Dispatch: config.Dispatch{MaxInProgress: 3, StaleTimeout: config.Duration(4 * time.Hour)},
		Profiles: map[string]config.Profile{"ada": {MaxInProgress: 2}, "bob": {}},
		Grace:    30 * time.Second,
	}
}

// running is a card whose supervisor took over an hour ago and lives.
func running(change func(*Worker)) Worker {
	began := now.Add(-time.Hour)
	w := Worker{Local: true, Held: store.Held{
		Task: kanban.Task{ID: "t_1", Status: kanban.Running, Run: 1, Lock: "here:1:2", Expires: now.Add(time.Minute), WorkerPID: 7, Assignee: "ada"},
		Run:  kanban.Run{ID: 1, Task: "t_1", StartedAt: began, Worker: kanban.Worker{PID: 7, Start: "5"}},
	}}
	change(&w)
	return w
}

func TestRecover(t *testing.T) {
	t.Parallel()
	foreign := func(w *Worker) { w.Local, w.Dead = false, false }
	for name, c := range map[string]struct {
		change func(*Worker)
		want   Cause
	}{
		"all is well":                         {func(*Worker) {}, ""},
		"lease lapsed, worker lives":          {func(w *Worker) { w.Task.Expires = now.Add(-time.Second) }, CauseExtend},
		"lease lapsed, supervised and silent": {func(w *Worker) { w.Task.Expires, w.Task.HeartbeatAt = now.Add(-1), now.Add(-2*time.Hour) }, CauseExtend},
		"lease lapsed, worker silent": {func(w *Worker) {
			w.Task.Expires, w.Task.HeartbeatAt, w.Run.Worker.Start = now.Add(-1), now.Add(-2*time.Hour), ""
		}, CauseLease},
		"lease lapsed, worker dead":         {func(w *Worker) { w.Task.Expires, w.Dead = now.Add(-1), true }, CauseLease},
		"lease lapsed on another host":      {func(w *Worker) { foreign(w); w.Task.Expires = now.Add(-1) }, CauseLease},
		"lease lapsed, claimed by hand":     {func(w *Worker) { w.Task.WorkerPID, w.Task.Expires = 0, now.Add(-1) }, CauseLease},
		"claimed by hand":                   {func(w *Worker) { w.Task.WorkerPID = 0 }, ""},
		"claimer died":                      {func(w *Worker) { w.Task.WorkerPID, w.Gone = 0, true }, CauseClaimer},
		"claimer just died":                 {func(w *Worker) { w.Task.WorkerPID, w.Gone, w.Run.StartedAt = 0, true, now.Add(-time.Second) }, ""},
		"supervisor never took over":        {func(w *Worker) { w.Task.WorkerPID, w.Stillborn = 0, true }, CauseStillborn},
		"worker died":                       {func(w *Worker) { w.Dead = true }, CauseCrash},
		"worker died on another host":       {func(w *Worker) { w.Dead = true; foreign(w) }, ""},
		"unsupervised worker died":          {func(w *Worker) { w.Dead, w.Run.Worker.Start = true, "" }, CauseCrash},
		"unsupervised worker, in its grace": {func(w *Worker) { w.Dead, w.Run.Worker.Start, w.Run.StartedAt = true, "", now.Add(-time.Second) }, ""},
		"silent for too long":               {func(w *Worker) { w.Run.StartedAt = now.Add(-5 * time.Hour) }, CauseSilent},
		"long, but with a heartbeat": {func(w *Worker) {
			w.Run.StartedAt, w.Task.HeartbeatAt = now.Add(-5*time.Hour), now.Add(-time.Minute)
		}, ""},
		"over its limit, left to its supervisor": {func(w *Worker) { w.Run.MaxRuntime = time.Hour }, ""},
		"long over its limit":                    {func(w *Worker) { w.Run.MaxRuntime = 59 * time.Minute }, CauseTimeout},
		"unsupervised over its limit":            {func(w *Worker) { w.Run.MaxRuntime, w.Run.Worker.Start = time.Hour, "" }, CauseTimeout},
		"no run":                                 {func(w *Worker) { w.Run = kanban.Run{} }, ""},
	} {
		var got Cause
		for _, r := range Recover(Snapshot{Now: now, Running: []Worker{running(c.change)}}, limits()) {
			got = r.Cause
		}
		if got != c.want {
			t.Errorf("%s: cause %q, want %q", name, got, c.want)
		}
	}
}

// ready makes the cards of a test's queue what cards in a queue are.
func ready(s *Snapshot) {
	for i := range s.Ready {
		s.Ready[i].Status = kanban.Ready
	}
}

func TestPlan(t *testing.T) {
	t.Parallel()
	s := Snapshot{Now: now, Running: []Worker{running(func(*Worker) {})}, Ready: []kanban.Task{
		{ID: "nobody"}, {ID: "person", Assignee: "carol"}, {ID: "resting", Assignee: "bob", RetryAt: now.Add(time.Minute)},
		{ID: "first", Assignee: "ada"}, {ID: "second", Assignee: "ada"}, {ID: "third", Assignee: "bob", RetryAt: now}, {ID: "fourth", Assignee: "bob"},
	}}
	ready(&s)
	names := func(tasks []kanban.Task) (ids []string) {
		for _, t := range tasks {
			ids = append(ids, string(t.ID))
		}
		return ids
	}
	p := Plan([]Snapshot{s}, limits())[0]
	by := func(kind HoldKind) (ids []string) {
		for _, h := range p.By(kind) {
			ids = append(ids, string(h.Task.ID))
		}
		return ids
	}
	got := map[string][]string{"start": names(p.Start), "unassigned": by(HoldUnassigned), "no profile": by(HoldNoProfile),
		"waiting": by(HoldBackoff), "capped": by(HoldCap)}
	want := map[string][]string{"start": {"third", "first"}, "unassigned": {"nobody"}, "no profile": {"person"}, "waiting": {"resting"}, "capped": {"fourth"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Plan (-want +got):\n%s", diff)
	}
	if c := p.By(HoldProfileCap); len(c) != 1 || c[0].Task.ID != "second" || c[0].Holds[0].Current != 2 || c[0].Holds[0].Limit != 2 {
		t.Errorf("capped by profile: %+v, want second with 2 running", c)
	}
}

// No cap is ever exceeded, nothing is forgotten, and what may start does.
func TestPlanKeepsToItsCaps(t *testing.T) {
	t.Parallel()
	for limit := range 5 {
		for most := range 5 {
			for busy := range 4 {
				l := limits()
				l.MaxInProgress, l.Max = limit, most
				s := Snapshot{Now: now}
				for range busy {
					s.Running = append(s.Running, running(func(w *Worker) { w.Task.Assignee = "bob" }))
				}
				for range 6 {
					s.Ready = append(s.Ready, kanban.Task{Status: kanban.Ready, Assignee: "bob"})
				}
				p := Plan([]Snapshot{s}, l)[0]
				room := len(s.Ready)
				for _, n := range []int{limit, most} {
					if n > 0 {
						room = min(room, n-busy)
					}
				}
				if got := len(p.Start); got != max(room, 0) || got+len(p.By(HoldCap)) != len(s.Ready) {
					t.Errorf("cap %d, max %d, %d running: %d start and %d wait, want %d to start", limit, most, busy, got, len(p.By(HoldCap)), max(room, 0))
				}
			}
		}
	}
}

func TestDeadline(t *testing.T) {
	t.Parallel()
	s := Snapshot{Now: now, Running: []Worker{running(func(*Worker) {})}, Ready: []kanban.Task{
		{Assignee: "bob", RetryAt: now.Add(10 * time.Second)}, {Assignee: "carol", RetryAt: now.Add(time.Second)}, {Assignee: "bob", RetryAt: now.Add(-time.Second)},
	}}
	ready(&s)
	if got, want := Deadline(s, limits()), now.Add(10*time.Second); !got.Equal(want) {
		t.Errorf("Deadline = %v, want %v: the next try of a card that can be started", got, want)
	}
	s.Next = now.Add(5 * time.Second)
	if got := Deadline(s, limits()); !got.Equal(s.Next) {
		t.Errorf("Deadline = %v, want %v: the hour of a scheduled card", got, s.Next)
	}
	if got := Deadline(Snapshot{Now: now}, limits()); !got.IsZero() {
		t.Errorf("Deadline of an empty board = %v, want none", got)
	}
}

// A card of nobody goes to the default assignee if there is such a profile, and
// is then planned as his, caps and all.
func TestPlanGivesCardsOfNobodyToTheDefaultAssignee(t *testing.T) {
	t.Parallel()
	s := Snapshot{Now: now, Ready: []kanban.Task{{ID: "a"}, {ID: "b", Assignee: "bob"}, {ID: "c"}, {ID: "d"}}}
	ready(&s)
	l := limits()
	l.DefaultAssignee = "ada"
	l.MaxInProgress = 9
	p := Plan([]Snapshot{s}, l)[0]
	same(t, "given", p.Assign, []kanban.TaskID{"a", "c", "d"})
	var started []kanban.TaskID
	for _, task := range p.Start {
		started = append(started, task.ID)
		if want := map[kanban.TaskID]string{"b": "bob"}[task.ID]; want == "" && task.Assignee != "ada" {
			t.Errorf("%s starts for %q, want ada", task.ID, task.Assignee)
		}
	}
	same(t, "started", started, []kanban.TaskID{"a", "b", "c"}) // ada may have two
	if capped := p.By(HoldProfileCap); len(capped) != 1 || capped[0].Task.ID != "d" {
		t.Errorf("capped: %+v, want d", capped)
	}

	for _, none := range []string{"", "ghost"} {
		l.DefaultAssignee = none
		if p := Plan([]Snapshot{s}, l)[0]; len(p.Assign) != 0 || len(p.By(HoldUnassigned)) != 3 {
			t.Errorf("default assignee %q: given %v, unassigned %+v", none, p.Assign, p.By(HoldUnassigned))
		}
	}
}

// A guard holds a card until its end, and the dispatcher wakes then.
func TestPlanHeedsGuards(t *testing.T) {
	t.Parallel()
	s := Snapshot{Now: now, Ready: []kanban.Task{
		{ID: "pull", Assignee: "bob"}, {ID: "done", Assignee: "bob"}, {ID: "quota", Assignee: "bob", RetryAt: now.Add(time.Minute)},
		{ID: "free", Assignee: "bob"},
	}, Pasts: map[kanban.TaskID]kanban.Past{
		"pull":  {Link: "https://github.com/a/b/pull/1", LinkAt: now.Add(-time.Hour)},
		"done":  {Success: now.Add(-30 * time.Minute)},
		"quota": {Last: kanban.OutcomeRateLimited, Link: "https://github.com/a/b/pull/1", LinkAt: now.Add(-time.Hour)},
	}}
	ready(&s)
	p := Plan([]Snapshot{s}, limits())[0]
	got := map[kanban.TaskID]Hold{}
	for _, h := range p.Held {
		got[h.Task.ID] = h.Holds[0]
	}
	want := map[kanban.TaskID]Hold{
		"pull":  {Kind: HoldPull, Until: now.Add(23 * time.Hour), Link: "https://github.com/a/b/pull/1"},
		"done":  {Kind: HoldSuccess, Until: now.Add(30 * time.Minute)},
		"quota": {Kind: HoldRateLimit, Until: now.Add(time.Minute)},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("held (-want +got):\n%s", diff)
	}
	if len(p.Start) != 1 || p.Start[0].ID != "free" {
		t.Errorf("started %+v, want free", p.Start)
	}
	s.Ready = s.Ready[:2]
	if at := Deadline(s, limits()); !at.Equal(now.Add(30 * time.Minute)) {
		t.Errorf("the next deadline is %v, want the end of the first guard", at)
	}
	s.Now = now.Add(23 * time.Hour)
	if p := Plan([]Snapshot{s}, limits())[0]; len(p.Held) != 0 {
		t.Errorf("after their end the guards hold %+v", p.Held)
	}
}

func same[T comparable](t *testing.T, what string, got, want []T) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}
