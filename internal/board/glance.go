package board

import (
	"context"

	"andon/internal/store"
	"andon/kanban"
)

// Glance is what a screen that follows a board has read of it, as of one moment.
type Glance struct {
	Head    kanban.EventID
	Counts  map[kanban.Status]int
	Lanes   map[kanban.Status]Lane // those that were read
	Touched []kanban.TaskID        // cards that events since the last glance speak of
	All     bool                   // so much happened that any card may have changed
}

// Lane is a part of a column.
type Lane struct {
	Offset int           // of the first of Cards in the column
	Cards  []kanban.Task // without their longer texts
}

// Watched is what a screen shows, from its last glance: it asks for what changed
// of that. Its zero value, with spans, is the first glance.
type Watched struct {
	Glimpse store.Glimpse
	Spans   []store.Span
	After   kanban.EventID                  // Head of the last glance
	Counts  map[kanban.Status]int           // of the last glance; nil: read every span
	Shown   map[kanban.TaskID]kanban.Status // the cards that are on the screen
}

// glanceEvents bounds what is read to learn which columns changed; beyond it,
// reading them all is cheaper.
const glanceEvents = 500

// Glance reads the counts, and those spans of the watched ones that changed since
// the last glance: one that shows a card which something happened to, one where
// such a card is now, and one whose count is another.
func (b *Board) Glance(ctx context.Context, w Watched) (g Glance, err error) {
	err = b.store.View(ctx, func(tx *store.Tx) error {
		g = Glance{Lanes: map[kanban.Status]Lane{}, All: w.Counts == nil}
		if g.Head, err = tx.Head(ctx); err != nil {
			return err
		}
		if g.Counts, err = tx.Tally(ctx, w.Glimpse, kanban.Archived); err != nil {
			return err
		}
		changed := map[kanban.Status]bool{}
		if !g.All {
			whole := true
			if g.Touched, whole, err = tx.Touched(ctx, w.After, glanceEvents); err != nil {
				return err
			}
			g.All = !whole
			at, err := tx.Whereabouts(ctx, g.Touched)
			if err != nil {
				return err
			}
			for _, id := range g.Touched {
				changed[at[id]], changed[w.Shown[id]] = true, true
			}
		}
		for _, s := range w.Spans {
			if !g.All && !changed[s.Status] && g.Counts[s.Status] == w.Counts[s.Status] {
				continue
			}
			lane := Lane{Offset: s.Offset}
			if n := g.Counts[s.Status]; n > 0 {
				s.Offset = max(0, min(s.Offset, n-s.Limit))
				lane.Offset = s.Offset
				if lane.Cards, err = tx.Lane(ctx, s, w.Glimpse); err != nil {
					return err
				}
			}
			g.Lanes[s.Status] = lane
		}
		return nil
	})
	return g, err
}
