package home_test

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"andon/internal/home"
)

// However many ask for it first, there is one key, and nobody else may read it.
func TestKeyIsMadeOnce(t *testing.T) {
	h := home.Home{Root: t.TempDir()}
	if _, err := h.Key(t.Context(), false); !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("a key that nobody made: %v", err)
	}
	keys := make([][]byte, 8)
	var all sync.WaitGroup
	for i := range keys {
		all.Go(func() {
			var err error
			if keys[i], err = h.Key(t.Context(), true); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	for _, k := range keys {
		if len(k) != 32 || !bytes.Equal(k, keys[0]) {
			t.Fatalf("the keys are %x", keys)
		}
	}
	path := filepath.Join(h.Root, "kanban", ".token.key")
	if info, err := os.Stat(path); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("the file of the key: %v, %v", info.Mode(), err)
	}
	// One that was cut off is not signed with.
	if err := os.WriteFile(path, keys[0][:7], 0o600); err != nil {
		t.Fatal(err)
	}
	if k, err := h.Key(t.Context(), true); err == nil || !strings.Contains(err.Error(), "remove it") {
		t.Errorf("a key of 7 bytes: %x, %v", k, err)
	}
}
