package dispatch_test

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"andon/internal/config"
	"andon/internal/proc"
	"andon/internal/worker"
	"andon/kanban"
)

// escaping is an agent of which a child leaves by every door: twice forked, in a
// session of its own, with an empty environment, deaf to SIGTERM. It is known by
// the path that is its argument.
const escaping = `touch "$TEST_ROOT/orphan"
(env -i setsid sh -c 'trap "" TERM; exec tail -f "$0"' "$TEST_ROOT/orphan" &)
`

// escaped lists the processes with the argument of such a child.
func (f *floor) escaped() (pids []int) {
	files, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, file := range files {
		if line, err := os.ReadFile(file); err == nil && slices.Contains(strings.Split(string(line), "\x00"), filepath.Join(f.root, "orphan")) {
			pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(file)))
			if (proc.ID{PID: pid}).Alive() {
				pids = append(pids, pid)
			}
		}
	}
	return pids
}

// soon waits for what no commit tells of.
func (f *floor) soon(what string, ok func() bool) {
	f.t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for late := time.After(time.Minute); !ok(); {
		select {
		case <-tick.C:
		case <-late:
			f.t.Fatalf("waited in vain for %s", what)
		}
	}
}

// orphaned waits until the child has lost its parents, cleared its environment, and
// is the supervisor's.
func (f *floor) orphaned(id kanban.TaskID) kanban.Run {
	f.t.Helper()
	run := f.agent(id)
	f.soon("the orphan", func() bool {
		for _, pid := range f.escaped() {
			status, _ := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/status")
			name, _ := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/comm")
			if strings.Contains(string(status), "\nPPid:\t"+strconv.FormatInt(run.Worker.PID, 10)+"\n") && string(name) == "tail\n" {
				return true
			}
		}
		return false
	})
	return run
}

func (f *floor) agent(id kanban.TaskID) (run kanban.Run) {
	f.t.Helper()
	f.until("the agent to run", func() bool {
		runs := f.card(id).Runs
		if len(runs) > 0 {
			run = runs[0]
		}
		return run.Worker.AgentPID != 0
	})
	return run
}

// withAndWithout runs a test with the control group that this system grants, if it
// grants one, and without.
func withAndWithout(t *testing.T, test func(t *testing.T, env string)) {
	for name, env := range map[string]string{"as granted": "TEST_NO_CGROUP=", "without a control group": "TEST_NO_CGROUP=1"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, env)
		})
	}
}

// A child that left session, parents and environment behind is gone when the run
// ends, however it ends.
func TestEscapedChildEndsWithTheRun(t *testing.T) {
	for name, c := range map[string]struct {
		script string
		limit  time.Duration
		leave  bool
		want   kanban.Outcome
	}{
		"the agent ends":     {"until [ -e \"$TEST_ROOT/go\" ]; do sleep 0.05; done", 0, false, kanban.OutcomeCompleted},
		"the time is over":   {"sleep 300", time.Second, false, kanban.OutcomeTimedOut},
		"the card goes away": {"sleep 300", 0, true, kanban.OutcomeReclaimed},
	} {
		t.Run(name, func(t *testing.T) {
			withAndWithout(t, func(t *testing.T, env string) {
				p := shell(escaping+c.script, kanban.OnExitComplete)
				p.MaxRuntime = config.Duration(c.limit)
				f := newFloor(t, p, env)
				id := f.one()
				if c.limit == 0 {
					f.orphaned(id)
				}
				if err := os.WriteFile(filepath.Join(f.root, "go"), nil, 0o600); err != nil {
					t.Fatal(err)
				}
				if c.leave {
					if _, err := f.board.Archive(t.Context(), id); err != nil {
						t.Fatal(err)
					}
				}
				run := f.last(id)
				if left := f.escaped(); len(left) > 0 || run.Outcome != c.want {
					t.Errorf("the run ended as %q with processes %v left, want %q and none", run.Outcome, left, c.want)
				}
			})
		})
	}
}

