package store

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"andon/kanban"
)

// Apply stores a decision and fills in the numbers the database chose. With
// [Tx.Load], which brings a history along, it is the only code that writes cards,
// runs and events, so no card changes without
// a line of history. Only columns whose value differs are written: what other
// programs keep in a row stays as it is.
func (tx *Tx) Apply(ctx context.Context, c *kanban.Change) error {
	if err := c.Legal(); err != nil {
		return err
	}
	tx.wrote = true
	opened, err := tx.applyRuns(ctx, c)
	if err != nil {
		return err
	}
	if c.Task.Run == kanban.NewRun {
		c.Task.Run = opened
	}
	switch {
	case c.Verb == kanban.VerbUndo:
		err = tx.undo(ctx, c)
	case c.Was.ID == "":
		err = tx.insertTask(ctx, &c.Task)
	case c.Task.Status == kanban.Gone:
		return tx.deleteTask(ctx, c)
	default:
		err = tx.updateTask(ctx, c)
	}
	if err != nil {
		return err
	}
	for _, l := range c.Links {
		if _, err := tx.exec(ctx, `INSERT INTO task_links (parent_id, child_id) VALUES (?, ?) ON CONFLICT DO NOTHING`,
			l.Parent, l.Child); err != nil {
			return fmt.Errorf("link %s -> %s: %w", l.Parent, l.Child, err)
		}
	}
	for _, l := range c.Unlinks {
		if _, err := tx.exec(ctx, `DELETE FROM task_links WHERE parent_id = ? AND child_id = ?`, l.Parent, l.Child); err != nil {
			return fmt.Errorf("unlink %s -> %s: %w", l.Parent, l.Child, err)
		}
	}
	for i := range c.Comments {
		m := &c.Comments[i]
		if err := tx.queryRow(ctx, `INSERT INTO task_comments (task_id, author, body, created_at) VALUES (?, ?, ?, ?) RETURNING id`,
			m.Task, m.Author, m.Body, m.At.Unix()).Scan(&m.ID); err != nil {
			return fmt.Errorf("add comment: %w", err)
		}
	}
	if err := tx.applyAttachments(ctx, c); err != nil {
		return err
	}
	if err := tx.applyProposals(ctx, c); err != nil {
		return err
	}
	for i := range c.Events {
		e := &c.Events[i]
		e.At = tx.Now
		if e.Run == kanban.NewRun {
			e.Run = opened
		}
		e.Payload = e.Payload.Resolve(opened)
		var payload any
		if len(e.Payload) > 0 {
			if payload, err = kanban.EncodeJSON(e.Payload); err != nil {
				return fmt.Errorf("append %s: %w", e.Kind, err)
			}
		}
		if err := tx.queryRow(ctx, `INSERT INTO task_events (task_id, run_id, kind, payload, created_at) VALUES (?, ?, ?, ?, ?) RETURNING id`,
			e.Task, orNull(int64(e.Run)), e.Kind, payload, e.At.Unix()).Scan(&e.ID); err != nil {
			return fmt.Errorf("append %s: %w", e.Kind, err)
		}
	}
	return tx.applySubs(ctx, c.Subs)
}

// applyRuns stores the runs of a change and returns the number of the new one.
func (tx *Tx) applyRuns(ctx context.Context, c *kanban.Change) (opened kanban.RunID, err error) {
	for i := range c.Runs {
		r := &c.Runs[i]
		if r.ID == 0 {
			if err := tx.insertRun(ctx, r); err != nil {
				return 0, err
			}
			opened = r.ID
			if err := tx.upsertUsage(ctx, c.Task.Tenant, nil, r); err != nil {
				return 0, err
			}
			continue
		}
		if err := tx.updateRun(ctx, c.Task.Tenant, r); err != nil {
			return 0, err
		}
		if err := tx.upsertWorker(ctx, r); err != nil {
			return 0, err
		}
	}
	return opened, nil
}

