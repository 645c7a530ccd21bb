package dispatch_test

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"andon/internal/worker"
	"andon/kanban"
)

// A worker that has handed its card over may take its time to end. Whoever puts the
// card back meanwhile gives it no second worker beside the first.
func TestNextWorkerWaitsForTheFarewell(t *testing.T) {
	t.Parallel()
	f := newFloor(t, shell(`exec 9>>"$ANDON_WORKSPACE/lock"; flock -n 9 || touch "$TEST_ROOT/doubles"
[ "$ANDON_ATTEMPT" = 2 ] && exit; until [ -e "$TEST_ROOT/go" ]; do sleep 0.05; done`, kanban.OnExitComplete))
	id := f.one()
	run := f.agent(id)
	if _, err := f.board.Block(t.Context(), id, kanban.Block{Kind: kanban.NeedsInput, Reason: "which?", Run: run.ID}); err != nil {
		t.Fatal(err)
	}
	if _, err := f.board.Unblock(t.Context(), id, kanban.Unblock{}); err != nil {
		t.Fatal(err)
	}
	f.soon("the second worker to wait, or to work", func() bool {
		log, _ := os.ReadFile(worker.LogFile(placeOf(f.root), id))
		_, err := os.Stat(filepath.Join(f.root, "doubles"))
		return err == nil || strings.Contains(string(log), "run "+run.ID.String()+" has yet to end")
	})
	if err := os.WriteFile(filepath.Join(f.root, "go"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	f.until("the card to be done", func() bool { return f.settled([]kanban.TaskID{id}) })
	if _, err := os.Stat(filepath.Join(f.root, "doubles")); err == nil {
		t.Error("two workers of one card lived at once")
	}
	if runs := f.card(id).Runs; len(runs) != 2 || runs[0].Outcome != kanban.OutcomeBlocked || runs[0].Worker.Exit != "exit 0" {
		t.Errorf("runs %+v, want a blocked one that ended by itself and a completed one", runs)
	}
}

// A supervisor that is killed after its card was handed over has nobody to end what
// it leaves: the next one does, before its own agent begins.
func TestNextWorkerEndsWhatAFormerOneLeft(t *testing.T) {
	t.Parallel()
	f := newFloor(t, shell(`[ "$ANDON_ATTEMPT" = 2 ] && exit; setsid sleep 300 & echo >"$TEST_ROOT/begun"; sleep 300`, kanban.OnExitComplete))
	id := f.one()
	run := f.agent(id)
	f.soon("the agent's child", func() bool {
		_, err := os.Stat(filepath.Join(f.root, "begun"))
		return err == nil
	})
	if _, err := f.board.Block(t.Context(), id, kanban.Block{Kind: kanban.NeedsInput, Reason: "which?", Run: run.ID}); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(int(run.Worker.PID), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if _, err := f.board.Unblock(t.Context(), id, kanban.Unblock{}); err != nil {
		t.Fatal(err)
	}
	f.until("the card to be done", func() bool { return f.card(id).Task.Status == kanban.Done })
	if left := alive(worker.Mark(placeOf(f.root), run.ID)); len(left) > 0 {
		t.Errorf("processes %v of the first run live after the second", left)
	}
}

// Nor has it where nobody starts the card again: what it left goes all the same.
func TestSupervisorKilledAfterItsCardLeft(t *testing.T) {
	for name, leave := range map[string]func(*floor, kanban.Run) error{
		"done": func(f *floor, run kanban.Run) error {
			_, err := f.board.Complete(f.t.Context(), run.Task, kanban.Report{Run: run.ID})
			return err
		},
		"archived": func(f *floor, run kanban.Run) error {
			_, err := f.board.Archive(f.t.Context(), run.Task)
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFloor(t, shell(`trap "" TERM; setsid sleep 300 & echo >"$TEST_ROOT/begun"; sleep 300; sleep 300`, kanban.OnExitProtocol), "TEST_GRACE=1m", "TEST_INTERVAL=1h")
			id := f.one()
			run := f.agent(id)
			f.soon("the agent's child", func() bool {
				_, err := os.Stat(filepath.Join(f.root, "begun"))
				return err == nil
			})
			if err := leave(f, run); err != nil {
				t.Fatal(err)
			}
			if err := syscall.Kill(int(run.Worker.PID), syscall.SIGKILL); err != nil {
				t.Fatal(err)
			}
			f.soon("the end of what it left", func() bool { return len(alive(worker.Mark(placeOf(f.root), run.ID))) == 0 })
		})
	}
}
