package proc

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	ossignal "os/signal"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// The test binary plays the part that this variable names, and what it starts
// plays the rest.
const partsEnv = "ANDON_TEST_PARTS"

func TestMain(m *testing.M) {
	if parts := os.Getenv(partsEnv); parts != "" {
		play(parts)
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func play(parts string) {
	part, rest, _ := strings.Cut(parts, " ")
	asked := make(chan os.Signal, 1)
	switch part {
	case "polite": // ends when asked
	case "stubborn":
		ossignal.Ignore(syscall.SIGTERM)
	case "hydra": // when asked, starts another instead
		ossignal.Notify(asked, syscall.SIGTERM)
	}
	if rest != "" && part != "hydra" {
		runtime.LockOSThread()
		next(part, rest)
	}
	fmt.Println("ready", os.Getpid())
	select {
	case <-asked:
		next(part, rest)
	case <-time.After(time.Minute): // so that a failed test leaves nothing behind
	}
}

// sleeper is a program that leaves its signals alone.
const sleeper = "/bin/sleep"

func next(part, rest string) {
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = slices.DeleteFunc(os.Environ(), func(e string) bool {
		return part == "forgetful" && strings.HasPrefix(e, "ANDON_RUN=")
	})
	cmd.Env = append(cmd.Env, partsEnv+"="+rest)
	if rest == "deaf" {
		// It does not listen from its first instruction on: what is ignored stays
		// so over an exec, unless the program says otherwise.
		ossignal.Ignore(syscall.SIGTERM)
		cmd.Path, cmd.Args = sleeper, []string{"sleep", "60"}
	}
	cmd.Stdout = os.Stdout
	if part == "supervisor" {
		NewGroup(cmd)
	} else {
		NewSession(cmd)
	}
	if err := cmd.Start(); err != nil {
		fmt.Println(err)
	}
}

type run struct {
	cmd  *exec.Cmd
	id   ID
	mark string
	out  *bufio.Reader
	pids []int // the last to be ready first
}

// start returns when as many as will be are ready.
func start(t *testing.T, parts string, ready int) *run {
	t.Helper()
	r := &run{mark: fmt.Sprintf("ANDON_RUN=%s/%d", t.Name(), os.Getpid())}
	r.cmd = exec.CommandContext(t.Context(), os.Args[0])
	r.cmd.Env = append(os.Environ(), partsEnv+"="+parts, r.mark, "GORACE=atexit_sleep_ms=0")
	NewGroup(r.cmd)
	r.cmd.SysProcAttr.Pdeathsig = 0 // the test does not keep its thread
	out, err := r.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := r.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		End(context.Background(), Tree{Mark: r.mark, Group: r.cmd.Process.Pid}, 0)
		r.cmd.Wait()
	})
	r.out = bufio.NewReader(out)
	for range ready {
		var pid int
		if _, err := fmt.Fscanf(r.out, "ready %d\n", &pid); err != nil {
			t.Fatal(err)
		}
		r.pids = append(r.pids, pid)
	}
	r.id, _ = Of(r.cmd.Process.Pid)
	return r
}

// mustBeGone returns when each process that inherited the output has ended.
func (r *run) mustBeGone(t *testing.T) {
	t.Helper()
	if _, err := io.Copy(io.Discard, r.out); err != nil {
		t.Error(err)
	}
}

func TestEnd(t *testing.T) {
	t.Parallel()
	byMark := func(r *run) Tree { return Tree{Mark: r.mark} }
	byRoot := func(r *run) Tree { return Tree{Group: r.id.PID, Root: r.id} }
	for name, c := range map[string]struct {
		parts string
		ready int
		tree  func(*run) Tree
		grace time.Duration
		want  Result
	}{
		"polite":                  {"polite", 1, byMark, time.Hour, Result{Attempted: true, Ended: true}},
		"polite, no grace":        {"polite", 1, byRoot, 0, Result{Attempted: true, Ended: true, Killed: true}},
		"stubborn in a session":   {"polite stubborn", 2, byMark, time.Second / 10, Result{Attempted: true, Ended: true, Killed: true}},
		"three sessions":          {"polite stubborn polite", 3, byMark, time.Second / 10, Result{Attempted: true, Ended: true, Killed: true}},
		"without the mark":        {"forgetful stubborn", 2, byRoot, time.Second / 10, Result{Attempted: true, Ended: true, Killed: true}},
		"child of a marked":       {"forgetful stubborn", 2, byMark, time.Second / 10, Result{Attempted: true, Ended: true, Killed: true}},
		"starts one when asked":   {"hydra deaf", 1, byMark, time.Second, Result{Attempted: true, Ended: true, Killed: true}},
		"starts one that listens": {"hydra polite", 1, byMark, time.Hour, Result{Attempted: true, Ended: true}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := start(t, c.parts, c.ready)
			got, err := End(t.Context(), c.tree(r), c.grace)
			if got != c.want || err != nil {
				t.Errorf("End = %+v, %v; want %+v", got, err, c.want)
			}
			for _, pid := range r.pids {
				if (ID{PID: pid}).Alive() {
					t.Errorf("process %d lives", pid)
				}
			}
			r.mustBeGone(t)
			if got, err := End(t.Context(), c.tree(r), time.Hour); got != (Result{Ended: true}) || err != nil {
				t.Errorf("End of what has ended = %+v, %v", got, err)
			}
		})
	}
}

