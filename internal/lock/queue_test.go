package lock

import (
	"context"
	"errors"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func mustAcquire(t *testing.T, q *Queue) (release func()) {
	t.Helper()
	release, held, err := q.Acquire(t.Context(), 10*time.Second)
	if !held {
		t.Fatalf("Acquire = false, %v; want the lock", err)
	}
	return release
}

func mustExpire(t *testing.T, q *Queue) {
	t.Helper()
	release, held, err := q.Acquire(t.Context(), 20*time.Millisecond)
	if held || err != nil {
		t.Fatalf("Acquire of a lock held elsewhere = %v, %v; want false, nil", held, err)
	}
	release()
}

func TestQueueExcludes(t *testing.T) {
	t.Parallel()
	path := sidecar(t)
	queues := []*Queue{NewQueue(path), NewQueue(path)} // as two processes would have
	const each = 200
	// The race detector judges the plain counters, one for each queue, because
	// it does not know that a lock on a file orders memory.
	var count [2]int
	var inside atomic.Int32
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for range each {
				release, held, err := queues[i%2].Acquire(t.Context(), time.Minute)
				if !held {
					t.Errorf("Acquire = false, %v", err)
					return
				}
				if n := inside.Add(1); n != 1 {
					t.Errorf("%d hold the lock", n)
				}
				count[i%2]++
				inside.Add(-1)
				release()
				release()
			}
		})
	}
	wg.Wait()
	for _, q := range queues {
		q.Close()
	}
	if want := [2]int{4 * each, 4 * each}; count != want {
		t.Errorf("counted %v, want %v", count, want)
	}
	mustTry(t, path, true)
}

func TestQueueWaitsForOtherProcess(t *testing.T) {
	t.Parallel()
	path := sidecar(t)
	q := NewQueue(path)
	defer q.Close()
	other := elsewhere(t, path)
	var wg sync.WaitGroup
	defer wg.Wait()
	wg.Go(other.release)
	release := mustAcquire(t, q)
	mustTry(t, path, false)
	release()
	mustTry(t, path, true)
}

func TestQueueCancelled(t *testing.T) {
	t.Parallel()
	path := sidecar(t)
	q := NewQueue(path)
	defer q.Close()
	other := elsewhere(t, path)
	defer other.kill()

	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() {
		_, held, err := q.Acquire(ctx, time.Hour)
		if held {
			err = errors.New("held")
		}
		ended <- err
	}()
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled Acquire: %v", err)
	}
	if _, held, err := q.Acquire(ctx, time.Hour); held || !errors.Is(err, context.Canceled) {
		t.Errorf("Acquire with an ended context = %v, %v", held, err)
	}
}

func TestAbandonedWaiterLetsGo(t *testing.T) {
	t.Parallel()
	path := sidecar(t)
	q := NewQueue(path)
	defer q.Close()
	other := elsewhere(t, path)
	mustExpire(t, q)
	other.release()
	elsewhere(t, path).release()
	mustAcquire(t, q)()
}

func TestAbandonedWaiterIsAdopted(t *testing.T) {
	t.Parallel()
	path := sidecar(t)
	q := NewQueue(path)
	defer q.Close()
	other := elsewhere(t, path)
	mustExpire(t, q)
	first := q.blocked
	mustExpire(t, q)
	if q.blocked != first {
		t.Error("a second waiter was started beside the first")
	}
	var wg sync.WaitGroup
	defer wg.Wait()
	wg.Go(other.release)
	mustAcquire(t, q)()
}

func TestCloseWithWaiterLeft(t *testing.T) {
	t.Parallel()
	path := sidecar(t)
	q := NewQueue(path)
	other := elsewhere(t, path)
	mustExpire(t, q)
	q.Close()
	if _, held, err := q.Acquire(t.Context(), time.Hour); held || !errors.Is(err, os.ErrClosed) {
		t.Errorf("Acquire after Close = %v, %v; want os.ErrClosed", held, err)
	}
	other.release()
	elsewhere(t, path).release()
}

func TestLateAnswerOfWaiter(t *testing.T) {
	t.Parallel()
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	long := make(chan time.Time)
	past := make(chan time.Time)
	close(past)
	for name, c := range map[string]struct {
		ctx     context.Context
		expired <-chan time.Time
		want    bool
	}{
		"out of time": {t.Context(), past, true},
		"cancelled":   {ended, long, false},
	} {
		// A select picks at random when both are ready, so that either branch
		// comes up within a few rounds.
		for range 20 {
			path := sidecar(t)
			q := NewQueue(path)
			if held, err := q.attempt(); !held {
				t.Fatal(err)
			}
			q.blocked = &waiter{got: make(chan error, 1), wanted: true, done: true}
			q.blocked.got <- nil
			held, err := q.await(c.ctx, c.expired)
			if !c.want && held && err == nil {
				q.unlock() // the answer was chosen before the cancellation
			} else if held != c.want {
				t.Fatalf("%s: await = %v, %v; want %v", name, held, err, c.want)
			}
			mustTry(t, path, !c.want)
			q.Close()
		}
	}
}

// A queue that moves is not left, however long it takes: those who fell out of it
// would poll beside those who block.
func TestQueueThatMovesIsNotLeft(t *testing.T) {
	t.Parallel()
	const limit = 200 * time.Millisecond
	for fair := false; !fair; {
		path := sidecar(t)
		release, q := mustAcquire(t, NewQueue(path)), NewQueue(path)
		turns := make(chan bool)
		go func() { // others have their turns for five limits, as far as one can see
			defer release()
			tick := time.NewTicker(limit / 20)
			defer tick.Stop()
			fair := true
			begun := time.Now()
			for last := begun; time.Since(begun) < 5*limit; last = time.Now() {
				<-tick.C
				q.tellTurn()
				fair = fair && time.Since(last) < limit/2
			}
			turns <- fair
		}()
		held := make(chan bool)
		go func() {
			release, got, err := q.Acquire(t.Context(), limit)
			if err != nil {
				t.Error(err)
			}
			release()
			held <- got
		}()
		// A machine that stood still meanwhile had the queue stand still.
		if fair = <-turns; !<-held && fair {
			t.Error("the queue was left while it moved")
		}
		q.Close()
	}
}
