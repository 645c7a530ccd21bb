package store

import (
	"context"
	"fmt"
	"slices"
	"time"

	"andon/kanban"
)

// This file keeps how notifications are delivered: targets, and what of theirs is
// being delivered. A target's own row has no task.

var targetColumns = []column[kanban.Target]{
	textNotNull("target", func(t *kanban.Target) *string { return &t.Name }),
	{"cursor",
		func(t *kanban.Target) any {
			return scanFunc(func(s string) {
				if t.Follows = s != ""; t.Follows {
					_, _ = fmt.Sscan(s, &t.Cursor)
				}
			})
		},
		func(t *kanban.Target) any {
			if !t.Follows {
				return nil
			}
			return int64(t.Cursor)
		}},
	numberNotNull("failures", func(t *kanban.Target) *int64 { return &t.Failures }),
	millis("next_attempt_at", func(t *kanban.Target) *time.Time { return &t.NextAt }),
	text("last_error", func(t *kanban.Target) *string { return &t.LastError }),
	unix("dead_since", func(t *kanban.Target) *time.Time { return &t.DeadSince }),
}

var holdColumns = []column[kanban.Hold]{
	textNotNull("target", func(h *kanban.Hold) *string { return &h.Target }),
	textNotNull("platform", func(h *kanban.Hold) *string { return &h.Platform }),
	textNotNull("task_id", func(h *kanban.Hold) *kanban.TaskID { return &h.Task }),
	textNotNull("thread_id", func(h *kanban.Hold) *string { return &h.Thread }),
	numberNotNull("claimed_from", func(h *kanban.Hold) *kanban.EventID { return &h.From }),
	numberNotNull("claimed_to", func(h *kanban.Hold) *kanban.EventID { return &h.To }),
	text("host", func(h *kanban.Hold) *string { return &h.By.Host }),
	number("pid", func(h *kanban.Hold) *int64 { return &h.By.PID }),
	text("pid_start", func(h *kanban.Hold) *string { return &h.By.Start }),
	millis("claimed_at", func(h *kanban.Hold) *time.Time { return &h.Since }),
}

const ownRow = `platform = '' AND task_id = '' AND thread_id = ''`

// Targets reads how all targets that are known here have fared, by name.
func (tx *Tx) Targets(ctx context.Context) ([]kanban.Target, error) {
	return tx.targets(ctx, `1 = 1`)
}

// Target reads how one has fared. One that is not known yet is fresh.
func (tx *Tx) Target(ctx context.Context, name string) (kanban.Target, error) {
	all, err := tx.targets(ctx, `target = ?`, name)
	if err != nil || len(all) == 0 {
		return kanban.Target{Name: name}, err
	}
	return all[0], nil
}

func (tx *Tx) targets(ctx context.Context, where string, args ...any) ([]kanban.Target, error) {
	rows, err := tx.query(ctx, `SELECT `+columnNames(targetColumns, "")+` FROM andon_notify WHERE `+ownRow+` AND `+where+` ORDER BY target`, args...)
	all, err := collect(rows, err, func(t *kanban.Target) []any { return dests(targetColumns, t) })
	if err != nil {
		return nil, fmt.Errorf("read targets: %w", err)
	}
	return all, nil
}

// PutTarget stores how a target has fared.
func (tx *Tx) PutTarget(ctx context.Context, t kanban.Target) error {
	set, args := assignments(targetColumns[1:], nil, &t)
	_, err := tx.exec(ctx, `INSERT INTO andon_notify (`+columnNames(targetColumns, "")+`) VALUES (`+marks(len(targetColumns))+`)
		ON CONFLICT (target, platform, task_id, thread_id) DO UPDATE SET `+set, append(values(targetColumns, &t), args...)...)
	if err != nil {
		return fmt.Errorf("store the target %s: %w", t.Name, err)
	}
	return nil
}

// Holds reads what is being delivered to the target.
func (tx *Tx) Holds(ctx context.Context, target string) ([]kanban.Hold, error) {
	rows, err := tx.query(ctx, `SELECT `+columnNames(holdColumns, "")+` FROM andon_notify WHERE target = ? AND claimed_to IS NOT NULL
		ORDER BY platform, task_id, thread_id`, target)
	holds, err := collect(rows, err, func(h *kanban.Hold) []any { return dests(holdColumns, h) })
	if err != nil {
		return nil, fmt.Errorf("read what is being delivered to %s: %w", target, err)
	}
	return holds, nil
}