func TestEndWakesTheStopped(t *testing.T) {
	t.Parallel()
	r := start(t, "polite", 1)
	if err := r.cmd.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	if err := unix.Waitid(unix.P_PID, r.id.PID, nil, unix.WSTOPPED|unix.WNOWAIT, nil); err != nil {
		t.Fatal(err)
	}
	if got, err := End(t.Context(), Tree{Root: r.id}, time.Hour); got != (Result{Attempted: true, Ended: true}) {
		t.Errorf("End = %+v, %v", got, err)
	}
}

func TestEndCancelled(t *testing.T) {
	t.Parallel()
	r := start(t, "stubborn", 1)
	ctx, cancel := context.WithTimeout(t.Context(), time.Second/20)
	defer cancel()
	got, err := End(ctx, Tree{Root: r.id}, time.Hour)
	if got != (Result{Attempted: true}) || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("End = %+v, %v; want ctx's error", got, err)
	}
	if !r.id.Alive() {
		t.Error("it was killed though the context had ended")
	}
}

func TestMembersExcept(t *testing.T) {
	t.Parallel()
	r := start(t, "polite polite", 2)
	tree := Tree{Mark: r.mark, Except: []int{r.id.PID}}
	got := tree.Members()
	if len(got) != 1 || got[0].PID == r.id.PID || !slices.Contains(r.pids, got[0].PID) {
		t.Errorf("Members = %+v, want only the one of %v that is not %d", got, r.pids, r.id.PID)
	}
	if got := (Tree{Mark: r.mark[:len(r.mark)-1]}).Members(); got != nil {
		t.Errorf("Members by a part of the mark = %+v, want none", got)
	}
}

func TestSignalSparesTheNext(t *testing.T) {
	t.Parallel()
	r := start(t, "polite", 1)
	other := ID{PID: r.id.PID, Start: r.id.Start + "0"}
	if err := Signal(other, true); !errors.Is(err, os.ErrProcessDone) {
		t.Errorf("Signal to a former holder of the pid = %v, want os.ErrProcessDone", err)
	}
	if !r.id.Alive() {
		t.Error("the present holder of the pid was killed")
	}
}

func TestZombieIsDead(t *testing.T) {
	t.Parallel()
	r := start(t, "polite", 1)
	if err := Signal(r.id, true); err != nil {
		t.Fatal(err)
	}
	if err := unix.Waitid(unix.P_PID, r.id.PID, nil, unix.WEXITED|unix.WNOWAIT, nil); err != nil {
		t.Fatal(err)
	}
	if err := unix.Kill(r.id.PID, 0); err != nil {
		t.Fatalf("the zombie is not there: %v", err)
	}
	if r.id.Alive() {
		t.Error("a zombie is alive")
	}
	if got := (Tree{Group: r.id.PID, Root: r.id}).Members(); got != nil {
		t.Errorf("Members = %+v, want no zombie", got)
	}
}

func TestAgentDiesWithItsSupervisor(t *testing.T) {
	t.Parallel()
	r := start(t, "supervisor stubborn", 2)
	if err := r.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	r.mustBeGone(t)
}

func TestParseStat(t *testing.T) {
	t.Parallel()
	const rest = " 7 8 9 0 -1 4194304 1 0 0 0 1 2 0 0 20 0 %s 0 4242 1000 10"
	for name, c := range map[string]struct {
		stat   string
		living bool
	}{
		"plain":                     {"5 (sh) S" + fmt.Sprintf(rest, "1"), true},
		"blanks and parentheses":    {"5 (a) Z 1 (b c)) R" + fmt.Sprintf(rest, "1"), true},
		"zombie":                    {"5 (sh) Z" + fmt.Sprintf(rest, "1"), false},
		"first thread ended, alone": {"5 (sh) Z" + fmt.Sprintf(rest, "3"), true},
	} {
		e, living, err := parse(c.stat)
		want := entry{id: ID{Start: "4242"}, parent: 7, group: 8}
		if e != want || living != c.living || err != nil {
			t.Errorf("%s: parse = %+v, %v, %v; want %+v, %v", name, e, living, err, want, c.living)
		}
	}
	for _, bad := range []string{"", "5 (sh", "5 (sh) S 1 2", "5 (sh) S x" + fmt.Sprintf(rest, "1")} {
		if _, living, err := parse(bad); err == nil || living {
			t.Errorf("parse(%q) = %v, %v; want an error", bad, living, err)
		}
	}
}
