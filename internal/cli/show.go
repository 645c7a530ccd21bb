package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"andon/internal/board"
	"andon/internal/view"
	"andon/kanban"
)

func newShow(a *app) *cobra.Command {
	o := &show{app: a}
	cmd := verb(words{
		use: "show [ID]", group: "look",
		short: "show a card with its files, comments, history and runs",
		example: `  andon show t_1a2b3c4d
  andon show t_1a2b3c4d --json | jq .latest_summary
  andon show t_1a2b3c4d --state-type outcome --state-name crashed`,
		exits: "no such card",
	}, cobra.MaximumNArgs(1), o.run)
	f := cmd.Flags()
	f.StringVar(&o.stateType, "state-type", "", "show only runs by their status or outcome (with --state-name)")
	f.StringVar(&o.stateName, "state-name", "", "the status or outcome")
	return cmd
}

type show struct {
	*app
	stateType, stateName string
}

// showEvents is how many of the newest events the text shows.
const showEvents = 20

func (o *show) run(ctx context.Context, args []string) error {
	ids, err := o.ids(args)
	if err != nil {
		return err
	}
	keep, err := runFilter(o.stateType, o.stateName)
	if err != nil {
		return err
	}
	limit := showEvents
	if o.json {
		limit = 0
	}
	return o.with(ctx, func(s *session) error {
		c, err := s.Show(ctx, ids[0], limit)
		if err != nil {
			return err
		}
		c.Runs = keep(c.Runs)
		checks, err := s.Proposals(ctx, ids[0])
		if err != nil {
			return err
		}
		if o.json {
			v := view.NewCard(c.Task, c.Parents, c.Children, c.Comments, c.Events, c.Runs)
			v.Checks = view.NewChecks(checks)
			v.Attachments = view.NewAttachments(c.Attachments)
			return view.JSON(o.Out, v)
		}
		trouble, err := s.Diagnose(ctx, ids[0], s.clinic())
		if err != nil {
			return err
		}
		o.text(s, c, trouble, checks)
		return nil
	})
}

// runFilter makes the filter of --state-type and --state-name.
func runFilter(kind, name string) (func([]kanban.Run) []kanban.Run, error) {
	of := map[string]func(kanban.Run) string{
		"status":  func(r kanban.Run) string { return r.Status },
		"outcome": func(r kanban.Run) string { return string(r.Outcome) },
	}
	switch {
	case kind == "" && name == "":
		return func(runs []kanban.Run) []kanban.Run { return runs }, nil
	case kind == "" || name == "":
		return nil, usagef("--state-type and --state-name go together")
	case of[kind] == nil:
		return nil, usagef("--state-type %q: it is status or outcome", kind)
	}
	return func(runs []kanban.Run) []kanban.Run {
		var kept []kanban.Run
		for _, r := range runs {
			if of[kind](r) == name {
				kept = append(kept, r)
			}
		}
		return kept
	}, nil
}

func (o *show) text(s *session, c board.Card, trouble []board.Diagnosis, checks []kanban.Proposal) {
	t := c.Task
	limit, source := s.limit(t)
	style := o.style()
	var b strings.Builder
	styled := func(label, value string) { fmt.Fprintf(&b, "  %-11s %s\n", label+":", value) }
	line := func(label, value string) {
		if value != "" {
			styled(label, view.Plain(value))
		}
	}
	fmt.Fprintf(&b, "%s %s  %s\n", style.Paint(t.Status, view.Icon(t.Status)), view.Plain(string(t.ID)), view.Plain(t.Title))
	styled("status", style.Paint(t.Status, view.Plain(string(t.Status))))
	line("assignee", or(t.Assignee, "(unassigned)"))
	line("tenant", t.Tenant)
	line("workspace", strings.TrimSpace(string(t.WorkspaceKind)+" "+t.WorkspacePath))
	line("branch", t.Branch)
	line("skills", strings.Join(t.Skills, ", "))
	line("model", strings.TrimSpace(t.Model+" "+t.Provider))
	line("effort", t.Effort)
	line("check", firstOf(t.Check))
	if t.Refusals > 0 {
		line("refusals", fmt.Sprintf("%d by the check", t.Refusals))
	}
	line("max-retries", fmt.Sprintf("%d (%s)", limit, source))
	line("created", view.Clock(t.CreatedAt, o.Zone)+" by "+or(t.CreatedBy, "(unknown)"))
	if !t.StartedAt.IsZero() {
		line("started", view.Clock(t.StartedAt, o.Zone))
	}
	if !t.CompletedAt.IsZero() {
		line("completed", view.Clock(t.CompletedAt, o.Zone))
	}
	if t.Failures > 0 {
		line("failures", fmt.Sprintf("%d in a row; last: %s", t.Failures, t.LastError))
	}
	if !t.StartAt.IsZero() {
		line("starts", t.StartAt.In(o.Zone).Format("2006-01-02 15:04:05"))
	}
	if !t.DueAt.IsZero() {
		styled("due", style.DueLine(t, o.Now()))
	}
	if t.RetryAt.After(o.Now()) {
		line("next try", "not before "+t.RetryAt.In(o.Zone).Format("15:04:05"))
	}
	related := func(label string, tasks []kanban.Task) {
		for _, p := range tasks {
			styled(label, style.Short(p, len("  parent:     ")))
		}
	}
	related("parent", c.Parents)
	related("child", c.Children)
	for _, d := range trouble {
		b.WriteString("\nDiagnostics\n" + indent(view.DiagnosticRows(d.Found, t.ID)) + "\n")
	}
	section := func(title, text string) {
		if strings.TrimSpace(text) != "" {
			fmt.Fprintf(&b, "\n%s\n%s\n", title, indent(view.PlainLines(text)))
		}
	}
	section("Body", t.Body)
	if t.Result != "" {
		section("Result", t.Result)
	} else {
		section("Latest summary", kanban.LatestSummary(c.Runs))
	}
	if len(c.Attachments) > 0 {
		b.WriteString("\nAttachments\n" + indent(view.AttachmentTable(c.Attachments)) + "\n")
	}
	if len(c.Comments) > 0 {
		b.WriteString("\nComments\n")
		for _, m := range c.Comments {
			fmt.Fprintf(&b, "  [%s] %s:\n%s\n", view.Clock(m.At, o.Zone), view.Plain(m.Author), indent(indent(view.PlainLines(m.Body))))
		}
	}
	b.WriteString("\nEvents\n")
	for _, e := range c.Events {
		fmt.Fprintf(&b, "  %s\n", view.EventRow(e, o.Zone))
	}
	if len(c.Runs) > 0 {
		b.WriteString("\nRuns\n" + indent(view.RunTable(c.Runs, o.Now(), o.Zone)) + "\n")
	}
	if len(checks) > 0 {
		b.WriteString("\nChecks\n" + indent(view.CheckRows(checks, o.Zone)) + "\n")
	}
	o.printf("%s", b.String())
}

// firstOf is the first line of a text, and a sign that there are more.
func firstOf(s string) string {
	if first, rest, more := strings.Cut(s, "\n"); more && rest != "" {
		return first + " …"
	}
	return s
}

func indent(s string) string {
	return "  " + strings.ReplaceAll(strings.TrimRight(s, "\n"), "\n", "\n  ")
}
