package board

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"slices"

	"andon/internal/store"
	"andon/kanban"
)

// Journal makes a board keep what a person's verbs do, so that it can be undone.
type Journal struct {
	Actor   string
	Command string // the same for all that one command does, and no other's; empty: each change is a command
}

// keeping follows one change of a card.
type keeping struct {
	b     *Board
	tx    *store.Tx
	deed  kanban.Deed
	refs  []store.Ref
	was   map[store.Ref]store.Image
	cards []kanban.Touched
}

// keep begins to follow a change that is about to be stored; nil if nobody wants
// to undo it.
func (b *Board) keep(ctx context.Context, tx *store.Tx, c *kanban.Change) (*keeping, error) {
	if b.Journal == nil || !(c.Undoable() || c.Verb == kanban.VerbUndo && c.Undoes.Verb != kanban.VerbDelete) {
		return nil, nil
	}
	command := b.Journal.Command
	if command == "" {
		command = rand.Text()
	}
	k := &keeping{b: b, tx: tx, was: map[store.Ref]store.Image{}, deed: kanban.Deed{
		Command: command, At: tx.Now, Actor: b.Journal.Actor, Verb: c.Verb, Task: c.Was.ID,
		Effect: kanban.Effect{Of: c.Undoes.ID, Title: c.Was.Title},
	}}
	refs := []store.Ref{}
	for _, r := range c.Runs {
		if r.ID != 0 {
			refs = append(refs, store.MakeRef("task_runs", int64(r.ID)))
		}
	}
	for _, l := range append(slices.Clone(c.Links), c.Unlinks...) {
		refs = append(refs, store.MakeRef("task_links", string(l.Parent), string(l.Child)))
	}
	for _, s := range c.Subs {
		refs = append(refs, store.MakeRef("kanban_notify_subs", string(s.Task), s.Platform, s.ChatID, s.ThreadID))
	}
	for _, r := range c.Undoes.Effect.Rows {
		refs = append(refs, store.Ref{Table: r.Table, Key: string(r.Key)})
	}
	if c.Verb == kanban.VerbDelete {
		all, err := tx.Belongings(ctx, c.Was.ID)
		if err != nil {
			return nil, err
		}
		refs = append(refs, all...)
	} else if err := k.card(ctx, c.Was.ID); err != nil {
		return nil, err
	}
	for _, t := range c.Undoes.Effect.Cards {
		if t.Task != c.Was.ID {
			if err := k.card(ctx, t.Task); err != nil {
				return nil, err
			}
		}
	}
	return k, k.row(ctx, refs...)
}

// card remembers a card that the change may alter.
func (k *keeping) card(ctx context.Context, id kanban.TaskID) error {
	if k == nil {
		return nil
	}
	gates, err := gatesOf(ctx, k.tx, []kanban.TaskID{id})
	if err != nil {
		return err
	}
	k.cards = append(k.cards, kanban.Touched{Task: id, Block: gates[id].Block, Breaker: gates[id].Breaker})
	return k.row(ctx, store.MakeRef("tasks", string(id)))
}

// row remembers rows as they are.
func (k *keeping) row(ctx context.Context, refs ...store.Ref) error {
	for _, r := range refs {
		if _, known := k.was[r]; known {
			continue
		}
		image, err := k.tx.Image(ctx, r)
		if err != nil {
			return err
		}
		k.was[r] = image
		k.refs = append(k.refs, r)
	}
	return nil
}

// end writes down what became of the rows.
func (k *keeping) end(ctx context.Context, c *kanban.Change) error {
	if k == nil {
		return nil
	}
	runs := map[kanban.RunID]bool{}
	for _, r := range c.Runs {
		runs[r.ID] = k.made(store.MakeRef("task_runs", int64(r.ID)))
	}
	for _, m := range c.Comments {
		k.made(store.MakeRef("task_comments", m.ID))
	}
	changed := map[string]bool{}
	for _, r := range k.refs {
		is, err := k.tx.Image(ctx, r)
		if err != nil {
			return err
		}
		row, ok, err := r.Compare(k.was[r], is)
		if err != nil {
			return err
		}
		if ok {
			k.deed.Effect.Rows = append(k.deed.Effect.Rows, row)
			changed[r.Key] = changed[r.Key] || r.Table == "tasks"
		}
	}
	if len(k.deed.Effect.Rows) == 0 {
		return nil // it was so already
	}
	for _, e := range c.Events {
		if runs[e.Run] { // the run goes with the change, and no event names one that is gone
			k.deed.Effect.Rows = append(k.deed.Effect.Rows, kanban.Row{Table: "task_events", Key: json.RawMessage(fmt.Sprintf("[%d]", e.ID)),
				Was: json.RawMessage(`{"run_id":null}`), Is: json.RawMessage(fmt.Sprintf(`{"run_id":%d}`, e.Run))})
		}
	}
	for _, t := range k.cards {
		if t.Task != c.Was.ID && !changed[store.MakeRef("tasks", string(t.Task)).Key] {
			continue
		}
		var err error
		if t.Last, err = k.tx.LastEvent(ctx, t.Task); err != nil {
			return err
		}
		k.deed.Effect.Cards = append(k.deed.Effect.Cards, t)
	}
	if c.Verb == kanban.VerbDelete { // it has no history, and gets one when it is back
		k.deed.Effect.Cards = append(k.deed.Effect.Cards, kanban.Touched{Task: c.Was.ID})
	}
	return k.tx.Journal(ctx, &k.deed)
}

