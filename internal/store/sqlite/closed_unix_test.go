//go:build unix

package sqlite_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"andon/internal/store"
	"andon/internal/store/sqlite"
	"andon/kanban"
)

// closedEnv names the board that a process which is nobody shall open: no folder
// is closed to root.
const closedEnv = "ANDON_TEST_CLOSED"

func init() { children[closedEnv] = openAsNobody }

func openAsNobody(path string) error {
	if os.Getuid() == 0 {
		if err := syscall.Setuid(65534); err != nil {
			return err
		}
	}
	warn := func(s string) { fmt.Println("warned:", s) }
	_, err := sqlite.Open(context.Background(), path, store.Options{Warn: warn})
	if kanban.CodeOf(err) != kanban.Denied {
		return fmt.Errorf("Open: %w, want it denied", err)
	}
	fmt.Println(err)
	return nil
}

func TestOpenInAClosedFolderIsOneRefusal(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for path, mode := range map[string]os.FileMode{filepath.Dir(dir): 0o755, dir: 0o555} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Dir = "/" // the folder of the test may be closed to nobody
	cmd.Env = append(os.Environ(), closedEnv+"="+filepath.Join(dir, "kanban.db"), "GORACE=atexit_sleep_ms=0")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	said := strings.TrimSpace(string(out))
	if strings.Contains(said, "\n") || !strings.Contains(said, dir) || !strings.Contains(said, "--home") {
		t.Errorf("Open said %q, want one refusal with the folder and the way out", said)
	}
}
