package store

import (
	"context"
	"fmt"
	"time"

	"andon/kanban"
)

// upsertUsage keeps what the run has taken, where that is news. For whom it was and
// when it was first told stays: a card that moves to another tenant takes no money
// along.
func (tx *Tx) upsertUsage(ctx context.Context, tenant string, was, r *kanban.Run) error {
	if was != nil && was.Usage == r.Usage || r.Usage.None() {
		return nil
	}
	set, args := assignments(usageColumns, nil, r)
	head := []any{r.ID, r.Task, textOrNull(r.Profile), textOrNull(tenant), tx.Now.Unix()}
	_, err := tx.exec(ctx, `INSERT INTO andon_usage (run_id, task_id, profile, tenant, at, `+columnNames(usageColumns, "")+`)
		VALUES (`+marks(len(head)+len(usageColumns))+`) ON CONFLICT (run_id) DO UPDATE SET `+set,
		append(append(head, values(usageColumns, r)...), args...)...)
	if err != nil {
		return fmt.Errorf("record the usage of run %s: %w", r.ID, err)
	}
	return nil
}

func textOrNull(s string) any {
	if s == "" {
		return nil
	}
	return s
}

const usageSums = `CAST(SUM(input) AS BIGINT), CAST(SUM(output) AS BIGINT), CAST(SUM(cache_read) AS BIGINT), CAST(SUM(cache_write) AS BIGINT), CAST(SUM(cost) AS BIGINT)`

// sumDests are where [usageSums] are put.
func sumDests(u *kanban.Expense) []any {
	var dests []any
	for _, n := range []*int64{&u.Input, &u.Output, &u.CacheRead, &u.CacheWrite, (*int64)(&u.Cost)} {
		dests = append(dests, &scanInt{func(v int64) { *n = v }})
	}
	return dests
}

// Spent sums up what was taken from a time on and, unless until is zero, before
// another.
func (tx *Tx) Spent(ctx context.Context, since, until time.Time) ([]kanban.Spending, error) {
	query, args := `SELECT COALESCE(profile, ''), COALESCE(tenant, ''), `+usageSums+` FROM andon_usage WHERE at >= ?`, []any{since.Unix()}
	if !until.IsZero() {
		query, args = query+` AND at < ?`, append(args, until.Unix())
	}
	rows, err := tx.query(ctx, query+` GROUP BY 1, 2 ORDER BY 1, 2`, args...)
	spent, err := collect(rows, err, func(s *kanban.Spending) []any {
		return append([]any{scanFunc(func(v string) { s.Profile = v }), scanFunc(func(v string) { s.Tenant = v })}, sumDests(&s.Expense)...)
	})
	if err != nil {
		return nil, fmt.Errorf("read what was spent: %w", err)
	}
	return spent, nil
}

// UsageOf is what the runs of a card have taken, as far as that was told since a time.
type UsageOf struct {
	Task  kanban.TaskID
	Title string // empty: the card was deleted
	Runs  int
	kanban.Expense
}

// UsageByCard sums up by card what was taken since a time, the dearest first.
func (tx *Tx) UsageByCard(ctx context.Context, since time.Time) ([]UsageOf, error) {
	rows, err := tx.query(ctx, `SELECT u.task_id, COALESCE(max(t.title), ''), count(*), `+usageSums+` FROM andon_usage u LEFT JOIN tasks t ON t.id = u.task_id
		WHERE u.at >= ? GROUP BY u.task_id ORDER BY SUM(cost) DESC, SUM(input + output + cache_write) DESC, u.task_id`, since.Unix())
	of, err := collect(rows, err, func(u *UsageOf) []any {
		return append([]any{scanFunc(func(v string) { u.Task = kanban.TaskID(v) }), scanFunc(func(v string) { u.Title = v }),
			&scanInt{func(n int64) { u.Runs = int(n) }}}, sumDests(&u.Expense)...)
	})
	if err != nil {
		return nil, fmt.Errorf("read the usage of cards: %w", err)
	}
	return of, nil
}

// Usage reads every usage that was first told since a time, the oldest first.
func (tx *Tx) Usage(ctx context.Context, since time.Time) ([]kanban.Taken, error) {
	rows, err := tx.query(ctx, `SELECT at, profile, tenant, input, output, cache_read, cache_write, cost FROM andon_usage WHERE at >= ? ORDER BY at, run_id`, since.Unix())
	all, err := collect(rows, err, func(u *kanban.Taken) []any {
		return append([]any{&scanInt{func(n int64) { u.At = time.Unix(n, 0) }}, scanFunc(func(v string) { u.Profile = v }),
			scanFunc(func(v string) { u.Tenant = v })}, sumDests(&u.Expense)...)
	})
	if err != nil {
		return nil, fmt.Errorf("read usage: %w", err)
	}
	return all, nil
}
