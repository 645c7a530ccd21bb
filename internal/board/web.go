package board

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"andon/internal/store"
	"andon/kanban"
)

// WebFilter is which cards and links to read.
type WebFilter struct {
	Around kanban.TaskID // the card and those before and after it; empty: the whole board
	Depth  int           // how many links away at most; zero: all
	Done   bool          // the finished cards too
}

// Web reads cards and the links among them, the most urgent card first. Of the
// whole board, cards without a link are no part.
func (b *Board) Web(ctx context.Context, f WebFilter) (w kanban.Web, err error) {
	err = b.store.View(ctx, func(tx *store.Tx) error {
		if f.Around != "" {
			if _, err := tx.Task(ctx, f.Around); err != nil {
				return err
			}
		}
		links, err := tx.AllLinks(ctx)
		if err != nil {
			return err
		}
		tasks, err := tx.Some(ctx, named(links, f))
		if err != nil {
			return err
		}
		if !f.Done {
			tasks = slices.DeleteFunc(tasks, func(t kanban.Task) bool { return t.Status.Satisfied() && t.ID != f.Around })
		}
		slices.SortFunc(tasks, func(a, b kanban.Task) int {
			return cmp.Or(cmp.Compare(b.Priority, a.Priority), a.CreatedAt.Compare(b.CreatedAt), strings.Compare(string(a.ID), string(b.ID)))
		})
		w = kanban.NewWeb(tasks, links)
		if f.Around == "" && f.Depth > 0 {
			var shallow []kanban.Task
			for _, i := range w.Shallow(f.Depth) {
				shallow = append(shallow, tasks[i])
			}
			w = kanban.NewWeb(shallow, links)
		}
		return nil
	})
	return w, err
}

// named are the cards that the filter can mean.
func named(links []kanban.Link, f WebFilter) []kanban.TaskID {
	if f.Around != "" {
		return kanban.Near(f.Around, links, f.Depth)
	}
	ids := make([]kanban.TaskID, 0, 2*len(links))
	for _, l := range links {
		ids = append(ids, l.Parent, l.Child)
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}
