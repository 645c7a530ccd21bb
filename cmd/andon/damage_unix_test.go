//go:build unix

package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
)

// whole makes a home with a board of some cards, and returns the content of its
// file when nobody has it open.
func whole(t *testing.T) (home string, content []byte) {
	t.Helper()
	home = filepath.Join(t.TempDir(), "home")
	for i := range 40 {
		said, code := andon(t, home, "create", fmt.Sprint("card ", i), "--body", strings.Repeat("what is to be done ", 40))
		if code != 0 {
			t.Fatal(said)
		}
	}
	content, err := os.ReadFile(filepath.Join(home, "kanban.db"))
	if err != nil {
		t.Fatal(err)
	}
	return home, content
}

// andon runs the command as a process and returns what it said on standard error,
// and its status.
func andon(t *testing.T, home string, args ...string) (said string, code int) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "andon", args...)
	cmd.Env = append(os.Environ(), "ANDON_HOME="+home, "GORACE=atexit_sleep_ms=0")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if err := cmd.Run(); err != nil {
		if _, ended := errors.AsType[*exec.ExitError](err); !ended {
			t.Fatalf("%q: %v", args, err)
		}
	}
	if strings.Contains(stderr.String(), "panic") || strings.Contains(stderr.String(), "goroutine ") || cmd.ProcessState.ExitCode() < 0 {
		t.Errorf("%q ended with %s: %s", args, cmd.ProcessState, stderr.String())
	}
	return stderr.String(), cmd.ProcessState.ExitCode()
}

func copies(t *testing.T, home string) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(home, "kanban.db.corrupt.*.bak"))
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// A file that is damaged is refused in one line that helps, with a copy where
// SQLite might yet read something from it, and is never written to.
func TestDamagedFiles(t *testing.T) {
	t.Parallel()
	home, content := whole(t)
	path := filepath.Join(home, "kanban.db")
	const page = 4096
	alter := func(at int, with ...byte) []byte {
		b := bytes.Clone(content)
		copy(b[at:], with)
		return b
	}
	interior := page * (len(content) / page / 2) // of a page in the midst: the number of its cells
	for _, tt := range []struct {
		name    string
		content []byte
		says    string
		copied  bool
	}{
		{"flipped page", alter(interior, bytes.Repeat([]byte{0xff}, 64)...), "refusing to open .*kanban.db: .*; a copy of it as it was found is .*[.]bak; `andon repair`", true},
		{"column that a bit gave another name", bytes.ReplaceAll(content, []byte("model_override"), []byte("modem_override")),
			"refusing to open .*kanban.db: the table tasks has lost its column model_override; a copy .*[.]bak", true},
		{"truncated", content[:len(content)/2], "refusing to open .*kanban.db: .*[.]bak", true},
		{"truncated within a page", content[:len(content)-page-100], "refusing to open .*kanban.db: .*[.]bak", true},
		{"only the header is left", content[:100], "refusing to open .*kanban.db: .*[.]bak", true},
		{"zeroed header", alter(0, make([]byte, 100)...), "file is not a database: invalid SQLite header for .*kanban.db, first_32=00 00 ", false},
		{"TLS record", alter(0, 0x17, 3, 3, 0, 0x20), "file is not a database: invalid SQLite header for .*kanban.db .it holds a TLS record", false},
		{"TLS record in the header", alter(5, 0x17, 3, 3, 0, 0x20), "file is not a database: invalid SQLite header for .*kanban.db .it holds a TLS record", false},
		{"text", []byte("Dear Sir or Madam, this is a letter.\n"), "file is not a database: .*; move it away", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, f := range append(copies(t, home), path+".checked") {
				if err := os.Remove(f); err != nil && !errors.Is(err, fs.ErrNotExist) {
					t.Fatal(err)
				}
			}
			if err := os.WriteFile(path, tt.content, 0o644); err != nil {
				t.Fatal(err)
			}
			for range 2 { // the same bytes are kept once
				for _, args := range [][]string{{"list"}, {"create", "one more"}, {"check"}, {"init"}} {
					said, code := andon(t, home, args...)
					if code != 1 || strings.Count(said, "\n") != 1 {
						t.Errorf("%q: status %d, want 1 and one line: %s", args, code, said)
					}
					if args[0] != "check" && !regexp.MustCompile("^andon: open board: "+tt.says).MatchString(said) {
						t.Errorf("%q said %q, want %q", args, said, tt.says)
					}
				}
			}
			kept := copies(t, home)
			if want := map[bool]int{true: 1}[tt.copied]; len(kept) != want {
				t.Errorf("%d copies were kept, want %d: %q", len(kept), want, kept)
			}
			for _, f := range append(kept, path) {
				if got, err := os.ReadFile(f); err != nil || !bytes.Equal(got, tt.content) {
					t.Errorf("%s is not the file as it was found: %v", f, err)
				}
			}
			if _, err := os.Stat(path + ".checked"); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("it has a stamp: %v", err)
			}
		})
	}
}

