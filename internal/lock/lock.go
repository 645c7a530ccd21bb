// Package lock takes exclusive advisory locks on sidecar files, so that
// processes which share a board can take turns. The primitive is the one
// Hermes uses on the same files: flock, and on Windows one byte locked at
// offset 0.
//
// A sidecar is created when missing, never truncated and never deleted. It is
// never the database itself: closing any descriptor of that could cancel
// SQLite's own locks.
package lock

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"
)

// ErrUnavailable means that the lock cannot be had at all, whoever holds it:
// the sidecar cannot be opened for writing, or its file system has no locks.
var ErrUnavailable = errors.New("lock unavailable")

// File is a lock that is held.
type File struct {
	f *os.File
}

// Try makes one attempt and does not wait. It returns nil and false if another
// holds the lock, and ErrUnavailable if it cannot be had at all.
func Try(path string) (*File, bool, error) {
	f, err := open(path)
	if err != nil {
		return nil, false, err
	}
	held, err := attempt(f)
	if !held {
		f.Close()
		return nil, false, err
	}
	return &File{f}, true, nil
}

// Poll tries at once and then at each interval, until the limit has passed. A
// limit that expires is no error: it returns nil and false, and the caller
// goes on without the lock. It ends early with ctx's error.
func Poll(ctx context.Context, path string, every, limit time.Duration) (*File, bool, error) {
	if err := ctx.Err(); err != nil {
		return nil, false, err
	}
	f, err := open(path)
	if err != nil {
		return nil, false, err
	}
	held, err := poll(ctx, f, every, limit)
	if !held {
		f.Close()
		return nil, false, err
	}
	return &File{f}, true, nil
}

func poll(ctx context.Context, f *os.File, every, limit time.Duration) (bool, error) {
	expired := time.After(limit)
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		if held, err := attempt(f); held || err != nil {
			return held, err
		}
		select {
		case <-ctx.Done():
			return false, ctx.Err()
		case <-expired:
			return false, nil
		case <-tick.C:
		}
	}
}

// Unlock gives the lock up. A second call returns an error that is
// os.ErrClosed, and does nothing.
func (l *File) Unlock() error {
	// Closing alone is not enough: a fork in flight has a duplicate of the
	// descriptor, which would keep the lock until it calls exec.
	return errors.Join(unlock(l.f), l.f.Close())
}

func open(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	return f, nil
}

// attempt reports false without an error if another holds the lock.
func attempt(f *os.File) (bool, error) {
	err := sysTry(f)
	if err == nil {
		return true, nil
	}
	if isHeld(err) {
		return false, nil
	}
	return false, unavailable(f, err)
}

// wait blocks, and nothing but the lock itself can end it.
func wait(f *os.File) error {
	if err := sysWait(f); err != nil {
		return unavailable(f, err)
	}
	return nil
}

func unlock(f *os.File) error {
	if err := sysUnlock(f); err != nil {
		return &fs.PathError{Op: "unlock", Path: f.Name(), Err: err}
	}
	return nil
}

func unavailable(f *os.File, err error) error {
	return fmt.Errorf("%w: %w", ErrUnavailable, &fs.PathError{Op: "lock", Path: f.Name(), Err: err})
}
