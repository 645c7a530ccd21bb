package store

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"andon/kanban"
)

var subColumns = []column[kanban.Sub]{
	text("task_id", func(s *kanban.Sub) *kanban.TaskID { return &s.Task }),
	text("platform", func(s *kanban.Sub) *string { return &s.Platform }),
	text("chat_id", func(s *kanban.Sub) *string { return &s.ChatID }),
	textNotNull("thread_id", func(s *kanban.Sub) *string { return &s.ThreadID }),
	text("chat_type", func(s *kanban.Sub) *string { return &s.ChatType }),
	text("user_id", func(s *kanban.Sub) *string { return &s.UserID }),
	text("notifier_profile", func(s *kanban.Sub) *string { return &s.Profile }),
	textNotNull("delivery_mode", func(s *kanban.Sub) *string { return &s.Mode }),
	text("delivery_metadata", func(s *kanban.Sub) *string { return &s.Metadata }),
	unix("created_at", func(s *kanban.Sub) *time.Time { return &s.At }),
	numberNotNull("last_event_id", func(s *kanban.Sub) *kanban.EventID { return &s.Cursor }),
}

const (
	subKey   = `task_id = ? AND platform = ? AND chat_id = ? AND thread_id = ?`
	subOrder = ` ORDER BY created_at, task_id, platform, chat_id, thread_id`
)

func key(s kanban.Sub) []any { return []any{s.Task, s.Platform, s.ChatID, s.ThreadID} }

// SubFilter is which subscriptions to read.
type SubFilter struct {
	Task   kanban.TaskID
	Owners *Owners // nil: anybody's

	// Platforms, if there are any, are the ones meant, in lower case.
	Platforms []string
}

// Owners are profiles whose notifiers deliver. Those without one are meant with
// Unowned; no profile and not Unowned is nobody.
type Owners struct {
	Profiles []string
	Unowned  bool
}

func (tx *Tx) subs(ctx context.Context, where string, args ...any) ([]kanban.Sub, error) {
	rows, err := tx.query(ctx, `SELECT `+columnNames(subColumns, "")+` FROM kanban_notify_subs WHERE `+where+subOrder, args...)
	subs, err := collect(rows, err, func(s *kanban.Sub) []any { return dests(subColumns, s) })
	if err != nil {
		return nil, fmt.Errorf("read subscriptions: %w", err)
	}
	return subs, nil
}

// Subs reads the subscriptions to the cards, oldest first.
func (tx *Tx) Subs(ctx context.Context, ids []kanban.TaskID) ([]kanban.Sub, error) {
	var all []kanban.Sub
	for some := range slices.Chunk(ids, 500) {
		subs, err := tx.subs(ctx, `task_id IN (`+marks(len(some))+`)`, anys(some)...)
		if err != nil {
			return nil, err
		}
		all = append(all, subs...)
	}
	return all, nil
}

// ListSubs reads the subscriptions that match f, oldest first.
func (tx *Tx) ListSubs(ctx context.Context, f SubFilter) ([]kanban.Sub, error) {
	where, args := []string{"1 = 1"}, []any{}
	if f.Task != "" {
		where, args = append(where, `task_id = ?`), append(args, f.Task)
	}
	if len(f.Platforms) > 0 {
		where, args = append(where, `lower(platform) IN (`+marks(len(f.Platforms))+`)`), append(args, anys(f.Platforms)...)
	}
	if f.Owners != nil {
		profiles := owners(f.Owners.Profiles)
		of := []string{"1 = 0"}
		if len(profiles) > 0 {
			of, args = append(of, `notifier_profile IN (`+marks(len(profiles))+`)`), append(args, anys(profiles)...)
		}
		if f.Owners.Unowned {
			of = append(of, `COALESCE(notifier_profile, '') = ''`)
		}
		where = append(where, `(`+strings.Join(of, ` OR `)+`)`)
	}
	return tx.subs(ctx, strings.Join(where, ` AND `), args...)
}

// owners is the profiles' names as a set; blank ones own nothing.
func owners(profiles []string) (set []string) {
	for _, p := range profiles {
		if p = strings.TrimSpace(p); p != "" {
			set = append(set, p)
		}
	}
	slices.Sort(set)
	return slices.Compact(set)
}

// Sub is the subscription with the key of k, nil if there is none. Platforms are
// compared without regard to case.
func (tx *Tx) Sub(ctx context.Context, k kanban.Sub) (*kanban.Sub, error) {
	subs, err := tx.subs(ctx, `task_id = ? AND lower(platform) = lower(?) AND chat_id = ? AND thread_id = ?`, key(k)...)
	if err != nil || len(subs) == 0 {
		return nil, err
	}
	// One that is written just so goes before.
	i := slices.IndexFunc(subs, func(s kanban.Sub) bool { return s.Platform == k.Platform })
	return &subs[max(i, 0)], nil
}

