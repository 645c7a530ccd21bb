package board

import (
	"context"
	"slices"
	"time"

	"andon/internal/store"
	"andon/kanban"
)

// Stats counts the cards that are not archived.
func (b *Board) Stats(ctx context.Context) (s store.Stats, err error) {
	err = b.store.View(ctx, func(tx *store.Tx) error {
		s, err = tx.Stats(ctx, kanban.Ready, kanban.Archived)
		return err
	})
	return s, err
}

// Flow are the numbers of a board: how it stands now, and how work has gone since
// an hour.
type Flow struct {
	store.Stats

	FromCreated kanban.Quantiles // from creation to completion, of the cards completed since then
	FromStarted kanban.Quantiles // from the first start to completion
	Ageing      map[kanban.Status]kanban.Quantiles
	Blocked     kanban.Quantiles // how long cards were blocked
	StillOpen   int              // of these, blocked now
	Weeks       []kanban.Week
	Outcomes    map[kanban.Outcome]int // of the runs that ended since then
}

// Flow reads the numbers. since is the hour from which on the past is regarded;
// weeks are those into which completions are counted, see [kanban.Weeks].
func (b *Board) Flow(ctx context.Context, since time.Time, weeks []kanban.Week) (s Flow, err error) {
	live := slices.DeleteFunc(slices.Clone(kanban.Statuses), kanban.Status.Satisfied)
	err = b.store.View(ctx, func(tx *store.Tx) error {
		s = Flow{Weeks: slices.Clone(weeks), Ageing: map[kanban.Status]kanban.Quantiles{}}
		if s.Stats, err = tx.Stats(ctx, kanban.Ready, kanban.Archived); err != nil {
			return err
		}
		early := since
		if len(weeks) > 0 && weeks[0].Start.Before(early) {
			early = weeks[0].Start
		}
		finished, err := tx.Finished(ctx, kanban.Settled(), early)
		if err != nil {
			return err
		}
		s.past(finished, since)
		made, err := tx.Made(ctx, live)
		if err != nil {
			return err
		}
		for status, times := range made {
			var ages []time.Duration
			for _, t := range times {
				ages = append(ages, tx.Now.Sub(t).Truncate(time.Second))
			}
			s.Ageing[status] = kanban.NewQuantiles(ages)
		}
		if err := s.blocked(ctx, tx, since); err != nil {
			return err
		}
		s.Outcomes, err = tx.Outcomes(ctx, since)
		return err
	})
	return s, err
}

func (s *Flow) past(finished []store.Finished, since time.Time) {
	completed := make([]time.Time, 0, len(finished))
	fromCreated, fromStarted := make([]time.Duration, 0, len(finished)), make([]time.Duration, 0, len(finished))
	for _, f := range finished {
		completed = append(completed, f.Completed)
		if f.Completed.Before(since) {
			continue
		}
		fromCreated = append(fromCreated, max(f.Completed.Sub(f.Created), 0))
		if !f.Started.IsZero() {
			fromStarted = append(fromStarted, max(f.Completed.Sub(f.Started), 0))
		}
	}
	s.FromCreated, s.FromStarted = kanban.NewQuantiles(fromCreated), kanban.NewQuantiles(fromStarted)
	kanban.Tally(s.Weeks, completed)
}

// blocked measures how long cards were blocked, of the blocks since then. One
// whose end is nowhere recorded ended when its card was completed, or goes on.
func (s *Flow) blocked(ctx context.Context, tx *store.Tx, since time.Time) error {
	first, err := tx.FirstSince(ctx, since)
	if err != nil {
		return err
	}
	events, err := tx.SpellEvents(ctx, first)
	if err != nil {
		return err
	}
	spells := kanban.Spells(events)
	var open []kanban.TaskID
	for _, p := range spells {
		if p.To.IsZero() {
			open = append(open, p.Task)
		}
	}
	by, err := tx.Ends(ctx, open)
	if err != nil {
		return err
	}
	var lengths []time.Duration
	for _, p := range spells {
		if p.To.IsZero() {
			switch t := by[p.Task]; {
			case t.Status == kanban.Blocked:
				p.To = tx.Now.Truncate(time.Second)
				s.StillOpen++
			case !t.CompletedAt.IsZero():
				p.To = t.CompletedAt
			default:
				continue
			}
		}
		lengths = append(lengths, max(p.To.Sub(p.From), 0))
	}
	s.Blocked = kanban.NewQuantiles(lengths)
	return nil
}
