package worker

import (
	"context"
	"errors"
	"time"

	"andon/internal/board"
	"andon/internal/config"
	"andon/kanban"
)

// bench is the part of a supervisor that judges the reports on its card.
type bench struct {
	s    *supervisor
	done chan sitting // one that has ended

	cancel   context.CancelFunc // ends the one under way; nil: there is none
	reported bool               // the agent's clean exit was
}

// sitting is how one check went.
type sitting struct {
	change kanban.Change
	err    error
	took   time.Duration
}

func (s *supervisor) bench() *bench { return &bench{s: s, done: make(chan sitting, 1)} }

func (s *supervisor) examiner() examiner {
	return examiner{
		board: s.board, place: s.job.Board, by: self(), grace: s.job.grace(),
		profile: func(string) (config.Profile, error) { return s.job.Profile, nil },
		where:   func(_ context.Context, t kanban.Task) (string, error) { return t.WorkspacePath, nil },
		env: func(t kanban.Task, _ *kanban.Run, _ config.Profile) []string {
			return s.environment(t)
		},
	}
}

// look begins the check of a report that waits, unless one is under way.
func (b *bench) look(ctx context.Context) error {
	if b.cancel != nil {
		return nil
	}
	a, err := b.s.board.LastProposed(ctx, b.s.run)
	if err == nil && a.Proposal.Stands(a.Task) && (a.Proposal.By == "" || gone(a.Proposal, a.Checking.Limit(), time.Now())) {
		b.begin(ctx, a)
	}
	return err
}

func (b *bench) begin(ctx context.Context, a board.Awaited) {
	ctx, b.cancel = context.WithCancel(ctx)
	b.s.logf("checking the report")
	go func() {
		began := time.Now()
		c, err := b.s.examiner().judge(ctx, a, a.Proposal.By)
		b.done <- sitting{c, err, time.Since(began)}
	}()
}

// over takes note of a check that has ended.
func (b *bench) over(x sitting) {
	b.cancel()
	b.cancel = nil
	switch {
	case x.err != nil:
		b.s.logf("the check: %v", x.err)
	case len(x.change.Proposals) > 0:
		p := x.change.Proposals[0]
		b.s.logf("the report is %s by the check: %s, after %s", p.State, p.Exit, x.took.Round(time.Millisecond))
	}
}

// stop ends the check that is under way, without a verdict unless that is there
// already, and waits until nothing of it is left.
func (b *bench) stop() {
	if b.cancel != nil {
		b.cancel()
		b.over(<-b.done)
	}
}

// busy reports whether the end of the agent must wait for a verdict. Where a clean
// exit is the report, that report is made here, unless a quota stopped the agent.
func (b *bench) busy(ctx context.Context, x kanban.Exit, quota *kanban.Failure) bool {
	s, look := b.s, func() error { return b.s.insist(ctx, "look for a report", b.look) }
	if err := look(); err != nil || b.cancel != nil {
		return err == nil
	}
	if x != (kanban.Exit{}) || quota != nil || s.job.Profile.OnExit != kanban.OnExitComplete || b.reported {
		return false
	}
	held, err := s.board.Held(ctx, s.run)
	if err != nil || !held {
		return false
	}
	last, err := s.board.LastProposed(ctx, s.run)
	if err != nil || last.Proposal.ID != 0 && last.Proposal.State != kanban.ProposalAbandoned {
		return false // it was judged, and the exit says nothing new
	}
	b.reported = true
	err = s.insist(ctx, "report the exit", func(ctx context.Context) error {
		_, err := s.board.Complete(ctx, s.run.Task, kanban.ExitReport(s.run.ID))
		return err
	})
	return err == nil && look() == nil && b.cancel != nil
}

// forsake closes what nobody judged. It is for the record alone: who reads a
// proposal sees that its run has ended.
func (s *supervisor) forsake(ctx context.Context) {
	if err := s.board.Forsake(context.WithoutCancel(ctx), s.run); err != nil && !errors.Is(err, kanban.ErrNotFound) {
		s.logf("close the reports that wait: %v", err)
	}
}
