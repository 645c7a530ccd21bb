package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"andon/internal/view"
	"andon/kanban"
)

func newRoutine(a *app) *cobra.Command {
	cmd := verb(words{
		use: "routine", aliases: []string{"routines"}, group: "cards",
		short: "make cards by the clock",
		long: `List the routines of the board, or, with an action, make one, change it, let it
rest, run it now or remove it. A routine makes a card whenever its cron line
fires in its time zone; ` + "`andon run`" + ` and ` + "`andon dispatch`" + ` see to it. Times that went
by while no dispatcher was there make no card, or one (--missed). While the last
card is unfinished no other is made (--overlap).`,
		example: `  andon routine create standup --cron "0 9 * * 1-5" --tz Europe/Zurich --title "Stand-up notes" --assignee ada
  andon routine
  andon routine run standup
  andon routine pause standup`,
		exits: "there is no such routine, or it could not be done",
	}, cobra.NoArgs, (&routineList{a}).run)
	list := verb(words{
		use: "list", aliases: []string{"ls"},
		short: "list the routines and when each is due next, in local time",
		example: `  andon routine list
  andon routine list --json | jq -r '.[] | select(.outcome == "failed") | .name'`,
		exits: "the board could not be read",
	}, cobra.NoArgs, (&routineList{a}).run)
	show := verb(words{
		use:   "show ROUTINE",
		short: "show a routine, its next times, and what its cards are like",
		example: `  andon routine show standup
  andon routine show standup --json | jq .card`,
		exits: "there is no such routine",
	}, cobra.ExactArgs(1), (&routineShow{a}).run)
	cmd.AddCommand(newRoutineCreate(a), list, show, newRoutineEdit(a),
		newRoutinePause(a, true), newRoutinePause(a, false), newRoutineRun(a), newRoutineRemove(a))
	return cmd
}

// routineName reads the name of a routine. One that is none is a wrong call.
func routineName(s string) (string, error) {
	name, err := kanban.ParseRoutineName(s)
	if err != nil {
		err = &kanban.Error{Code: kanban.Usage, Err: err, Msg: err.Error()}
	}
	return name, err
}

type routineList struct{ *app }

func (o *routineList) run(ctx context.Context, _ []string) error {
	return o.with(ctx, func(s *session) error {
		all, err := s.Routines(ctx)
		if err != nil {
			return err
		}
		switch {
		case o.json:
			return view.JSON(o.Out, view.NewRoutines(all))
		case len(all) == 0:
			o.printf("(no routines)\n")
		default:
			o.printf("%s", view.RoutineRows(all, o.style()))
		}
		return nil
	})
}

type routineShow struct{ *app }

func (o *routineShow) run(ctx context.Context, args []string) error {
	name, err := routineName(args[0])
	if err != nil {
		return err
	}
	return o.with(ctx, func(s *session) error {
		r, err := s.Routine(ctx, name)
		if err != nil {
			return err
		}
		if o.json {
			return view.JSON(o.Out, view.NewRoutine(r))
		}
		var b strings.Builder
		line := func(label, value string) {
			if value != "" {
				fmt.Fprintf(&b, "  %-12s %s\n", label+":", view.Plain(value))
			}
		}
		d := r.Recipe.Draft
		fmt.Fprintf(&b, "%s  %s\n", view.Plain(r.Name), view.Plain(d.Title))
		line("cron", r.Cron+" ("+r.Zone+")")
		line("next", view.RoutineNext(r, o.Zone))
		if !r.Paused && !r.NextAt.IsZero() {
			for _, t := range r.Times(2, r.NextAt) {
				line("then", t.In(o.Zone).Format("Mon 2006-01-02 15:04"))
			}
		}
		line("missed", string(r.Missed))
		line("overlap", string(r.Overlap))
		if !r.LastAt.IsZero() {
			line("last due", r.LastAt.In(o.Zone).Format("Mon 2006-01-02 15:04"))
		}
		line("last card", string(r.LastCard))
		line("trouble", view.RoutineTrouble(r, o.Zone))
		line("created", view.Clock(r.CreatedAt, o.Zone)+" by "+or(r.CreatedBy, "(unknown)"))
		b.WriteString("\nCard\n")
		line("assignee", or(d.Assignee, "(unassigned)"))
		if d.Priority != 0 {
			line("priority", fmt.Sprint(d.Priority))
		}
		line("tenant", d.Tenant)
		line("workspace", strings.TrimSpace(string(d.WorkspaceKind)+" "+d.WorkspacePath))
		line("branch", d.Branch)
		if p := r.Recipe.Project; p != nil {
			line("project", or(p.Repo, "(none)"))
		}
		for _, p := range d.Parents {
			line("parent", string(p))
		}
		line("skills", strings.Join(d.Skills, ", "))
		line("model", strings.TrimSpace(d.Model+" "+d.Provider))
		if r.Recipe.Delay > 0 {
			line("starts", "+"+spell(r.Recipe.Delay))
		}
		if r.Recipe.DueIn > 0 {
			line("due", "+"+spell(r.Recipe.DueIn))
		}
		if strings.TrimSpace(d.Body) != "" {
			fmt.Fprintf(&b, "\nBody\n%s\n", indent(view.PlainLines(d.Body)))
		}
		o.printf("%s", b.String())
		return nil
	})
}

