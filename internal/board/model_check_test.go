package board_test

import (
	"context"
	"errors"
	"maps"

	"pgregory.net/rapid"

	"andon/internal/board"
	"andon/kanban"
)

// The verbs of those who judge reports.
func init() {
	maps.Copy(modelVerbs, map[string]modelVerb{
		"judge": {kanban.VerbComplete, 4, func(d drawer) step {
			id, by, was := d.reported(), pick(d, "by", "h:1", "h:2"), pick(d, "was", "", "", "h:1")
			return d.proposal(id, func(ctx context.Context, b *board.Board, p kanban.Proposal) (kanban.Change, error) {
				return b.Judge(ctx, p, by, was, "make test")
			}, func(m *model, t kanban.Task, p kanban.Proposal) (kanban.Change, error) {
				return t.Judge(p, by, was, "make test", m.now)
			})
		}},
		"verdict": {kanban.VerbComplete, 4, func(d drawer) step {
			id := d.reported()
			v := kanban.Verdict{By: pick(d, "by", "h:1", "h:1", "h:2"), Passed: rapid.Bool().Draw(d.T, "passed"), Exit: "exit 1", Output: "no\x00"}
			return d.proposal(id, func(ctx context.Context, b *board.Board, p kanban.Proposal) (kanban.Change, error) {
				return b.Verdict(ctx, p, v)
			}, func(m *model, t kanban.Task, p kanban.Proposal) (kanban.Change, error) {
				c, err := t.Verdict(p, v, kanban.Checking{}, m.parents(id), m.run(t.Run), m.witness(id, p.Report), m.now)
				refusal := c.Refusal
				if err == nil && refusal == nil || errors.Is(errors.Join(err, refusal), kanban.ErrSuperseded) || !v.Passed {
					return c, err
				}
				if err == nil {
					m.keep(c)
				}
				c = m.cards[id].Untaken(p, "", m.now)
				c.Refusal = errors.Join(err, refusal)
				return c, nil
			})
		}},
		"unjudge": {kanban.VerbComplete, 1, func(d drawer) step {
			id, by := d.reported(), pick(d, "by", "h:1", "h:2")
			return d.proposal(id, func(ctx context.Context, b *board.Board, p kanban.Proposal) (kanban.Change, error) {
				if err := b.Unjudge(ctx, p, by); err != nil {
					return kanban.Change{}, err
				}
				t, err := b.Task(ctx, id)
				return kanban.Change{Task: t}, err
			}, func(m *model, t kanban.Task, p kanban.Proposal) (kanban.Change, error) { return t.GiveBack(p, by), nil })
		}},
	})
}

// reported draws a card, most often one on which a report waits.
func (d drawer) reported() kanban.TaskID {
	var waiting []kanban.TaskID
	for _, p := range d.m.proposals {
		if p.Open() {
			waiting = append(waiting, p.Task)
		}
	}
	if len(waiting) > 0 && rapid.IntRange(0, 9).Draw(d.T, "any") < 9 {
		return d.of(waiting)
	}
	return d.card()
}

// proposal makes a step of a verb upon the newest report on a card.
func (d drawer) proposal(id kanban.TaskID, do func(context.Context, *board.Board, kanban.Proposal) (kanban.Change, error),
	rule func(*model, kanban.Task, kanban.Proposal) (kanban.Change, error)) step {
	none := &kanban.Error{Code: kanban.NotFound, Err: kanban.ErrNotFound}
	return card(id, func(ctx context.Context, b *board.Board) (kanban.Change, error) {
		all, err := b.Proposals(ctx, id)
		if err != nil || len(all) == 0 {
			return kanban.Change{}, errors.Join(err, none)
		}
		return do(ctx, b, all[len(all)-1])
	}, func(m *model, t kanban.Task) (kanban.Change, error) {
		p := m.lastProposal(id)
		if p == nil {
			return kanban.Change{}, none
		}
		return rule(m, t, *p)
	})
}

func (m *model) lastProposal(id kanban.TaskID) *kanban.Proposal {
	for i := len(m.proposals) - 1; i >= 0; i-- {
		if m.proposals[i].Task == id {
			p := m.proposals[i]
			return &p
		}
	}
	return nil
}

// complete is how a board takes a report.
func (m *model) complete(t kanban.Task, r kanban.Report) (kanban.Change, error) {
	run, w := m.run(t.Run), m.witness(t.ID, r)
	judged, held, err := t.Judged(r, kanban.Checking{}, run)
	switch {
	case err != nil:
		return kanban.Change{}, err
	case !held:
		return t.Complete(judged, run, w, m.now)
	}
	var open []kanban.Proposal
	for _, p := range m.proposals {
		if p.Task == t.ID && p.Open() {
			open = append(open, p)
		}
	}
	return t.Propose(r, open, run, w, m.now)
}

// ended is how a board takes the end of a worker.
func (m *model) ended(t kanban.Task, r kanban.Run, x kanban.Exit, on kanban.OnExit) (kanban.Change, error) {
	if r.Open() && t.Run == r.ID {
		if p := m.lastProposal(t.ID); p != nil && p.Run == r.ID && p.Left(x) {
			return t.Rejected(*p, r, x, m.policy(t.Assignee), m.now)
		}
		if t.Check != "" {
			on = kanban.OnExitProtocol
		}
	}
	return t.Ended(r, x, on, nil, m.policy(t.Assignee), m.now)
}

// keepProposals does what a change says of reports.
func (m *model) keepProposals(c kanban.Change) {
	for _, p := range c.Proposals {
		if p.ID == 0 {
			p.ID = int64(len(m.proposals) + 1)
			m.proposals = append(m.proposals, p)
		}
		m.proposals[p.ID-1] = p
	}
}

// storedProposal is a report in the form in which it is compared.
func storedProposal(p kanban.Proposal) kanban.Proposal {
	p.ID, p.MadeAt, p.StartedAt, p.EndedAt = 0, second(p.MadeAt), milli(p.StartedAt), milli(p.EndedAt)
	if p.State == kanban.ProposalAbandoned {
		p.Output = ""
	}
	text, err := kanban.EncodeJSON(p.Report)
	if err != nil {
		panic(err) // the rules put in what can be encoded
	}
	p.Report = kanban.Report{Result: text}
	return p
}