// Whatever bits fall over, a command answers or refuses; it does not panic, and
// what it refuses it has not altered.
func TestRandomBits(t *testing.T) {
	t.Parallel()
	home, content := whole(t)
	path := filepath.Join(home, "kanban.db")
	random := rand.New(rand.NewPCG(3, 5))
	refused := 0
	for round := range 30 {
		b := bytes.Clone(content)
		for range 1 + random.IntN(200) {
			b[random.IntN(len(b))] ^= 1 << random.IntN(8)
		}
		if err := os.WriteFile(path, b, 0o644); err != nil {
			t.Fatal(err)
		}
		if round%2 == 0 {
			os.Remove(path + ".checked") // in every second round it is believed to be whole
		}
		said, code := andon(t, home, "list")
		if code == 0 {
			continue
		}
		refused++
		if code != 1 || strings.Count(said, "\n") != 1 {
			t.Errorf("round %d: status %d: %s", round, code, said)
		}
		if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, b) {
			t.Errorf("round %d: the file was altered: %v", round, err)
		}
		if _, err := os.Stat(path + ".checked"); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("round %d: what was refused has a stamp: %v", round, err)
		}
	}
	if refused < 5 {
		t.Errorf("of 30 files only %d were refused", refused)
	}
	if n := len(copies(t, home)); n > 10 {
		t.Errorf("%d copies are kept, want 10 at most", n)
	}
}

// Damage that comes after a file was stamped is found by the statement that meets
// it; the next command examines the file and keeps a copy.
func TestDamageAfterTheStamp(t *testing.T) {
	t.Parallel()
	home, content := whole(t)
	path := filepath.Join(home, "kanban.db")
	b := bytes.Clone(content)
	for at := 4096; at < len(b); at += 4096 { // every page but the first, which has the schema
		copy(b[at:], bytes.Repeat([]byte{0xee}, 16))
	}
	if err := os.WriteFile(path, b, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path + ".checked"); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if said, code := andon(t, home, "list"); code != 1 || strings.Count(said, "\n") != 1 {
			t.Errorf("status %d: %s", code, said)
		}
	}
	if n := len(copies(t, home)); n != 1 {
		t.Errorf("%d copies were kept, want 1", n)
	}
}

// A schema that is no longer the one the file was marked with is damage, too: the
// statement that meets it takes the stamp away, and no migration puts an empty
// column where the lost one was.
func TestColumnLostAfterTheStamp(t *testing.T) {
	t.Parallel()
	home, content := whole(t)
	path := filepath.Join(home, "kanban.db")
	b := bytes.ReplaceAll(content, []byte("model_override"), []byte("modem_override"))
	if err := os.WriteFile(path, b, 0o644); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if said, code := andon(t, home, "list"); code != 1 || strings.Count(said, "\n") != 1 || !strings.Contains(said, "andon repair") {
			t.Errorf("status %d: %s", code, said)
		}
		if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, b) {
			t.Errorf("the file was altered: %v", err)
		}
		if _, err := os.Stat(path + ".checked"); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("it has a stamp: %v", err)
		}
	}
	if n := len(copies(t, home)); n != 1 {
		t.Errorf("%d copies were kept, want 1", n)
	}
}

func TestEmptyFileIsANewBoard(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	if err := os.WriteFile(filepath.Join(home, "kanban.db"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"create", "x"}, {"check", "--full"}} {
		if said, code := andon(t, home, args...); code != 0 || said != "" {
			t.Errorf("%q: status %d: %s", args, code, said)
		}
	}
}

func TestFolderForAFile(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	if err := os.Mkdir(filepath.Join(home, "kanban.db"), 0o755); err != nil {
		t.Fatal(err)
	}
	if said, code := andon(t, home, "list"); code != 1 || !strings.HasSuffix(said, "kanban.db is a folder, not a file\n") || strings.Count(said, "\n") != 1 {
		t.Errorf("status %d: %s", code, said)
	}
}

// A file that may not be read or written is refused with what to do. The command
// runs as nobody, for nothing is closed to root.
func TestFileWithoutPermission(t *testing.T) {
	home, content := whole(t)
	path := filepath.Join(home, "kanban.db")
	dir := t.TempDir()
	for _, d := range []string{filepath.Dir(dir), dir, filepath.Dir(filepath.Dir(home)), filepath.Dir(home)} {
		if err := os.Chmod(d, 0o711); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(os.Chmod(home, 0o777), os.Chmod(path, 0o400)); err != nil {
		t.Fatal(err)
	}
	binary := build(t, dir)
	cmd := exec.CommandContext(t.Context(), binary, "list")
	cmd.Dir, cmd.Env = "/", append(os.Environ(), "ANDON_HOME="+home)
	if os.Getuid() == 0 {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	}
	out, err := cmd.CombinedOutput()
	if cmd.ProcessState.ExitCode() != 1 || strings.Count(string(out), "\n") != 1 ||
		!strings.Contains(string(out), path) || !strings.Contains(string(out), "chmod u+rw") {
		t.Errorf("%v: %s", err, out)
	}
	if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, content) {
		t.Errorf("the file was altered: %v", err)
	}
	if n := len(copies(t, home)); n != 0 {
		t.Errorf("%d copies were kept of a file that is whole", n)
	}
}
