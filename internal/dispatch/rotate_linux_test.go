package dispatch_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"andon/internal/worker"
	"andon/kanban"
)

// An agent that prints on and on does not fill the disk: its log is begun anew, with
// one older part kept, no line is torn or filled with zeros, and the end is told.
func TestLogOfALongRunIsBounded(t *testing.T) {
	t.Parallel()
	const limit = 1 << 16
	f := newFloor(t, shell(`yes 'a line of the agent' | head -n 10000
until [ -e "$TEST_ROOT/go" ]; do sleep 0.05; done; echo 'and the last'`, kanban.OnExitComplete), fmt.Sprint("TEST_LOG_LIMIT=", limit))
	id := f.one()
	log := worker.LogFile(placeOf(f.root), id)
	var older []byte
	f.soon("the older part", func() (ok bool) {
		var err error
		older, err = os.ReadFile(log + ".1")
		return err == nil
	})
	if err := os.WriteFile(filepath.Join(f.root, "go"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	f.last(id)
	newer, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	if len(older) <= limit || !bytes.HasPrefix(older, []byte("--- ")) {
		t.Errorf("the older part has %d bytes and begins %.40q, want more than %d and the head of the run", len(older), older, limit)
	}
	if !bytes.Contains(newer, []byte("what stood here is in "+log+".1\n")) || !bytes.Contains(newer, []byte("\nand the last\n")) || !bytes.HasSuffix(newer, []byte(": exit 0\n")) {
		t.Errorf("the log ends %q", newer[max(0, len(newer)-300):])
	}
	for line := range strings.Lines(string(newer)) {
		if !strings.HasPrefix(line, "--- ") && line != "a line of the agent\n" && line != "and the last\n" {
			t.Fatalf("a line is %q", line)
		}
	}
}
