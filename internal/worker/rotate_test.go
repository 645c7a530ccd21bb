package worker

import (
	"os"
	"path/filepath"
	"testing"

	"andon/internal/home"
)

// A log that this process may not shorten by its own handle is shortened all the same:
// on Windows that is every log.
func TestBoundWithoutTheRightToShorten(t *testing.T) {
	t.Parallel()
	name := filepath.Join(t.TempDir(), "card.log")
	if err := os.WriteFile(name, []byte("so much that it is too much"), 0o600); err != nil {
		t.Fatal(err)
	}
	log, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	s := &supervisor{log: log, Options: Options{LogLimit: 10}}
	s.bound()
	if text, err := os.ReadFile(name); err != nil || len(text) > 0 {
		t.Errorf("the log still holds %q (%v)", text, err)
	}
	if text, err := os.ReadFile(name + logOld); err != nil || len(text) == 0 {
		t.Errorf("the older log holds %q (%v)", text, err)
	}
}

// A log that cannot be put aside is no reason not to work: on Windows one cannot while
// somebody reads it.
func TestLogThatCannotBePutAside(t *testing.T) {
	t.Parallel()
	b := home.Board{Logs: t.TempDir()}
	name := LogFile(b, "t_1")
	if err := os.WriteFile(name, make([]byte, logLimit+1), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(name+logOld, "in the way"), 0o700); err != nil {
		t.Fatal(err)
	}
	log, err := openLog(b, "t_1")
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	if info, err := log.Stat(); err != nil || info.Size() != logLimit+1 {
		t.Errorf("the log has %d bytes (%v), want those of before", info.Size(), err)
	}
}
