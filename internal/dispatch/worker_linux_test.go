package dispatch_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"andon/internal/config"
	"andon/internal/dispatch"
	"andon/internal/lock"
	"andon/internal/worker"
	"andon/kanban"
)

func shell(script string, on kanban.OnExit) config.Profile {
	return config.Profile{Command: []string{"sh", "-c", script}, OnExit: on}
}

// one makes a card that is given up at its first failure, and starts a
// dispatcher.
func (f *floor) one() kanban.TaskID {
	f.t.Helper()
	t, _, err := f.board.Create(f.t.Context(), kanban.Draft{Title: "one", Assignee: "agent", MaxRetries: 1})
	if err != nil {
		f.t.Fatal(err)
	}
	f.dispatch()
	return t.ID
}

// last is the card's last run once its worker's end is known.
func (f *floor) last(id kanban.TaskID) kanban.Run {
	f.t.Helper()
	var run kanban.Run
	f.until("the end of the worker", func() bool {
		runs := f.card(id).Runs
		if len(runs) == 0 {
			return false
		}
		run = runs[len(runs)-1]
		return run.Worker.Exit != "" && !run.Open()
	})
	return run
}

// The class of a failure comes from how the process ended.
func TestExitDecidesTheOutcome(t *testing.T) {
	for name, c := range map[string]struct {
		profile config.Profile
		outcome kanban.Outcome
		exit    string
		status  kanban.Status
		event   kanban.EventKind
	}{
		"done":       {shell("exit 0", kanban.OnExitComplete), kanban.OutcomeCompleted, "exit 0", kanban.Done, kanban.EventCompleted},
		"no verdict": {shell("exit 0", kanban.OnExitProtocol), kanban.OutcomeCrashed, "exit 0", kanban.Blocked, kanban.EventProtocol},
		"status":     {shell("exit 3", kanban.OnExitComplete), kanban.OutcomeCrashed, "exit 3", kanban.Blocked, kanban.EventCrashed},
		"signal":     {shell("kill -9 $$", kanban.OnExitComplete), kanban.OutcomeCrashed, "signal 9", kanban.Blocked, kanban.EventCrashed},
		"quota":      {shell("exit 75", kanban.OnExitComplete), kanban.OutcomeRateLimited, "exit 75", kanban.Ready, kanban.EventRateLimited},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFloor(t, c.profile)
			id := f.one()
			run := f.last(id)
			card := f.card(id)
			if run.Outcome != c.outcome || run.Worker.Exit != c.exit || card.Task.Status != c.status {
				t.Errorf("outcome %q, exit %q, card %s; want %q, %q, %s", run.Outcome, run.Worker.Exit, card.Task.Status, c.outcome, c.exit, c.status)
			}
			if !slices.ContainsFunc(card.Events, func(e kanban.Event) bool { return e.Kind == c.event }) {
				t.Errorf("no %s event in %v", c.event, card.Events)
			}
			if quota := c.outcome == kanban.OutcomeRateLimited; quota && (card.Task.Failures != 0 || !card.Task.RetryAt.After(time.Now())) {
				t.Errorf("after a quota: %d failures, next try %v; want 0 and a rest", card.Task.Failures, card.Task.RetryAt)
			}
		})
	}
}

// A run over its limit ends with everything it started, however stubborn.
func TestTimeLimitEndsTheWholeTree(t *testing.T) {
	t.Parallel()
	p := shell(`trap "" TERM; setsid sh -c 'trap "" TERM; sleep 300' & sleep 300 & wait; sleep 300`, kanban.OnExitComplete)
	p.MaxRuntime = config.Duration(time.Second)
	f := newFloor(t, p)
	run := f.last(f.one())
	if run.Outcome != kanban.OutcomeTimedOut || run.Worker.Exit != "signal 9" {
		t.Errorf("outcome %q, exit %q; want timed_out, signal 9", run.Outcome, run.Worker.Exit)
	}
	if left := alive(worker.Mark(placeOf(f.root), run.ID)); len(left) > 0 {
		t.Errorf("processes %v were left", left)
	}
}

