package cli

import (
	"context"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"andon/internal/board"
	"andon/internal/view"
	"andon/kanban"
)

func newDiagnostics(a *app) *cobra.Command {
	o := &diagnostics{app: a}
	cmd := verb(words{
		use: "diagnostics", aliases: []string{"diag"}, group: "look",
		short: "show what is wrong with cards, and what to do about it",
		long: `Show the signs of trouble with cards, the gravest first: failures and crashes in
a row, blocks that nobody answers, cards that nobody takes, reports that name
cards which are not there, cards that are overdue, routines of which no card can be
made. They are found anew at each call, and gone when their
cause is. From when on they are told, "diagnostics" in andon.yaml says.`,
		example: `  andon diagnostics --severity error
  andon diag --task t_1a2b3c4d --json | jq '.[].diagnostics[].kind'`,
		exits: "no such card, or the board could not be read",
	}, noWords, o.run)
	f := cmd.Flags()
	f.StringVar(&o.severity, "severity", "", "only what is so grave or graver: warning, error or critical")
	f.StringVar(&o.task, "task", "", "only of this card")
	o.changed = f.Changed
	return cmd
}

type diagnostics struct {
	*app
	severity, task string
	changed        func(flag string) bool
}

func (o *diagnostics) run(ctx context.Context, _ []string) error {
	least := kanban.Warning
	if o.changed("task") && strings.TrimSpace(o.task) == "" {
		return usagef("--task %q: which card? name its id", o.task)
	}
	if o.changed("severity") {
		var err error
		if least, err = kanban.ParseSeverity(o.severity); err != nil {
			return usagef("--severity %q: it is one of warning, error or critical", o.severity)
		}
	}
	return o.with(ctx, func(s *session) error {
		all, err := s.Diagnose(ctx, kanban.TaskID(strings.TrimSpace(o.task)), s.clinic())
		if err != nil {
			return err
		}
		out, n := []any{}, 0
		var b strings.Builder
		for _, d := range all {
			d.Found = slices.DeleteFunc(d.Found, func(x kanban.Diagnostic) bool { return x.Severity.Weight() < least.Weight() })
			if len(d.Found) == 0 {
				continue
			}
			n += len(d.Found)
			out = append(out, view.NewCardDiagnostics(d.Task, d.Found))
			b.WriteString("\n" + o.style().Row(d.Task) + "\n" + indent(view.DiagnosticRows(d.Found, d.Task.ID)) + "\n")
		}
		cards := len(out)
		var failed []kanban.Routine
		if !o.changed("task") && kanban.Grave.Weight() >= least.Weight() {
			if failed, err = s.failedRoutines(ctx); err != nil {
				return err
			}
		}
		for _, r := range failed {
			d := r.Diagnose()
			out = append(out, view.NewRoutineDiagnostics(r, d))
			b.WriteString("\nroutine " + view.Plain(r.Name) + "  " + view.Plain(r.Recipe.Draft.Title) + "\n" + indent(view.DiagnosticRows([]kanban.Diagnostic{d}, "")) + "\n")
		}
		switch on := counted(cards, "card", "cards"); {
		case o.json:
			return view.JSON(o.Out, out)
		case n+len(failed) == 0:
			o.printf("no signs of trouble\n")
		default:
			if len(failed) > 0 {
				on += " and " + counted(len(failed), "routine", "routines")
			}
			o.printf("%s on %s\n%s", counted(n+len(failed), "sign of trouble", "signs of trouble"), on, b.String())
		}
		return nil
	})
}

// clinic is what a diagnosis has to know of this home.
func (s *session) clinic() board.Clinic {
	return board.Clinic{
		Thresholds: s.config.Thresholds(), Nobody: !dispatching(s.home),
		Profile: func(assignee string) bool { _, known := s.config.Profiles[assignee]; return known },
	}
}
