package fsx

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"testing"
)

func entries(t *testing.T, dir string) []string {
	t.Helper()
	list, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range list {
		names = append(names, e.Name())
	}
	return names
}

func TestWriteFileReplaces(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "board.json")
	for _, want := range []string{"a longer first content", "second", ""} {
		if err := WriteFile(path, []byte(want), 0o600); err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(path); string(got) != want || err != nil {
			t.Errorf("read %q, %v; want %q", got, err, want)
		}
	}
	if got := entries(t, dir); len(got) != 1 {
		t.Errorf("folder holds %q, want only the file", got)
	}
}

func TestWriteFileFails(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	taken := filepath.Join(dir, "taken")
	if err := os.MkdirAll(filepath.Join(taken, "old"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := WriteFile(taken, []byte("new"), 0o644); err == nil {
		t.Error("WriteFile in place of a folder: no error")
	}
	if got := entries(t, dir); len(got) != 1 {
		t.Errorf("after a failure the folder holds %q, want only what was there", got)
	}
	if got := entries(t, taken); len(got) != 1 {
		t.Errorf("after a failure the target holds %q, want what it held", got)
	}
	if err := WriteFile(filepath.Join(dir, "missing", "f"), nil, 0o644); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("WriteFile in no folder = %v, want fs.ErrNotExist", err)
	}
}

func TestFillFails(t *testing.T) {
	t.Parallel()
	f, err := createTemp(t.TempDir(), 0o644)
	if err != nil {
		t.Fatal(err)
	}
	f.Close()
	if err := fill(f, []byte("x")); !errors.Is(err, fs.ErrClosed) {
		t.Errorf("fill of a closed file = %v, want fs.ErrClosed", err)
	}
}

func TestReaderNeverSeesHalf(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "f")
	whole := [][]byte{bytes.Repeat([]byte("a"), 1<<16), bytes.Repeat([]byte("b"), 1<<15)}
	if err := WriteFile(path, whole[0], 0o644); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	defer wg.Wait()
	written := make(chan struct{})
	wg.Go(func() {
		defer close(written)
		for i := range 30 {
			if err := WriteFile(path, whole[i%2], 0o644); err != nil {
				t.Error(err)
			}
		}
	})
	for {
		got, err := os.ReadFile(path)
		if err != nil || !bytes.Equal(got, whole[0]) && !bytes.Equal(got, whole[1]) {
			t.Fatalf("read %d bytes, %v; want one of the two contents", len(got), err)
		}
		select {
		case <-written:
			return
		default:
		}
	}
}
