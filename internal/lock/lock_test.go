package lock

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// The test binary, started with a path in this variable, is another process
// that takes the lock, says so, and lets go when its input ends.
const holdEnv = "ANDON_TEST_HOLD"

func TestMain(m *testing.M) {
	if path := os.Getenv(holdEnv); path != "" {
		os.Exit(hold(path))
	}
	os.Exit(m.Run())
}

func hold(path string) int {
	l, held, err := Poll(context.Background(), path, time.Millisecond, 10*time.Second)
	fmt.Println(held, err)
	if !held {
		return 1
	}
	io.Copy(io.Discard, os.Stdin)
	if l.Unlock() != nil {
		return 1
	}
	return 0
}

type holder struct {
	release func() // the other process unlocks and ends
	kill    func()
}

// elsewhere returns once another process holds the lock.
func elsewhere(t *testing.T, path string) holder {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), holdEnv+"="+path, "GORACE=atexit_sleep_ms=0")
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	h := holder{
		release: func() {
			in.Close()
			if err := cmd.Wait(); err != nil {
				t.Errorf("other process: %v", err)
			}
		},
		kill: func() {
			cmd.Process.Kill()
			cmd.Wait()
		},
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if line != "true <nil>\n" {
		h.kill()
		t.Fatalf("other process: got %q, %v; want the lock", line, err)
	}
	return h
}

func sidecar(t *testing.T) string { return filepath.Join(t.TempDir(), "kanban.db.write.lock") }

func mustTry(t *testing.T, path string, want bool) {
	t.Helper()
	l, held, err := Try(path)
	if err != nil || held != want {
		t.Fatalf("Try = %v, %v; want %v", held, err, want)
	}
	if held {
		if err := l.Unlock(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestTryExcludesOtherProcesses(t *testing.T) {
	t.Parallel()
	path := sidecar(t)
	other := elsewhere(t, path)
	mustTry(t, path, false)
	other.release()
	mustTry(t, path, true)
}

func TestKilledHolderLetsGo(t *testing.T) {
	t.Parallel()
	path := sidecar(t)
	other := elsewhere(t, path)
	other.kill()
	mustTry(t, path, true)
}

func TestUnlockTwice(t *testing.T) {
	t.Parallel()
	l, held, err := Try(sidecar(t))
	if !held {
		t.Fatal(err)
	}
	if err := l.Unlock(); err != nil {
		t.Fatal(err)
	}
	if err := l.Unlock(); !errors.Is(err, os.ErrClosed) {
		t.Errorf("second Unlock = %v, want os.ErrClosed", err)
	}
}

func TestSidecarKeepsItsContent(t *testing.T) {
	t.Parallel()
	path := sidecar(t)
	if err := os.WriteFile(path, []byte("kept"), 0o644); err != nil {
		t.Fatal(err)
	}
	mustTry(t, path, true)
	if got, err := os.ReadFile(path); string(got) != "kept" {
		t.Errorf("after Try and Unlock the file holds %q, %v", got, err)
	}
}

func TestUnavailable(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "missing", "lock")
	q := NewQueue(path)
	defer q.Close()
	if _, held, err := Try(path); held || !errors.Is(err, ErrUnavailable) {
		t.Errorf("Try = %v, %v; want ErrUnavailable", held, err)
	}
	if _, held, err := Poll(t.Context(), path, time.Millisecond, time.Hour); held || !errors.Is(err, ErrUnavailable) {
		t.Errorf("Poll = %v, %v; want ErrUnavailable", held, err)
	}
	release, held, err := q.Acquire(t.Context(), time.Hour)
	release()
	if held || !errors.Is(err, ErrUnavailable) || !errors.Is(err, os.ErrNotExist) {
		t.Errorf("Acquire = %v, %v; want ErrUnavailable and the reason", held, err)
	}
}

func TestPollGivesUp(t *testing.T) {
	t.Parallel()
	path := sidecar(t)
	other := elsewhere(t, path)
	defer other.kill()
	if _, held, err := Poll(t.Context(), path, time.Millisecond, 20*time.Millisecond); held || err != nil {
		t.Errorf("Poll at its limit = %v, %v; want false, nil", held, err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, held, err := Poll(ctx, path, time.Millisecond, time.Hour); held || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Poll with an ended context = %v, %v; want its error", held, err)
	}
}
