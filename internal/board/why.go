package board

import (
	"context"
	"slices"

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

// firstReady is how many ready cards are read at first: mostly the caps are
// reached by then.
const firstReady = 100

// Why reads what explains where a card stands, as of one moment. Of the ready
// cards it reads the whole queue only if enough, asked about the first ones,
// says that they do not tell whether the card is started.
func (b *Board) Why(ctx context.Context, id kanban.TaskID, enough func(Floor, kanban.Task) bool) (q Question, err error) {
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
		busy, err := tx.Busy(ctx, kanban.Running) // who is running is all that is asked, not how
		if err != nil {
			return err
		}
		for _, name := range busy {
			q.Floor.Running = append(q.Floor.Running, store.Held{Task: kanban.Task{Status: kanban.Running, Assignee: name}})
		}
		look := func(ready []kanban.Task) error {
			q.Floor.Ready = ready
			ids := make([]kanban.TaskID, len(ready), len(ready)+1)
			for i, t := range ready {
				ids[i] = t.ID
			}
			q.Floor.Pasts, err = tx.Pasts(ctx, append(ids, id))
			return err
		}
		if err := look(nil); err != nil || enough(q.Floor, t) {
			return err
		}
		head, err := tx.QueueHead(ctx, kanban.Ready, firstReady)
		if err != nil {
			return err
		}
		if err := look(head); err != nil || enough(q.Floor, t) || len(head) < firstReady {
			return err
		}
		if q.Floor.Ready, err = tx.Queue(ctx, kanban.Ready); err != nil {
			return err
		}
		q.Floor.Pasts, err = pasts(ctx, tx)
		return err
	})
	return q, err
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
