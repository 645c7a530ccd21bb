//go:build unix

package fsx

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// To root each file is writable, so the check runs in a process that is nobody.
const nobodyEnv = "ANDON_TEST_PREFLIGHT"

func TestMain(m *testing.M) {
	if db := os.Getenv(nobodyEnv); db != "" {
		os.Exit(preflightAsNobody(db))
	}
	os.Exit(m.Run())
}

func preflightAsNobody(db string) int {
	if os.Getuid() == 0 {
		if err := syscall.Setuid(65534); err != nil {
			fmt.Print(err)
			return 1
		}
	}
	if err := Preflight(db); err != nil {
		fmt.Print(err)
	}
	return 0
}

func asNobody(t *testing.T, dir, db string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	// The folder is reached from within: those above it may be closed to nobody.
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), nobodyEnv+"="+db, "GORACE=atexit_sleep_ms=0")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return string(out)
}

func TestPreflightDenied(t *testing.T) {
	t.Parallel()
	mode := func(path string, perm os.FileMode) {
		t.Helper()
		if err := os.Chmod(path, perm); err != nil {
			t.Fatal(err)
		}
	}
	owner := -1
	if os.Getuid() == 0 {
		owner = 65534
	}
	for _, file := range []string{"my board.db", "my board.db-wal", "my board.db-shm"} {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			mode(dir, 0o777)
			path := filepath.Join(dir, file)
			if err := os.WriteFile(path, nil, 0o600); err != nil {
				t.Fatal(err)
			}
			if err := os.Chown(path, owner, -1); err != nil {
				t.Fatal(err)
			}
			if got := asNobody(t, dir, "my board.db"); got != "" {
				t.Errorf("Preflight of a file of its own = %s", got)
			}
			mode(path, 0o400)
			got := asNobody(t, dir, "my board.db")
			if !strings.Contains(got, "chmod u+rw '"+file+"'") || !strings.Contains(got, "permission denied") {
				t.Errorf("Preflight of a read-only file = %q, want the remedy and the reason", got)
			}
			if strings.Contains(got, "do not delete") != strings.HasSuffix(file, "-wal") {
				t.Errorf("Preflight of a read-only %s = %q", file, got)
			}
		})
	}
	t.Run("folder", func(t *testing.T) {
		t.Parallel()
		dir := t.TempDir()
		mode(dir, 0o555)
		if got := asNobody(t, dir, "b.db"); !strings.Contains(got, "chmod u+rwx .") {
			t.Errorf("Preflight in a read-only folder = %q, want the remedy", got)
		}
	})
}

func TestWriteFileFollowsLink(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	real, link := filepath.Join(dir, "real"), filepath.Join(dir, "link")
	if err := os.WriteFile(real, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("real", link); err != nil {
		t.Fatal(err)
	}
	if err := WriteFile(link, []byte("new"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(real); string(got) != "new" {
		t.Errorf("through a link: read %q, %v", got, err)
	}
	info, err := os.Lstat(link)
	if err != nil || info.Mode()&os.ModeSymlink == 0 {
		t.Errorf("the link is now %v, %v", info, err)
	}
	if info, err := os.Stat(real); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("permissions = %v, %v; want 0600", info.Mode(), err)
	}
}
