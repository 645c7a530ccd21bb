package cli

import (
	"context"
	"errors"
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"andon/internal/config"
	"andon/kanban"
)

// routineForm is what says how a routine is: its clock, and the flags of create
// for its cards.
type routineForm struct {
	create
	title, cron, zone, missed, overlap string
	given                              []string // the flags that were
	set                                *pflag.FlagSet
}

func (o *routineForm) register(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&o.title, "title", "", "title of each card")
	f.StringVar(&o.cron, "cron", "", `when: "minute hour day month weekday", or @hourly, @daily, @weekly, @monthly, @yearly`)
	f.StringVar(&o.zone, "tz", "", "whose clock it is, such as Europe/Zurich (default: this machine's)")
	f.StringVar(&o.missed, "missed", "", "of the times that no dispatcher was there for: skip them, or catch-up the last (default skip)")
	f.StringVar(&o.overlap, "overlap", "", "while the last card is unfinished: skip, or allow another (default skip)")
	o.flags(f)
	o.set = f
	f.Lookup("at").Usage = "put each card off by so much, such as +2h"
	f.Lookup("due").Usage = "by when each card should be done after its time, such as +1d"
	_ = f.MarkHidden("idempotency-key") // there is such a flag
}

func newRoutineCreate(a *app) *cobra.Command {
	o := &routineForm{create: create{app: a}}
	cmd := verb(words{
		use: "create NAME --cron LINE --title TITLE", short: "make a routine",
		long: `Make a routine: whenever the cron line fires in the time zone, a card is made as
` + "`andon create`" + ` would make it. NAME is 1 to 64 of a-z, 0-9, "-" and "_".

A time that the clocks skip in spring fires at the moment after, and one that they
show twice in autumn fires the first time; a line of every hour fires each hour
that passes. Of times that went by while no dispatcher was there, --missed catch-up
makes one card, and never more.`,
		example: `  andon routine create standup --cron "0 9 * * 1-5" --tz Europe/Zurich --title "Stand-up notes" --assignee ada
  andon routine create backup --cron @daily --tz UTC --title "Check the backups" --assignee ops --missed catch-up --due +4h`,
		exits: "refused: there is one of that name, or a value that breaks a rule",
	}, cobra.ExactArgs(1), o.add)
	o.register(cmd)
	return cmd
}

func newRoutineEdit(a *app) *cobra.Command {
	o := &routineForm{create: create{app: a}}
	cmd := verb(words{
		use: "edit ROUTINE", short: "change a routine",
		long: `Change a routine: only what is named. Cards that it made stay as they are. Another
cron line or time zone gives it its next time after now. --at none and --due none
take these away.`,
		example: `  andon routine edit standup --cron "30 8 * * 1-5"
  andon routine edit standup --assignee bob --missed catch-up`,
		exits: "there is no such routine, or a value that breaks a rule",
	}, cobra.ExactArgs(1), o.edit)
	o.register(cmd)
	return cmd
}

// look reads the flags that need neither the board nor the routine.
func (o *routineForm) look() error {
	o.given = nil
	o.set.Visit(func(f *pflag.Flag) { o.given = append(o.given, f.Name) })
	if o.changed("idempotency-key") {
		return usagef("--idempotency-key: each card of a routine has its own")
	}
	if o.changed("cron") {
		if _, err := kanban.ParseCron(o.cron); err != nil {
			return usagef("--cron: %v", err)
		}
	}
	if o.changed("tz") {
		if _, err := kanban.ParseZone(o.zone); err != nil {
			return usagef("--tz: %v", err)
		}
	}
	if o.changed("missed") {
		if _, err := kanban.ParseMissed(o.missed); err != nil {
			return usagef("--%v", err)
		}
	}
	if o.changed("overlap") {
		if _, err := kanban.ParseOverlap(o.overlap); err != nil {
			return usagef("--%v", err)
		}
	}
	return nil
}

