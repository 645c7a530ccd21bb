package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"andon/kanban"
)

// Sort is an order of cards.
type Sort string

// orders are the sort orders by name. Ties end at the id, so that a list is the
// same twice.
var orders = map[Sort]string{
	"":              "priority DESC, created_at, id",
	"created":       "created_at, id",
	"created-desc":  "created_at DESC, id DESC",
	"priority":      "priority DESC, created_at, id",
	"priority-desc": "priority DESC, created_at, id",
	"priority-asc":  "priority, created_at, id",
	"status":        "status, priority DESC, created_at, id",
	"assignee":      "assignee IS NULL, assignee, priority DESC, created_at, id",
	"title":         "title, id",
	"updated":       "started_at IS NULL, started_at DESC, created_at DESC, id",
	"due":           "andon_due_at IS NULL, andon_due_at, priority DESC, created_at, id",
}

// Sorts lists the names of the sort orders.
func Sorts() []string {
	return []string{"created", "created-desc", "priority", "priority-desc", "priority-asc", "status", "assignee", "title", "updated", "due"}
}

// Filter is what to list. Its zero value lists all but the archived.
type Filter struct {
	Statuses         []kanban.Status
	Archived         bool // the archived too; not needed where Statuses names them
	Assignee         string
	Tenant           string
	Session          string
	WorkflowTemplate string
	StepKey          string
	Prefix           string // of the id
	Sort             Sort
	DueBefore        time.Time // only those that are due before; zero: all
	Open             bool      // only those that can be overdue
	Limit            int       // zero: all
}

var (
	taskFields = columnNames(taskColumns, "")
	taskOfT    = columnNames(taskColumns, "t.")
)

// Task reads a card. One that is not there is [kanban.ErrNotFound].
func (tx *Tx) Task(ctx context.Context, id kanban.TaskID) (kanban.Task, error) {
	tasks, err := tx.tasks(ctx, `SELECT `+taskFields+` FROM tasks WHERE id = ?`, id)
	if err != nil {
		return kanban.Task{}, err
	}
	if len(tasks) == 0 {
		return kanban.Task{}, kanban.NoTask(id)
	}
	return tasks[0], nil
}

// Some reads those of the cards that exist, in no order.
func (tx *Tx) Some(ctx context.Context, ids []kanban.TaskID) ([]kanban.Task, error) {
	var all []kanban.Task
	for some := range slices.Chunk(ids, 500) { // a statement takes only so many values
		tasks, err := tx.tasks(ctx, `SELECT `+taskFields+` FROM tasks WHERE id IN (`+marks(len(some))+`)`, anys(some)...)
		if err != nil {
			return nil, err
		}
		all = append(all, tasks...)
	}
	return all, nil
}

// Keyed finds the newest card with the idempotency key that is in none of the
// statuses but not. ok is false if there is none.
func (tx *Tx) Keyed(ctx context.Context, key string, not kanban.Status) (t kanban.Task, ok bool, err error) {
	tasks, err := tx.tasks(ctx, `SELECT `+taskFields+` FROM tasks WHERE idempotency_key = ? AND status <> ?
		ORDER BY created_at DESC, id DESC LIMIT 1`, key, not)
	if err != nil || len(tasks) == 0 {
		return kanban.Task{}, false, err
	}
	return tasks[0], true, nil
}

// List reads the cards that match f.
func (tx *Tx) List(ctx context.Context, f Filter) ([]kanban.Task, error) {
	var where []string
	var args []any
	and := func(cond string, values ...any) {
		where = append(where, cond)
		args = append(args, values...)
	}
	if len(f.Statuses) > 0 {
		and(`status IN (`+marks(len(f.Statuses))+`)`, anys(f.Statuses)...)
	} else if !f.Archived {
		and(`status <> ?`, kanban.Archived)
	}
	for _, c := range []struct{ column, value string }{
		{"assignee", f.Assignee}, {"tenant", f.Tenant}, {"session_id", f.Session},
		{"workflow_template_id", f.WorkflowTemplate}, {"current_step_key", f.StepKey},
	} {
		if c.value != "" {
			and(c.column+` = ?`, c.value)
		}
	}
	if !f.DueBefore.IsZero() {
		and(`andon_due_at < ?`, f.DueBefore.Unix())
	}
	if f.Open {
		open := kanban.Unfinished()
		and(`status IN (`+marks(len(open))+`)`, anys(open)...)
	}
	if f.Prefix != "" {
		and(`substr(id, 1, CAST(? AS INTEGER)) = ?`, utf8.RuneCountInString(f.Prefix), f.Prefix)
	}
	order, ok := orders[f.Sort]
	if !ok {
		return nil, kanban.Invalidf("unknown sort order %q; it is one of %s", f.Sort, strings.Join(Sorts(), ", "))
	}
	query := `SELECT ` + taskFields + ` FROM tasks`
	if len(where) > 0 {
		query += ` WHERE ` + strings.Join(where, ` AND `)
	}
	query += ` ORDER BY ` + order
	if f.Limit > 0 {
		query += ` LIMIT ?`
		args = append(args, f.Limit)
	}
	return tx.tasks(ctx, query, args...)
}

