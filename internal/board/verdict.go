package board

import (
	"context"
	"errors"

	"andon/internal/store"
	"andon/kanban"
)

// The methods in this file are for who runs the check of a card, and for who waits
// for it. Each reads the proposal anew within its transaction.

// Awaited is a proposal with the card that it is about and the card's run, nil if it
// has none.
type Awaited struct {
	Proposal kanban.Proposal
	Task     kanban.Task
	Run      *kanban.Run
	Checking kanban.Checking
}

// Proposed reads a proposal as it stands.
func (b *Board) Proposed(ctx context.Context, id int64) (c Awaited, err error) {
	err = b.store.View(ctx, func(tx *store.Tx) error {
		if c.Proposal, err = tx.Proposal(ctx, id); err != nil {
			return err
		}
		return b.around(ctx, tx, &c)
	})
	return c, err
}

// LastProposed reads the newest proposal of a run; its id is zero if there is none.
func (b *Board) LastProposed(ctx context.Context, run kanban.Run) (c Awaited, err error) {
	err = b.store.View(ctx, func(tx *store.Tx) error {
		p, err := tx.LastProposal(ctx, run)
		if c = (Awaited{}); p == nil || err != nil {
			return err
		}
		c.Proposal = *p
		return b.around(ctx, tx, &c)
	})
	return c, err
}

func (b *Board) around(ctx context.Context, tx *store.Tx, c *Awaited) (err error) {
	if c.Task, err = tx.Task(ctx, c.Proposal.Task); err != nil {
		return err
	}
	if c.Run, err = tx.Run(ctx, c.Task.Run); err == nil {
		c.Checking = b.checking(c.Task, c.Run)
	}
	return err
}

// Judge takes the check of a proposal upon by. See [kanban.Task.Judge].
func (b *Board) Judge(ctx context.Context, p kanban.Proposal, by, was, command string) (kanban.Change, error) {
	return b.ofProposal(ctx, p, func(tx *store.Tx, t kanban.Task, p kanban.Proposal) (kanban.Change, error) {
		return t.Judge(p, by, was, command, tx.Now)
	})
}

// Unjudge lets another run the check that by had begun.
func (b *Board) Unjudge(ctx context.Context, p kanban.Proposal, by string) error {
	_, err := b.ofProposal(ctx, p, func(_ *store.Tx, t kanban.Task, p kanban.Proposal) (kanban.Change, error) {
		return t.GiveBack(p, by), nil
	})
	return err
}

// Held reports whether a report on the card of the run would have to wait for a
// check.
func (b *Board) Held(ctx context.Context, run kanban.Run) (held bool, err error) {
	err = b.store.View(ctx, func(tx *store.Tx) error {
		t, err := tx.Task(ctx, run.Task)
		if err == nil {
			_, held, err = b.judged(ctx, tx, t, kanban.Report{Run: run.ID})
		}
		return err
	})
	return held, err
}

// Verdict records how a check went. One that passed completes the card as
// [Board.Complete] would have, artifacts and all. Where that cannot be done after
// all, the proposal is closed without a verdict, and the error tells why.
func (b *Board) Verdict(ctx context.Context, p kanban.Proposal, v kanban.Verdict) (kanban.Change, error) {
	for {
		now, err := b.Proposed(ctx, p.ID)
		if err != nil {
			return kanban.Change{}, err
		}
		c, err := b.verdict(ctx, now, v)
		switch {
		case errors.Is(err, errAgain):
			continue
		case err == nil || !v.Passed || errors.Is(err, kanban.ErrSuperseded) || ctx.Err() != nil:
			return c, err
		}
		switch kanban.CodeOf(err) {
		case kanban.Busy, kanban.Unknown:
			return c, err // nothing was decided: say it again
		}
		_, e := b.ofProposal(ctx, p, func(tx *store.Tx, t kanban.Task, p kanban.Proposal) (kanban.Change, error) {
			if p.State != kanban.ProposalRunning || p.By != v.By {
				return kanban.Change{Was: t, Task: t}, nil
			}
			return t.Untaken(p, err.Error(), tx.Now), nil
		})
		return c, errors.Join(err, e)
	}
}

func (b *Board) verdict(ctx context.Context, now Awaited, v kanban.Verdict) (kanban.Change, error) {
	report, discard := now.Proposal.Report, func() {}
	if v.Passed && now.Proposal.Stands(now.Task) {
		var err error
		if report, discard, err = b.deliver(ctx, now.Task.ID, report); err != nil {
			return kanban.Change{}, err
		}
	}
	c, err := b.ofProposal(ctx, now.Proposal, func(tx *store.Tx, t kanban.Task, p kanban.Proposal) (kanban.Change, error) {
		if v.Passed && !p.Report.Equal(now.Proposal.Report) {
			return kanban.Change{}, errAgain // another word came in; what it names is to be delivered
		}
		p.Report = report
		parents, run, err := facts(ctx, tx, t)
		if err != nil {
			return kanban.Change{}, err
		}
		w, err := witness(ctx, tx, t.ID, report)
		if err != nil {
			return kanban.Change{}, err
		}
		return t.Verdict(p, v, b.checking(t, run), parents, run, w, tx.Now)
	})
	discarded(err, discard)
	return c, err
}

// Forsake closes the proposals of a run that has ended and that nobody judged.
func (b *Board) Forsake(ctx context.Context, run kanban.Run) error {
	var open []kanban.Proposal
	err := b.store.View(ctx, func(tx *store.Tx) (err error) { // most often there is none
		open, err = tx.OpenProposals(ctx, run.Task)
		return err
	})
	if err != nil || len(open) == 0 {
		return err
	}
	_, err = b.decide(ctx, run.Task, func(tx *store.Tx, t kanban.Task) (kanban.Change, error) {
		open, err := tx.OpenProposals(ctx, t.ID)
		return t.Forsake(open, tx.Now), err
	})
	return err
}

// Proposals reads the reports on a card that had to wait for a check, oldest
// first, each in the state in which it really is.
func (b *Board) Proposals(ctx context.Context, id kanban.TaskID) (all []kanban.Proposal, err error) {
	err = b.store.View(ctx, func(tx *store.Tx) error {
		all, err = tx.Proposals(ctx, id)
		if err != nil || len(all) == 0 {
			return err
		}
		t, err := tx.Task(ctx, id)
		for i := range all {
			all[i].State = all[i].Now(t)
		}
		return err
	})
	return all, err
}

func (b *Board) ofProposal(ctx context.Context, p kanban.Proposal, ask func(*store.Tx, kanban.Task, kanban.Proposal) (kanban.Change, error)) (kanban.Change, error) {
	return b.decide(ctx, p.Task, func(tx *store.Tx, t kanban.Task) (kanban.Change, error) {
		now, err := tx.Proposal(ctx, p.ID)
		if err != nil {
			return kanban.Change{}, err
		}
		return ask(tx, t, now)
	})
}
