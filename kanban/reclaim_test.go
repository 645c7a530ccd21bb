package kanban

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var ended = Termination{PrevPID: 40, HostLocal: true, Attempted: true, Terminated: true}

const termination = `"prev_pid": 40, "host_local": true, "termination_attempted": true, "terminated": true, "sigkill": false`

func TestReclaimByHand(t *testing.T) {
	was, run := running()
	was.Failures, was.LastError, was.RetryAt = 1, "e", noon
	c := does(t)(was.Reclaim("hung", 7, ended, run, noon))
	want := card(Running).with(func(t *Task) {
		t.clearClaim()
		t.Status = Ready
	})
	if d := cmp.Diff(want, c.Task); d != "" {
		t.Errorf("card (-want +got):\n%s", d)
	}
	wants(t, c, `reclaimed {"manual": true, "reason": "hung", "prev_lock": "host:11", `+termination+`}`)
	if r := c.Runs[0]; r.Outcome != OutcomeReclaimed || r.Error != "hung" || c.Events[0].Run != 7 {
		t.Errorf("run %+v, event of run %d", r, c.Events[0].Run)
	}
	// It was nobody's when its worker was looked for, and is somebody's now.
	_, err := was.Reclaim("", 0, Termination{}, run, noon)
	refuses(t, err, ErrSuperseded, Conflict, "claimed it meanwhile")
	if _, err := card(Ready).Reclaim("", 0, ended, nil, noon); err == nil {
		t.Error("a card that nobody holds was reclaimed")
	} else {
		refuses(t, err, ErrConflict, Conflict, "reclaim", "ready", "nobody")
	}
}

func TestLapsed(t *testing.T) {
	beat := noon.Add(-2 * time.Hour)
	for _, tt := range []struct {
		lapse   Lapse
		alter   func(*Task)
		event   string
		outcome Outcome
		err     string
	}{
		{LeaseLapsed, func(t *Task) { t.Expires, t.WorkerPID, t.HeartbeatAt = noon.Add(-time.Second), 40, beat },
			`reclaimed {"stale_lock": "host:11", "worker_pid": 40, "claim_expires": 1699999999, "last_heartbeat_at": 1699992800, "now": 1700000000, ` +
				`"host_local": true, "heartbeat_stale": true, "prev_pid": 40, "termination_attempted": true, "terminated": true, "sigkill": false}`,
			OutcomeReclaimed, "stale_lock=host:11"},
		{ClaimerGone, func(t *Task) {},
			`reclaimed {"stale_lock": "host:11", "worker_pid": null, "claim_expires": 1700000900, "last_heartbeat_at": null, "now": 1700000000, ` +
				`"host_local": true, "heartbeat_stale": false, "prev_pid": 40, "termination_attempted": true, "terminated": true, "sigkill": false, "reason": "claimer_dead"}`,
			OutcomeReclaimed, "stale_lock=host:11"},
		{WorkerSilent, func(t *Task) { t.WorkerPID, t.HeartbeatAt = 40, beat },
			`stale {"elapsed_seconds": 60, "last_heartbeat_at": 1699992800, "heartbeat_age_seconds": 7200, "timeout_seconds": 30, "pid": 40, ` + termination + `}`,
			OutcomeStale, "no heartbeat for 7200s after 60s running"},
		{WorkerSilent, func(t *Task) {},
			`stale {"elapsed_seconds": 60, "last_heartbeat_at": null, "heartbeat_age_seconds": null, "timeout_seconds": 30, "pid": null, ` + termination + `}`,
			OutcomeStale, "no heartbeat ever after 60s running"},
	} {
		t.Run(string(tt.lapse)+"/"+string(tt.outcome), func(t *testing.T) {
			was := card(Running).with(tt.alter)
			was.Failures = 1
			c := does(t)(was.Lapsed(tt.lapse, 30*time.Second, ended, *runOf(was), noon))
			wants(t, c, tt.event)
			if c.Task.Status != Ready || c.Task.Failures != 1 || c.Task.Lock != "" || c.Task.Run != 0 || c.Events[0].Run != 7 {
				t.Errorf("card %+v, event of run %d; want ready, unheld, uncounted", c.Task, c.Events[0].Run)
			}
			if tt.outcome == OutcomeStale && !c.Task.HeartbeatAt.IsZero() {
				t.Errorf("the silent worker's heartbeat stayed")
			}
			if r := c.Runs[0]; r.Outcome != tt.outcome || r.Error != tt.err {
				t.Errorf("run ended as %s with %q, want %s with %q", r.Outcome, r.Error, tt.outcome, tt.err)
			}
		})
	}
}

