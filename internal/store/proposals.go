package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"andon/kanban"
)

var proposalColumns = []column[kanban.Proposal]{
	number("id", func(p *kanban.Proposal) *int64 { return &p.ID }),
	text("task_id", func(p *kanban.Proposal) *kanban.TaskID { return &p.Task }),
	number("run_id", func(p *kanban.Proposal) *kanban.RunID { return &p.Run }),
	report("report", func(p *kanban.Proposal) *kanban.Report { return &p.Report }),
	unix("made_at", func(p *kanban.Proposal) *time.Time { return &p.MadeAt }),
	text("state", func(p *kanban.Proposal) *kanban.ProposalState { return &p.State }),
	text("judge", func(p *kanban.Proposal) *string { return &p.By }),
	text("command", func(p *kanban.Proposal) *string { return &p.Command }),
	text("exit", func(p *kanban.Proposal) *string { return &p.Exit }),
	text("output", func(p *kanban.Proposal) *string { return &p.Output }),
	millis("started_at", func(p *kanban.Proposal) *time.Time { return &p.StartedAt }),
	millis("ended_at", func(p *kanban.Proposal) *time.Time { return &p.EndedAt }),
}

// report is a report as JSON. Text that is none counts as one that says nothing.
func report[T any](name string, at func(*T) *kanban.Report) column[T] {
	return column[T]{name,
		func(v *T) any {
			return scanFunc(func(s string) {
				var r kanban.Report
				if json.Unmarshal([]byte(s), &r) != nil {
					r = kanban.Report{}
				}
				*at(v) = r
			})
		},
		func(v *T) any {
			s, err := kanban.EncodeJSON(*at(v))
			if err != nil {
				panic(err) // the rule checked it, or Scan did
			}
			return s
		}}
}

// Proposals reads the reports on a card that had to wait for a check, oldest
// first.
func (tx *Tx) Proposals(ctx context.Context, task kanban.TaskID) ([]kanban.Proposal, error) {
	return tx.proposals(ctx, `WHERE task_id = ? ORDER BY id`, task)
}

// LastProposals reads the newest of them, newest first.
func (tx *Tx) LastProposals(ctx context.Context, task kanban.TaskID, s kanban.ProposalState, limit int) ([]kanban.Proposal, error) {
	return tx.proposals(ctx, `WHERE task_id = ? AND state = ? ORDER BY id DESC LIMIT ?`, task, s, limit)
}

// OpenProposals reads those without a verdict.
func (tx *Tx) OpenProposals(ctx context.Context, task kanban.TaskID) ([]kanban.Proposal, error) {
	return tx.proposals(ctx, `WHERE task_id = ? AND state IN (?, ?) ORDER BY id`, task, kanban.ProposalWaiting, kanban.ProposalRunning)
}

// LastProposal reads the newest of a run; nil if there is none.
func (tx *Tx) LastProposal(ctx context.Context, run kanban.Run) (*kanban.Proposal, error) {
	found, err := tx.proposals(ctx, `WHERE task_id = ? AND run_id = ? ORDER BY id DESC LIMIT 1`, run.Task, run.ID)
	if err != nil || len(found) == 0 {
		return nil, err
	}
	return &found[0], nil
}

// Proposal reads one. There must be one with this number.
func (tx *Tx) Proposal(ctx context.Context, id int64) (kanban.Proposal, error) {
	found, err := tx.proposals(ctx, `WHERE id = ?`, id)
	if err != nil {
		return kanban.Proposal{}, err
	}
	if len(found) == 0 {
		return kanban.Proposal{}, &kanban.Error{Code: kanban.NotFound, Err: kanban.ErrNotFound, Msg: fmt.Sprintf("no report %d waits on this board", id)}
	}
	return found[0], nil
}

func (tx *Tx) proposals(ctx context.Context, rest string, args ...any) ([]kanban.Proposal, error) {
	rows, err := tx.query(ctx, `SELECT `+columnNames(proposalColumns, "")+` FROM andon_proposals `+rest, args...)
	all, err := collect(rows, err, func(p *kanban.Proposal) []any { return dests(proposalColumns, p) })
	if err != nil {
		return nil, fmt.Errorf("read the reports that wait: %w", err)
	}
	return all, nil
}

func (tx *Tx) applyProposals(ctx context.Context, c *kanban.Change) error {
	columns := proposalColumns[1:]
	for i := range c.Proposals {
		p := &c.Proposals[i]
		if p.ID == 0 {
			if err := tx.queryRow(ctx, `INSERT INTO andon_proposals (`+columnNames(columns, "")+`) VALUES (`+marks(len(columns))+`) RETURNING id`,
				values(columns, p)...).Scan(&p.ID); err != nil {
				return fmt.Errorf("keep the report on %s: %w", p.Task, err)
			}
			continue
		}
		set, args := assignments(columns, nil, p)
		if _, err := tx.exec(ctx, `UPDATE andon_proposals SET `+set+` WHERE id = ?`, append(args, p.ID)...); err != nil {
			return fmt.Errorf("judge the report on %s: %w", p.Task, err)
		}
	}
	return nil
}
