package store

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"andon/kanban"
)

// Glimpse is which cards a screen shows. Its zero value is all of them.
type Glimpse struct {
	Words    []string // each must stand in the title, the id or the assignee; letters of either case
	Assignee string   // canonical
	Tenant   string
	Statuses []kanban.Status // none: every status
}

// Any reports whether every card matches.
func (g Glimpse) Any() bool {
	return len(g.Words) == 0 && g.Assignee == "" && g.Tenant == "" && len(g.Statuses) == 0
}

// where is the condition of g, beginning with AND. SQLite knows the cases of
// ASCII letters only, so a word is also looked for as it was written.
func (g Glimpse) where() (string, []any) {
	var b strings.Builder
	var args []any
	for _, w := range g.Words {
		low, raw := "%"+escapeLike(strings.ToLower(w))+"%", "%"+escapeLike(w)+"%"
		b.WriteString(` AND (lower(title) LIKE ? ESCAPE ? OR title LIKE ? ESCAPE ? OR id LIKE ? ESCAPE ? OR assignee LIKE ? ESCAPE ?)`)
		args = append(args, low, likeEscape, raw, likeEscape, low, likeEscape, low, likeEscape)
	}
	for _, c := range []struct{ column, value string }{{"assignee", g.Assignee}, {"tenant", g.Tenant}} {
		if c.value != "" {
			b.WriteString(` AND ` + c.column + ` = ?`)
			args = append(args, c.value)
		}
	}
	if len(g.Statuses) > 0 {
		b.WriteString(` AND status IN (` + marks(len(g.Statuses)) + `)`)
		args = append(args, anys(g.Statuses)...)
	}
	return b.String(), args
}

// likeEscape stands before a sign that is meant as it is.
const likeEscape = "!"

func escapeLike(s string) string {
	return strings.NewReplacer("!", "!!", "%", "!%", "_", "!_").Replace(s)
}

// Tally counts the cards that match g by status, those in the status left out
// excepted.
func (tx *Tx) Tally(ctx context.Context, g Glimpse, leftOut kanban.Status) (map[kanban.Status]int, error) {
	cond, args := g.where()
	rows, err := tx.query(ctx, `SELECT status, count(*) FROM tasks WHERE status <> ?`+cond+` GROUP BY status`, append([]any{leftOut}, args...)...)
	counts, err := collect(rows, err, func(c *Count) []any { return []any{&c.Status, &c.N} })
	if err != nil {
		return nil, fmt.Errorf("count cards: %w", err)
	}
	tally := map[kanban.Status]int{}
	for _, c := range counts {
		tally[c.Status] = c.N
	}
	return tally, nil
}

// Span is a part of the cards in a status: Limit of them after the first Offset.
type Span struct {
	Status        kanban.Status
	Offset, Limit int
	Newest        bool // in the order in which they were done, newest first; otherwise in that of dispatch
}

// faceColumns are those that a screen shows of each card among many: a card's
// texts may be long, and are read when it is opened.
var faceColumns = func() (face []column[kanban.Task]) {
	for _, c := range taskColumns {
		if slices.Contains([]string{"id", "title", "assignee", "status", "priority", "tenant", "created_at", "started_at", "completed_at",
			"claim_lock", "current_run_id", "consecutive_failures", "block_kind", "andon_start_at", "andon_retry_at", "andon_due_at"}, c.name) {
			face = append(face, c)
		}
	}
	return face
}()

var faceFields = columnNames(faceColumns, "")

// Lane reads the cards of s that match g, without their longer texts. The order
// is one that an index has, so that a few of many cards are read as quickly as
// a few of few.
func (tx *Tx) Lane(ctx context.Context, s Span, g Glimpse) ([]kanban.Task, error) {
	order := `priority DESC, created_at, id`
	if s.Newest {
		order = `completed_at DESC NULLS LAST, id`
	}
	cond, args := g.where()
	args = append(append([]any{s.Status}, args...), s.Limit, s.Offset)
	rows, err := tx.query(ctx, `SELECT `+faceFields+` FROM tasks WHERE status = ?`+cond+` ORDER BY `+order+` LIMIT ? OFFSET ?`, args...)
	tasks, err := collect(rows, err, func(t *kanban.Task) []any { return dests(faceColumns, t) })
	if err != nil {
		return nil, fmt.Errorf("read cards: %w", err)
	}
	return tasks, nil
}

// Touched names the cards that events after the given one speak of. whole is
// false if there were more than limit events: then
// any card may have changed.
func (tx *Tx) Touched(ctx context.Context, after kanban.EventID, limit int) (cards []kanban.TaskID, whole bool, err error) {
	rows, err := tx.query(ctx, `SELECT task_id FROM task_events WHERE id > ? ORDER BY id LIMIT ?`, after, limit+1)
	ids, err := collect(rows, err, func(id *kanban.TaskID) []any { return []any{id} })
	if err != nil {
		return nil, false, fmt.Errorf("read events: %w", err)
	}
	whole = len(ids) <= limit
	slices.Sort(ids)
	return slices.Compact(ids), whole, nil
}

// Whereabouts are the statuses of those of the cards that exist.
func (tx *Tx) Whereabouts(ctx context.Context, ids []kanban.TaskID) (map[kanban.TaskID]kanban.Status, error) {
	at := map[kanban.TaskID]kanban.Status{}
	for some := range slices.Chunk(ids, 500) { // a statement takes only so many values
		rows, err := tx.query(ctx, `SELECT id, status FROM tasks WHERE id IN (`+marks(len(some))+`)`, anys(some)...)
		cards, err := collect(rows, err, func(t *kanban.Task) []any { return []any{&t.ID, &t.Status} })
		if err != nil {
			return nil, fmt.Errorf("read cards: %w", err)
		}
		for _, t := range cards {
			at[t.ID] = t.Status
		}
	}
	return at, nil
}
