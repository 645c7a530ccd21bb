package store

import (
	"context"
	"fmt"
	"time"

	"andon/kanban"
)

// Served is the newest run of a profile for a tenant.
type Served struct {
	Tenant, Profile string
	Run             kanban.RunID
	At              time.Time
}

// servedRuns is how many runs are looked back upon: enough to tell whose turn it
// is, and read in less than a millisecond.
const servedRuns = 256

// Served tells who was served last, the latest last.
func (tx *Tx) Served(ctx context.Context) ([]Served, error) {
	rows, err := tx.query(ctx, `SELECT s.tenant, s.profile, n.id, n.started_at FROM (
		SELECT COALESCE(t.tenant, '') AS tenant, COALESCE(r.profile, '') AS profile, max(r.id) AS newest
		FROM (SELECT id, task_id, profile FROM task_runs ORDER BY id DESC LIMIT ?) r JOIN tasks t ON t.id = r.task_id
		GROUP BY 1, 2) s JOIN task_runs n ON n.id = s.newest ORDER BY s.newest`, servedRuns)
	served, err := collect(rows, err, func(s *Served) []any {
		return []any{&s.Tenant, &s.Profile, &s.Run, &scanInt{func(n int64) { s.At = time.Unix(n, 0) }}}
	})
	if err != nil {
		return nil, fmt.Errorf("read who was served last: %w", err)
	}
	return served, nil
}