// A card that leaves running by anyone's hand ends its worker.
func TestArchivedCardEndsItsWorker(t *testing.T) {
	t.Parallel()
	f := newFloor(t, shell("sleep 300", kanban.OnExitComplete))
	id := f.one()
	f.until("the agent to run", func() bool {
		runs := f.card(id).Runs
		return len(runs) == 1 && runs[0].Worker.AgentPID != 0
	})
	if _, err := f.board.Archive(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	run := f.last(id)
	if run.Outcome != kanban.OutcomeReclaimed || run.Worker.Exit != "signal 15" {
		t.Errorf("outcome %q, exit %q; want reclaimed, signal 15", run.Outcome, run.Worker.Exit)
	}
}

// While another dispatcher is at a board, a tick does nothing at all.
func TestHeldLockSkipsTheTick(t *testing.T) {
	t.Parallel()
	f := newFloor(t, shell("exit 0", kanban.OnExitComplete))
	ids := f.create(1)
	guard, held, err := lock.Try(dispatch.LockFile(placeOf(f.root)))
	if err != nil || !held {
		t.Fatalf("held %t, %v", held, err)
	}
	defer guard.Unlock()
	before := len(f.card(ids[0]).Events)
	d := dispatch.Single(f.board, placeOf(f.root))
	d.Settings.Limits.Profiles = map[string]config.Profile{"agent": {}}
	if r, err := d.Tick(t.Context(), false); err != nil || len(r) != 1 || !r[0].SkippedLocked || !r[0].Idle() {
		t.Errorf("Tick = %+v, %v; want it to be skipped", r, err)
	}
	if got := len(f.card(ids[0]).Events); got != before {
		t.Errorf("%d events, want the %d of before", got, before)
	}
}

// A worker that hands its card over may end by itself, and its exit decides
// nothing any more.
func TestReviewLetsTheWorkerEnd(t *testing.T) {
	t.Parallel()
	f := newFloor(t, shell("sleep 2", kanban.OnExitComplete))
	id := f.one()
	f.until("the agent to run", func() bool {
		runs := f.card(id).Runs
		return len(runs) == 1 && runs[0].Worker.AgentPID != 0
	})
	if _, err := f.board.RequestReview(t.Context(), id, kanban.ReviewRequest{}); err != nil {
		t.Fatal(err)
	}
	run := f.last(id)
	if run.Outcome != kanban.OutcomeReviewRequested || run.Worker.Exit != "exit 0" {
		t.Errorf("outcome %q, exit %q; want review_requested, exit 0", run.Outcome, run.Worker.Exit)
	}
	if card := f.card(id); card.Task.Status != kanban.Review || len(card.Runs) != 1 {
		t.Errorf("the card is %s after %d runs, want review after one", card.Task.Status, len(card.Runs))
	}
}

// A host that stops its processes is no fault of the card.
func TestStoppedSupervisorGivesTheCardBack(t *testing.T) {
	t.Parallel()
	f := newFloor(t, shell(`[ "$ANDON_ATTEMPT" = 2 ] || sleep 300`, kanban.OnExitComplete))
	id := f.one()
	var run kanban.Run
	f.until("the agent to run", func() bool {
		runs := f.card(id).Runs
		if len(runs) == 1 {
			run = runs[0]
		}
		return run.Worker.AgentPID != 0
	})
	if err := syscall.Kill(int(run.Worker.PID), syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	f.until("the second run", func() bool { return f.card(id).Task.Status == kanban.Done })
	card := f.card(id)
	if card.Runs[0].Outcome != kanban.OutcomeReclaimed || card.Task.Failures != 0 {
		t.Errorf("first run %q, %d failures; want reclaimed, 0", card.Runs[0].Outcome, card.Task.Failures)
	}
}

// A supervisor that is killed takes all with it that its agent started, also where
// the dispatcher that started it is gone and another looks once an hour: it is
// heard when a process ends. The card is tried again, once.
func TestSupervisorKilledUnderAnotherDispatcher(t *testing.T) {
	t.Parallel()
	f := newFloor(t, shell(`[ "$ANDON_ATTEMPT" = 2 ] && exit; setsid sleep 300 & sleep 300`, kanban.OnExitComplete), "TEST_INTERVAL=1h")
	first := f.dispatch()
	agent := func(id kanban.TaskID) (run kanban.Run) {
		f.until("the agent to run", func() bool {
			runs := f.card(id).Runs
			if len(runs) > 0 {
				run = runs[0]
			}
			return run.Worker.AgentPID != 0
		})
		return run
	}
	one := f.create(1)[0]
	run := agent(one)
	first.Process.Kill()
	first.Wait()
	f.dispatch()
	two := f.create(1)[0]
	agent(two) // so the second dispatcher has looked about
	if err := syscall.Kill(int(run.Worker.PID), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	f.until("the second run", func() bool { return f.card(one).Task.Status == kanban.Done })
	if card := f.card(one); len(card.Runs) != 2 || card.Runs[0].Outcome != kanban.OutcomeCrashed {
		t.Errorf("runs %+v, want a crashed one and a completed one", card.Runs)
	}
	if left := alive(worker.Mark(placeOf(f.root), run.ID)); len(left) > 0 {
		t.Errorf("processes %v were left", left)
	}
}

// What cannot be started says why, and costs an attempt.
func TestMissingCommandFailsToSpawn(t *testing.T) {
	t.Parallel()
	f := newFloor(t, config.Profile{Command: []string{"no-such-program"}, OnExit: kanban.OnExitComplete})
	id := f.one()
	f.until("the card to be given up", func() bool { return f.card(id).Task.Status == kanban.Blocked })
	if card := f.card(id); card.Runs[0].Outcome != kanban.OutcomeGaveUp || !strings.Contains(card.Runs[0].Error, `"no-such-program" is not on the worker's PATH`) {
		t.Errorf("run ended as %q: %s", card.Runs[0].Outcome, card.Runs[0].Error)
	}
}

// A worker gets both families of names for its own card, and nothing that names
// another's.
func TestWorkerEnvironment(t *testing.T) {
	t.Parallel()
	f := newFloor(t, shell(`env >"$TEST_ROOT/env"; cat "$ANDON_PROMPT_FILE" >"$TEST_ROOT/prompt"; command -v andon`, kanban.OnExitComplete),
		"HERMES_SESSION_CHAT_ID=42", "HERMES_KANBAN_BRANCH=other", "ANDON_CLAIM_LOCK=other", "KEPT=yes")
	id := f.one()
	run := f.last(id)
	place := placeOf(f.root)
	workspace := filepath.Join(place.Workspaces, string(id))
	text, err := os.ReadFile(filepath.Join(f.root, "env"))
	if err != nil {
		t.Fatal(err)
	}
	env := map[string]string{}
	for line := range strings.Lines(string(text)) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		env[name] = value
	}
	for name, want := range map[string]string{
		"TASK": string(id), "RUN_ID": run.ID.String(), "DB": place.DB, "BOARD": "default", "WORKSPACE": workspace, "WORKSPACES_ROOT": place.Workspaces,
	} {
		for _, family := range []string{"ANDON_", "HERMES_KANBAN_"} {
			if got := env[family+name]; got != want {
				t.Errorf("%s%s = %q, want %q", family, name, got, want)
			}
		}
	}
	for name, want := range map[string]string{
		"HERMES_PROFILE": "agent", "HERMES_SESSION_SOURCE": "kanban", "TERMINAL_CWD": workspace, "PWD": workspace,
		"ANDON_HOME": f.root, "ANDON_ATTEMPT": "1", "ANDON_RUN": strings.TrimPrefix(worker.Mark(place, run.ID), "ANDON_RUN="), "KEPT": "yes",
	} {
		if got := env[name]; got != want {
			t.Errorf("%s = %q, want %q", name, got, want)
		}
	}
	if env["ANDON_CLAIM_LOCK"] == "other" || env["ANDON_CLAIM_LOCK"] != env["HERMES_KANBAN_CLAIM_LOCK"] {
		t.Errorf("claim locks %q and %q", env["ANDON_CLAIM_LOCK"], env["HERMES_KANBAN_CLAIM_LOCK"])
	}
	for _, name := range []string{"HERMES_SESSION_CHAT_ID", "HERMES_KANBAN_BRANCH", "ANDON_BRANCH"} {
		if got, ok := env[name]; ok {
			t.Errorf("%s = %q reached the worker", name, got)
		}
	}
	prompt, err := os.ReadFile(filepath.Join(f.root, "prompt"))
	if err != nil || !strings.Contains(string(prompt), "# Kanban task "+string(id)+": one\n") {
		t.Errorf("the prompt does not hold the card: %v\n%s", err, prompt)
	}
	if run.Worker.Exit != "exit 0" {
		t.Errorf("exit %q: andon is not on the worker's PATH", run.Worker.Exit)
	}
}