func newRoutinePause(a *app, paused bool) *cobra.Command {
	w := words{
		use: "pause ROUTINE", short: "let a routine rest", example: `  andon routine pause standup`,
		long:  "Let a routine rest until it is resumed. What comes meanwhile is not missed.",
		exits: "there is no such routine",
	}
	did := "Paused"
	if !paused {
		w.use, w.short, w.example = "resume ROUTINE", "let a routine go on", `  andon routine resume standup`
		w.long, did = "Let a routine go on with its next time after now.", "Resumed"
	}
	return verb(w, cobra.ExactArgs(1), func(ctx context.Context, args []string) error {
		name, err := routineName(args[0])
		if err != nil {
			return err
		}
		return a.with(ctx, func(s *session) error {
			r, err := s.PauseRoutine(ctx, name, paused)
			if err != nil {
				return err
			}
			return a.tellRoutine(r, did)
		})
	})
}

// tellRoutine shows the routine that was changed, or says it in one line.
func (a *app) tellRoutine(r kanban.Routine, did string) error {
	if a.json {
		return view.JSON(a.Out, view.NewRoutine(r))
	}
	next := ""
	if !r.Paused && !r.NextAt.IsZero() {
		next = "; next " + view.RoutineNext(r, a.Zone)
	}
	a.printf("%s routine %s%s\n", did, view.Plain(r.Name), next)
	return nil
}

func newRoutineRun(a *app) *cobra.Command {
	force := false
	cmd := verb(words{
		use: "run ROUTINE", short: "make a card of a routine now",
		long: `Make a card of a routine now, paused or not. Its next time stays. It is refused
while its last card is unfinished, unless its overlap is "allow".`,
		example: `  andon routine run standup
  andon routine run standup --force --json | jq -r .id`,
		exits: "there is no such routine, its last card is unfinished, or the card cannot be made",
	}, cobra.ExactArgs(1), func(ctx context.Context, args []string) error {
		name, err := routineName(args[0])
		if err != nil {
			return err
		}
		return a.with(ctx, func(s *session) error {
			t, err := s.RunRoutine(ctx, name, force)
			if err != nil {
				return err
			}
			a.warnIdle(s, t)
			return a.tell(t, "Created %s  (%s, assignee=%s)", t.ID, t.Status, view.Plain(or(t.Assignee, "(unassigned)")))
		})
	})
	cmd.Flags().BoolVar(&force, "force", false, "also while its last card is unfinished")
	return cmd
}

func newRoutineRemove(a *app) *cobra.Command {
	return verb(words{
		use: "remove ROUTINE", aliases: []string{"rm"}, short: "remove a routine; its cards stay",
		example: `  andon routine remove standup`,
		exits:   "there is no such routine",
	}, cobra.ExactArgs(1), func(ctx context.Context, args []string) error {
		name, err := routineName(args[0])
		if err != nil {
			return err
		}
		return a.with(ctx, func(s *session) error {
			r, err := s.RemoveRoutine(ctx, name)
			if err != nil {
				return err
			}
			r.NextAt = time.Time{} // never again
			return a.tellRoutine(r, "Removed")
		})
	})
}

// failedRoutines are those of which no card could be made when they were last due.
func (s *session) failedRoutines(ctx context.Context) ([]kanban.Routine, error) {
	all, err := s.Routines(ctx)
	return slices.DeleteFunc(all, func(r kanban.Routine) bool { return r.Outcome != kanban.RoutineFailed }), err
}

// completeRoutines offers those of the board.
func (a *app) completeRoutines(ctx context.Context, _ *cobra.Command, _ string) (list []cobra.Completion) {
	_, place, err := a.find()
	if err != nil || place.Look(ctx) != nil {
		return nil
	}
	_ = a.with(ctx, func(s *session) error {
		all, err := s.Routines(ctx)
		for _, r := range all {
			list = append(list, cobra.CompletionWithDesc(r.Name, view.Plain(r.Recipe.Draft.Title)))
		}
		return err
	})
	return list
}
