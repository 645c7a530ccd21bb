//go:build unix

package proc

import (
	"context"
	"errors"
	"os/exec"
	"testing"
)

// child starts a process that only a signal ends. reap waits for it as its
// parent must.
func child(t *testing.T) (id ID, reap func()) {
	t.Helper()
	cmd := exec.Command("sleep", "3600")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	id, ok := Of(cmd.Process.Pid)
	if !ok {
		t.Fatal("a process that was started does not live")
	}
	return id, func() { cmd.Wait() }
}

func TestWaitEndsWithTheProcess(t *testing.T) {
	t.Parallel()
	id, reap := child(t)
	for how, wait := range map[string]func(context.Context, ID) error{"waiting": Wait, "looking": look} {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := wait(ctx, id); !errors.Is(err, context.Canceled) {
			t.Errorf("%s for a living process, cancelled: %v, want context.Canceled", how, err)
		}
	}
	done := make(chan error, 2)
	go func() { done <- Wait(t.Context(), id) }()
	go func() { done <- look(t.Context(), id) }()
	if err := Signal(id, true); err != nil {
		t.Fatal(err)
	}
	reap()
	for range 2 {
		if err := <-done; err != nil {
			t.Errorf("the wait for a process that was killed: %v", err)
		}
	}
	if err := Wait(t.Context(), id); err != nil {
		t.Errorf("the wait for one long gone: %v", err)
	}
	if err := Wait(t.Context(), ID{PID: Self().PID, Start: "another"}); err != nil {
		t.Errorf("the wait for one whose pid another has: %v", err)
	}
}

func TestNudgeHurtsNobody(t *testing.T) {
	t.Parallel()
	heard, stop := Nudges()
	defer stop()
	if err := Nudge(Self()); err != nil {
		t.Fatal(err)
	}
	<-heard
	stranger, _ := child(t)
	if err := Nudge(stranger); err != nil {
		t.Fatal(err)
	}
	if err := Nudge(stranger); err != nil || !stranger.Alive() {
		t.Errorf("a process that knows no nudges: %v, alive %v", err, stranger.Alive())
	}
}
