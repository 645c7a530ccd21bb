package store

import (
	"context"
	"fmt"
	"time"

	"andon/kanban"
)

// storedRoutine is a routine with its recipe as text.
type storedRoutine struct {
	kanban.Routine
	recipe string
}

var routineColumns = []column[storedRoutine]{
	text("name", func(r *storedRoutine) *string { return &r.Name }),
	textNotNull("cron", func(r *storedRoutine) *string { return &r.Cron }),
	textNotNull("zone", func(r *storedRoutine) *string { return &r.Zone }),
	textNotNull("recipe", func(r *storedRoutine) *string { return &r.recipe }),
	textNotNull("missed", func(r *storedRoutine) *kanban.Missed { return &r.Missed }),
	textNotNull("overlap", func(r *storedRoutine) *kanban.Overlap { return &r.Overlap }),
	flagOrNull("paused", func(r *storedRoutine) *bool { return &r.Paused }),
	text("created_by", func(r *storedRoutine) *string { return &r.CreatedBy }),
	unix("created_at", func(r *storedRoutine) *time.Time { return &r.CreatedAt }),
	unix("next_at", func(r *storedRoutine) *time.Time { return &r.NextAt }),
	unix("last_at", func(r *storedRoutine) *time.Time { return &r.LastAt }),
	text("last_card", func(r *storedRoutine) *kanban.TaskID { return &r.LastCard }),
	text("outcome", func(r *storedRoutine) *kanban.RoutineOutcome { return &r.Outcome }),
	text("error", func(r *storedRoutine) *string { return &r.Error }),
}

// Routines reads the routines, by name.
func (tx *Tx) Routines(ctx context.Context) ([]kanban.Routine, error) {
	return tx.routines(ctx, `ORDER BY name`)
}

// DueRoutines reads those whose time has come by now.
func (tx *Tx) DueRoutines(ctx context.Context, now time.Time) ([]kanban.Routine, error) {
	return tx.routines(ctx, `WHERE paused IS NULL AND next_at <= ? ORDER BY next_at, name`, now.Unix())
}

// Routine reads one; ok is false if there is none of that name.
func (tx *Tx) Routine(ctx context.Context, name string) (r kanban.Routine, ok bool, err error) {
	all, err := tx.routines(ctx, `WHERE name = ?`, name)
	if err != nil || len(all) == 0 {
		return r, false, err
	}
	return all[0], true, nil
}

// NextRoutine is the first time at which one is due; zero if none is by itself.
func (tx *Tx) NextRoutine(ctx context.Context) (time.Time, error) {
	var r storedRoutine
	at := unix("", func(r *storedRoutine) *time.Time { return &r.NextAt })
	err := tx.queryRow(ctx, `SELECT min(next_at) FROM andon_routines WHERE paused IS NULL`).Scan(at.dest(&r))
	return r.NextAt, err
}

// routines reads what can be read: of a recipe that another program has spoiled
// the zero one is had, of which no card can be made.
func (tx *Tx) routines(ctx context.Context, where string, args ...any) ([]kanban.Routine, error) {
	rows, err := tx.query(ctx, `SELECT `+columnNames(routineColumns, "")+` FROM andon_routines `+where, args...)
	stored, err := collect(rows, err, func(r *storedRoutine) []any { return dests(routineColumns, r) })
	if err != nil {
		return nil, fmt.Errorf("read routines: %w", err)
	}
	all := make([]kanban.Routine, len(stored))
	for i, s := range stored {
		all[i] = s.Routine
		all[i].Recipe, _ = kanban.ParseRecipe(s.recipe)
	}
	return all, nil
}

// AddRoutine stores a new routine. made is false if there is one of that name.
func (tx *Tx) AddRoutine(ctx context.Context, r kanban.Routine) (made bool, err error) {
	s, err := stored(r)
	if err != nil {
		return false, err
	}
	res, err := tx.exec(ctx, `INSERT INTO andon_routines (`+columnNames(routineColumns, "")+`) VALUES (`+marks(len(routineColumns))+`) ON CONFLICT DO NOTHING`,
		values(routineColumns, &s)...)
	if err != nil {
		return false, fmt.Errorf("add routine %s: %w", r.Name, err)
	}
	n, err := res.RowsAffected()
	return n == 1, err
}

// SetRoutine stores what differs, if the routine is still due as it was read. A
// recipe that is the same is not written.
func (tx *Tx) SetRoutine(ctx context.Context, was, is kanban.Routine) error {
	before, err := stored(was)
	if err != nil {
		return err
	}
	after, err := stored(is)
	if err != nil {
		return err
	}
	set, args := assignments(routineColumns[1:], &before, &after)
	if set == "" {
		return nil
	}
	res, err := tx.exec(ctx, `UPDATE andon_routines SET `+set+` WHERE name = ? AND next_at IS NOT DISTINCT FROM ?`,
		append(args, was.Name, nullUnix(was.NextAt))...)
	if err != nil {
		return fmt.Errorf("change routine %s: %w", was.Name, err)
	}
	if n, err := res.RowsAffected(); err != nil || n != 1 {
		return fmt.Errorf("change routine %s: it changed beneath its own transaction (%v)", was.Name, err)
	}
	return nil
}

// RemoveRoutine removes a routine.
func (tx *Tx) RemoveRoutine(ctx context.Context, name string) error {
	if _, err := tx.exec(ctx, `DELETE FROM andon_routines WHERE name = ?`, name); err != nil {
		return fmt.Errorf("remove routine %s: %w", name, err)
	}
	return nil
}

func stored(r kanban.Routine) (storedRoutine, error) {
	recipe, err := r.Recipe.Encode()
	return storedRoutine{r, recipe}, err
}

func nullUnix(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.Unix()
}