// put puts what was given into the routine, but for what only the home knows.
func (o *routineForm) put(r *kanban.Routine) (err error) {
	d := o.d
	if was := r.Recipe.Draft; !o.changed("workspace") && was.WorkspaceKind != "" { // --branch asks what it is
		if o.workspace = string(was.WorkspaceKind); was.WorkspacePath != "" {
			o.workspace += ":" + was.WorkspacePath
		}
	}
	if err := o.fill(&d); err != nil {
		return err
	}
	d.Title = o.title
	for _, name := range o.given {
		if copy, of := routineFields[name]; of {
			copy(&r.Recipe.Draft, d)
		}
	}
	if r.Recipe.Draft.CreatedBy == "" {
		r.Recipe.Draft.CreatedBy = d.CreatedBy
	}
	for flag, to := range map[string]*time.Duration{"at": &r.Recipe.Delay, "due": &r.Recipe.DueIn} {
		if o.changed(flag) {
			if *to, err = parseAfter(flag, map[string]string{"at": o.at, "due": o.due}[flag]); err != nil {
				return err
			}
		}
	}
	if o.changed("cron") {
		r.Cron = strings.TrimSpace(o.cron)
	}
	if o.changed("tz") {
		r.Zone = o.zone
	}
	if o.changed("missed") {
		r.Missed, _ = kanban.ParseMissed(o.missed) // look has read it
	}
	if o.changed("overlap") {
		r.Overlap, _ = kanban.ParseOverlap(o.overlap)
	}
	return nil
}

// find puts into the routine what the home and andon.yaml know by name.
func (o *routineForm) find(s *session, r *kanban.Routine) error {
	if o.changed("notify") {
		subs, err := o.subs(s)
		if err != nil {
			return err
		}
		r.Recipe.Draft.Subs = subs
	}
	if o.changed("project") {
		p, err := o.findProject(s.home, o.project)
		if err != nil {
			return err
		}
		r.Recipe.Project = &p
	}
	return nil
}

// parseAfter reads a length of time as --at and --due of a routine have it.
func parseAfter(flag, s string) (time.Duration, error) {
	if isNone(s) {
		return 0, nil
	}
	after, ok := strings.CutPrefix(strings.TrimSpace(s), "+")
	if !ok {
		return 0, usagef("--%s %q: of a routine it is counted from the time of each card, such as +2h, or none", flag, s)
	}
	d, err := config.ParseDuration(after)
	if err == nil && d <= 0 {
		err = errors.New("it must be more than nothing")
	}
	if err != nil {
		return 0, usagef("--%s: %v", flag, err)
	}
	return d, nil
}

// spell is a length of time as the flags take it.
func spell(d time.Duration) string { return config.Duration(d).String() }

// routineOthers are the flags of a routine that are no fields of its draft.
var routineOthers = []string{"cron", "tz", "missed", "overlap", "at", "due", "project", "notify"}

// routineFields are the flags of create that are fields of the draft.
var routineFields = map[string]func(to *kanban.Draft, from kanban.Draft){
	"title":     func(to *kanban.Draft, from kanban.Draft) { to.Title = from.Title },
	"body":      func(to *kanban.Draft, from kanban.Draft) { to.Body = from.Body },
	"body-file": func(to *kanban.Draft, from kanban.Draft) { to.Body = from.Body },
	"assignee":  func(to *kanban.Draft, from kanban.Draft) { to.Assignee = from.Assignee },
	"parent":    func(to *kanban.Draft, from kanban.Draft) { to.Parents = from.Parents },
	"workspace": func(to *kanban.Draft, from kanban.Draft) {
		to.WorkspaceKind, to.WorkspacePath = from.WorkspaceKind, from.WorkspacePath
	},
	"check":          func(to *kanban.Draft, from kanban.Draft) { to.Check, to.Worker = from.Check, from.Worker },
	"branch":         func(to *kanban.Draft, from kanban.Draft) { to.Branch = from.Branch },
	"tenant":         func(to *kanban.Draft, from kanban.Draft) { to.Tenant = from.Tenant },
	"priority":       func(to *kanban.Draft, from kanban.Draft) { to.Priority = from.Priority },
	"triage":         func(to *kanban.Draft, from kanban.Draft) { to.Triage = from.Triage },
	"initial-status": func(to *kanban.Draft, from kanban.Draft) { to.Blocked = from.Blocked },
	"max-runtime":    func(to *kanban.Draft, from kanban.Draft) { to.MaxRuntime = from.MaxRuntime },
	"max-retries":    func(to *kanban.Draft, from kanban.Draft) { to.MaxRetries = from.MaxRetries },
	"created-by":     func(to *kanban.Draft, from kanban.Draft) { to.CreatedBy = from.CreatedBy },
	"skill":          func(to *kanban.Draft, from kanban.Draft) { to.Skills = from.Skills },
	"model":          func(to *kanban.Draft, from kanban.Draft) { to.Model = from.Model },
	"provider":       func(to *kanban.Draft, from kanban.Draft) { to.Provider = from.Provider },
	"goal":           func(to *kanban.Draft, from kanban.Draft) { to.GoalMode = from.GoalMode },
	"goal-max-turns": func(to *kanban.Draft, from kanban.Draft) { to.GoalMaxTurns = from.GoalMaxTurns },
}

