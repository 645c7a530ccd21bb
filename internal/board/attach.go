package board

import (
	"context"
	"errors"
	"fmt"

	"andon/internal/store"
	"andon/kanban"
)

// Attach keeps a file, which is there already, with the card. Its number is in
// the change. See [kanban.Task.Attach].
func (b *Board) Attach(ctx context.Context, id kanban.TaskID, a kanban.Attachment, run kanban.RunID) (kanban.Change, error) {
	return b.decide(ctx, id, func(tx *store.Tx, t kanban.Task) (kanban.Change, error) {
		return t.Attach(a, run, tx.Now)
	})
}

// Detach gives up a file of a card's. Who calls removes it after that.
func (b *Board) Detach(ctx context.Context, a kanban.Attachment, run kanban.RunID) (kanban.Change, error) {
	c, err := b.decide(ctx, a.Task, func(tx *store.Tx, t kanban.Task) (kanban.Change, error) {
		a, err := tx.Attachment(ctx, a.ID) // another may have been quicker
		if err != nil {
			return kanban.Change{}, err
		}
		return t.Detach(a, run)
	})
	return c, err
}

// Attachments reads the files kept with a card, oldest first.
func (b *Board) Attachments(ctx context.Context, id kanban.TaskID) (list []kanban.Attachment, err error) {
	err = b.store.View(ctx, func(tx *store.Tx) error {
		if _, err := tx.Task(ctx, id); err != nil {
			return err
		}
		list, err = tx.Attachments(ctx, id)
		return err
	})
	return list, err
}

// AllAttachments reads the files kept with all cards, also with cards that
// another program has deleted, newest first; at most limit of them, zero is all.
func (b *Board) AllAttachments(ctx context.Context, limit int) (list []kanban.Attachment, err error) {
	err = b.store.View(ctx, func(tx *store.Tx) error {
		list, err = tx.AllAttachments(ctx, limit)
		return err
	})
	return list, err
}

// Attachment reads one file's record.
func (b *Board) Attachment(ctx context.Context, id int64) (a kanban.Attachment, err error) {
	err = b.store.View(ctx, func(tx *store.Tx) error {
		a, err = tx.Attachment(ctx, id)
		return err
	})
	return a, err
}

// deliver hands what a report names to who keeps files. It comes before the
// transaction, in which nothing slow may happen; so the rule is asked first
// whether the report would be taken at all. discard undoes it.
func (b *Board) deliver(ctx context.Context, id kanban.TaskID, r kanban.Report) (_ kanban.Report, discard func(), err error) {
	nothing := func() {}
	if !r.NamesPaths() { // then it costs no look at the board
		return r, nothing, nil
	}
	if b.Deliver == nil {
		if declared, err := r.Declared(); err == nil && len(declared) > 0 {
			return r, nothing, fmt.Errorf("complete %s: the report names artifacts, and this program keeps no files", id)
		}
		return r, nothing, nil // what is wrong with it, the rule says
	}
	var t kanban.Task
	taken := false
	err = b.store.View(ctx, func(tx *store.Tx) error {
		if err := errors.Join(b.Scope.May(kanban.VerbComplete, id), b.holds(ctx, tx)); err != nil {
			return err // before a file is copied
		}
		if t, err = tx.Task(ctx, id); err != nil {
			return err
		}
		c, err := b.completion(ctx, tx, t, r)
		taken = err == nil && c.Refusal == nil
		return err
	})
	if err != nil || !taken { // a refusal that leaves a mark is for the transaction
		return r, nothing, err
	}
	return b.Deliver(ctx, t, r)
}

// discarded calls discard unless what was delivered is, or may be, the card's.
func discarded(err error, discard func()) {
	if err != nil && !errors.Is(err, kanban.ErrUnknown) {
		discard()
	}
}
