package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/spf13/cobra"

	"andon/internal/board"
	"andon/internal/config"
	"andon/internal/home"
	"andon/internal/notify"
	"andon/internal/store"
	"andon/internal/view"
	"andon/kanban"
)

func newNotifyRun(a *app, prefix string) *cobra.Command {
	o := &notifyRun{app: a}
	cmd := verb(words{
		use: prefix + "run", group: "work",
		short: "deliver notifications until stopped",
		long: `Deliver what targets are to hear of, as long as this process runs: of all boards of
the home, or of the one that --board or --db names. A commit by any process wakes
it at once. Stopping it, even by force, loses nothing; a message that was on its
way may come twice then, with the same id.

A target that fails is tried again after a growing time. After 12 failures in a
row, or when a webhook answers 410, it is dead: nothing is dropped, and
"andon notify test NAME" revives it. A home has one such process at a time.

Only targets of andon.yaml are served. Subscriptions of other platforms are left
to whoever else reads the board.`,
		example: `  andon notify run
  andon notify run --once --board ops`,
		exits: "another process delivers for this home, or with --once a delivery failed",
	}, noWords, o.run)
	cmd.Flags().BoolVar(&o.once, "once", false, "deliver what there is, and end")
	return cmd
}

type notifyRun struct {
	*app
	once bool

	mu     sync.Mutex // reports come from several goroutines
	failed int
}

// targets are those of andon.yaml with their secrets.
func (a *app) targets(h home.Home) (map[string]config.Target, error) {
	cfg, err := a.loadConfig(h)
	if err != nil {
		return nil, err
	}
	targets := map[string]config.Target{}
	for name, t := range cfg.Notify.Targets {
		if targets[name], err = t.Resolve(name, a.Env); err != nil {
			return nil, &kanban.Error{Code: kanban.Invalid, Err: err, Msg: h.ConfigFile() + ": " + err.Error()}
		}
	}
	return targets, nil
}

// allBoards are those that are meant by a verb upon all of a home, unless one was
// named by a flag.
func (a *app) allBoards(h home.Home) ([]home.Board, error) {
	if a.places.Board == "" {
		return h.Boards()
	}
	b, err := h.Current()
	return []home.Board{b}, err
}

func (o *notifyRun) run(ctx context.Context, _ []string) error {
	h, _, err := o.find()
	if err != nil {
		return err
	}
	targets, err := o.targets(h)
	if err != nil {
		return err
	}
	if len(targets) == 0 {
		return &kanban.Error{Code: kanban.NotFound, Msg: fmt.Sprintf("%s has no targets", h.ConfigFile()), Hint: "describe one under notify.targets"}
	}
	options := notify.Options{
		Home: h, Targets: targets, Report: o.report,
		Boards: func() ([]home.Board, error) { return o.allBoards(h) },
		Open:   o.openDB,
		Warn: func(s string) {
			o.mu.Lock()
			defer o.mu.Unlock()
			o.warn("%s", s)
		},
	}
	if !o.once {
		return notify.Run(ctx, options)
	}
	if err := notify.Once(ctx, options); err != nil {
		return err
	}
	if o.failed > 0 {
		return errSaid
	}
	return nil
}

// delivered is one delivery as scripts see it.
type delivered struct {
	Board   home.Slug      `json:"board"`
	Target  string         `json:"target"`
	TaskID  kanban.TaskID  `json:"task_id"`
	EventID kanban.EventID `json:"event_id"`
	Kind    string         `json:"kind"`
	Text    string         `json:"text"`
	Error   *string        `json:"error"`
	NextAt  *int64         `json:"next_attempt_at"`
	Dead    bool           `json:"dead"`
}

// report shows how a delivery went, as soon as it is known.
func (o *notifyRun) report(r notify.Report) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.json {
		d := delivered{Board: r.Board, Target: r.Target.Name, TaskID: r.Notice.Event.Task, EventID: r.Notice.Event.ID,
			Kind: string(r.Notice.Event.Kind), Text: r.Text, Dead: !r.Target.DeadSince.IsZero()}
		if r.Error != "" {
			next := r.Target.NextAt.Unix()
			d.Error, d.NextAt = &r.Error, &next
		}
		_ = view.JSONLine(o.Out, d) // nobody left to tell: the work goes on
	} else if r.Error == "" {
		o.printf("%s  %s  %s\n", o.Now().In(o.Zone).Format("15:04:05"), view.Plain(r.Target.Name), r.Text)
	}
	if r.Error == "" {
		return
	}
	o.failed++
	if r.Target.DeadSince.IsZero() {
		o.say(fmt.Errorf("notify %s of %s: %s; failure %d, next attempt at %s", r.Target.Name, r.Notice.Event.Task, r.Error,
			r.Target.Failures, r.Target.NextAt.In(o.Zone).Format("15:04:05")))
		return
	}
	o.say(fmt.Errorf("notify %s of %s: %s; the target is dead now, and keeps its subscriptions: `andon notify test %s` revives it",
		r.Target.Name, r.Notice.Event.Task, r.Error, r.Target.Name))
}

