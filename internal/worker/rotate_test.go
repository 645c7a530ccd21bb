package worker

import (
	"os"
	"path/filepath"
	"testing"
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
