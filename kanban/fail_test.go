package kanban

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// What each class of failure leaves behind, below the limit and at it.
func TestFailRecords(t *testing.T) {
	const claimer = `"claimer": "host:11"`
	for _, tt := range []struct {
		name          string
		f             Failure
		outcome       Outcome
		text, payload string
		event         EventKind
		gaveUp        string // extras of the breaker's event
	}{
		{"exit code", Failure{Class: Crashed, PID: 40, Exit: Exit{Code: 3}}, OutcomeCrashed, "pid 40 exited with code 3",
			`{"pid": 40, ` + claimer + `, "exit_kind": "nonzero_exit", "exit_code": 3}`, EventCrashed, `"pid": 40, ` + claimer},
		{"signal", Failure{Class: Crashed, PID: 40, Exit: Exit{Signal: 9}}, OutcomeCrashed, "pid 40 killed by signal 9",
			`{"pid": 40, ` + claimer + `, "exit_kind": "signaled", "exit_code": 9}`, EventCrashed, `"pid": 40, ` + claimer},
		{"nobody saw it", Failure{Class: Crashed, PID: 40, Exit: Exit{Unknown: true}}, OutcomeCrashed, "pid 40 not alive",
			`{"pid": 40, ` + claimer + `}`, EventCrashed, `"pid": 40, ` + claimer},
		{"breach", Failure{Class: Breach, PID: 40}, OutcomeCrashed, "pid 40 exited cleanly (rc=0) without complete or block: protocol violation",
			`{"pid": 40, ` + claimer + `, "exit_code": 0, "protocol_violation": true}`, EventProtocol, `"pid": 40, ` + claimer},
		{"time-out", Failure{Class: TimedOut, PID: 40, Elapsed: 61 * time.Second, Limit: time.Minute, Sigkill: true}, OutcomeTimedOut, "elapsed 61s > limit 60s",
			`{"pid": 40, "elapsed_seconds": 61, "limit_seconds": 60, "sigkill": true}`, EventTimedOut, `"pid": 40, "sigkill": true`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			was, run := running()
			was.HeartbeatAt = noon.Add(-time.Second)
			c := does(t)(was.Fail(tt.f, *run, Policy{BoardLimit: 3, Jitter: 0.5}, noon))
			wants(t, c, string(tt.event)+" "+tt.payload)
			if c.Task.Status != Ready || c.Task.Failures != 1 || c.Task.LastError != tt.text || !c.Task.RetryAt.After(noon) || c.Task.Run != 0 {
				t.Errorf("below the limit: card %+v", c.Task)
			}
			if got := c.Task.HeartbeatAt.IsZero(); got != (tt.f.Class == TimedOut) {
				t.Errorf("heartbeat forgotten: %t", got)
			}
			r := c.Runs[0]
			meta, err := EncodeJSON(r.Metadata)
			if err != nil || r.Outcome != tt.outcome || r.Status != string(tt.outcome) || r.Error != tt.text || meta != tt.payload || c.Events[0].Run != 7 {
				t.Errorf("run %+v with metadata %s, event of run %d; want metadata %s", r, meta, c.Events[0].Run, tt.payload)
			}

			was.Failures = 2
			c = does(t)(was.Fail(tt.f, *run, Policy{BoardLimit: 3, Jitter: 0.5}, noon))
			wants(t, c, string(tt.event)+" "+tt.payload,
				`gave_up {"failures": 3, "effective_limit": 3, "limit_source": "dispatcher", "error": "`+tt.text+`", "trigger_outcome": "`+string(tt.outcome)+`", `+tt.gaveUp+`}`)
			if c.Task.Status != Blocked || c.Task.Failures != 3 || !c.Task.RetryAt.IsZero() || c.Events[1].Run != 0 || c.Runs[0].Outcome != tt.outcome {
				t.Errorf("at the limit: card %+v, breaker's event of run %d, runs %+v", c.Task, c.Events[1].Run, c.Runs)
			}
		})
	}
}

// A worker that never started has one event either way, and the breaker closes
// its run.
func TestFailToSpawn(t *testing.T) {
	was, run := running()
	f := Failure{Class: SpawnFailed, Error: "workspace: no such folder"}
	c := does(t)(was.Fail(f, *run, Policy{}, noon))
	wants(t, c, `spawn_failed {"error": "workspace: no such folder", "failures": 1}`)
	if r := c.Runs[0]; r.Outcome != OutcomeSpawnFailed || r.Error != f.Error || r.Metadata != nil || c.Task.Status != Ready {
		t.Errorf("run %+v, card %s", r, c.Task.Status)
	}
	was.Failures = 1
	c = does(t)(was.Fail(f, *run, Policy{}, noon))
	wants(t, c, `gave_up {"failures": 2, "effective_limit": 2, "limit_source": "default", "error": "workspace: no such folder", "trigger_outcome": "spawn_failed"}`)
	meta, err := EncodeJSON(c.Runs[0].Metadata)
	if want := `{"failures": 2, "trigger_outcome": "spawn_failed", "effective_limit": 2, "limit_source": "default"}`; err != nil || meta != want {
		t.Errorf("run's metadata %s (%v), want %s", meta, err, want)
	}
	if c.Runs[0].Outcome != OutcomeGaveUp || c.Events[0].Run != 7 || c.Task.Status != Blocked {
		t.Errorf("run %+v, event of run %d, card %s", c.Runs[0], c.Events[0].Run, c.Task.Status)
	}
}

