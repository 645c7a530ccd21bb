//go:build unix

package main

import (
	"io"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/charmbracelet/x/vt"
	"github.com/creack/pty"
)

// terminal is a process on a pseudo-terminal, and what a person would see there.
type terminal struct {
	pty  *os.File
	cmd  *exec.Cmd
	done chan error // how the process ended

	mu      sync.Mutex
	screen  *vt.Emulator
	changed chan struct{} // closed with the next change
}

// onTerminal starts the command on a terminal of this size.
func onTerminal(tb testing.TB, cmd *exec.Cmd, width, height int) *terminal {
	tb.Helper()
	term := &terminal{cmd: cmd, done: make(chan error, 1), screen: vt.NewEmulator(width, height), changed: make(chan struct{})}
	// It always takes the parts of a sign for one, and says that it can when asked
	// about a mode only if it has heard of that mode.
	_, _ = term.screen.WriteString("\x1b[?2027l")
	file, err := pty.StartWithSize(cmd, &pty.Winsize{Cols: uint16(width), Rows: uint16(height)})
	if err != nil {
		tb.Fatal(err)
	}
	term.pty = file
	var copying sync.WaitGroup
	copying.Go(func() { // what a terminal answers when it is asked
		_, _ = io.Copy(file, term.screen)
	})
	copying.Go(func() {
		buf := make([]byte, 64<<10)
		for {
			n, err := file.Read(buf)
			term.mu.Lock()
			_, _ = term.screen.Write(buf[:n])
			close(term.changed)
			term.changed = make(chan struct{})
			term.mu.Unlock()
			if err != nil { // on Linux it is EIO when the process has gone
				break
			}
		}
		term.done <- cmd.Wait()
		close(term.done)
	})
	tb.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-term.done
		_ = term.screen.InputPipe().(io.Closer).Close() // ends the copy of its answers
		_ = file.Close()
		copying.Wait()
	})
	return term
}

// text is the screen, and a channel that is closed when it changes.
func (t *terminal) text() (string, <-chan struct{}) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.screen.String(), t.changed
}

// patience is how long a test waits for what must come; it is no measure of speed.
const patience = 30 * time.Second

// until waits for the screen to be as it should.
func (t *terminal) until(tb testing.TB, what string, is func(screen string) bool) string {
	tb.Helper()
	late := time.NewTimer(patience)
	defer late.Stop()
	for {
		text, changed := t.text()
		if is(text) {
			return text
		}
		select {
		case <-changed:
		case <-late.C:
			tb.Fatalf("the screen does not show %s:\n%s", what, text)
		}
	}
}

// shows waits for a text on the screen.
func (t *terminal) shows(tb testing.TB, want string) string {
	tb.Helper()
	return t.until(tb, want, func(screen string) bool { return strings.Contains(screen, want) })
}

// matches waits for a pattern on the screen.
func (t *terminal) matches(tb testing.TB, pattern string) string {
	tb.Helper()
	re := regexp.MustCompile(pattern)
	return t.until(tb, pattern, re.MatchString)
}

// hides waits for a text to be gone.
func (t *terminal) hides(tb testing.TB, unwanted string) string {
	tb.Helper()
	return t.until(tb, "no "+unwanted, func(screen string) bool { return !strings.Contains(screen, unwanted) })
}

// press sends keys as a terminal does.
func (t *terminal) press(tb testing.TB, keys string) {
	tb.Helper()
	if _, err := t.pty.WriteString(keys); err != nil {
		tb.Fatal(err)
	}
}

const (
	escKey   = "\x1b"
	enterKey = "\r"
	tabKey   = "\t"
	ctrlS    = "\x13"
	ctrlE    = "\x05"
)

// resize gives the terminal another size.
func (t *terminal) resize(tb testing.TB, width, height int) {
	tb.Helper()
	t.mu.Lock()
	t.screen.Resize(width, height)
	t.mu.Unlock()
	if err := pty.Setsize(t.pty, &pty.Winsize{Cols: uint16(width), Rows: uint16(height)}); err != nil {
		tb.Fatal(err)
	}
}

// ends waits for the process to end.
func (t *terminal) ends(tb testing.TB) error {
	tb.Helper()
	select {
	case err := <-t.done:
		return err
	case <-time.After(patience):
		tb.Fatal("the process does not end")
		return nil
	}
}
