package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"andon/internal/config"
	"andon/internal/store"
	"andon/internal/view"
	"andon/kanban"
)

func newList(a *app) *cobra.Command {
	o := &list{app: a}
	cmd := verb(words{
		use: "list", aliases: []string{"ls"}, group: "look",
		short: "list cards",
		long:  "List the cards that are not archived, the most urgent first. It changes nothing.",
		example: `  andon list --status ready
  andon list --assignee ada --sort created-desc --limit 20
  andon list --overdue
  andon list --due-before +7d --sort due
  andon list --json | jq -r '.[].id'`,
		exits: "the board could not be read",
	}, noWords, o.run)
	f := cmd.Flags()
	o.changed = f.Changed
	f.BoolVar(&o.mine, "mine", false, "only the cards of the profile that asks")
	f.StringVar(&o.f.Assignee, "assignee", "", "only the cards of this profile or person")
	f.StringVar(&o.status, "status", "", "only the cards in this status")
	f.StringVar(&o.f.Tenant, "tenant", "", "only the cards of this tenant")
	f.StringVar(&o.f.Session, "session", "", "only the cards of this chat session")
	f.BoolVar(&o.f.Archived, "archived", false, "the archived cards too")
	f.StringVar(&o.sort, "sort", "", "order: "+strings.Join(store.Sorts(), ", "))
	f.StringVar(&o.f.WorkflowTemplate, "workflow-template-id", "", "only the cards of this workflow")
	f.StringVar(&o.f.StepKey, "step-key", "", "only the cards at this step (also --current-step-key)")
	f.SetNormalizeFunc(func(_ *pflag.FlagSet, name string) pflag.NormalizedName {
		if name == "current-step-key" { // as it is documented for Hermes
			name = "step-key"
		}
		return pflag.NormalizedName(name)
	})
	f.StringVar(&o.dueBefore, "due-before", "", "only the cards due before: 2027-01-04 09:00, RFC 3339, or +7d")
	f.BoolVar(&o.overdue, "overdue", false, "only the cards that should be done and are not")
	f.IntVar(&o.f.Limit, "limit", 0, "at most so many cards (0: all)")
	return cmd
}

type list struct {
	*app
	f            store.Filter
	mine         bool
	status, sort string
	dueBefore    string
	overdue      bool
	changed      func(flag string) bool
}

func (o *list) run(ctx context.Context, _ []string) error {
	f := o.f
	if o.mine {
		f.Assignee = o.author()
	}
	f.Assignee = kanban.CanonicalAssignee(f.Assignee)
	if o.status != "" {
		s, err := kanban.ParseStatus(o.status)
		if err != nil {
			return usagef("--status: %v", err)
		}
		f.Statuses = []kanban.Status{s}
	}
	if o.sort != "" && !slices.Contains(store.Sorts(), o.sort) {
		return usagef("--sort %q: it is one of %s", o.sort, strings.Join(store.Sorts(), ", "))
	}
	if f.Limit < 0 {
		return usagef("--limit %d: it cannot be negative", f.Limit)
	}
	f.Sort = store.Sort(o.sort)
	if o.changed("due-before") {
		var err error
		if f.DueBefore, err = config.ParseTime(o.dueBefore, o.Now(), o.Zone); err != nil {
			return usagef("--due-before: %v", err)
		}
	}
	if now := o.Now(); o.overdue {
		f.Open = true
		if f.DueBefore.IsZero() || now.Before(f.DueBefore) {
			f.DueBefore = now
		}
	}
	return o.with(ctx, func(s *session) error {
		tasks, err := s.List(ctx, f)
		if err != nil {
			return err
		}
		if o.json {
			return view.JSON(o.Out, view.NewTasks(tasks))
		}
		var b strings.Builder
		if o.oneOfMany(ctx, s) {
			fmt.Fprintf(&b, "Board: %s\n", s.place.Slug)
		}
		if len(tasks) == 0 {
			b.WriteString("(no matching tasks)\n")
		}
		style := o.style()
		if slices.ContainsFunc(tasks, func(t kanban.Task) bool { return !t.DueAt.IsZero() }) {
			style.Due = o.Now()
		}
		for _, t := range tasks {
			b.WriteString(style.Row(t) + "\n")
		}
		o.printf("%s", b.String())
		return nil
	})
}

// oneOfMany reports whether the board is one of several of the home: then a list
// says which it is of. A file that lies elsewhere is none of them.
func (a *app) oneOfMany(ctx context.Context, s *session) bool {
	if s.place.DB != s.home.Whole().Board(s.place.Slug).DB {
		return false
	}
	boards, err := s.home.Here(ctx)
	return err == nil && len(boards) > 1
}