// One counter, one limit, whatever the class; and the message names whose limit
// it was.
func TestFailureLimit(t *testing.T) {
	for _, tt := range []struct {
		name   string
		task   int64
		p      Policy
		limit  int64
		source string
	}{
		{"the card's", 4, Policy{ProfileLimit: 3, BoardLimit: 1}, 4, "task"},
		{"the profile's", 0, Policy{ProfileLimit: 3, BoardLimit: 1}, 3, "profile"},
		{"the board's", 0, Policy{BoardLimit: 1}, 1, "dispatcher"},
		{"nobody's", 0, Policy{}, 2, "default"},
	} {
		for _, class := range []Class{SpawnFailed, Crashed, TimedOut, Breach} {
			t.Run(tt.name+"/"+string(class), func(t *testing.T) {
				task, run := running()
				task.MaxRetries = tt.task
				for n := int64(1); ; n++ {
					c := does(t)(task.Fail(Failure{Class: class, Error: "e"}, *run, tt.p, noon))
					if c.Task.Failures != n {
						t.Fatalf("after %d failures the card counts %d", n, c.Task.Failures)
					}
					if tripped := c.Task.Status == Blocked; tripped != (n == tt.limit) {
						t.Fatalf("after %d failures the card is %s, and the limit is %d", n, c.Task.Status, tt.limit)
					}
					if n == tt.limit {
						last := c.Events[len(c.Events)-1]
						if last.Kind != EventGaveUp || last.Payload.Get("limit_source") != tt.source || last.Payload.Get("effective_limit") != tt.limit {
							t.Errorf("the breaker's event is %s %v", last.Kind, last.Payload)
						}
						return
					}
					task.Failures = c.Task.Failures
				}
			})
		}
	}
}

func TestRateLimitNeverCounts(t *testing.T) {
	was, run := running()
	was.Failures = 1 // the next failure would trip the breaker
	c := does(t)(was.Fail(Failure{Class: RateLimited, PID: 40, Exit: Exit{Code: 75}}, *run, Policy{Cooldown: 5 * time.Minute, Jitter: 0.9}, noon))
	wants(t, c, `rate_limited {"pid": 40, "claimer": "host:11", "exit_code": 75}`)
	want := was.with(func(t *Task) {
		t.clearClaim()
		t.Status, t.RetryAt, t.LastError = Ready, noon.Add(5*time.Minute), "pid 40 exited rate-limited (quota wall)"
	})
	if d := cmp.Diff(want, c.Task); d != "" {
		t.Errorf("card (-want +got):\n%s", d)
	}
	if c.Runs[0].Outcome != OutcomeRateLimited {
		t.Errorf("run %+v", c.Runs[0])
	}
	if c = does(t)(was.Fail(Failure{Class: RateLimited}, *run, Policy{}, noon)); c.Task.RetryAt.After(noon) {
		t.Errorf("without a cooldown the card rests until %v", c.Task.RetryAt)
	}
}

// The wait is a part of a bound that doubles: any part, so that workers which
// fell together do not rise together.
func TestBackoff(t *testing.T) {
	first := map[Class]time.Duration{SpawnFailed: time.Second, Crashed: 2 * time.Second, Breach: 2 * time.Second, TimedOut: 10 * time.Second}
	for class, d := range first {
		for n := int64(1); n < 80; n++ {
			bound := 10 * time.Minute
			if doubled := float64(d) * math.Exp2(float64(n-1)); doubled < float64(bound) {
				bound = time.Duration(doubled)
			}
			if got := (Policy{Jitter: 0}).backoff(class, n); got != 0 {
				t.Errorf("%s, failure %d: least wait %v, want 0", class, n, got)
			}
			if got := (Policy{Jitter: 0.5}).backoff(class, n); got != bound/2 {
				t.Errorf("%s, failure %d: wait by half %v, want %v", class, n, got, bound/2)
			}
			if got := (Policy{Jitter: math.Nextafter(1, 0)}).backoff(class, n); got > bound || got < bound-time.Microsecond {
				t.Errorf("%s, failure %d: greatest wait %v, want nearly %v", class, n, got, bound)
			}
		}
	}
	task, run := running()
	task.Failures = 3
	c := does(t)(task.Fail(Failure{Class: TimedOut}, *run, Policy{BoardLimit: 9, Jitter: 0.5}, noon))
	if want := noon.Add(40 * time.Second); !c.Task.RetryAt.Equal(want) {
		t.Errorf("the fourth failure waits until %v, want %v", c.Task.RetryAt, want)
	}
}