func (o *routineForm) add(ctx context.Context, args []string) error {
	name, err := routineName(args[0])
	if err != nil {
		return err
	}
	switch {
	case o.cron == "":
		return usagef(`--cron is missing: when? such as "0 9 * * 1-5", or @daily`)
	case strings.TrimSpace(o.title) == "":
		return usagef("--title is missing: what is each card called?")
	}
	if err := o.look(); err != nil {
		return err
	}
	r := kanban.Routine{Name: name, Cron: o.cron, CreatedBy: o.author()}
	if !o.changed("tz") {
		if r.Zone, err = o.zoneName(); err != nil {
			return err
		}
	}
	if err := o.put(&r); err != nil {
		return err
	}
	return o.opened(ctx, func(s *session) error {
		if err := o.find(s, &r); err != nil {
			return err
		}
		if r, err = s.AddRoutine(ctx, r); err != nil {
			return err
		}
		if who := r.Recipe.Draft.Assignee; who != "" && s.unread == nil {
			if _, known := s.config.Profiles[who]; !known {
				o.warn("%s is no profile of %s, so no dispatcher here will start the cards", who, s.home.ConfigFile())
			}
		}
		if !dispatching(s.home) {
			o.warn("no dispatcher serves %s just now, and without one no card is made; `andon run` starts one", s.home.Root)
		}
		return o.tellRoutine(r, "Created")
	})
}

func (o *routineForm) edit(ctx context.Context, args []string) error {
	name, err := routineName(args[0])
	if err != nil {
		return err
	}
	if err := o.look(); err != nil {
		return err
	}
	known := slices.Concat(slices.Collect(maps.Keys(routineFields)), routineOthers)
	if !slices.ContainsFunc(o.given, func(f string) bool { return slices.Contains(known, f) }) {
		return usagef("what shall change? name it, such as --cron or --title")
	}
	return o.opened(ctx, func(s *session) error {
		was, err := s.Routine(ctx, name)
		if err != nil {
			return err
		}
		// The flags are read once, before the transaction that may run again: standard
		// input can be read once only.
		is := was
		if err := o.put(&is); err != nil {
			return err
		}
		if err := o.find(s, &is); err != nil {
			return err
		}
		r, err := s.EditRoutine(ctx, name, func(r *kanban.Routine) error {
			if !reflect.DeepEqual([]any{r.Cron, r.Zone, r.Missed, r.Overlap, r.Recipe}, []any{was.Cron, was.Zone, was.Missed, was.Overlap, was.Recipe}) {
				return &kanban.Error{Code: kanban.Conflict, Err: kanban.ErrConflict, Msg: "edit routine " + name + ": somebody else has changed it meanwhile", Hint: "look at it and try again"}
			}
			r.Cron, r.Zone, r.Missed, r.Overlap, r.Recipe = is.Cron, is.Zone, is.Missed, is.Overlap, is.Recipe
			return nil
		})
		if err != nil {
			return err
		}
		return o.tellRoutine(r, "Edited")
	})
}

// opened opens the board; --notify wants an andon.yaml that can be read.
func (o *routineForm) opened(ctx context.Context, do func(*session) error) error {
	if len(o.notify) > 0 {
		return o.configured(ctx, do)
	}
	return o.with(ctx, do)
}

// zoneName is the name of this machine's time zone: a routine is kept for others,
// to whom "local" says nothing.
func (a *app) zoneName() (string, error) {
	name := a.Zone.String()
	if name == "Local" {
		name = ""
		if link, err := os.Readlink("/etc/localtime"); err == nil {
			if _, after, ok := strings.Cut(link, "zoneinfo/"); ok {
				name = after
			}
		}
		if now := a.Now().In(a.Zone); name == "" {
			if abbreviation, offset := now.Zone(); abbreviation == "UTC" && offset == 0 {
				name = "UTC"
			}
		}
	}
	if _, err := kanban.ParseZone(name); err != nil {
		return "", usagef("--tz is missing, and the name of this machine's time zone is not known; give one such as Europe/Zurich")
	}
	return name, nil
}
