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

// The owner's token is made once, nobody else may read it, and one that others
// could have read, or that is too short, is refused.
func TestServeTokenIsMadeOnce(t *testing.T) {
	h := home.Home{Root: filepath.Join(t.TempDir(), "home")}
	words := make([]string, 8)
	var all sync.WaitGroup
	for i := range words {
		all.Go(func() {
			var err error
			if words[i], err = h.ServeToken(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	for _, w := range words {
		if len(w) < 50 || w != words[0] {
			t.Fatalf("the tokens are %q", words)
		}
	}
	path := h.ServeTokenFile()
	if info, err := os.Stat(path); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("the file of the token: %v, %v", info, err)
	}
	for _, text := range []string{"", "short\n", words[0] + "\n" + words[0] + "\n"} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if w, err := h.ServeToken(t.Context()); err == nil || !strings.Contains(err.Error(), "remove it") {
			t.Errorf("a file with %q gives the token %q, %v", text, w, err)
		}
	}
	if runtime.GOOS == "windows" {
		return // who may read a file, its mode does not say there
	}
	if err := os.WriteFile(path, []byte(words[0]), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	if w, err := h.ServeToken(t.Context()); err == nil || !strings.Contains(err.Error(), "other users") {
		t.Errorf("a token that all can read: %q, %v", w, err)
	}
}
