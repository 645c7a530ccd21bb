package board

import (
	"context"
	"errors"
	"slices"

	"andon/internal/store"
	"andon/kanban"
)

// Applied is what became of one node of a graph.
type Applied struct {
	Name    string
	Task    kanban.Task
	Created bool
	Linked  []kanban.TaskID // parents that a card on the board already was given
	Differs []string        // fields in which such a card is not as the graph has it; they are left alone
}

// Apply makes the cards and links of a graph that the board lacks, all or none.
// A card is known again by its idempotency key.
func (b *Board) Apply(ctx context.Context, g kanban.Graph) ([]Applied, error) {
	return b.graph(ctx, g, nil)
}

// errPreview takes a transaction back that did all it should.
var errPreview = errors.New("only a preview")

// Preview says what Apply would do, or why it would be refused, and changes
// nothing. A card that would be made gets another id when it is.
func (b *Board) Preview(ctx context.Context, g kanban.Graph) ([]Applied, error) {
	return b.graph(ctx, g, errPreview)
}

// graph makes what the board lacks of g in a transaction that ends with end.
func (b *Board) graph(ctx context.Context, g kanban.Graph, end error) ([]Applied, error) {
	g, err := g.Clean()
	if err != nil {
		return nil, err
	}
	var done []Applied
	err = b.change(ctx, func(tx *store.Tx) error {
		done = nil
		ids := map[string]kanban.TaskID{}
		for _, n := range g.Nodes {
			d := n.Draft
			d.Parents = slices.Clone(d.Parents)
			for _, p := range n.After {
				d.Parents = append(d.Parents, ids[p])
			}
			t, existed, err := b.create(ctx, tx, d)
			if err != nil {
				return err
			}
			a := Applied{Name: n.Name, Task: t, Created: !existed}
			if existed {
				a.Differs = d.On(b.Defaults, t.ID).Differs(t)
				if a.Linked, err = b.linkMissing(ctx, tx, t, d.Parents); err != nil {
					return err
				}
				if a.Task, err = tx.Task(ctx, t.ID); err != nil {
					return err
				}
			}
			ids[n.Name] = t.ID
			done = append(done, a)
		}
		return end
	})
	if !errors.Is(err, end) {
		return nil, err
	}
	return done, nil
}

// linkMissing gives the card those of the parents that it does not wait for yet.
func (b *Board) linkMissing(ctx context.Context, tx *store.Tx, t kanban.Task, parents []kanban.TaskID) ([]kanban.TaskID, error) {
	have, err := tx.Links(ctx, []kanban.TaskID{t.ID})
	if err != nil {
		return nil, err
	}
	var linked []kanban.TaskID
	for _, p := range parents {
		if slices.Contains(have, kanban.Link{Parent: p, Child: t.ID}) {
			continue
		}
		if t, err = tx.Task(ctx, t.ID); err != nil { // an earlier link may have demoted it
			return nil, err
		}
		c, err := link(ctx, tx, t, p)
		if err != nil {
			return nil, err
		}
		if err := b.apply(ctx, tx, &c); err != nil {
			return nil, err
		}
		linked, have = append(linked, p), append(have, c.Links...)
	}
	return linked, nil
}
