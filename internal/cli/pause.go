package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"andon/internal/board"
	"andon/internal/config"
	"andon/internal/home"
	"andon/internal/view"
	"andon/kanban"
)

// scoped is what pause, resume and drain are about.
type scoped struct {
	*app
	profile, reason string
	all             bool
	changed         func(flag string) bool
}

func (o *scoped) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&o.profile, "profile", "", "the cards of this profile, on all boards")
	f.BoolVar(&o.all, "all", false, "all boards of the home")
	o.changed = f.Changed
}

// scope is what the flags name. Without one it is the board.
func (o *scoped) scope() (kanban.PauseScope, error) {
	switch {
	case o.changed("profile") && o.all, o.changed("profile") && o.places.Board != "", o.all && o.places.Board != "":
		return "", usagef("--board, --profile and --all exclude each other")
	case o.changed("profile"):
		name, err := config.ParseProfileName(o.profile)
		if err != nil {
			return "", usagef("--profile: %v", err)
		}
		return kanban.ProfileScope(name), nil
	case o.all:
		return kanban.ScopeAll, nil
	}
	return kanban.ScopeBoard, nil
}

// each opens the boards that a scope is about, one after the other: the board that
// is meant, or all there are, each of which has to know.
func (o *scoped) each(ctx context.Context, scope kanban.PauseScope, do func(*board.Board, home.Board) error) error {
	h, place, err := o.find()
	if err != nil {
		return err
	}
	places := []home.Board{place}
	if scope != kanban.ScopeBoard {
		if places, err = o.allHere(ctx, h); err != nil {
			return err
		}
	}
	var wrong error
	for _, p := range places {
		if p.Address() != place.Address() {
			if err := p.Look(ctx); errors.Is(err, home.ErrAbsent) {
				continue
			}
		}
		db, err := o.openDB(ctx, p)
		if err == nil {
			err = errors.Join(do(board.New(db), p), db.Close())
		}
		if err != nil && len(places) > 1 {
			err = fmt.Errorf("board %s: %w", p.Slug, err)
		}
		wrong = errors.Join(wrong, err) // the others are to hear of it all the same
	}
	return wrong
}

// known warns of a profile that is none.
func (o *scoped) known(scope kanban.PauseScope) {
	h, _, err := o.find()
	if err != nil || scope.Profile() == "" {
		return
	}
	if cfg, err := o.loadConfig(h); err == nil {
		if _, ok := cfg.Profiles[scope.Profile()]; !ok {
			o.warn("%s is no profile of %s", scope.Profile(), h.ConfigFile())
		}
	}
}

// pauseView is a pause as scripts see it.
type pauseView struct {
	Board  home.Slug         `json:"board"`
	Scope  kanban.PauseScope `json:"scope"`
	Reason string            `json:"reason"`
	By     string            `json:"by"`
	Since  int64             `json:"since"`
}

func pausesOf(b home.Board, pauses []kanban.Pause) []pauseView {
	views := make([]pauseView, len(pauses))
	for i, p := range pauses {
		views[i] = pauseView{b.Slug, p.Scope, p.Reason, p.Actor, p.Since.Unix()}
	}
	return views
}

func newPause(a *app) *cobra.Command {
	o := &pause{scoped{app: a}}
	cmd := verb(words{
		use: "pause", group: "work",
		short: "start no cards until told to",
		long: `Start no cards of the board, of a profile or of any board until "andon resume".
What runs goes on, and cards can be made, claimed and finished as ever; "andon drain"
waits for what runs, too. Every dispatcher hears of it, wherever it is. "andon why"
says of a card that it waits for this.`,
		example: `  andon pause --reason "new API key on its way"
  andon pause --board ops
  andon pause --profile writer --reason "it writes nonsense"
  andon pause --all`,
		exits: "a board could not be told",
	}, cobra.NoArgs, o.run)
	o.flags(cmd)
	cmd.Flags().StringVar(&o.reason, "reason", "", "why, for people and \"andon why\"")
	return cmd
}

type pause struct{ scoped }

