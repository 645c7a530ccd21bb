//go:build unix

package planner

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"andon/internal/config"
	"andon/internal/proc"
	"andon/kanban"
)

// program asks a script about an idea.
func program(ctx context.Context, timeout time.Duration, script string, args ...string) (kanban.Plan, string, error) {
	p := Planner{Config: config.Planner{Command: append([]string{"sh", "-c", script, "planner"}, args...), Timeout: config.Duration(timeout)},
		Environ: append(os.Environ(), "ANDON_TASK=t_worker", "HERMES_KANBAN_TASK=t_worker")}
	return p.Plan(ctx, Ask{Task: hostile, Decompose: true})
}

func TestCommandIsToldOnStandardInput(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "asked")
	plan, _, err := program(t.Context(), time.Minute, `cat > "$1"; echo "$ANDON_TASK$HERMES_KANBAN_TASK" >&2; test -z "$ANDON_TASK$HERMES_KANBAN_TASK" && echo '{"cards": [{"name": "a"}]}'`, file)
	if err != nil || len(plan.Cards) != 1 {
		t.Fatalf("%+v, %v", plan, err)
	}
	text, err := os.ReadFile(file)
	var q question
	if err != nil || json.Unmarshal(text, &q) != nil || q.Version != 1 || q.Do != "decompose" || q.Idea.Body != hostile.Body || q.Assignees == nil {
		t.Errorf("it was told %s, %v", text, err)
	}
	for i, c := range text {
		if c < 0x20 || c == '<' || c == '>' {
			t.Fatalf("byte %d is %q", i, c)
		}
	}
}

// One that does not end, or says too much, or reads nothing, is ended, and so is
// all that it started, in its group or out of it.
func TestCommandIsEndedWhole(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		timeout time.Duration
		script  string
		want    string
	}{
		"never ends":         {time.Second, `sleep 600 & echo $! > "$1"; sleep 600`, "sh was ended after 1s"},
		"ignores the signal": {time.Second, `trap '' TERM INT HUP; sleep 600 & echo $! > "$1"; while :; do sleep 600; done`, "sh was ended after 1s"},
		"says too much":      {time.Minute, `sleep 600 & echo $! > "$1"; yes`, "longer than"},
		"fails":              {time.Minute, `sleep 600 >/dev/null 2>&1 & echo $! > "$1"; printf 'a\n\033[2Jb\n' >&2; exit 7`, "exit status 7: \x1b[2Jb"},
		"leaves one behind":  {time.Minute, `sleep 600 >/dev/null 2>&1 & echo $! > "$1"; echo '{"cards": [{"name": "a"}]}'`, ""},
		"garbage":            {time.Minute, `sleep 600 >/dev/null 2>&1 & echo $! > "$1"; head -c 100000 /dev/zero`, "refused: it is no JSON object"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file := filepath.Join(t.TempDir(), "pid")
			_, answer, err := program(t.Context(), c.timeout, c.script, file)
			if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("error %v, want %q", err, c.want)
			}
			if len(answer) > maxAnswer {
				t.Errorf("%d bytes of answer", len(answer))
			}
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
			if err != nil {
				t.Fatal(err)
			}
			if _, lives := proc.Of(pid); lives {
				t.Errorf("process %d lives on", pid)
			}
		})
	}
}

func TestCommandIsEndedWithItsCaller(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	fifo := filepath.Join(t.TempDir(), "began")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer cancel()
		f, err := os.Open(fifo) // waits for the writer
		if err != nil {
			t.Error(err)
			return
		}
		f.Close()
	}()
	_, _, err := program(ctx, time.Hour, `: > "$1"; exec sleep 600`, fifo)
	if err == nil || ctx.Err() == nil {
		t.Errorf("error %v", err)
	}
}