// NewestCards reads the ids, statuses and titles of the newest cards, and nothing else
// of them: somebody has typed the beginning of an id, and waits. No statuses are
// all but the archived.
func (tx *Tx) NewestCards(ctx context.Context, prefix string, statuses []kanban.Status, n int) ([]kanban.Task, error) {
	where, args := `status <> ?`, []any{kanban.Archived}
	if len(statuses) > 0 {
		where, args = `status IN (`+marks(len(statuses))+`)`, anys(statuses)
	}
	if prefix != "" {
		where += ` AND substr(id, 1, CAST(? AS INTEGER)) = ?`
		args = append(args, utf8.RuneCountInString(prefix), prefix)
	}
	rows, err := tx.query(ctx, `SELECT id, status, title FROM tasks
		WHERE id IN (SELECT id FROM tasks WHERE `+where+` ORDER BY created_at DESC, id LIMIT ?)
		ORDER BY created_at DESC, id`, append(args, n)...)
	return collect(rows, err, func(t *kanban.Task) []any { return []any{&t.ID, &t.Status, scanFunc(func(s string) { t.Title = s })} })
}

// Queue reads the cards in a status that nobody holds, without their longer
// texts, the most urgent first and then the oldest.
func (tx *Tx) Queue(ctx context.Context, s kanban.Status) ([]kanban.Task, error) {
	return tx.faces(ctx, `SELECT `+faceFields+` FROM tasks WHERE status = ? AND claim_lock IS NULL
		ORDER BY priority DESC, created_at, id`, s)
}

// Promotable finds the cards in one of the statuses of which no parent is in
// another status than those of settled. Whether one of them is due, the rule says.
func (tx *Tx) Promotable(ctx context.Context, from, settled []kanban.Status) ([]kanban.Task, error) {
	return tx.promotable(ctx, from, settled, ``, nil)
}

// PromotableOf finds those of the cards, and of the cards that wait for them.
func (tx *Tx) PromotableOf(ctx context.Context, from, settled []kanban.Status, ids []kanban.TaskID) ([]kanban.Task, error) {
	among := slices.Clone(ids)
	for some := range slices.Chunk(ids, 500) { // a statement takes only so many values
		rows, err := tx.query(ctx, `SELECT child_id FROM task_links WHERE parent_id IN (`+marks(len(some))+`)`, anys(some)...)
		children, err := collect(rows, err, func(id *kanban.TaskID) []any { return []any{id} })
		if err != nil {
			return nil, fmt.Errorf("read links: %w", err)
		}
		among = append(among, children...)
	}
	slices.Sort(among)
	var all []kanban.Task
	for some := range slices.Chunk(slices.Compact(among), 500) {
		found, err := tx.promotable(ctx, from, settled, ` AND t.id IN (`+marks(len(some))+`)`, anys(some))
		if err != nil {
			return nil, err
		}
		all = append(all, found...)
	}
	return all, nil
}

func (tx *Tx) promotable(ctx context.Context, from, settled []kanban.Status, and string, of []any) ([]kanban.Task, error) {
	return tx.tasks(ctx, `SELECT `+taskOfT+` FROM tasks t WHERE t.status IN (`+marks(len(from))+`)
		AND NOT EXISTS (SELECT 1 FROM task_links l JOIN tasks p ON p.id = l.parent_id
			WHERE l.child_id = t.id AND p.status NOT IN (`+marks(len(settled))+`))`+and+`
		ORDER BY t.created_at, t.id`, slices.Concat(anys(from), anys(settled), of)...)
}

// Due reads the cards in a status whose hour has come by now.
func (tx *Tx) Due(ctx context.Context, s kanban.Status, now time.Time) ([]kanban.Task, error) {
	return tx.tasks(ctx, `SELECT `+taskFields+` FROM tasks WHERE status = ? AND andon_start_at <= ?
		ORDER BY andon_start_at, priority DESC, id`, s, now.Unix())
}

