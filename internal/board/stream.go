package board

import (
	"context"
	"iter"
	"sync"

	"andon/internal/store"
	"andon/kanban"
)

// streams are what all copies of a board share: one reading of its history, for as
// long as anybody follows it. Each follower by himself would hold a connection, and
// read every commit anew.
type streams struct {
	mu   sync.Mutex
	read *reading // nil: nobody follows
}

// reading goes along the history and leaves what it finds in a chain, along which
// each follower goes at his own pace. What all have passed, nothing holds any longer.
type reading struct {
	users int
	stop  context.CancelFunc
	done  chan struct{}  // closed once it has let go of the board
	end   *moment        // empty yet
	last  kanban.EventID // the newest that is in the chain, or before its beginning
}

// moment is one event, once come is closed, and what comes after it. Without a next it
// is the end of the reading, and says why if that was an error.
type moment struct {
	come  chan struct{}
	event kanban.Event
	next  *moment
	err   error
}

func newMoment() *moment { return &moment{come: make(chan struct{})} }

// Stream yields all events after the given one as [Board.Follow] does. All streams of
// a board and its copies are fed by one reading: a server follows for many with it.
// Who is slow keeps in memory what he has not yet taken.
func (b *Board) Stream(ctx context.Context, after kanban.EventID) iter.Seq2[kanban.Event, error] {
	return func(yield func(kanban.Event, error) bool) {
		r, here, from, err := b.join(ctx)
		if err != nil {
			if ctx.Err() == nil {
				yield(kanban.Event{}, err)
			}
			return
		}
		defer b.part(r)
		for after < from { // what was before the chain
			events, err := b.Events(ctx, store.EventFilter{After: after, Limit: followBatch})
			if err != nil {
				if ctx.Err() == nil {
					yield(kanban.Event{}, err)
				}
				return
			}
			for _, e := range events {
				if e.ID > from {
					break
				}
				if !yield(e, nil) {
					return
				}
			}
			if len(events) < followBatch {
				break
			}
			after = min(events[len(events)-1].ID, from) // what came since is in the chain, and there it is to be taken
		}
		for ctx.Err() == nil {
			select {
			case <-ctx.Done():
				return
			case <-here.come:
			}
			if here.err != nil {
				yield(kanban.Event{}, here.err)
			}
			if here.next == nil || here.event.ID > after && !yield(here.event, nil) {
				return
			}
			here = here.next
		}
	}
}

// join begins to follow: from is the event after which the chain goes on at here.
func (b *Board) join(ctx context.Context) (r *reading, here *moment, from kanban.EventID, err error) {
	s := b.streams
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.read == nil {
		head, err := b.Head(ctx)
		if err != nil {
			return nil, nil, 0, err
		}
		life, stop := context.WithCancel(context.WithoutCancel(ctx)) // the others stay when this one goes
		s.read = &reading{stop: stop, done: make(chan struct{}), end: newMoment(), last: head}
		go b.lead(life, s.read)
	}
	s.read.users++
	return s.read, s.read.end, s.read.last, nil
}

// part ends a following, and the reading with the last of them.
func (b *Board) part(r *reading) {
	b.streams.mu.Lock()
	r.users--
	last := r.users == 0
	if last {
		b.streams.forget(r)
	}
	b.streams.mu.Unlock()
	if last {
		r.stop()
		<-r.done
	}
}

// forget lets who comes next begin a reading anew. Its lock is the caller's.
func (s *streams) forget(r *reading) {
	if s.read == r {
		s.read = nil
	}
}

// lead reads on until nobody follows, or it cannot.
func (b *Board) lead(ctx context.Context, r *reading) {
	defer close(r.done)
	var why error
	for e, err := range b.Follow(ctx, r.last, store.EventFilter{}) {
		if why = err; err != nil {
			break
		}
		next := newMoment()
		b.streams.mu.Lock()
		here := r.end
		here.event, here.next = e, next
		r.end, r.last = next, e.ID
		b.streams.mu.Unlock()
		close(here.come)
	}
	b.streams.mu.Lock()
	b.streams.forget(r)
	b.streams.mu.Unlock()
	r.end.err = why
	close(r.end.come)
}
