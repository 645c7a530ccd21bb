//go:build unix

package notify

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"andon/internal/config"
	"andon/internal/proc"
)

// A command gets the message on its standard input and in its environment, and is
// nobody's worker.
func TestCommand(t *testing.T) {
	t.Setenv("ANDON_TASK", "t_worker")
	t.Setenv("HERMES_KANBAN_RUN_ID", "7")
	t.Setenv("ANDON_DB", "/another/board")
	p := filePost(t)
	id := p.card("file")
	p.block(id)
	script := `read -r body; env | grep -E '^(ANDON_|HERMES_)' | grep -v '^ANDON_TEST' | sort > "$0"; printf %s "$body" | wc -c >> "$0"; echo "$1" >> "$0"`
	r := p.once(map[string]config.Target{"file": {Kind: config.Command, Argv: []string{"sh", "-c", script, p.file, "$(touch evil)"}}})
	if len(r) != 1 || r[0].Error != "" {
		t.Fatalf("reports %+v", r)
	}
	text, err := os.ReadFile(p.file)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	size, err := strconv.Atoi(strings.TrimSpace(lines[len(lines)-2]))
	if err != nil || size < 100 {
		t.Errorf("its standard input had %q", lines[len(lines)-2])
	}
	lines = append(lines[:len(lines)-2:len(lines)-2], lines[len(lines)-1])
	same(t, "what the command saw", lines, []string{
		"ANDON_BOARD=" + string(r[0].Board), "ANDON_DB=" + p.db.Path(), "ANDON_HOME=" + p.home.Root,
		"ANDON_NOTIFY_ID=" + strings.TrimPrefix(lines[3], "ANDON_NOTIFY_ID="), "ANDON_NOTIFY_KIND=blocked", "ANDON_NOTIFY_TARGET=file",
		"ANDON_NOTIFY_TASK=" + string(id), "ANDON_NOTIFY_TEXT=" + r[0].Text, "$(touch evil)",
	})
}

func TestFailuresOfCommands(t *testing.T) {
	for _, tt := range []struct {
		argv []string
		want string
	}{
		{[]string{"sh", "-c", "echo first >&2; printf 'bad \\033[2Jnews\\n' >&2; exit 3"}, "sh: exit status 3: bad ␛[2Jnews"},
		{[]string{"sh", "-c", "kill -9 $$"}, "sh: signal: killed"},
		{[]string{"/no/such/program"}, "start /no/such/program: fork/exec /no/such/program: no such file or directory"},
	} {
		err := Test(t.Context(), "x", config.Target{Kind: config.Command, Argv: tt.argv})
		if err == nil || outcome(err).Error != tt.want {
			t.Errorf("%q: %q, want %q", tt.argv, outcome(err).Error, tt.want)
		}
	}
	// One that does not read what it is given is no failure.
	if err := Test(t.Context(), "x", config.Target{Kind: config.Command, Argv: []string{"true"}}); err != nil {
		t.Error(err)
	}
}

// A command that is ended is ended with all that it started.
func TestEndedCommandLeavesNothing(t *testing.T) {
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		done <- execute(ctx, []string{"sh", "-c", `sleep 1000 & echo $! > "$0"; wait`, pipe}, os.Environ(), nil)
	}()
	text, err := os.ReadFile(pipe) // until it has started its child
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	child, living := proc.Of(pid)
	if !living {
		t.Fatal("the child did not live")
	}
	cancel()
	if err := <-done; err == nil {
		t.Error("a command that was ended succeeded")
	}
	if child.Alive() {
		t.Error("what it started lives on")
	}
}

func TestDesktop(t *testing.T) {
	if desktop, err := newDesktop(); err != nil || desktop.(interface{ argv(string, string) []string }).argv("", "")[0] != "notify-send" {
		return // another system's program is not to be had by that name
	}
	dir := t.TempDir()
	out := filepath.Join(dir, "out")
	if err := os.WriteFile(filepath.Join(dir, "notify-send"), []byte("#!/bin/sh\nprintf '%s|' \"$@\" > "+out+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
	if err := Test(t.Context(), "me", config.Target{Kind: config.Desktop}); err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(out); err != nil || string(text) != "--app-name=andon|--|andon|• andon reaches me: this is a test|" {
		t.Errorf("it was called with %q (%v)", text, err)
	}
}