// A card that has moved on, or whose lease was renewed meanwhile, is left alone.
func TestLapsedLeavesTheLivingAlone(t *testing.T) {
	task, run := running()
	for name, ask := range map[string]func() (Change, error){
		"lease renewed": func() (Change, error) { return task.Lapsed(LeaseLapsed, 0, ended, *run, noon) },
		"lease ends now": func() (Change, error) {
			return task.with(func(t *Task) { t.Expires = noon }).Lapsed(LeaseLapsed, 0, ended, *run, noon)
		},
		"supervisor came": func() (Change, error) {
			return task.with(func(t *Task) { t.WorkerPID = 40 }).Lapsed(ClaimerGone, 0, ended, *run, noon)
		},
		"another run": func() (Change, error) {
			return task.with(func(t *Task) { t.Run = 8 }).Lapsed(WorkerSilent, 0, ended, *run, noon)
		},
		"not running": func() (Change, error) { return card(Ready).Lapsed(ClaimerGone, 0, ended, *run, noon) },
	} {
		_, err := ask()
		t.Run(name, func(t *testing.T) { refuses(t, err, ErrSuperseded, Conflict, "t_0000000a") })
	}
}

func TestExtendAndDefer(t *testing.T) {
	task, run := running()
	task.WorkerPID, task.HeartbeatAt = 40, noon.Add(-time.Minute)
	_, err := task.Extend(*run, time.Minute, noon)
	refuses(t, err, ErrSuperseded, Conflict, "t_0000000a") // not lapsed yet

	task.Expires = noon.Add(-time.Second)
	c := does(t)(task.Extend(*run, time.Minute, noon))
	wants(t, c, `claim_extended {"reason": "pid_alive", "worker_pid": 40, "claim_lock": "host:11", "claim_expires_was": 1699999999, "claim_expires_now": 1700000060, "last_heartbeat_at": 1699999940}`)
	if at := noon.Add(time.Minute); c.Task.Expires != at || c.Runs[0].Expires != at || c.Events[0].Run != 7 {
		t.Errorf("lease until %v on the card, %v in the run", c.Task.Expires, c.Runs[0].Expires)
	}

	survived := Termination{PrevPID: 40, HostLocal: true, Attempted: true, Sigkill: true}
	if !survived.Survived() || ended.Survived() || (Termination{Attempted: true}).Survived() {
		t.Error("Survived is true of a worker of this host that was to end and did not, and of no other")
	}
	c = does(t)(task.Defer("ttl_expired_worker_alive", survived, *run, noon))
	wants(t, c, `reclaim_deferred {"reason": "ttl_expired_worker_alive", "claim_lock": "host:11", "claim_expires_now": 1700000120, "prev_pid": 40, "host_local": true, "termination_attempted": true, "terminated": false, "sigkill": true}`)
	if at := noon.Add(2 * time.Minute); c.Task.Status != Running || c.Task.Expires != at || c.Runs[0].Expires != at {
		t.Errorf("card %s, lease until %v", c.Task.Status, c.Task.Expires)
	}
}

func TestHeartbeatStale(t *testing.T) {
	for age, want := range map[time.Duration]bool{0: false, time.Hour: false, time.Hour + time.Second: true} {
		if got := card(Running).with(func(t *Task) { t.HeartbeatAt = noon.Add(-age) }).HeartbeatStale(noon); got != want {
			t.Errorf("a heartbeat %v old is stale: %t, want %t", age, got, want)
		}
	}
	if card(Running).HeartbeatStale(noon) {
		t.Error("a run that never sent a heartbeat is stale")
	}
}

// A worker that was superseded moves nothing: no verb that takes a run takes an
// old one, and none takes one of a card that has none.
func TestSupersededRunIsRefused(t *testing.T) {
	for _, task := range []Task{card(Running).with(func(t *Task) { t.Run = 8 }), card(Ready), card(Blocked), card(Done)} {
		current := runOf(task)
		old := *runOf(card(Running))
		for name, ask := range map[string]func() (Change, error){
			"complete":  func() (Change, error) { return task.Complete(Report{Run: 7}, current, Witness{}, noon) },
			"block":     func() (Change, error) { return task.Block(Block{Run: 7}, nil, current, noon) },
			"heartbeat": func() (Change, error) { return task.Heartbeat(Heartbeat{Run: 7}, current, noon) },
			"reclaim":   func() (Change, error) { return task.Reclaim("", 7, ended, current, noon) },
			"renew":     func() (Change, error) { return task.Renew(old, old.Lock, 0, noon) },
			"start":     func() (Change, error) { return task.Started(old, old.Lock, Worker{PID: 1}, "") },
			"extend":    func() (Change, error) { return task.Extend(old, 0, noon.Add(time.Hour)) },
			"defer":     func() (Change, error) { return task.Defer("", ended, old, noon) },
			"take":      func() (Change, error) { return task.Lapsed(LeaseLapsed, 0, ended, old, noon.Add(time.Hour)) },
			"fail":      func() (Change, error) { return task.Fail(Failure{Class: Crashed}, old, Policy{}, noon) },
		} {
			_, err := ask()
			t.Run(string(task.Status)+"/"+name, func(t *testing.T) { refuses(t, err, ErrSuperseded, Conflict, name, "t_0000000a") })
		}
	}
}
