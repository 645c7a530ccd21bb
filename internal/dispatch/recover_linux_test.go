package dispatch_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"andon/internal/dispatch"
	"andon/internal/proc"
	"andon/kanban"
)

// Two workers that end only when both were told to: whoever ends one after the other
// waits for the whole grace.
func TestLostCardsAreTakenBackSideBySide(t *testing.T) {
	t.Parallel()
	f := newFloor(t, shell("exit 0", kanban.OnExitComplete))
	ids := f.create(2)
	host := proc.Hostname()
	f.db.Now = func() time.Time { return time.Now().Add(-3 * time.Hour) } // when they were last heard of
	var workers []*exec.Cmd
	for i, id := range ids {
		cmd := exec.Command("sh", "-c", fmt.Sprintf(`trap 'touch told%d; until [ -e told%d ]; do sleep 0.02; done; exit 0' TERM; touch begun%d; while :; do sleep 0.02; done`, i, 1-i, i))
		cmd.Dir = f.root
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		defer cmd.Process.Kill()
		workers = append(workers, cmd)
		f.soon("the worker", func() bool {
			_, err := os.Stat(filepath.Join(f.root, fmt.Sprint("begun", i)))
			return err == nil
		})
		// As Hermes would have it: without the time at which the process began.
		lock := fmt.Sprint(host, ":", cmd.Process.Pid)
		c, err := f.board.Claim(t.Context(), id, kanban.Claimant{Lock: lock})
		if err == nil {
			_, err = f.board.Started(t.Context(), kanban.Run{ID: c.Task.Run, Task: id}, lock, kanban.Worker{PID: int64(cmd.Process.Pid)}, f.root)
		}
		if err == nil {
			_, err = f.board.Heartbeat(t.Context(), id, kanban.Heartbeat{})
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	f.db.Now = time.Now
	d := dispatch.Single(f.board, placeOf(f.root))
	d.Settings.Job.Grace = time.Minute
	ended := make(chan error, len(workers))
	for _, cmd := range workers {
		go func() { ended <- cmd.Wait() }()
	}
	reports, err := d.Tick(t.Context(), false)
	if err != nil || len(reports) != 1 || len(reports[0].Reclaimed) != 2 {
		t.Errorf("%+v, %v; want two cards back", reports, err)
	}
	for range workers {
		if err := <-ended; err != nil {
			t.Errorf("a worker: %v; want it to end by itself", err)
		}
	}
}
