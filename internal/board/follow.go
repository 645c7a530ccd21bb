package board

import (
	"context"
	"iter"

	"andon/internal/store"
	"andon/kanban"
)

// followBatch is how many events are read at a time.
const followBatch = 500

// Head is the number of the newest event, from which Follow can go on.
func (b *Board) Head(ctx context.Context) (head kanban.EventID, err error) {
	err = b.store.View(ctx, func(tx *store.Tx) error {
		head, err = tx.Head(ctx)
		return err
	})
	return head, err
}

// Follow yields the events after the given one that match f, in the order of
// their commits, and waits for more until the context ends. None is left out
// and none comes twice: ids rise with commits because each board has one writer
// at a time.
func (b *Board) Follow(ctx context.Context, after kanban.EventID, f store.EventFilter) iter.Seq2[kanban.Event, error] {
	return func(yield func(kanban.Event, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		wake, err := b.store.Wake(ctx) // before the first read, so that no commit falls between
		if err != nil {
			if ctx.Err() == nil {
				yield(kanban.Event{}, err)
			}
			return
		}
		defer func() {
			cancel()
			for range wake { // until its goroutine has ended
			}
		}()
		f.Limit, f.Newest = followBatch, false
		for f.After = after; ; {
			var events []kanban.Event
			var head kanban.EventID
			err := b.store.View(ctx, func(tx *store.Tx) (err error) {
				if head, err = tx.Head(ctx); err == nil {
					events, err = tx.Events(ctx, f)
				}
				return err
			})
			if ctx.Err() != nil {
				return
			}
			if err != nil {
				yield(kanban.Event{}, err)
				return
			}
			for _, e := range events {
				if !yield(e, nil) {
					return
				}
				f.After = e.ID
			}
			if len(events) < followBatch {
				f.After = max(f.After, head) // what the filter passes over is not read again
				if _, ok := <-wake; !ok {
					return
				}
			}
		}
	}
}

// Until waits, woken by commits of any process, until done says so. An error of
// its ends the wait, as does the context.
func (b *Board) Until(ctx context.Context, done func() (bool, error)) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	wake, err := b.store.Wake(ctx) // before the first look, so that no commit falls between
	if err != nil {
		return err
	}
	defer func() {
		cancel()
		for range wake { // until its goroutine has ended
		}
	}()
	for {
		if ok, err := done(); ok || err != nil {
			return err
		}
		if _, open := <-wake; !open {
			return context.Cause(ctx)
		}
	}
}

// Events reads the events that match f.
func (b *Board) Events(ctx context.Context, f store.EventFilter) (events []kanban.Event, err error) {
	err = b.store.View(ctx, func(tx *store.Tx) error {
		events, err = tx.Events(ctx, f)
		return err
	})
	return events, err
}

// Wake tells of commits by any process. See [store.Dialect.Wake].
func (b *Board) Wake(ctx context.Context) (<-chan struct{}, error) { return b.store.Wake(ctx) }

// Pulse tells now and then whether there may be something new. See
// [store.DB.Pulse].
func (b *Board) Pulse(ctx context.Context) (store.Pulse, error) { return b.store.Pulse(ctx) }