// made remembers a row that was not there; false if it was.
func (k *keeping) made(r store.Ref) bool {
	_, known := k.was[r]
	if !known {
		k.was[r] = store.Image{}
		k.refs = append(k.refs, r)
	}
	return !known
}

// Deeds reads what one can undo, or has undone, the newest first: the changes of
// one command together.
func (b *Board) Deeds(ctx context.Context) (commands [][]kanban.Deed, err error) {
	err = b.store.View(ctx, func(tx *store.Tx) error {
		commands = nil
		deeds, err := tx.Deeds(ctx, tx.Now.Add(-kanban.UndoFor))
		commands = byCommand(deeds)
		return err
	})
	return commands, err
}

func byCommand(deeds []kanban.Deed) (commands [][]kanban.Deed) {
	at := map[string]int{}
	for _, d := range deeds {
		i, known := at[d.Command]
		if !known {
			i = len(commands)
			at[d.Command] = i
			commands = append(commands, nil)
		}
		commands[i] = append(commands[i], d)
	}
	return commands
}

// Undo takes back all that a command did, which is one of [Board.Deeds], or nothing
// of it: the last change first. before, if not nil, is called with what will be
// undone, when nothing can refuse it any more but the commit; it may be called
// again. With dryRun nothing is stored.
func (b *Board) Undo(ctx context.Context, command string, dryRun bool, before func([]kanban.Change) error) (undone []kanban.Change, err error) {
	end := error(nil)
	if dryRun {
		end = errPreview
	}
	err = b.keepBoard(ctx, func(tx *store.Tx) error {
		undone = nil
		deeds, err := tx.Deeds(ctx, tx.Now.Add(-kanban.UndoFor))
		if err != nil {
			return err
		}
		deeds = slices.DeleteFunc(deeds, func(d kanban.Deed) bool { return d.Command != command })
		if len(deeds) == 0 {
			return &kanban.Error{Code: kanban.NotFound, Err: kanban.ErrNotFound, Msg: "undo: what is to be undone was done more than a day ago, or never",
				Hint: "`andon undo --list` shows what can be undone"}
		}
		since, err := b.since(ctx, tx, deeds)
		if err != nil {
			return err
		}
		for i, d := range deeds {
			if i > 0 {
				since = nil // they have been looked at
			}
			c, err := b.undo(ctx, tx, d, since)
			if err != nil {
				return err
			}
			undone = append(undone, c)
		}
		if before != nil && !dryRun {
			if err := before(undone); err != nil {
				return err
			}
		}
		return end
	})
	if err != nil && err != errPreview {
		return nil, err
	}
	return undone, nil
}

// since reads what happened to the cards that a command touched, after it.
func (b *Board) since(ctx context.Context, tx *store.Tx, deeds []kanban.Deed) (all []kanban.Event, err error) {
	last := map[kanban.TaskID]kanban.EventID{}
	for _, d := range deeds {
		for _, t := range d.Effect.Cards {
			last[t.Task] = max(last[t.Task], t.Last)
		}
	}
	for id, after := range last {
		if after == 0 {
			continue // it was deleted
		}
		events, err := tx.Events(ctx, store.EventFilter{Task: id, After: after})
		if err != nil {
			return nil, err
		}
		all = append(all, events...)
	}
	return all, nil
}

func (b *Board) undo(ctx context.Context, tx *store.Tx, d kanban.Deed, since []kanban.Event) (c kanban.Change, err error) {
	now := kanban.Now{At: tx.Now, Since: since}
	if now.Task, err = tx.Task(ctx, d.Task); err != nil && kanban.CodeOf(err) != kanban.NotFound {
		return c, err
	}
	for _, r := range d.Effect.Rows {
		is, err := tx.Present(ctx, r)
		if err != nil {
			return c, err
		}
		now.Rows = append(now.Rows, is)
	}
	var touched []kanban.TaskID
	for _, t := range d.Effect.Cards {
		touched = append(touched, t.Task)
	}
	if now.Gates, err = gatesOf(ctx, tx, touched); err != nil {
		return c, err
	}
	if c, err = d.Undo(now); err != nil {
		return c, err
	}
	k, err := b.keep(ctx, tx, &c)
	if err != nil {
		return c, err
	}
	if err := tx.Apply(ctx, &c); err != nil {
		return c, err
	}
	if err := k.end(ctx, &c); err != nil {
		return c, err
	}
	for _, l := range d.Restored() {
		below, err := tx.Below(ctx, l.Child)
		if err == nil {
			err = d.Circle(l, slices.DeleteFunc(below, func(o kanban.Link) bool { return o == l }))
		}
		if err != nil {
			return c, err
		}
	}
	c.Task, err = tx.Task(ctx, d.Task)
	if err != nil || c.Task.Status != kanban.Running || d.Verb != kanban.VerbDelete {
		return c, err
	}
	// Its worker was ended before it was deleted.
	run, err := tx.Run(ctx, c.Task.Run)
	if err != nil {
		return c, err
	}
	back, err := c.Task.Reclaim("its deletion was undone", c.Task.Run, kanban.Termination{}, run, tx.Now)
	if err == nil {
		err = b.apply(ctx, tx, &back)
	}
	c.Task = back.Task
	return c, err
}
