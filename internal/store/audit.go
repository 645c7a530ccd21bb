package store

import (
	"context"
	"fmt"

	"andon/kanban"
)

// Audit looks over the whole board for what contradicts itself: first the file,
// then cards against their runs, then history against both. No finding means
// that the board is whole.
func (db *DB) Audit(ctx context.Context) ([]string, error) {
	found, err := db.Damage(ctx)
	if err != nil || len(found) > 0 {
		return found, err // a damaged file's rows prove nothing
	}
	return db.Contradictions(ctx)
}

// Contradictions looks over what is in the file, and not the file itself.
func (db *DB) Contradictions(ctx context.Context) (found []string, err error) {
	err = db.View(ctx, func(tx *Tx) error {
		tasks, err := tx.tasks(ctx, `SELECT `+taskFields+` FROM tasks ORDER BY id`)
		if err != nil {
			return err
		}
		runs, err := tx.runs(ctx, `ORDER BY r.task_id, r.id`)
		if err != nil {
			return err
		}
		of := map[kanban.TaskID][]kanban.Run{}
		for _, r := range runs {
			of[r.Task] = append(of[r.Task], r)
		}
		for _, t := range tasks {
			found = append(found, kanban.Audit(t, of[t.ID])...)
		}
		rows, err := tx.query(ctx, `SELECT l.parent_id, l.child_id FROM task_links l JOIN tasks p ON p.id = l.parent_id JOIN tasks c ON c.id = l.child_id`)
		links, err := collect(rows, err, func(l *kanban.Link) []any { return []any{&l.Parent, &l.Child} })
		if err != nil {
			return fmt.Errorf("read links: %w", err)
		}
		found = append(found, kanban.AuditLinks(links)...)
		return nil
	})
	if err != nil {
		return nil, err
	}
	for _, q := range []struct{ what, query string }{
		{"event names a run that does not exist",
			`SELECT 'event ' || e.id FROM task_events e WHERE e.run_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM task_runs r WHERE r.id = e.run_id)`},
		{"event belongs to no card", `SELECT 'event ' || e.id FROM task_events e WHERE NOT EXISTS (SELECT 1 FROM tasks t WHERE t.id = e.task_id)`},
		{"run belongs to no card", `SELECT 'run ' || r.id FROM task_runs r WHERE NOT EXISTS (SELECT 1 FROM tasks t WHERE t.id = r.task_id)`},
	} {
		err := db.View(ctx, func(tx *Tx) error {
			rows, err := tx.query(ctx, q.query)
			names, err := collect(rows, err, func(s *string) []any { return []any{s} })
			for _, n := range names {
				found = append(found, n+": "+q.what)
			}
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return found, nil
}
