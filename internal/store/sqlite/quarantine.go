package sqlite

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"

	"andon/internal/fsx"
)

// keepCopies is how many copies of damaged states of one file are kept.
const keepCopies = 10

// quarantine copies a damaged file, with what lies beside it, to a name made of
// its content: the same bytes are kept once, however often they are met. It
// returns no name if this process has a connection to the file.
func (b *board) quarantine() (name string, err error) {
	_, err = alone(b.file, func() error {
		sum, err := digest(b.file, io.Discard)
		if err != nil {
			return err
		}
		name = fmt.Sprintf("%s.corrupt.%s.bak", b.file, sum)
		if _, err := os.Stat(name); err == nil {
			return nil
		}
		for _, end := range []string{"-wal", "-shm", ""} { // last the one that says that it is complete
			if _, err := os.Lstat(b.file + end); os.IsNotExist(err) {
				continue
			}
			if err := copyFile(b.file+end, name+end); err != nil {
				return fmt.Errorf("copy %s: %w", b.file+end, err)
			}
		}
		prune(b.file, name)
		return nil
	})
	if err != nil {
		return "", err
	}
	return name, nil
}

// digest is the beginning of the hash of a file, which it writes to w meanwhile.
func digest(file string, w io.Writer) (string, error) {
	f, err := os.Open(file)
	if err != nil {
		return "", err
	}
	defer f.Close()
	var h hash.Hash = sha256.New()
	if _, err := io.Copy(io.MultiWriter(h, w), f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)[:8]), nil
}

// copyFile copies a file whole or not at all. The copy has its mode and its time,
// which says when it was last written to.
func copyFile(from, to string) (err error) {
	info, err := os.Stat(from)
	if err != nil {
		return err
	}
	partial := to + ".part"
	w, err := os.OpenFile(partial, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, info.Mode().Perm()|0o600)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			os.Remove(partial)
		}
	}()
	_, err = digest(from, w)
	if err == nil {
		err = w.Sync()
	}
	if closing := w.Close(); err == nil {
		err = closing
	}
	if err == nil {
		err = os.Chtimes(partial, info.ModTime(), info.ModTime())
	}
	if err == nil {
		err = fsx.Rename(partial, to)
	}
	return err
}

var copyName = regexp.MustCompile(`^\.corrupt\.[0-9a-f]{16}\.bak$`)

// prune keeps the newest copies, and among them the one just made, which has the
// age of the damaged file.
func prune(file, latest string) {
	type copied struct {
		name string
		time int64
	}
	var all []copied
	entries, err := os.ReadDir(filepath.Dir(file))
	if err != nil {
		return // too many copies are better than none
	}
	for _, e := range entries {
		name := filepath.Join(filepath.Dir(file), e.Name())
		if len(name) < len(file) || name[:len(file)] != file || !copyName.MatchString(name[len(file):]) || name == latest {
			continue
		}
		if info, err := e.Info(); err == nil {
			all = append(all, copied{name, info.ModTime().UnixNano()})
		}
	}
	slices.SortFunc(all, func(a, b copied) int {
		if a.time != b.time {
			return int(min(max(b.time-a.time, -1), 1))
		}
		return len(a.name) - len(b.name)
	})
	for i, c := range all {
		if i >= keepCopies-1 {
			for _, end := range []string{"", "-wal", "-shm"} {
				os.Remove(c.name + end)
			}
		}
	}
}