// SubCount is which subscriptions to count. What is empty matches all.
type SubCount struct{ Platform, Chat, Thread string }

// CountSubs counts subscriptions. Platforms are compared without regard to case.
func (tx *Tx) CountSubs(ctx context.Context, c SubCount) (n int, err error) {
	where, args := []string{"1 = 1"}, []any{}
	for _, w := range []struct{ cond, value string }{
		{`lower(platform) = lower(?)`, c.Platform}, {`chat_id = ?`, c.Chat}, {`thread_id = ?`, c.Thread},
	} {
		if w.value != "" {
			where, args = append(where, w.cond), append(args, w.value)
		}
	}
	if err = tx.queryRow(ctx, `SELECT count(*) FROM kanban_notify_subs WHERE `+strings.Join(where, ` AND `), args...).Scan(&n); err != nil {
		return 0, fmt.Errorf("count subscriptions: %w", err)
	}
	return n, nil
}

// PutSub stores a subscription as it is, over the one with its key if there is
// one. A new one that is caught up begins behind its card's newest event, and is told so.
func (tx *Tx) PutSub(ctx context.Context, s *kanban.Sub, was *kanban.Sub) error {
	if was == nil {
		stored := []kanban.Sub{*s}
		err := tx.applySubs(ctx, stored)
		*s = stored[0]
		return err
	}
	set, args := assignments(subColumns[4:], was, s)
	if set == "" {
		return nil
	}
	if _, err := tx.exec(ctx, `UPDATE kanban_notify_subs SET `+set+` WHERE `+subKey, append(args, key(*was)...)...); err != nil {
		return fmt.Errorf("subscribe to %s: %w", s.Task, err)
	}
	return nil
}

// RemoveSub removes a subscription with what is kept of its deliveries, and
// reports whether there was one.
func (tx *Tx) RemoveSub(ctx context.Context, k kanban.Sub) (bool, error) {
	if _, err := tx.exec(ctx, `DELETE FROM andon_notify WHERE task_id = ? AND platform = ? AND target = ? AND thread_id = ?`, key(k)...); err != nil {
		return false, fmt.Errorf("unsubscribe from %s: %w", k.Task, err)
	}
	return tx.one(ctx, "unsubscribe from "+string(k.Task), `DELETE FROM kanban_notify_subs WHERE `+subKey, key(k)...)
}

// SetCursor moves a subscription's cursor wherever it stands, and reports whether
// there is such a subscription.
func (tx *Tx) SetCursor(ctx context.Context, k kanban.Sub, to kanban.EventID) (bool, error) {
	return tx.one(ctx, "move the cursor of "+string(k.Task), `UPDATE kanban_notify_subs SET last_event_id = ? WHERE `+subKey,
		append([]any{to}, key(k)...)...)
}

// SwapCursor moves a subscription's cursor if it stands at from, and reports
// whether it did.
func (tx *Tx) SwapCursor(ctx context.Context, k kanban.Sub, from, to kanban.EventID) (bool, error) {
	return tx.one(ctx, "move the cursor of "+string(k.Task), `UPDATE kanban_notify_subs SET last_event_id = ? WHERE `+subKey+` AND last_event_id = ?`,
		append(append([]any{to}, key(k)...), from)...)
}

// one sends a statement that changes one row at most, and reports whether it did.
func (tx *Tx) one(ctx context.Context, what, query string, args ...any) (bool, error) {
	res, err := tx.exec(ctx, query, args...)
	if err != nil {
		return false, fmt.Errorf("%s: %w", what, err)
	}
	n, err := res.RowsAffected()
	return n > 0, err
}

// applySubs stores subscriptions that the card does not have yet. It comes after
// the events: one that is caught up has heard of them.
func (tx *Tx) applySubs(ctx context.Context, subs []kanban.Sub) error {
	for i := range subs {
		s := &subs[i]
		if s.Cursor == kanban.CaughtUp {
			if err := tx.queryRow(ctx, `SELECT COALESCE(max(id), 0) FROM task_events WHERE task_id = ?`, s.Task).Scan(&s.Cursor); err != nil {
				return fmt.Errorf("subscribe to %s: %w", s.Task, err)
			}
		}
		if _, err := tx.exec(ctx, `INSERT INTO kanban_notify_subs (`+columnNames(subColumns, "")+`) VALUES (`+marks(len(subColumns))+`)
			ON CONFLICT DO NOTHING`, values(subColumns, s)...); err != nil {
			return fmt.Errorf("subscribe to %s: %w", s.Task, err)
		}
	}
	return nil
}
