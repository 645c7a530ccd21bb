package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"andon/kanban"
)

var attachmentColumns = []column[kanban.Attachment]{
	number("id", func(a *kanban.Attachment) *int64 { return &a.ID }),
	text("task_id", func(a *kanban.Attachment) *kanban.TaskID { return &a.Task }),
	text("filename", func(a *kanban.Attachment) *string { return &a.Name }),
	text("stored_path", func(a *kanban.Attachment) *string { return &a.Path }),
	text("content_type", func(a *kanban.Attachment) *string { return &a.ContentType }),
	numberNotNull("size", func(a *kanban.Attachment) *int64 { return &a.Size }),
	text("uploaded_by", func(a *kanban.Attachment) *string { return &a.By }),
	unix("created_at", func(a *kanban.Attachment) *time.Time { return &a.At }),
}

// Attachments reads the files kept with a card, oldest first.
func (tx *Tx) Attachments(ctx context.Context, task kanban.TaskID) ([]kanban.Attachment, error) {
	return tx.attachments(ctx, `WHERE task_id = ? ORDER BY created_at, id`, task)
}

// AllAttachments reads the files kept with all cards, newest first, at most limit
// of them; zero is all.
func (tx *Tx) AllAttachments(ctx context.Context, limit int) ([]kanban.Attachment, error) {
	if limit == 0 {
		return tx.attachments(ctx, `ORDER BY id DESC`)
	}
	return tx.attachments(ctx, `ORDER BY id DESC LIMIT ?`, limit)
}

// Attachment reads one. There must be one with this number.
func (tx *Tx) Attachment(ctx context.Context, id int64) (kanban.Attachment, error) {
	found, err := tx.attachments(ctx, `WHERE id = ?`, id)
	if err != nil {
		return kanban.Attachment{}, err
	}
	if len(found) == 0 {
		return kanban.Attachment{}, &kanban.Error{Code: kanban.NotFound, Err: kanban.ErrNotFound,
			Msg: fmt.Sprintf("no attachment %d on this board", id), Hint: "`andon attachments ID` lists those of a card with their numbers"}
	}
	return found[0], nil
}

func (tx *Tx) attachments(ctx context.Context, rest string, args ...any) ([]kanban.Attachment, error) {
	rows, err := tx.query(ctx, `SELECT `+columnNames(attachmentColumns, "")+` FROM task_attachments `+rest, args...)
	all, err := collect(rows, err, func(a *kanban.Attachment) []any { return dests(attachmentColumns, a) })
	if err != nil {
		return nil, fmt.Errorf("read attachments: %w", err)
	}
	return all, nil
}

// applyAttachments stores the files that a change keeps, and forgets those that
// it gives up.
func (tx *Tx) applyAttachments(ctx context.Context, c *kanban.Change) error {
	for i := range c.Attachments {
		a, columns := &c.Attachments[i], attachmentColumns[1:]
		if err := tx.queryRow(ctx, `INSERT INTO task_attachments (`+columnNames(columns, "")+`) VALUES (`+marks(len(columns))+`) RETURNING id`,
			values(columns, a)...).Scan(&a.ID); err != nil {
			return fmt.Errorf("attach %s: %w", a.Name, err)
		}
	}
	for _, a := range c.Detached {
		res, err := tx.exec(ctx, `DELETE FROM task_attachments WHERE id = ? AND task_id = ?`, a.ID, a.Task)
		if err != nil {
			return fmt.Errorf("remove attachment %d: %w", a.ID, err)
		}
		if n, err := res.RowsAffected(); err != nil || n != 1 {
			return errors.Join(fmt.Errorf("attachment %d changed beneath its own transaction", a.ID), err)
		}
	}
	return nil
}
