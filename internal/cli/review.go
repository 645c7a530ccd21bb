package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"andon/kanban"
)

func newRequestReview(a *app) *cobra.Command {
	o := &requestReview{app: a}
	cmd := verb(words{
		use: "request-review [ID]", group: "cards",
		short: "hand a card over to be reviewed",
		long: `Hand a card that is ready or running over to be reviewed. Its assignee stays; a
reviewer claims it, and completes it or reopens it. Inside a worker the id may be
left out.`,
		example: `  andon request-review t_1a2b3c4d --summary "two pages" --reviewer bob
  andon request-review --summary "two pages"      inside a worker`,
		exits: "no such card, it is neither ready nor running, or another run has it",
	}, cobra.MaximumNArgs(1), o.run)
	f := cmd.Flags()
	f.StringVar(&o.r.Summary, "summary", "", "what was done")
	f.StringVar(&o.r.Reviewer, "reviewer", "", "who should look; it is noted and assigns nothing")
	return cmd
}

type requestReview struct {
	*app
	r kanban.ReviewRequest
}

func (o *requestReview) run(ctx context.Context, args []string) error {
	ids, err := o.ids(args)
	if err != nil {
		return err
	}
	r := o.r
	if r.Run, err = o.pin(ids[0]); err != nil {
		return err
	}
	return o.with(ctx, func(s *session) error {
		c, err := s.RequestReview(ctx, ids[0], r)
		if err != nil {
			return err
		}
		return o.tell(c.Task, "Requested review for %s", c.Task.ID)
	})
}

func newReopenReview(a *app) *cobra.Command {
	o := &reopenReview{app: a}
	cmd := verb(words{
		use: "reopen-review ID...", group: "cards",
		short: "send cards in review back to be worked on",
		long: `Send cards in review back to be worked on: to ready, or to todo while a parent is
unfinished. Their failures are forgotten. The reason is kept as a comment, which
the worker reads when it starts.`,
		example: `  andon reopen-review t_1a2b3c4d --reason "the second page lacks a date"`,
		exits:   "no such card, or it is not in review",
	}, cobra.MinimumNArgs(1), o.run)
	cmd.Flags().StringVar(&o.reason, "reason", "", "what must change, kept as a comment")
	return cmd
}

type reopenReview struct {
	*app
	reason string
}

func (o *reopenReview) run(ctx context.Context, args []string) error {
	ids, err := o.ids(args)
	if err != nil {
		return err
	}
	return o.with(ctx, func(s *session) error {
		r := kanban.Reopening{Reason: o.reason}
		if r.Author, err = o.speaker(ctx, s); err != nil {
			return err
		}
		return o.each(ids, func(id kanban.TaskID) (string, any, error) {
			c, err := s.ReopenReview(ctx, id, r)
			return changed(c, err, fmt.Sprintf("Reopened %s", id))
		})
	})
}
