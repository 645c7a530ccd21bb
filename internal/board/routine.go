package board

import (
	"context"

	"andon/internal/store"
	"andon/kanban"
)

// Fired is what became of a routine whose time had come.
type Fired struct {
	Routine kanban.Routine // as it is now
	Card    kanban.TaskID  // that was made; empty: none, and the routine says why
}

// FireDue makes the cards of the routines that are due, each in the transaction
// that gives its routine the next time: of several dispatchers, one makes the
// card. It writes only if it finds something.
//
// A card that cannot be made is the routine's failure, which it keeps, and not
// the caller's: it is tried again at the next time.
func (b *Board) FireDue(ctx context.Context) ([]Fired, error) {
	var due []kanban.Routine
	if err := b.store.View(ctx, func(tx *store.Tx) (err error) {
		due, err = tx.DueRoutines(ctx, tx.Now)
		return err
	}); err != nil {
		return nil, err
	}
	var all []Fired
	for _, r := range due {
		var f Fired
		fired := false
		if err := b.keepBoard(ctx, func(tx *store.Tx) (err error) {
			f, fired, err = b.fire(ctx, tx, r.Name)
			return err
		}); err != nil {
			return all, err
		}
		if fired {
			all = append(all, f)
		}
	}
	return all, nil
}

func (b *Board) fire(ctx context.Context, tx *store.Tx, name string) (f Fired, fired bool, err error) {
	was, ok, err := tx.Routine(ctx, name)
	if !ok || err != nil {
		return f, false, err
	}
	last, err := lastCard(ctx, tx, was)
	if err != nil {
		return f, false, err
	}
	r, d, ok := was.Due(last, tx.Now)
	if !ok {
		return f, false, nil // another was quicker
	}
	if d != nil {
		t, err := b.createFor(ctx, tx, r, *d)
		switch {
		case err == nil:
			r, f.Card = r.Made(t.ID), t.ID
		case impossible(err):
			r = r.Failed(err)
		default:
			return f, false, err
		}
	}
	f.Routine = r
	return f, true, tx.SetRoutine(ctx, was, r)
}

// impossible tells what is wrong with a card from what is wrong with a database.
func impossible(err error) bool {
	switch kanban.CodeOf(err) {
	case kanban.Usage, kanban.Invalid, kanban.NotFound, kanban.Conflict:
		return true
	}
	return false
}

func lastCard(ctx context.Context, tx *store.Tx, r kanban.Routine) (*kanban.Task, error) {
	if r.LastCard == "" {
		return nil, nil
	}
	tasks, err := tx.Some(ctx, []kanban.TaskID{r.LastCard})
	if err != nil || len(tasks) == 0 {
		return nil, err
	}
	return &tasks[0], nil
}

// createFor makes a card as the board, or the routine's own project, has it.
func (b *Board) createFor(ctx context.Context, tx *store.Tx, r kanban.Routine, d kanban.Draft) (kanban.Task, error) {
	d, err := d.Clean()
	if err != nil {
		return kanban.Task{}, err
	}
	defaults := b.Defaults
	if r.Recipe.Project != nil {
		defaults.Project = *r.Recipe.Project
	}
	t, _, err := b.createOn(ctx, tx, d, defaults)
	return t, err
}

// Routines reads the routines, by name.
func (b *Board) Routines(ctx context.Context) (all []kanban.Routine, err error) {
	err = b.store.View(ctx, func(tx *store.Tx) error {
		all, err = tx.Routines(ctx)
		return err
	})
	return all, err
}

// Routine reads one routine.
func (b *Board) Routine(ctx context.Context, name string) (r kanban.Routine, err error) {
	err = b.store.View(ctx, func(tx *store.Tx) error {
		r, err = routine(ctx, tx, name)
		return err
	})
	return r, err
}

func routine(ctx context.Context, tx *store.Tx, name string) (kanban.Routine, error) {
	r, ok, err := tx.Routine(ctx, name)
	if err == nil && !ok {
		err = &kanban.Error{Code: kanban.NotFound, Err: kanban.ErrNotFound, Msg: "no routine " + name + " on this board", Hint: "`andon routine list` shows every one"}
	}
	return r, err
}

