package home

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"andon/internal/fsx"
	"andon/internal/lock"
)

// keySize is how many bytes the key has.
const keySize = 32

func (h Home) keyFile() string { return filepath.Join(h.Root, "kanban", ".token.key") }

// Key is the secret by which this home's tokens are made and known again. It is
// made when it is first asked for with create; else one that is not there is
// [fs.ErrNotExist]. To remove its file makes every token worthless.
func (h Home) Key(ctx context.Context, create bool) ([]byte, error) {
	key, err := readKey(h.keyFile())
	if !create || !errors.Is(err, fs.ErrNotExist) {
		return key, err
	}
	if err := os.MkdirAll(filepath.Dir(h.keyFile()), 0o755); err != nil {
		return nil, fmt.Errorf("make the key of the tokens: %w", err)
	}
	guard, free, err := lock.Poll(ctx, h.keyFile()+".lock", 10*time.Millisecond, 10*time.Second)
	if err == nil && !free {
		err = errors.New("another process has been at it for ten seconds")
	}
	if err != nil {
		return nil, fmt.Errorf("make the key of the tokens: %w", err)
	}
	defer guard.Unlock()
	if key, err := readKey(h.keyFile()); !errors.Is(err, fs.ErrNotExist) {
		return key, err // another was quicker
	}
	key = make([]byte, keySize)
	rand.Read(key)
	if err := fsx.WriteFile(h.keyFile(), key, 0o600); err != nil {
		return nil, fmt.Errorf("make the key of the tokens: %w", err)
	}
	return key, nil
}

func readKey(path string) ([]byte, error) {
	key, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the key of the tokens: %w", err)
	}
	if len(key) != keySize {
		return nil, fmt.Errorf("read the key of the tokens: %s has %d bytes, and not %d; remove it, and the next token has a new one", path, len(key), keySize)
	}
	return key, nil
}
