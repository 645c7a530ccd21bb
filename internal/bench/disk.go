package bench

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"time"
)

// How long the disk is measured, and over how many pages: as many as the log of
// a board has when it begins anew.
const (
	syncFor   = 300 * time.Millisecond
	syncPages = 100
	pageSize  = 4096
)

// syncTimes is how long each of many syncs of a written page took: the least
// that a durable commit can cost in this folder.
func syncTimes(ctx context.Context, dir string) (took []time.Duration, err error) {
	path := filepath.Join(dir, "sync")
	f, err := os.Create(path)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close(), os.Remove(path)) }()
	// Pages that are there already: a log is written over far more often than it
	// grows.
	if _, err := f.Write(make([]byte, syncPages*pageSize)); err != nil {
		return nil, err
	}
	if err := f.Sync(); err != nil {
		return nil, err
	}
	page := make([]byte, pageSize)
	begun := time.Now()
	for i := 0; i == 0 || time.Since(begun) < syncFor; i++ {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		page[0] = byte(i)
		began := time.Now()
		if _, err := f.WriteAt(page, int64(i%syncPages)*pageSize); err != nil {
			return nil, err
		}
		if err := syncData(f); err != nil {
			return nil, err
		}
		took = append(took, time.Since(began))
	}
	return took, nil
}