func newNotifyTest(a *app, prefix string) *cobra.Command {
	return verb(words{
		use: prefix + "test TARGET", group: "work",
		short: "send a test message to a target",
		long: `Send a test message to a target of andon.yaml. If it arrives, a target that was
dead or rested is tried again at once, on every board of the home.`,
		example: `  andon notify test ops`,
		exits:   "no such target, or the message did not arrive",
	}, cobra.ExactArgs(1), func(ctx context.Context, args []string) error {
		h, _, err := a.find()
		if err != nil {
			return err
		}
		cfg, err := a.loadConfig(h)
		if err != nil {
			return err
		}
		name := strings.TrimSpace(args[0])
		t, known := cfg.Notify.Targets[name]
		if !known {
			return (&session{home: h, config: cfg}).noTarget(name)
		}
		if t, err = t.Resolve(name, a.Env); err == nil {
			err = notify.Test(ctx, name, t)
		}
		if err != nil {
			return &kanban.Error{Code: kanban.Denied, Err: err, Msg: fmt.Sprintf("the test message did not reach %s: %v", name, err)}
		}
		var revived []string
		err = a.eachBoard(ctx, h, func(b *board.Board, place home.Board) error {
			targets, err := b.Targets(ctx)
			if err != nil || !slices.ContainsFunc(targets, func(t kanban.Target) bool { return t.Name == name && t.Failures > 0 }) {
				return err // nothing to write
			}
			was, err := b.Revive(ctx, name)
			if was {
				revived = append(revived, string(place.Slug))
			}
			return err
		})
		if err != nil {
			return err
		}
		if a.json {
			return view.JSON(a.Out, map[string]any{"target": name, "delivered": true, "revived": append([]string{}, revived...)})
		}
		a.printf("The test message reached %s\n", view.Plain(name))
		if len(revived) > 0 {
			a.printf("It is tried again at once (boards: %s)\n", strings.Join(revived, ", "))
		}
		return nil
	})
}

func newNotifyStatus(a *app, prefix string) *cobra.Command {
	o := &notifyStatus{app: a}
	return verb(words{
		use: prefix + "status", group: "look",
		short: "show how deliveries go",
		long: `Show for each target how its deliveries go, on each board: whether it rests or is
dead, since when and why, and how many cards it is subscribed to. It also shows
subscriptions that nobody delivers, because their target is not in andon.yaml, and
whether a process delivers just now.`,
		example: `  andon notify status
  andon notify status --json | jq '.targets[] | select(.dead_since)'`,
		exits: "a target is dead, or a subscription has no target",
	}, noWords, o.run)
}

type notifyStatus struct{ *app }

type statusView struct {
	Running bool         `json:"running"`
	Runner  string       `json:"runner"`
	Targets []targetView `json:"targets"`
	Orphans []orphanView `json:"orphans"`
}

type targetView struct {
	Board     home.Slug       `json:"board"`
	Target    string          `json:"target"`
	Kind      string          `json:"kind"`
	Subs      int             `json:"subscriptions"`
	Follow    []string        `json:"follow"`
	Failures  int64           `json:"failures"`
	NextAt    *int64          `json:"next_attempt_at"`
	LastError *string         `json:"last_error"`
	DeadSince *int64          `json:"dead_since"`
	state     string          // for people
	cursor    *kanban.EventID // of what it follows
}

type orphanView struct {
	Board    home.Slug     `json:"board"`
	TaskID   kanban.TaskID `json:"task_id"`
	Platform string        `json:"platform"`
	ChatID   string        `json:"chat_id"`
}