// AddRoutine makes a routine. A card of it must be possible now.
func (b *Board) AddRoutine(ctx context.Context, r kanban.Routine) (kanban.Routine, error) {
	r, err := r.Clean()
	if err != nil {
		return r, err
	}
	err = b.keepBoard(ctx, func(tx *store.Tx) error {
		if r, err = r.Wound(tx.Now); err != nil {
			return err
		}
		r.CreatedAt = tx.Now
		if err := b.possible(ctx, tx, r); err != nil {
			return err
		}
		made, err := tx.AddRoutine(ctx, r)
		if err == nil && !made {
			err = &kanban.Error{Code: kanban.Conflict, Err: kanban.ErrConflict, Msg: "there is a routine " + r.Name + " already",
				Hint: "change it with `andon routine edit " + r.Name + "`, or give another name"}
		}
		return err
	})
	return r, err
}

// possible refuses a routine of which not even now a card could be made.
func (b *Board) possible(ctx context.Context, tx *store.Tx, r kanban.Routine) error {
	d, err := r.Run(nil, true, tx.Now)
	if err != nil {
		return err
	}
	if d, err = d.Clean(); err != nil {
		return err
	}
	parents, err := tx.Some(ctx, d.Parents)
	if err != nil {
		return err
	}
	defaults := b.Defaults
	if r.Recipe.Project != nil {
		defaults.Project = *r.Recipe.Project
	}
	_, err = kanban.Create("t_00000000", d.On(defaults, "t_00000000"), parents, tx.Now)
	return err
}

// EditRoutine changes a routine. Another line or zone, or going on after a pause,
// gives it its next time after now.
func (b *Board) EditRoutine(ctx context.Context, name string, change func(*kanban.Routine) error) (r kanban.Routine, err error) {
	err = b.keepBoard(ctx, func(tx *store.Tx) error {
		was, err := routine(ctx, tx, name)
		if err != nil {
			return err
		}
		r = was
		if err := change(&r); err != nil {
			return err
		}
		if r, err = r.Clean(); err != nil {
			return err
		}
		if r.Cron != was.Cron || r.Zone != was.Zone || was.Paused && !r.Paused || r.NextAt.IsZero() {
			if r, err = r.Wound(tx.Now); err != nil {
				return err
			}
		}
		if err := b.possible(ctx, tx, r); err != nil {
			return err
		}
		if r.Outcome == kanban.RoutineFailed { // it is mended
			r.Outcome, r.Error = "", ""
		}
		return tx.SetRoutine(ctx, was, r)
	})
	return r, err
}

// PauseRoutine lets a routine rest, or go on.
func (b *Board) PauseRoutine(ctx context.Context, name string, paused bool) (r kanban.Routine, err error) {
	err = b.keepBoard(ctx, func(tx *store.Tx) error {
		was, err := routine(ctx, tx, name)
		if err != nil {
			return err
		}
		r = was
		if r.Paused = paused; was.Paused && !paused { // what came meanwhile was not missed
			if r, err = r.Wound(tx.Now); err != nil {
				return err
			}
		}
		return tx.SetRoutine(ctx, was, r)
	})
	return r, err
}

// RunRoutine makes a card of the routine now, paused or not, and changes nothing
// of its next time.
func (b *Board) RunRoutine(ctx context.Context, name string, force bool) (t kanban.Task, err error) {
	err = b.keepBoard(ctx, func(tx *store.Tx) error {
		was, err := routine(ctx, tx, name)
		if err != nil {
			return err
		}
		last, err := lastCard(ctx, tx, was)
		if err != nil {
			return err
		}
		d, err := was.Run(last, force, tx.Now)
		if err != nil {
			return err
		}
		if t, err = b.createFor(ctx, tx, was, d); err != nil {
			return err
		}
		return tx.SetRoutine(ctx, was, was.Made(t.ID))
	})
	return t, err
}

// RemoveRoutine removes a routine. The cards that it made stay.
func (b *Board) RemoveRoutine(ctx context.Context, name string) (r kanban.Routine, err error) {
	err = b.keepBoard(ctx, func(tx *store.Tx) error {
		if r, err = routine(ctx, tx, name); err != nil {
			return err
		}
		return tx.RemoveRoutine(ctx, name)
	})
	return r, err
}
