package dispatch_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"andon/internal/worker"
	"andon/kanban"
)

// An agent whose run is taken back by force is asked to end before it is killed, its
// supervisor records nothing, and the taker learns whether it had to be killed.
func TestForcedEndAsksFirst(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, script string
		grace        time.Duration
		killed       bool
		says         string
	}{
		{"it ends", `trap 'echo farewell; exit 0' TERM; touch "$TEST_ROOT/ready"; while :; do sleep 0.05; done`, time.Minute, false, "farewell\n"},
		{"it is deaf", `trap '' TERM; touch "$TEST_ROOT/ready"; while :; do sleep 0.05; done`, time.Second, true, "signal 9 (SIGKILL)"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f := newFloor(t, shell(tt.script, kanban.OnExitComplete), "TEST_INTERVAL=1h")
			id := f.create(1)[0]
			d := f.dispatch()
			run := f.agent(id)
			f.soon("the agent to be ready", func() bool {
				_, err := os.Stat(filepath.Join(f.root, "ready"))
				return err == nil
			})
			// Who takes a run back holds the lock of the dispatcher's passes; here there is none.
			_ = d.Process.Kill()
			_ = d.Wait()
			place := placeOf(f.root)
			host, _, _ := strings.Cut(run.Lock, ":")
			x, err := worker.End(t.Context(), place, run, host, tt.grace)
			if err != nil || !x.Terminated || x.Sigkill != tt.killed {
				t.Fatalf("End: %+v, %v, want sigkill %t", x, err, tt.killed)
			}
			if left := alive(worker.Mark(place, run.ID)); len(left) > 0 {
				t.Errorf("processes %v are left", left)
			}
			text, err := os.ReadFile(worker.LogFile(place, id))
			if err != nil || !strings.Contains(string(text), tt.says) || !strings.Contains(string(text), "; the run was taken back\n") {
				t.Errorf("the log is %q, %v", text, err)
			}
		})
	}
}