// InHand reports whether something of what the target follows is being delivered.
func (tx *Tx) InHand(ctx context.Context, target string) (held bool, err error) {
	holds, err := tx.Holds(ctx, target)
	return slices.ContainsFunc(holds, func(h kanban.Hold) bool { return h.Task == "" }), err
}

// PutHold records that a notification is being delivered.
func (tx *Tx) PutHold(ctx context.Context, h kanban.Hold) error {
	set, args := assignments(holdColumns[4:], nil, &h)
	_, err := tx.exec(ctx, `INSERT INTO andon_notify (`+columnNames(holdColumns, "")+`) VALUES (`+marks(len(holdColumns))+`)
		ON CONFLICT (target, platform, task_id, thread_id) DO UPDATE SET `+set, append(values(holdColumns, &h), args...)...)
	if err != nil {
		return fmt.Errorf("claim a notification of %s: %w", h.Target, err)
	}
	return nil
}

// DropHold ends what PutHold recorded, if it still is the same holder's claim of
// the same event, and reports whether it was.
func (tx *Tx) DropHold(ctx context.Context, h kanban.Hold) (bool, error) {
	same := ` WHERE target = ? AND platform = ? AND task_id = ? AND thread_id = ? AND claimed_to = ?
		AND COALESCE(host, '') = ? AND COALESCE(pid, 0) = ? AND COALESCE(pid_start, '') = ?`
	query := `DELETE FROM andon_notify` + same
	if h.Task == "" { // the target's own row stays
		query = `UPDATE andon_notify SET claimed_from = NULL, claimed_to = NULL, host = NULL, pid = NULL, pid_start = NULL, claimed_at = NULL` + same
	}
	return tx.one(ctx, "end a claim of "+h.Target, query, h.Target, h.Platform, h.Task, h.Thread, h.To, h.By.Host, h.By.PID, h.By.Start)
}

// SwapTargetCursor moves the cursor of what a target follows if it stands at from.
func (tx *Tx) SwapTargetCursor(ctx context.Context, target string, from, to kanban.EventID) (bool, error) {
	return tx.one(ctx, "move the cursor of "+target, `UPDATE andon_notify SET cursor = ? WHERE `+ownRow+` AND target = ? AND cursor = ?`, to, target, from)
}

// Waiting finds the subscription of the target that has the oldest event of the
// kinds to hear, later than after, and nothing being delivered just now. It
// returns nil if there is none.
func (tx *Tx) Waiting(ctx context.Context, platform, target string, kinds []kanban.EventKind, after kanban.EventID) (*kanban.Sub, kanban.EventID, error) {
	// CROSS keeps SQLite from reading all events in the hope of an early match:
	// subscriptions are few, and each has an index to its card's events.
	rows, err := tx.query(ctx, `SELECT e.id, `+columnNames(subColumns, "s.")+` FROM kanban_notify_subs s CROSS JOIN task_events e
		WHERE e.task_id = s.task_id AND lower(s.platform) = ? AND s.chat_id = ? AND e.id > s.last_event_id AND e.id > ? AND e.kind IN (`+marks(len(kinds))+`)
		AND NOT EXISTS (SELECT 1 FROM andon_notify n WHERE n.target = s.chat_id AND n.platform = s.platform AND n.task_id = s.task_id
			AND n.thread_id = s.thread_id AND n.claimed_to IS NOT NULL)
		ORDER BY e.id, s.thread_id LIMIT 1`, append([]any{platform, target, after}, anys(kinds)...)...)
	type found struct {
		event kanban.EventID
		sub   kanban.Sub
	}
	all, err := collect(rows, err, func(f *found) []any { return append([]any{&f.event}, dests(subColumns, &f.sub)...) })
	if err != nil {
		return nil, 0, fmt.Errorf("look for notifications of %s: %w", target, err)
	}
	if len(all) == 0 {
		return nil, 0, nil
	}
	return &all[0].sub, all[0].event, nil
}
