package home

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
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
	key, err = once(ctx, h.keyFile(), readKey, func() []byte {
		key := make([]byte, keySize)
		rand.Read(key)
		return key
	})
	if err != nil {
		return nil, fmt.Errorf("make the key of the tokens: %w", err)
	}
	return key, nil
}

// once reads a secret, or writes one that is made: of several processes that do so
// at once, all have the same.
func once[T any](ctx context.Context, path string, read func(path string) (T, error), words func() []byte) (none T, err error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return none, err
	}
	guard, free, err := lock.Poll(ctx, path+".lock", 10*time.Millisecond, 10*time.Second)
	if err == nil && !free {
		err = errors.New("another process has been at it for ten seconds")
	}
	if err != nil {
		return none, err
	}
	defer guard.Unlock()
	if secret, err := read(path); !errors.Is(err, fs.ErrNotExist) {
		return secret, err // another was quicker
	}
	if err := fsx.WriteFile(path, words(), 0o600); err != nil {
		return none, err
	}
	return read(path)
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

// ServeTokenFile has the word by which the owner of the home is known over HTTP.
func (h Home) ServeTokenFile() string { return filepath.Join(h.Root, "serve.token") }

// minToken is how many characters a token of the owner has at least: a person may
// have written one.
const minToken = 20

// ServeToken is that word. It is made when it is first asked for.
func (h Home) ServeToken(ctx context.Context) (string, error) {
	word, err := readServeToken(h.ServeTokenFile())
	if !errors.Is(err, fs.ErrNotExist) {
		return word, err
	}
	word, err = once(ctx, h.ServeTokenFile(), readServeToken, func() []byte { return []byte(rand.Text() + rand.Text() + "\n") })
	if err != nil {
		return "", fmt.Errorf("make the token of the owner: %w", err)
	}
	return word, nil
}

func readServeToken(path string) (string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return "", err
	}
	if runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0 {
		return "", fmt.Errorf("%s can be read by other users of this machine; remove it, and a new one is made", path)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	word := strings.TrimSpace(string(text))
	if len(word) < minToken || strings.ContainsFunc(word, func(r rune) bool { return r <= ' ' || r >= 0x7f }) {
		return "", fmt.Errorf("%s has no token of %d characters or more; remove it, and a new one is made", path, minToken)
	}
	return word, nil
}
