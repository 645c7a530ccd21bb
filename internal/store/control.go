package store

import (
	"context"
	"fmt"
	"time"

	"andon/kanban"
)

// Pauses reads what is paused, the longest first.
func (tx *Tx) Pauses(ctx context.Context) ([]kanban.Pause, error) {
	rows, err := tx.query(ctx, `SELECT scope, reason, actor, since FROM andon_control WHERE scope NOT LIKE 'forgiven:%' ORDER BY since, scope`)
	pauses, err := collect(rows, err, func(p *kanban.Pause) []any {
		return []any{&p.Scope, &p.Reason, &p.Actor, &scanInt{func(n int64) { p.Since = time.Unix(n, 0) }}}
	})
	if err != nil {
		return nil, fmt.Errorf("read what is paused: %w", err)
	}
	return pauses, nil
}

// Pause stores a pause. One of the same scope keeps its beginning.
func (tx *Tx) Pause(ctx context.Context, p kanban.Pause) error {
	_, err := tx.exec(ctx, `INSERT INTO andon_control (scope, reason, actor, since) VALUES (?, ?, ?, ?)
		ON CONFLICT (scope) DO UPDATE SET reason = excluded.reason, actor = excluded.actor`, p.Scope, p.Reason, p.Actor, p.Since.Unix())
	return err
}

// Forgive stores that a profile's rate limit is over.
func (tx *Tx) Forgive(ctx context.Context, profile, actor string) error {
	_, err := tx.exec(ctx, `INSERT INTO andon_control (scope, reason, actor, since) VALUES (?, '', ?, ?)
		ON CONFLICT (scope) DO UPDATE SET actor = excluded.actor, since = excluded.since`, kanban.ForgivenScope(profile), actor, tx.Now.Unix())
	return err
}

// Resume ends a pause, and reports whether there was one.
func (tx *Tx) Resume(ctx context.Context, s kanban.PauseScope) (bool, error) {
	r, err := tx.exec(ctx, `DELETE FROM andon_control WHERE scope = ?`, s)
	if err != nil {
		return false, err
	}
	n, err := r.RowsAffected()
	return n > 0, err
}