func (o *notifyStatus) run(ctx context.Context, _ []string) error {
	h, _, err := o.find()
	if err != nil {
		return err
	}
	cfg, err := o.loadConfig(h)
	if err != nil {
		return err
	}
	v := statusView{Targets: []targetView{}, Orphans: []orphanView{}}
	v.Runner, v.Running = notify.Holder(h)
	var dead []string
	err = o.eachBoard(ctx, h, func(b *board.Board, place home.Board) error {
		known, err := b.Targets(ctx)
		if err != nil {
			return err
		}
		subs, err := b.Subscriptions(ctx, store.SubFilter{Platforms: ownPlatforms()})
		if err != nil {
			return err
		}
		counts := map[string]int{}
		for _, s := range subs {
			if string(cfg.Notify.Targets[s.ChatID].Kind) == strings.ToLower(s.Platform) {
				counts[s.ChatID]++
			} else {
				v.Orphans = append(v.Orphans, orphanView{place.Slug, s.Task, s.Platform, s.ChatID})
			}
		}
		for _, name := range cfg.TargetNames() {
			t := kanban.Target{Name: name}
			if i := slices.IndexFunc(known, func(t kanban.Target) bool { return t.Name == name }); i >= 0 {
				t = known[i]
			}
			row := o.target(place, cfg.Notify.Targets[name], t)
			row.Subs = counts[name]
			v.Targets = append(v.Targets, row)
			if !t.DeadSince.IsZero() {
				dead = append(dead, fmt.Sprintf("%s (board %s)", name, place.Slug))
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	if o.json {
		err = view.JSON(o.Out, v)
	} else {
		o.text(v)
	}
	switch {
	case err != nil:
		return err
	case len(dead) > 0:
		return &kanban.Error{Code: kanban.Conflict, Msg: "dead, so nothing is delivered to them: " + strings.Join(dead, ", "), Hint: "mend what is wrong, then `andon notify test NAME`"}
	case len(v.Orphans) > 0:
		s := v.Orphans[0]
		return &kanban.Error{Code: kanban.Conflict, Msg: fmt.Sprintf("%s no target in %s, such as %s:%s to %s",
			counted(len(v.Orphans), "subscription has", "subscriptions have"), h.ConfigFile(), s.Platform, s.ChatID, s.TaskID), Hint: "describe the target, or unsubscribe it"}
	}
	return nil
}

func (o *notifyStatus) target(place home.Board, c config.Target, t kanban.Target) targetView {
	row := targetView{Board: place.Slug, Target: t.Name, Kind: string(c.Kind), Follow: []string{}, Failures: t.Failures, state: "ok"}
	for _, k := range c.Follow {
		row.Follow = append(row.Follow, string(k))
	}
	if t.Follows {
		row.cursor = &t.Cursor
	}
	if t.Failures == 0 {
		return row
	}
	next := t.NextAt.Unix()
	row.NextAt, row.LastError = &next, &t.LastError
	row.state = fmt.Sprintf("failed %d times, tried again at %s", t.Failures, t.NextAt.In(o.Zone).Format("15:04:05"))
	if !t.DeadSince.IsZero() {
		since := t.DeadSince.Unix()
		row.DeadSince, row.NextAt = &since, nil
		row.state = "dead since " + view.Clock(t.DeadSince, o.Zone)
	}
	return row
}

func (o *notifyStatus) text(v statusView) {
	if v.Running {
		o.printf("%s delivers\n", view.Plain(v.Runner))
	} else {
		o.printf("nobody delivers just now; `andon notify run` does\n")
	}
	for _, t := range v.Targets {
		o.printf("%-12s %-16s %-9s %s", view.Plain(string(t.Board)), view.Plain(t.Target), t.Kind, counted(t.Subs, "subscription", "subscriptions"))
		if len(t.Follow) > 0 {
			o.printf(", follows %s", strings.Join(t.Follow, " "))
			if t.cursor != nil {
				o.printf(" after event %d", *t.cursor)
			}
		}
		o.printf("  %s\n", t.state)
		if t.LastError != nil {
			o.printf("             %s\n", view.Plain(*t.LastError))
		}
	}
	for _, s := range v.Orphans {
		o.printf("%-12s %s:%s to %s  no such target\n", view.Plain(string(s.Board)), view.Plain(s.Platform), view.Plain(s.ChatID), view.Plain(string(s.TaskID)))
	}
}

// eachBoard opens each board that is there, one after the other.
func (a *app) eachBoard(ctx context.Context, h home.Home, do func(*board.Board, home.Board) error) error {
	places, err := a.allBoards(h)
	if err != nil {
		return err
	}
	for _, place := range places {
		err := place.Look(ctx)
		if errors.Is(err, home.ErrAbsent) {
			continue
		}
		if err != nil {
			return err
		}
		db, err := a.openDB(ctx, place)
		if err != nil {
			return err
		}
		if err := errors.Join(do(board.New(db), place), db.Close()); err != nil {
			return err
		}
	}
	return nil
}