func TestFailOfASupersededRun(t *testing.T) {
	task, run := running()
	run.ID = 6
	_, err := task.Fail(Failure{Class: Crashed}, *run, Policy{}, noon)
	refuses(t, err, ErrSuperseded, Conflict, "fail", "6", "t_0000000a")
	run.ID, run.EndedAt = 7, noon
	_, err = task.Fail(Failure{Class: Crashed}, *run, Policy{}, noon)
	refuses(t, err, ErrSuperseded, Conflict)
}

func TestFailCutsTheErrorByCharacters(t *testing.T) {
	task, run := running()
	c := does(t)(task.Fail(Failure{Class: SpawnFailed, Error: strings.Repeat("ü", 501)}, *run, Policy{}, noon))
	want := strings.Repeat("ü", 500)
	if c.Task.LastError != want || c.Runs[0].Error != want || c.Events[0].Payload.Get("error") != want {
		t.Errorf("error has %d bytes on the card, %d in the run; want 1000", len(c.Task.LastError), len(c.Runs[0].Error))
	}
}

// An error comes from the system, which promises nothing about its bytes. It is
// made fit to be stored: refusing it would lose the failure.
func TestFailCleansTheError(t *testing.T) {
	task, run := running()
	c := does(t)(task.Fail(Failure{Class: SpawnFailed, Error: "no \xffsuch\x00 file"}, *run, Policy{}, noon))
	if want := "no \uFFFDsuch\uFFFD file"; c.Task.LastError != want || c.Runs[0].Error != want {
		t.Errorf("error %q on the card, %q in the run; want %q", c.Task.LastError, c.Runs[0].Error, want)
	}
}

// The class of a failure comes from the exit and from what the supervisor knows.
// Words decide nothing: not even those that speak of quotas.
func TestEndedByExit(t *testing.T) {
	for _, tt := range []struct {
		name    string
		x       Exit
		on      OnExit
		f       *Failure
		outcome Outcome
		counted int64
		exit    string
	}{
		{"a breach", Exit{}, OnExitProtocol, nil, OutcomeCrashed, 1, "exit 0"},
		{"completion", Exit{}, OnExitComplete, nil, OutcomeCompleted, 0, "exit 0"},
		{"a quota", Exit{Code: 75}, OnExitComplete, nil, OutcomeRateLimited, 0, "exit 75"},
		{"an error", Exit{Code: 1}, OnExitComplete, nil, OutcomeCrashed, 1, "exit 1"},
		{"a signal with the number of the quota", Exit{Signal: 75}, OnExitProtocol, nil, OutcomeCrashed, 1, "signal 75"},
		{"nobody knows", Exit{Unknown: true}, OnExitComplete, nil, OutcomeCrashed, 1, "unknown"},
		{"words of a quota", Exit{Code: 1}, OnExitProtocol, &Failure{Class: SpawnFailed, Error: "429 rate limit, unauthorized"}, OutcomeSpawnFailed, 1, ""},
		{"a time-out", Exit{Signal: 15}, OnExitProtocol, &Failure{Class: TimedOut}, OutcomeTimedOut, 1, "signal 15"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			task, run := running()
			c := does(t)(task.Ended(*run, tt.x, tt.on, tt.f, Policy{}, noon))
			if len(c.Runs) != 1 || c.Runs[0].Outcome != tt.outcome || c.Task.Failures != tt.counted || c.Runs[0].Worker.Exit != tt.exit {
				t.Errorf("failures %d, runs %+v; want %d, %s, %q", c.Task.Failures, c.Runs, tt.counted, tt.outcome, tt.exit)
			}
		})
	}
}

// The worker's verdict stands, and saying twice how it ended is harmless.
func TestEndedAfterTheVerdict(t *testing.T) {
	task, run := running()
	done := does(t)(task.Complete(Report{Summary: "s"}, run, Witness{}, noon))
	c := does(t)(done.Task.Ended(done.Runs[0], Exit{Code: 9}, OnExitProtocol, nil, Policy{}, noon.Add(time.Second)))
	if d := cmp.Diff(done.Task, c.Task); d != "" || len(c.Events) != 0 {
		t.Errorf("events %v, card (-want +got):\n%s", c.Events, d)
	}
	want := done.Runs[0]
	want.Worker.Exit, want.Worker.ExitedAt = "exit 9", noon.Add(time.Second)
	if d := cmp.Diff([]Run{want}, c.Runs); d != "" {
		t.Errorf("run (-want +got):\n%s", d)
	}
	again := does(t)(done.Task.Ended(c.Runs[0], Exit{}, OnExitProtocol, nil, Policy{}, noon.Add(time.Minute)))
	if d := cmp.Diff(c.Runs, again.Runs); d != "" {
		t.Errorf("said twice, the run differs:\n%s", d)
	}
}

func TestAgentIsRecorded(t *testing.T) {
	task, run := running()
	c := does(t)(task.Agent(*run, 41, "1"))
	if c.Runs[0].Worker.AgentPID != 41 || len(c.Events) != 0 || c.Task.Status != Running {
		t.Errorf("change %+v", c)
	}
}
