package board

import (
	"context"
	"slices"
	"time"

	"andon/internal/store"
	"andon/kanban"
)

// Case is a card with what its past says about where it stands.
type Case struct {
	Task kanban.Task
	Open []kanban.Task // the parents that are not satisfied
	Run  *kanban.Run   // the open one; nil if there is none
	Said map[kanban.EventKind]kanban.Event
}

// Question is a card with all that explains why it is not being worked on. The
// floor is that of a ready card; of the running cards it tells whose they are.
type Question struct {
	Case
	Parents []Case // the first of Case.Open
	Floor   Floor
}

// caseParents is how many unfinished parents are looked into: who waits for more
// is told how many.
const caseParents = 20

// saidKinds are the events that tell why a card stands where it does.
var saidKinds = []kanban.EventKind{kanban.EventBlocked, kanban.EventUnblocked, kanban.EventGaveUp, kanban.EventAssigned, kanban.EventEdited,
	kanban.EventBlockLoop, kanban.EventReviewRequested, kanban.EventScheduled, kanban.EventDependency}

// Why reads what explains where a card stands, as of one moment. Of a ready card it
// reads the queue only if enough, asked about those that are running, says that
// they do not tell whether it is started. It also reads what was spent since some times.
func (b *Board) Why(ctx context.Context, id kanban.TaskID, enough func(Floor, kanban.Task) bool, since ...time.Time) (q Question, err error) {
	err = b.store.View(ctx, func(tx *store.Tx) error {
		q = Question{}
		t, err := tx.Task(ctx, id)
		if err != nil {
			return err
		}
		cases, err := readCases(ctx, tx, []kanban.Task{t})
		if err != nil {
			return err
		}
		q.Case = cases[0]
		if q.Parents, err = readCases(ctx, tx, q.Open[:min(len(q.Open), caseParents)]); err != nil {
			return err
		}
		if t.Status != kanban.Ready || t.Lock != "" {
			return nil
		}
		if err := b.beside(ctx, tx, &q.Floor, id, since); err != nil || enough(q.Floor, t) {
			return err
		}
		return b.queue(ctx, tx, &q.Floor)
	})
	return q, err
}

// around reads who runs, and the past of one card.
func (b *Board) beside(ctx context.Context, tx *store.Tx, f *Floor, id kanban.TaskID, since []time.Time) error {
	running, err := tx.Faces(ctx, kanban.Running) // who is running is all that is asked, not how
	if err != nil {
		return err
	}
	f.Running = nil
	for _, t := range running {
		f.Running = append(f.Running, store.Held{Task: t})
	}
	if f.Served, err = tx.Served(ctx); err != nil {
		return err
	}
	if f.Pauses, err = tx.Pauses(ctx); err != nil {
		return err
	}
	if f.Limited, err = tx.Limited(ctx); err != nil {
		return err
	}
	if f.Spent, err = b.spending.read(ctx, tx, since); err != nil {
		return err
	}
	f.Pasts, err = tx.Pasts(ctx, []kanban.TaskID{id})
	return err
}

// queue reads who waits.
func (b *Board) queue(ctx context.Context, tx *store.Tx, f *Floor) (err error) {
	if f.Ready, err = tx.Queue(ctx, kanban.Ready); err == nil {
		f.Pasts, err = pasts(ctx, tx)
	}
	return err
}

// readCases reads what the cards' pasts say.
func readCases(ctx context.Context, tx *store.Tx, tasks []kanban.Task) ([]Case, error) {
	if len(tasks) == 0 {
		return nil, nil
	}
	ids := make([]kanban.TaskID, len(tasks))
	for i, t := range tasks {
		ids[i] = t.ID
	}
	events, err := tx.EventsOf(ctx, ids, saidKinds)
	if err != nil {
		return nil, err
	}
	cases := make([]Case, len(tasks))
	for i, t := range tasks {
		c := Case{Task: t, Said: map[kanban.EventKind]kanban.Event{}}
		for _, e := range events { // the newest of each kind is the last
			if e.Task == t.ID {
				c.Said[e.Kind] = e
			}
		}
		parents, err := tx.Parents(ctx, t.ID)
		if err != nil {
			return nil, err
		}
		c.Open = slices.DeleteFunc(parents, func(p kanban.Task) bool { return p.Status.Satisfied() })
		if c.Run, err = tx.Run(ctx, t.Run); err != nil {
			return nil, err
		}
		cases[i] = c
	}
	return cases, nil
}

// Gate is what the card's history says about its block.
func (c Case) Gate() kanban.Gate {
	newest := kanban.Newest{}
	for kind, e := range c.Said {
		newest[kind] = e.ID
	}
	return newest.Gate()
}
