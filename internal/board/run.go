package board

import (
	"context"
	"fmt"
	"time"

	"andon/internal/store"
	"andon/kanban"
)

// The methods in this file are for who answers for a run: its supervisor and,
// where that is gone, the dispatcher. Each reads the run anew within its
// transaction, so a run that was superseded changes nothing.

// Started takes the run over for its supervisor. See [kanban.Task.Started].
func (b *Board) Started(ctx context.Context, run kanban.Run, lock string, w kanban.Worker, workspace string) (kanban.Change, error) {
	return b.ofRun(ctx, run, func(tx *store.Tx, t kanban.Task, r kanban.Run) (kanban.Change, error) {
		return t.Started(r, lock, w, workspace)
	})
}

// Agent records the process that was started for the run.
func (b *Board) Agent(ctx context.Context, run kanban.Run, pid int64, start string) (kanban.Change, error) {
	return b.ofRun(ctx, run, func(tx *store.Tx, t kanban.Task, r kanban.Run) (kanban.Change, error) {
		return t.Agent(r, pid, start)
	})
}

// Renew extends the lease of the run.
func (b *Board) Renew(ctx context.Context, run kanban.Run, lock string, ttl time.Duration) (kanban.Change, error) {
	return b.ofRun(ctx, run, func(tx *store.Tx, t kanban.Task, r kanban.Run) (kanban.Change, error) {
		return t.Renew(r, lock, ttl, tx.Now)
	})
}

// Ended records how the run's agent ended and decides what that means. See
// [kanban.Task.Ended].
func (b *Board) Ended(ctx context.Context, run kanban.Run, x kanban.Exit, on kanban.OnExit, f *kanban.Failure) (kanban.Change, error) {
	return b.ofRun(ctx, run, func(tx *store.Tx, t kanban.Task, r kanban.Run) (kanban.Change, error) {
		if f != nil || !r.Open() || t.Run != r.ID {
			return t.Ended(r, x, on, f, b.policy(t), tx.Now)
		}
		last, err := tx.LastProposal(ctx, r)
		if err != nil {
			return kanban.Change{}, err
		}
		if last != nil && last.Left(x) {
			return t.Rejected(*last, r, x, b.policy(t), tx.Now)
		}
		if _, held, err := t.Judged(kanban.Report{}, b.checking(t, &r), &r); err != nil || held {
			on = kanban.OnExitProtocol // a clean exit alone is no report
		}
		return t.Ended(r, x, on, f, b.policy(t), tx.Now)
	})
}

// Current reports whether the run is still its card's current one.
func (b *Board) Current(ctx context.Context, run kanban.Run) (bool, error) {
	var t kanban.Task
	err := b.store.View(ctx, func(tx *store.Tx) (err error) {
		t, err = tx.Task(ctx, run.Task)
		return err
	})
	if kanban.CodeOf(err) == kanban.NotFound {
		return false, nil
	}
	return t.Run == run.ID && t.Status == kanban.Running, err
}

func (b *Board) ofRun(ctx context.Context, run kanban.Run, ask func(*store.Tx, kanban.Task, kanban.Run) (kanban.Change, error)) (kanban.Change, error) {
	return b.decide(ctx, run.Task, func(tx *store.Tx, t kanban.Task) (kanban.Change, error) {
		r, err := tx.Run(ctx, run.ID)
		if err != nil {
			return kanban.Change{}, err
		}
		if r == nil {
			return kanban.Change{}, &kanban.Error{Code: kanban.NotFound, Err: kanban.ErrNotFound,
				Msg: fmt.Sprintf("card %s has no run %s", t.ID, run.ID)}
		}
		return ask(tx, t, *r)
	})
}