func (tx *Tx) insertRun(ctx context.Context, r *kanban.Run) error {
	columns := runColumns[1:]
	if err := tx.queryRow(ctx, `INSERT INTO task_runs (`+columnNames(columns, "")+`) VALUES (`+marks(len(columns))+`) RETURNING id`,
		values(columns, r)...).Scan(&r.ID); err != nil {
		return fmt.Errorf("insert run: %w", err)
	}
	return nil
}

func (tx *Tx) updateRun(ctx context.Context, tenant string, r *kanban.Run) error {
	was, err := tx.Run(ctx, r.ID)
	if err != nil {
		return err
	}
	if was == nil {
		return fmt.Errorf("update run %s: it is gone", r.ID)
	}
	if err := tx.upsertUsage(ctx, tenant, was, r); err != nil {
		return err
	}
	set, args := assignments(runColumns[2:], was, r) // id and task_id never change
	if set == "" {
		return nil
	}
	if _, err := tx.exec(ctx, `UPDATE task_runs SET `+set+` WHERE id = ?`, append(args, r.ID)...); err != nil {
		return fmt.Errorf("update run %s: %w", r.ID, err)
	}
	return nil
}

// upsertWorker keeps what the run's supervisor recorded, if it did.
func (tx *Tx) upsertWorker(ctx context.Context, r *kanban.Run) error {
	if r.Worker == (kanban.Worker{}) {
		return nil
	}
	set, args := assignments(workerColumns, nil, r)
	_, err := tx.exec(ctx, `INSERT INTO andon_runs (run_id, `+columnNames(workerColumns, "")+`) VALUES (?, `+marks(len(workerColumns))+`)
		ON CONFLICT (run_id) DO UPDATE SET `+set,
		append(append([]any{r.ID}, values(workerColumns, r)...), args...)...)
	if err != nil {
		return fmt.Errorf("record the worker of run %s: %w", r.ID, err)
	}
	return nil
}

func (tx *Tx) insertTask(ctx context.Context, t *kanban.Task) error {
	_, err := tx.exec(ctx, `INSERT INTO tasks (`+columnNames(taskColumns, "")+`) VALUES (`+marks(len(taskColumns))+`)`,
		values(taskColumns, t)...)
	if err != nil {
		return fmt.Errorf("insert card %s: %w", t.ID, err)
	}
	return nil
}

// updateTask writes what differs, if the card still is as it was read. Within
// the transaction it must be; a mismatch means that the single writer was not
// alone, and nothing may be stored. Other programs have left an empty text or a
// zero where NULL is meant.
func (tx *Tx) updateTask(ctx context.Context, c *kanban.Change) error {
	set, args := assignments(taskColumns, &c.Was, &c.Task)
	if set == "" {
		return nil
	}
	res, err := tx.exec(ctx, `UPDATE tasks SET `+set+`
		WHERE id = ? AND status = ? AND COALESCE(claim_lock, '') = ? AND COALESCE(current_run_id, 0) = ?`,
		append(args, c.Was.ID, c.Was.Status, c.Was.Lock, c.Was.Run)...)
	if err != nil {
		return fmt.Errorf("update card %s: %w", c.Task.ID, err)
	}
	if n, err := res.RowsAffected(); err != nil || n != 1 {
		return errors.Join(fmt.Errorf("card %s changed beneath its own transaction", c.Task.ID), err)
	}
	return nil
}

// assignments lists "column = ?" for each column in which is differs from was,
// and the values; all columns if was is nil.
func assignments[T any](columns []column[T], was, is *T) (set string, args []any) {
	var names []string
	for _, col := range columns {
		v := col.value(is)
		if was == nil || col.value(was) != v {
			names = append(names, col.name+" = ?")
			args = append(args, v)
		}
	}
	return strings.Join(names, ", "), args
}

func values[T any](columns []column[T], v *T) []any {
	args := make([]any, len(columns))
	for i, c := range columns {
		args[i] = c.value(v)
	}
	return args
}

func marks(n int) string { return strings.TrimSuffix(strings.Repeat("?, ", n), ", ") }
