package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"andon/kanban"
)

// Limited is the last run of a profile that met a rate limit.
type Limited struct {
	Profile string
	Run     kanban.RunID
	At      time.Time // when it ended
	Until   time.Time // when the limit ends, as the worker said; zero: it did not
}

// Limited reads the last rate limits of all profiles, as far as they are not older
// than any can last nor later than clocks differ, nobody has said that they are over, and no worker has shown it
// by a card that was begun and completed after.
func (tx *Tx) Limited(ctx context.Context) ([]Limited, error) {
	// The profiles one by one, each by a step in the index: there are few of them,
	// and many runs.
	rows, err := tx.query(ctx, `WITH RECURSIVE p (name) AS (
			SELECT min(profile) FROM task_runs
			UNION ALL SELECT (SELECT min(profile) FROM task_runs WHERE profile > p.name) FROM p WHERE p.name IS NOT NULL)
		SELECT r.profile, r.id, r.ended_at, r.metadata FROM p JOIN task_runs r ON r.id = (SELECT l.id FROM task_runs l
			WHERE l.profile = p.name AND l.outcome = ? AND COALESCE(l.ended_at, l.started_at) <= ? ORDER BY COALESCE(l.ended_at, l.started_at) DESC, l.id DESC LIMIT 1)
		WHERE r.ended_at > ? AND NOT EXISTS (SELECT 1 FROM andon_control c WHERE c.scope = CAST(? AS TEXT) || p.name AND c.since >= r.ended_at)
			AND NOT EXISTS (SELECT 1 FROM task_runs d JOIN andon_runs w ON w.run_id = d.id
				WHERE d.profile = p.name AND d.outcome = ? AND COALESCE(d.ended_at, d.started_at) > r.ended_at AND d.started_at > r.ended_at)`,
		kanban.OutcomeRateLimited, tx.Now.Add(kanban.ClocksDiffer).Unix(), tx.Now.Add(-kanban.LongestLimit).Unix(), kanban.ForgivenScope(""), kanban.OutcomeCompleted)
	limited, err := collect(rows, err, func(l *Limited) []any {
		return []any{&l.Profile, &l.Run, &scanInt{func(n int64) { l.At = time.Unix(n, 0) }}, scanFunc(func(s string) { l.Until = untilOf(s) })}
	})
	if err != nil {
		return nil, fmt.Errorf("read rate limits: %w", err)
	}
	return limited, nil
}

func untilOf(metadata string) time.Time {
	var m struct {
		Until int64 `json:"until"`
	}
	if json.Unmarshal([]byte(metadata), &m) != nil || m.Until <= 0 {
		return time.Time{}
	}
	return time.Unix(m.Until, 0)
}
