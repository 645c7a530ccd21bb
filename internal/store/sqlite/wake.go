package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/fsnotify/fsnotify"

	"andon/internal/store"
)

// wake tells of commits. SQLite's data_version says for certain whether another
// connection has committed, at the price of a look of some microseconds; the
// system's file notifications say when to look.
func (b *board) wake(ctx context.Context) (<-chan struct{}, error) {
	conn, err := b.pool.Conn(ctx)
	if err != nil {
		return nil, err
	}
	w := &watch{conn: conn, out: make(chan struct{}, 1)}
	if _, err := w.changed(ctx); err != nil {
		conn.Close()
		return nil, err
	}
	notices, stop := b.notices()
	go func() {
		defer close(w.out)
		defer conn.Close()
		defer stop()
		var care sync.WaitGroup
		care.Go(func() { b.renew(ctx) }) // who waits for commits lives long
		defer care.Wait()
		w.run(ctx, notices)
	}()
	return w.out, nil
}

// pulse asks SQLite for its data_version: some microseconds, where reading a card
// in a transaction is some hundred.
func (b *board) pulse(ctx context.Context) (store.Pulse, error) {
	conn, err := b.pool.Conn(ctx)
	if err != nil {
		return store.Pulse{}, err
	}
	w := &watch{conn: conn}
	if _, err := w.changed(ctx); err != nil {
		return store.Pulse{}, errors.Join(err, conn.Close())
	}
	return store.Pulse{Beat: w.changed, Close: conn.Close}, nil
}

type watch struct {
	conn    *sql.Conn
	version int64
	out     chan struct{}
}

// The pace of looking. After a notice the commit is about to become visible but
// may not be yet: the log is written before it is synced, and visible only after
// that. So the look is repeated, at growing intervals, until it finds something.
const (
	firstLook  = 300 * time.Microsecond
	lastLook   = 200 * time.Millisecond
	safetyLook = time.Second            // notices may be lost
	pollBusy   = 10 * time.Millisecond  // without notices: shortly after a commit
	pollIdle   = 100 * time.Millisecond // without notices: otherwise
)

func (w *watch) run(ctx context.Context, notices <-chan struct{}) {
	rest := safetyLook
	if notices == nil {
		rest = pollIdle
	}
	interval := rest
	timer := time.NewTimer(interval)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case _, ok := <-notices:
			if !ok {
				notices, rest = nil, pollIdle
			}
			interval = firstLook
		case <-timer.C:
		}
		changed, err := w.changed(ctx)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil: // a look that failed may have missed a commit: say so
			fallthrough
		case changed:
			w.tell()
			if interval = rest; notices == nil {
				interval = pollBusy
			}
		case interval < rest:
			if interval *= 2; interval > lastLook {
				interval = rest
			}
		}
		timer.Reset(interval)
	}
}

func (w *watch) tell() {
	select {
	case w.out <- struct{}{}:
	default: // one is waiting already
	}
}

func (w *watch) changed(ctx context.Context) (bool, error) {
	var v int64
	if err := w.conn.QueryRowContext(ctx, `PRAGMA data_version`).Scan(&v); err != nil {
		return false, err
	}
	was := w.version
	w.version = v
	return was != v, nil
}

// notices hears of writes to the database or its log. The channel is nil where
// the system cannot tell of them, or only by opening the files itself: kqueue
// opens every file of a folder it watches.
func (b *board) notices() (<-chan struct{}, func()) {
	if runtime.GOOS != "linux" && runtime.GOOS != "windows" {
		return nil, func() {}
	}
	watcher, err := fsnotify.NewWatcher()
	if err != nil {
		return nil, func() {}
	}
	if err := watcher.Add(filepath.Dir(b.path)); err != nil {
		watcher.Close()
		return nil, func() {}
	}
	out := make(chan struct{}, 1)
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer close(out)
		for {
			select {
			case e, ok := <-watcher.Events:
				if !ok {
					return
				}
				if rest, found := strings.CutPrefix(e.Name, b.path); !found || rest != "" && rest != "-wal" && rest != "-journal" {
					continue
				}
				select {
				case out <- struct{}{}:
				default:
				}
			case _, ok := <-watcher.Errors: // an overflow: the safety look covers it
				if !ok {
					return
				}
			}
		}
	}()
	return out, func() {
		watcher.Close()
		<-done
	}
}
