package board

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"andon/internal/store"
	"andon/kanban"
)

// Hit is a card that a search found.
type Hit struct {
	Task  kanban.Task
	Place kanban.Place
	Text  string // what stands there
}

// Compare orders hits: the more telling place first, and then the newer card.
func (h Hit) Compare(other Hit) int {
	return cmp.Or(cmp.Compare(h.Place, other.Place), other.Task.CreatedAt.Compare(h.Task.CreatedAt), strings.Compare(string(h.Task.ID), string(other.Task.ID)))
}

// Search finds cards, the best first, at most limit of them; zero is all.
//
// The database proposes and [kanban.Query.Match] decides. A card can be less good
// than it was proposed as, but never better: as soon as enough hits are as good
// as the last proposal, no later one can be among the best.
func (b *Board) Search(ctx context.Context, q kanban.Query, f store.SearchFilter, limit int) (hits []Hit, err error) {
	err = b.store.View(ctx, func(tx *store.Tx) error {
		hits = nil
		n := limit + 20
		if limit <= 0 {
			n = 5000
		}
		for skip := 0; ; skip, n = skip+n, n*4 {
			proposed, err := tx.Candidates(ctx, q, f, skip, n)
			if err != nil {
				return err
			}
			found, err := decideHits(ctx, tx, q, proposed)
			if err != nil {
				return err
			}
			hits = append(hits, found...)
			slices.SortFunc(hits, Hit.Compare)
			if len(proposed) < n {
				break
			}
			last := proposed[n-1]
			worst := Hit{Place: last.Place, Task: kanban.Task{ID: last.ID, CreatedAt: last.At}}
			if limit > 0 && len(hits) >= limit && hits[limit-1].Compare(worst) <= 0 {
				break
			}
		}
		if limit > 0 {
			hits = hits[:min(limit, len(hits))]
		}
		return nil
	})
	return hits, err
}

func decideHits(ctx context.Context, tx *store.Tx, q kanban.Query, proposed []store.Candidate) ([]Hit, error) {
	var hits []Hit
	for some := range slices.Chunk(proposed, 500) {
		ids := make([]kanban.TaskID, len(some))
		for i, c := range some {
			ids[i] = c.ID
		}
		docs, err := tx.Documents(ctx, ids)
		if err != nil {
			return nil, err
		}
		for _, id := range ids {
			if d := docs[id]; d != nil {
				if place, text, ok := q.Match(*d); ok {
					hits = append(hits, Hit{d.Task, place, text})
				}
			}
		}
	}
	return hits, nil
}
