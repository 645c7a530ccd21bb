package board

import (
	"context"
	"slices"
	"sync"
	"time"

	"andon/internal/store"
	"andon/kanban"
)

// Used records what the run has taken, as its agent's output has it. See
// [kanban.Task.Used].
func (b *Board) Used(ctx context.Context, run kanban.Run, u kanban.Expense) (kanban.Change, error) {
	return b.ofRun(ctx, run, func(_ *store.Tx, t kanban.Task, r kanban.Run) (kanban.Change, error) {
		return t.Used(r, u)
	})
}

// Spent sums up by profile and tenant what was taken since a time.
func (b *Board) Spent(ctx context.Context, since time.Time) (spent []kanban.Spending, err error) {
	err = b.store.View(ctx, func(tx *store.Tx) error {
		spent, err = tx.Spent(ctx, since, time.Time{})
		return err
	})
	return spent, err
}

// UsageByCard sums up by card what was taken since a time, the dearest first.
func (b *Board) UsageByCard(ctx context.Context, since time.Time) (of []store.UsageOf, err error) {
	err = b.store.View(ctx, func(tx *store.Tx) error {
		of, err = tx.UsageByCard(ctx, since)
		return err
	})
	return of, err
}

// Usage reads what each run has taken since a time, the oldest first.
func (b *Board) Usage(ctx context.Context, since time.Time) (all []kanban.Taken, err error) {
	err = b.store.View(ctx, func(tx *store.Tx) error {
		all, err = tx.Usage(ctx, since)
		return err
	})
	return all, err
}

// spending keeps what was spent up to a short while ago, so that a look at a month
// reads its last minutes and not all of it.
type spending struct {
	mu   sync.Mutex
	kept map[int64]kept // by the begin
}

type kept struct {
	until time.Time // the sums are of what lies before it
	sums  []kanban.Spending
}

const (
	// keepFor is how long sums are kept. Within it, they do not heed what alters the
	// past: an agent's output that corrects what its worker said, and deletions.
	keepFor = 10 * time.Minute

	// settled is how long ago something must have been told for its transaction to be
	// at an end.
	settled = 2 * time.Minute
)

// read sums up what was spent since each of some times.
func (s *spending) read(ctx context.Context, tx *store.Tx, since []time.Time) (outlays []kanban.Outlay, err error) {
	if len(since) == 0 {
		return nil, nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	fresh := map[int64]kept{} // those of periods that are over are forgotten
	for _, begin := range since {
		k, ok := s.kept[begin.Unix()]
		if age := tx.Now.Sub(k.until); !ok || age < 0 || age > keepFor {
			k = kept{until: tx.Now.Add(-settled)}
			if k.until.After(begin) {
				if k.sums, err = tx.Spent(ctx, begin, k.until); err != nil {
					return nil, err
				}
			} else {
				k.until = begin
			}
		}
		fresh[begin.Unix()] = k
		rest, err := tx.Spent(ctx, k.until, time.Time{})
		if err != nil {
			return nil, err
		}
		outlays = append(outlays, kanban.Outlay{Since: begin, By: slices.Concat(k.sums, rest)})
	}
	s.kept = fresh
	return outlays, nil
}
