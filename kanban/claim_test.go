package kanban

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestClaimOpensARun(t *testing.T) {
	was := card(Ready).with(func(t *Task) { t.MaxRuntime, t.StepKey = time.Hour, "draft" })
	c := does(t)(was.Claim(Claimant{Lock: "host:11", TTL: time.Minute}, nil, nil, noon))
	want := was.with(func(t *Task) {
		t.Status, t.Run, t.Lock, t.Expires, t.StartedAt = Running, NewRun, "host:11", noon.Add(time.Minute), noon
	})
	if d := cmp.Diff(want, c.Task); d != "" {
		t.Errorf("card (-want +got):\n%s", d)
	}
	run := Run{Task: was.ID, Profile: "ada", StepKey: "draft", Status: "running", Lock: "host:11",
		Expires: noon.Add(time.Minute), MaxRuntime: time.Hour, StartedAt: noon}
	if d := cmp.Diff([]Run{run}, c.Runs); d != "" {
		t.Errorf("runs (-want +got):\n%s", d)
	}
	wants(t, c, `claimed {"lock": "host:11", "expires": 1700000060, "run_id": 7}`)
	if c.Events[0].Run != NewRun {
		t.Errorf("the event carries run %d, want the new one", c.Events[0].Run)
	}
}

// A claim begins anew: what the last worker left would have the next one judged
// by it. Only the first start ever stays, and what the failures were.
func TestClaimForgetsTheLastWorker(t *testing.T) {
	first := noon.Add(-time.Hour)
	was := card(Ready).with(func(t *Task) {
		t.StartedAt, t.HeartbeatAt, t.WorkerPID, t.RetryAt, t.Failures, t.LastError = first, first, 99, noon.Add(time.Hour), 1, "pid 99 not alive"
	})
	c := does(t)(was.Claim(Claimant{Lock: "host:12"}, nil, nil, noon))
	want := was.with(func(t *Task) {
		t.Status, t.Run, t.Lock, t.Expires = Running, NewRun, "host:12", noon.Add(DefaultTTL)
		t.HeartbeatAt, t.WorkerPID, t.RetryAt = time.Time{}, 0, time.Time{}
	})
	if d := cmp.Diff(want, c.Task); d != "" {
		t.Errorf("card (-want +got):\n%s", d)
	}
	if !c.Runs[0].HeartbeatAt.IsZero() || c.Runs[0].WorkerPID != 0 {
		t.Errorf("the run begins with heartbeat %v and pid %d", c.Runs[0].HeartbeatAt, c.Runs[0].WorkerPID)
	}
}

// The refusal leaves its mark: the card should not have been ready.
func TestClaimWithOpenParentSendsTheCardBack(t *testing.T) {
	c := does(t)(card(Ready).Claim(Claimant{Lock: "host:11"}, parent(Review), nil, noon))
	if c.Task.Status != Todo || len(c.Runs) != 0 || c.Task.Run != 0 || c.Task.Lock != "" {
		t.Errorf("card %+v, runs %+v; want an unheld card in todo", c.Task, c.Runs)
	}
	wants(t, c, `claim_rejected {"reason": "parents_not_done"}`)
	refuses(t, c.Refusal, ErrParentsOpen, Conflict, "claim t_0000000a", "t_0000000b")
}

func TestClaimOfHeldCard(t *testing.T) {
	_, err := card(Running).Claim(Claimant{Lock: "host:12"}, nil, nil, noon)
	refuses(t, err, ErrHeld, Conflict, "claim t_0000000a", "running", "host:11")
	_, err = card(Ready).with(func(t *Task) { t.Lock = "other:5" }).Claim(Claimant{Lock: "host:12"}, nil, nil, noon)
	refuses(t, err, ErrHeld, Conflict, "other:5")
}

func TestClaimClosesADanglingRun(t *testing.T) {
	dangling := &Run{ID: 3, Task: "t_0000000a", Status: "running", Lock: "x:1", StartedAt: noon.Add(-time.Hour)}
	c := does(t)(card(Ready).with(func(t *Task) { t.Run = 3 }).Claim(Claimant{Lock: "host:11"}, nil, dangling, noon))
	if len(c.Runs) != 2 || c.Runs[0].ID != 3 || c.Runs[0].Outcome != OutcomeReclaimed || c.Runs[0].EndedAt != noon ||
		c.Runs[0].Summary != "invariant recovery on re-claim" || c.Runs[0].Lock != "" {
		t.Errorf("runs %+v; want run 3 closed as reclaimed and one opened", c.Runs)
	}
	if c.Task.Run != NewRun || c.Task.Lock != "host:11" {
		t.Errorf("the card has run %d and lock %q", c.Task.Run, c.Task.Lock)
	}
}

// Of two supervisors one gets the run; so does none of a run that moved on.
func TestStartedOnlyOnce(t *testing.T) {
	task, run := running()
	w := Worker{PID: 40, Start: "s"}
	c := does(t)(task.Started(*run, "host:11", w, "/w"))
	wants(t, c, `spawned {"pid": 40}`)
	if c.Events[0].Run != 7 || c.Task.WorkerPID != 40 || c.Task.WorkspacePath != "/w" || c.Runs[0].WorkerPID != 40 || c.Runs[0].Worker != w {
		t.Errorf("change %+v", c)
	}
	for name, ask := range map[string]func() (Change, error){
		"second supervisor": func() (Change, error) { return c.Task.Started(c.Runs[0], "host:11", Worker{PID: 41}, "/w") },
		"another's lock":    func() (Change, error) { return task.Started(*run, "host:12", w, "/w") },
		"closed run": func() (Change, error) {
			return task.Started(run.close(ending{outcome: OutcomeCrashed}, noon), "host:11", w, "/w")
		},
		"card moved on": func() (Change, error) {
			return task.with(func(t *Task) { t.Run = 8 }).Started(*run, "host:11", w, "/w")
		},
		"card not running": func() (Change, error) { return card(Ready).Started(*run, "host:11", w, "/w") },
	} {
		_, err := ask()
		t.Run(name, func(t *testing.T) { refuses(t, err, ErrSuperseded, Conflict, "start", "7") })
	}
}

// The claimer's limit is rounded up as a card's own is: cut to whole seconds, half
// of one would be no limit.
func TestClaimKeepsALimitBelowASecond(t *testing.T) {
	c := does(t)(card(Ready).Claim(Claimant{Lock: "host:11", MaxRuntime: 500 * time.Millisecond}, nil, nil, noon))
	if got := c.Runs[0].MaxRuntime; got != time.Second {
		t.Errorf("the run may last %v, want 1s", got)
	}
}