// A supervisor that is killed leaves behind what the next one needs to end the child.
func TestEscapedChildOfAKilledSupervisor(t *testing.T) {
	withAndWithout(t, func(t *testing.T, env string) {
		// The second attempt tells what it finds of the first.
		f := newFloor(t, shell(`[ "$ANDON_ATTEMPT" = 2 ] && exit; `+escaping+"sleep 300", kanban.OnExitComplete), "TEST_INTERVAL=1h", env)
		id := f.create(1)[0]
		f.dispatch()
		run := f.orphaned(id)
		dir := filepath.Join(placeOf(f.root).Runs, run.ID.String())
		group, err := os.ReadFile(filepath.Join(dir, "cgroup"))
		if err != nil {
			f.soon("the orphan to be written down", func() bool {
				proc.Nudge(proc.ID{PID: int(run.Worker.PID), Start: run.Worker.Start})
				known, _ := os.ReadFile(filepath.Join(dir, "processes"))
				for _, pid := range f.escaped() {
					if strings.Contains(string(known), "\n"+strconv.Itoa(pid)+" ") {
						return true
					}
				}
				return false
			})
		}
		if err := syscall.Kill(int(run.Worker.PID), syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		killed := time.Now()
		f.until("the second run", func() bool { return len(f.card(id).Runs) == 2 })
		t.Logf("%s after the kill all of the first run was gone, and the second had begun", time.Since(killed))
		if left := f.escaped(); len(left) > 0 {
			t.Errorf("processes %v of the first run live while the second is there", left)
		}
		f.until("the card to be done", func() bool { return f.settled([]kanban.TaskID{id}) })
		if card := f.card(id); len(card.Runs) != 2 || card.Runs[0].Outcome != kanban.OutcomeCrashed {
			t.Errorf("runs %+v, want a crashed one and a completed one", card.Runs)
		}
		if _, err := os.Stat(string(group)); len(group) > 0 && !os.IsNotExist(err) {
			t.Errorf("the control group %s is left (%v)", group, err)
		}
	})
}

// Orphans that end while the agent works are buried, and the agent's own exit is not
// lost by that.
func TestOrphansAreReaped(t *testing.T) {
	t.Parallel()
	f := newFloor(t, shell(`(setsid sh -c 'echo $$ >"$TEST_ROOT/pid"; until [ -e "$TEST_ROOT/die" ]; do sleep 0.05; done' &)
until [ -e "$TEST_ROOT/go" ]; do sleep 0.05; done; exit 3`, kanban.OnExitComplete))
	id := f.one()
	run := f.agent(id)
	pid := ""
	f.soon("the orphan", func() bool {
		text, _ := os.ReadFile(filepath.Join(f.root, "pid"))
		pid = strings.TrimSpace(string(text))
		status, _ := os.ReadFile("/proc/" + pid + "/status")
		return pid != "" && strings.Contains(string(status), "\nPPid:\t"+strconv.FormatInt(run.Worker.PID, 10)+"\n")
	})
	if err := os.WriteFile(filepath.Join(f.root, "die"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	f.soon("the orphan to be buried", func() bool {
		_, err := os.Stat("/proc/" + pid)
		return os.IsNotExist(err)
	})
	if err := os.WriteFile(filepath.Join(f.root, "go"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if run := f.last(id); run.Worker.Exit != "exit 3" {
		t.Errorf("exit %q, want exit 3", run.Worker.Exit)
	}
	if left := alive(worker.Mark(placeOf(f.root), run.ID)); len(left) > 0 {
		t.Errorf("processes %v were left", left)
	}
}

// What a killed supervisor left is not given the grace that an agent gets: the card
// waits for it.
func TestOrphansOfAKilledSupervisorGetNoGrace(t *testing.T) {
	t.Parallel()
	f := newFloor(t, shell(`[ "$ANDON_ATTEMPT" = 2 ] && exit; setsid sh -c 'trap "" TERM; echo >"$TEST_ROOT/begun"; sleep 300; sleep 300' & sleep 300`,
		kanban.OnExitComplete), "TEST_GRACE=1h")
	id := f.create(1)[0]
	f.dispatch()
	run := f.agent(id)
	f.soon("the agent's child", func() bool {
		_, err := os.Stat(filepath.Join(f.root, "begun"))
		return err == nil
	})
	if err := syscall.Kill(int(run.Worker.PID), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	f.until("the second run", func() bool { return f.card(id).Task.Status == kanban.Done })
	if left := alive(worker.Mark(placeOf(f.root), run.ID)); len(left) > 0 {
		t.Errorf("processes %v were left", left)
	}
}