// NextStart is the first hour of the cards in a status; zero if none has one.
func (tx *Tx) NextStart(ctx context.Context, s kanban.Status) (time.Time, error) {
	var t kanban.Task
	at := unix("", func(t *kanban.Task) *time.Time { return &t.StartAt })
	err := tx.queryRow(ctx, `SELECT min(andon_start_at) FROM tasks WHERE status = ?`, s).Scan(at.dest(&t))
	return t.StartAt, err
}

// Parents reads the cards that id waits for. A link to a card that is gone
// holds nothing back.
func (tx *Tx) Parents(ctx context.Context, id kanban.TaskID) ([]kanban.Task, error) {
	return tx.tasks(ctx, `SELECT `+taskOfT+` FROM task_links l JOIN tasks t ON t.id = l.parent_id WHERE l.child_id = ? ORDER BY t.id`, id)
}

// Children reads the cards that wait for id.
func (tx *Tx) Children(ctx context.Context, id kanban.TaskID) ([]kanban.Task, error) {
	return tx.tasks(ctx, `SELECT `+taskOfT+` FROM task_links l JOIN tasks t ON t.id = l.child_id WHERE l.parent_id = ? ORDER BY t.id`, id)
}

// Below reads the links among id and all cards that wait for it, at any
// distance.
func (tx *Tx) Below(ctx context.Context, id kanban.TaskID) ([]kanban.Link, error) {
	rows, err := tx.query(ctx, `
		WITH RECURSIVE below (id) AS (
			SELECT child_id FROM task_links WHERE parent_id = ?
			UNION SELECT l.child_id FROM below b JOIN task_links l ON l.parent_id = b.id)
		SELECT parent_id, child_id FROM task_links WHERE parent_id = ? OR parent_id IN (SELECT id FROM below)`, id, id)
	return collect(rows, err, func(l *kanban.Link) []any { return []any{&l.Parent, &l.Child} })
}

// Links reads every link whose child is one of ids.
func (tx *Tx) Links(ctx context.Context, ids []kanban.TaskID) ([]kanban.Link, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	rows, err := tx.query(ctx, `SELECT parent_id, child_id FROM task_links WHERE child_id IN (`+marks(len(ids))+`)`, anys(ids)...)
	return collect(rows, err, func(l *kanban.Link) []any { return []any{&l.Parent, &l.Child} })
}

// LinksAround reads every link whose parent or child is one of ids.
func (tx *Tx) LinksAround(ctx context.Context, ids []kanban.TaskID) ([]kanban.Link, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	in := `(` + marks(len(ids)) + `)`
	rows, err := tx.query(ctx, `SELECT parent_id, child_id FROM task_links WHERE child_id IN `+in+` OR parent_id IN `+in+
		` ORDER BY parent_id, child_id`, append(anys(ids), anys(ids)...)...)
	return collect(rows, err, func(l *kanban.Link) []any { return []any{&l.Parent, &l.Child} })
}

// AllLinks reads every link of the board.
func (tx *Tx) AllLinks(ctx context.Context) ([]kanban.Link, error) {
	rows, err := tx.query(ctx, `SELECT parent_id, child_id FROM task_links`)
	return collect(rows, err, func(l *kanban.Link) []any { return []any{&l.Parent, &l.Child} })
}

// Exists reports whether there is a card with this id.
func (tx *Tx) Exists(ctx context.Context, id kanban.TaskID) (bool, error) {
	var n int
	err := tx.queryRow(ctx, `SELECT 1 FROM tasks WHERE id = ?`, id).Scan(&n)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, err
}

func (tx *Tx) tasks(ctx context.Context, query string, args ...any) ([]kanban.Task, error) {
	rows, err := tx.query(ctx, query, args...)
	tasks, err := collect(rows, err, func(t *kanban.Task) []any { return dests(taskColumns, t) })
	if err != nil {
		return nil, fmt.Errorf("read cards: %w", err)
	}
	return tasks, nil
}

// collect reads all rows. dest is asked once: the places it names are used for
// each row and the value copied out.
func collect[T any](rows *sql.Rows, err error, dest func(*T) []any) ([]T, error) {
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []T
	var v T
	places := dest(&v)
	for rows.Next() {
		if err := rows.Scan(places...); err != nil {
			return nil, err
		}
		all = append(all, v)
	}
	return all, rows.Err()
}

func anys[T any](list []T) []any {
	out := make([]any, len(list))
	for i, v := range list {
		out[i] = v
	}
	return out
}