func (o *pause) run(ctx context.Context, _ []string) error {
	scope, err := o.scope()
	if err != nil {
		return err
	}
	views, err := o.pause(ctx, scope)
	if err != nil {
		return err
	}
	if o.json {
		return view.JSON(o.Out, views)
	}
	o.printf("Paused %s; what runs goes on, and `andon resume` ends it\n", o.name(scope, views))
	return nil
}

// name is a scope for people.
func (o *scoped) name(scope kanban.PauseScope, on []pauseView) string {
	if scope == kanban.ScopeBoard && len(on) > 0 {
		return "the board " + string(on[0].Board)
	}
	return scope.String()
}

// pause tells the boards, and what is paused on them then.
func (o *scoped) pause(ctx context.Context, scope kanban.PauseScope) ([]pauseView, error) {
	o.known(scope)
	views := []pauseView{}
	err := o.each(ctx, scope, func(b *board.Board, place home.Board) error {
		if err := b.Pause(ctx, kanban.Pause{Scope: scope, Reason: o.reason, Actor: o.author()}); err != nil {
			return err
		}
		pauses, err := b.Pauses(ctx)
		views = append(views, pausesOf(place, pauses)...)
		return err
	})
	return views, err
}

func newResume(a *app) *cobra.Command {
	o := &resume{scoped{app: a}}
	cmd := verb(words{
		use: "resume", group: "work",
		short: "start cards again after a pause",
		long: `Start cards again that "andon pause" or "andon drain" keep from it: those of the
board, or of a profile. --all ends every pause there is, whatever it is of. A rest of
the profile's account after a rate limit ends, too; a card that met the limit itself
can be claimed, or waits until its time has come.`,
		example: `  andon resume
  andon resume --profile writer
  andon resume --all`,
		exits: "a board could not be told",
	}, cobra.NoArgs, o.run)
	o.flags(cmd)
	return cmd
}

type resume struct{ scoped }

func (o *resume) run(ctx context.Context, _ []string) error {
	scope, err := o.scope()
	if err != nil {
		return err
	}
	scopes := []kanban.PauseScope{scope}
	if scope == kanban.ScopeAll {
		scopes = nil // whatever is paused
	}
	v := struct {
		Resumed []kanban.PauseScope `json:"resumed"`
		Paused  []pauseView         `json:"paused"`
	}{[]kanban.PauseScope{}, []pauseView{}}
	slug := home.Slug("")
	err = o.each(ctx, scope, func(b *board.Board, place home.Board) error {
		slug = place.Slug
		ended, err := b.Resume(ctx, scopes...)
		if err != nil {
			return err
		}
		forgiven, err := []string(nil), error(nil)
		switch {
		case scope == kanban.ScopeAll:
			forgiven, err = b.Forgive(ctx, "", o.author())
		case scope.Profile() != "":
			forgiven, err = b.Forgive(ctx, scope.Profile(), o.author())
		}
		if err != nil {
			return err
		}
		for _, p := range forgiven {
			ended = append(ended, kanban.ProfileScope(p))
		}
		for _, s := range ended {
			if !slices.Contains(v.Resumed, s) {
				v.Resumed = append(v.Resumed, s)
			}
		}
		left, err := b.Pauses(ctx)
		v.Paused = append(v.Paused, pausesOf(place, left)...)
		return err
	})
	if err != nil {
		return err
	}
	if o.json {
		return view.JSON(o.Out, v)
	}
	name := o.name(scope, []pauseView{{Board: slug}})
	switch {
	case len(v.Resumed) == 0:
		o.printf("Nothing was paused of %s\n", name)
	default:
		o.printf("Resumed %s\n", name)
	}
	said := map[kanban.PauseScope]bool{}
	for _, p := range v.Paused {
		if !said[p.Scope] {
			said[p.Scope] = true
			o.printf("Still paused: %s (%s)\n", p.Scope.String(), view.Plain(or(p.Reason, "no reason given")))
		}
	}
	return nil
}

