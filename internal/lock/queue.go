package lock

import (
	"context"
	"os"
	"sync"
	"time"
)

// Queue puts the writers of one board in order: those of this process one
// behind the other, and the foremost of them behind the other processes. It
// gives order, not safety; a caller that did not get its turn may go on.
//
// A process needs one Queue for each board. It never has more than one
// goroutine blocked for it, and it does not poll, because pollers starve
// beside those who block.
type Queue struct {
	path string
	turn chan struct{} // held by the foremost caller of this process

	// Only the holder of turn may touch these.
	f       *os.File // kept open between calls; nil until first used
	blocked *waiter  // owns f until it has the lock
	closed  bool
}

// NewQueue opens nothing yet.
func NewQueue(path string) *Queue {
	return &Queue{path: path, turn: make(chan struct{}, 1)}
}

// Acquire waits for the lock, for as long as the queue moves. If nobody has come
// to his turn for the length of the limit, a holder may be stopped: held is false
// and there is no error, and the caller goes on without order. An error is ctx's
// own, ErrUnavailable, or os.ErrClosed after Close.
//
// A limit on the whole wait would let a crowd fall out of the queue together, to
// poll side by side and keep each other from the work.
//
// release is never nil; it may be called whatever came back, and twice.
func (q *Queue) Acquire(ctx context.Context, limit time.Duration) (release func(), held bool, err error) {
	for was := q.lastTurn(); ; {
		if release, held, err = q.acquire(ctx, limit); held || err != nil {
			return release, held, err
		}
		now := q.lastTurn()
		if now.Equal(was) {
			return release, false, nil
		}
		was = now
	}
}

// lastTurn is when someone last got the lock, as the file tells.
func (q *Queue) lastTurn() time.Time {
	info, err := os.Stat(q.path)
	if err != nil {
		return time.Time{}
	}
	return info.ModTime()
}

// tellTurn leaves word for [Queue.lastTurn] of those who wait. Where it may not, a
// queue that moves looks like one that stands: no order, and no harm.
func (q *Queue) tellTurn() {
	now := time.Now()
	_ = os.Chtimes(q.path, now, now)
}

func (q *Queue) acquire(ctx context.Context, limit time.Duration) (release func(), held bool, err error) {
	nothing := func() {}
	if err := ctx.Err(); err != nil {
		return nothing, false, err
	}
	expired := time.After(limit)
	select {
	case q.turn <- struct{}{}:
	case <-ctx.Done():
		return nothing, false, ctx.Err()
	case <-expired:
		return nothing, false, nil
	}
	held, err = q.lock(ctx, expired)
	if !held {
		<-q.turn
		return nothing, false, err
	}
	q.tellTurn()
	return sync.OnceFunc(func() {
		q.unlock()
		<-q.turn
	}), true, nil
}

// Close waits for the present holder and lets the file go. A waiter that was
// abandoned lets it go as soon as it can.
func (q *Queue) Close() {
	q.turn <- struct{}{}
	defer func() { <-q.turn }()
	q.closed = true
	if q.blocked != nil && !q.blocked.leave() {
		return
	}
	if q.f != nil {
		q.f.Close()
		q.f = nil
	}
}

func (q *Queue) lock(ctx context.Context, expired <-chan time.Time) (bool, error) {
	if q.closed {
		return false, os.ErrClosed
	}
	if q.blocked == nil || !q.blocked.adopt() {
		q.blocked = nil
		if held, err := q.attempt(); held || err != nil {
			return held, err
		}
		q.blocked = block(q.f)
	}
	return q.await(ctx, expired)
}

func (q *Queue) attempt() (bool, error) {
	if q.f == nil {
		f, err := open(q.path)
		if err != nil {
			return false, err
		}
		q.f = f
	}
	return attempt(q.f)
}

func (q *Queue) await(ctx context.Context, expired <-chan time.Time) (bool, error) {
	w := q.blocked
	var err error
	select {
	case lockErr := <-w.got:
		q.blocked = nil
		return lockErr == nil, lockErr
	case <-ctx.Done():
		err = ctx.Err()
	case <-expired:
	}
	if w.abandon() {
		return false, err
	}
	// The lock came in the same instant. Whoever only ran out of time is glad
	// of it; whoever was cancelled must not hold it.
	q.blocked = nil
	lockErr := <-w.got
	if err == nil {
		return lockErr == nil, lockErr
	}
	if lockErr == nil {
		q.unlock()
	}
	return false, err
}

func (q *Queue) unlock() {
	// If unlocking fails, closing is the only way left to let go.
	if unlock(q.f) != nil {
		q.f.Close()
		q.f = nil
	}
}

// waiter is a goroutine blocked upon the lock. Nothing can call it back, so
// whoever stops waiting leaves it there, and the next caller may adopt it.
type waiter struct {
	got chan error // one element, sent only while wanted

	mu     sync.Mutex
	wanted bool
	done   bool
	last   bool // nobody will adopt it
}

func block(f *os.File) *waiter {
	w := &waiter{got: make(chan error, 1), wanted: true}
	go func() {
		err := wait(f)
		w.mu.Lock()
		defer w.mu.Unlock()
		w.done = true
		if w.wanted {
			w.got <- err
			return
		}
		if err == nil {
			unlock(f)
		}
		if w.last {
			f.Close()
		}
	}()
	return w
}

// adopt reports false if the waiter has ended and given the file back.
func (w *waiter) adopt() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.wanted = !w.done
	return w.wanted
}

// abandon reports false if it is too late: the answer is in got.
func (w *waiter) abandon() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.wanted = false
	return !w.done
}

// leave bids an abandoned waiter close the file. It reports true if the waiter
// has ended, so that the caller must.
func (w *waiter) leave() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.last = true
	return w.done
}
