//go:build unix

package main

import (
	"bufio"
	"os"
	"path/filepath"
	"testing"
)

// A person sees a worker's output in its colours, which end with it, unless he wants
// none; a file gets what was written.
func TestLogHasTheColoursOfItsWorker(t *testing.T) {
	d := newDesk(t)
	id := d.create(t, "a", "--assignee=ada")
	const words = "\x1b[1;31mred\x1b[0m \x1b[2J\x1b[8mhidden\x1b[34mblue"
	logs := filepath.Join(d.home, "kanban", "logs")
	if err := os.MkdirAll(logs, 0o755); err != nil {
		t.Fatal(err)
	}
	put(t, filepath.Join(logs, id+".log"), words, 0o600)
	if got := d.run(t, "log", id); got != words {
		t.Errorf("a file gets %q, want %q", got, words)
	}
	if got, want := d.onTTY(t, "TERM=xterm", "log", id), "\x1b[1;31mred\x1b[0m ␛[2Jhidden\x1b[34mblue\x1b[0m"; got != want {
		t.Errorf("a terminal gets %q, want %q", got, want)
	}
	if got, want := d.onTTY(t, "NO_COLOR=1", "log", id), "red ␛[2Jhiddenblue"; got != want {
		t.Errorf("a terminal without colours gets %q, want %q", got, want)
	}
}

// Who follows a log that a long run begins anew sees what comes then, up to the end of
// the run.
func TestFollowedLogBeginsAnew(t *testing.T) {
	d := newDesk(t)
	id := d.create(t, "a", "--assignee=ada")
	d.run(t, "claim", id)
	file := filepath.Join(d.home, "kanban", "logs", id+".log")
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	put(t, file, "the first words, which are many\n", 0o600)
	follow := d.command(t, "log", id, "--follow")
	out, err := follow.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := follow.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	next := func() string {
		if !lines.Scan() {
			t.Fatalf("the log ends: %v", lines.Err())
		}
		return lines.Text()
	}
	if got := next(); got != "the first words, which are many" {
		t.Errorf("it begins with %q", got)
	}
	put(t, file, "anew\n", 0o600) // as a supervisor does: the file stays, and what was in it goes
	if got := next(); got != "anew" {
		t.Errorf("it goes on with %q", got)
	}
	d.run(t, "complete", id)
	if lines.Scan() {
		t.Errorf("after the end comes %q", lines.Text())
	}
	if err := follow.Wait(); err != nil {
		t.Error(err)
	}
}