func newDrain(a *app) *cobra.Command {
	o := &drain{scoped: scoped{app: a}}
	cmd := verb(words{
		use: "drain", group: "work",
		short: "start no cards, and wait for those that run",
		long: `Pause the board, a profile or all boards, as "andon pause" does, and wait until none
of its cards is running any more. It stays paused after that, until "andon resume".
Nothing that runs is ended.`,
		example: `  andon drain --all --timeout 30m && systemctl stop andon
  andon drain --profile writer`,
		exits: "cards are still running after the timeout, or a board could not be told",
	}, cobra.NoArgs, o.run)
	o.flags(cmd)
	cmd.Flags().StringVar(&o.reason, "reason", "", "why, for people and \"andon why\"")
	cmd.Flags().StringVar(&o.timeout, "timeout", "", "how long to wait, such as 30m (default: as long as it takes)")
	return cmd
}

type drain struct {
	scoped
	timeout string
}

// errLate ends a wait that took too long.
var errLate = errors.New("the time is over")

func (o *drain) run(ctx context.Context, _ []string) error {
	scope, err := o.scope()
	if err != nil {
		return err
	}
	var limit time.Duration
	if o.changed("timeout") {
		if limit, err = config.ParseDuration(o.timeout); err != nil || limit <= 0 {
			return usagef("--timeout %q: give a length of time such as 30m", o.timeout)
		}
	}
	paused, err := o.pause(ctx, scope)
	if err != nil {
		return err
	}
	if limit > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, limit, errLate)
		defer cancel()
	}
	left := []kanban.TaskID{}
	err = o.each(context.WithoutCancel(ctx), scope, func(b *board.Board, place home.Board) error {
		was := ""
		look := func() (bool, error) {
			tasks, err := b.Running(context.WithoutCancel(ctx))
			if err != nil {
				return false, err
			}
			var ids []kanban.TaskID
			for _, t := range tasks {
				if scope.Profile() == "" || t.Assignee == scope.Profile() {
					ids = append(ids, t.ID)
				}
			}
			if now := joinIDs(ids); now != was && now != "" {
				was = now
				fmt.Fprintf(o.Err, "andon: board %s: waiting for %d running: %s\n", place.Slug, len(ids), now)
			}
			if len(ids) > 0 && ctx.Err() != nil {
				left = append(left, ids...)
				return true, nil
			}
			return len(ids) == 0, nil
		}
		err := b.Until(ctx, look)
		if err != nil && ctx.Err() != nil {
			_, err = look() // for those that are left
		}
		return err
	})
	if err != nil {
		return err
	}
	if o.json {
		err = view.JSON(o.Out, struct {
			Drained bool            `json:"drained"`
			Running []kanban.TaskID `json:"running"`
			Paused  []pauseView     `json:"paused"`
		}{len(left) == 0, left, paused})
	} else if len(left) == 0 {
		o.printf("Drained %s: nothing runs, and nothing is started until `andon resume`\n", o.name(scope, paused))
	}
	switch {
	case err != nil || len(left) == 0:
		return err
	case !errors.Is(context.Cause(ctx), errLate):
		return &kanban.Error{Code: kanban.Conflict, Msg: fmt.Sprintf("drain: broken off; %d cards are running yet: %s", len(left), joinIDs(left)),
			Hint: "it is paused; `andon resume` ends that"}
	}
	return &kanban.Error{Code: kanban.Conflict, Msg: fmt.Sprintf("drain: after %s %d cards are running yet: %s", limit, len(left), joinIDs(left)),
		Hint: "wait longer, or `andon cancel` them; it stays paused until `andon resume`"}
}

// pauseLines are the pauses of a board as a list begins with them.
func (a *app) pauseLines(pauses []kanban.Pause) string {
	var b strings.Builder
	for _, p := range pauses {
		fmt.Fprintf(&b, "Paused: %s, since %s by %s", p.Scope.String(), view.Clock(p.Since, a.Zone), or(p.Actor, "somebody"))
		if p.Reason != "" {
			fmt.Fprintf(&b, ": %s", p.Reason)
		}
		b.WriteByte('\n')
	}
	return b.String()
}
