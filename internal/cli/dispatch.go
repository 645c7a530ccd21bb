package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"andon/internal/config"
	"andon/internal/dispatch"
	"andon/internal/view"
	"andon/internal/worker"
	"andon/kanban"
)

func newDispatch(a *app) *cobra.Command {
	o := &dispatchOnce{app: a}
	cmd := verb(words{
		use: "dispatch", group: "work",
		short: "do one pass of the dispatcher",
		long: `Do one pass: take back cards whose worker is gone, promote what is due, start
what may start. Workers go on after it has ended. Use "andon run" for a
dispatcher that stays.`,
		example: `  andon dispatch --dry-run
  andon dispatch --max 2 --json`,
		exits: "the pass, or a part of it, could not be done",
	}, noWords, o.run)
	f := cmd.Flags()
	f.BoolVar(&o.dryRun, "dry-run", false, "only say what would be started; change nothing")
	f.IntVar(&o.max, "max", 0, "at most so many running cards (beside dispatch.max_in_progress; 0: no further limit)")
	f.IntVar(&o.failureLimit, "failure-limit", 0, "failures in a row that block a card (default: dispatch.failure_limit)")
	return cmd
}

type dispatchOnce struct {
	*app
	dryRun            bool
	max, failureLimit int
}

func (o *dispatchOnce) run(ctx context.Context, _ []string) error {
	if o.max < 0 {
		return usagef("--max %d: it cannot be negative", o.max)
	}
	if o.failureLimit < 0 {
		return usagef("--failure-limit %d: it must be 1 or more", o.failureLimit)
	}
	return o.configured(ctx, func(s *session) error {
		s.limitFailures(o.app, o.failureLimit)
		r, err := o.dispatcher(s, o.max).Tick(ctx, o.dryRun)
		if err != nil {
			return err
		}
		if o.json {
			err = view.JSON(o.Out, newTickView(r))
		} else {
			o.printf("%s", tickText(r, o.dryRun))
		}
		for _, e := range r.Errors {
			fmt.Fprintf(o.Err, "andon: %s\n", view.Plain(e.Error()))
		}
		if len(r.Errors) > 0 {
			return errSaid
		}
		return err
	})
}

// limitFailures puts the limit of the command line, if there is one, in the place
// of andon.yaml's.
func (s *session) limitFailures(a *app, limit int) {
	if limit > 0 {
		s.config.Dispatch.FailureLimit = limit
		s.Policy = s.config.Policy(config.RateLimitCooldown(a.Env))
	}
}

// dispatcher makes the dispatcher of the board.
func (a *app) dispatcher(s *session, max int) *dispatch.Dispatcher {
	if name := s.config.Dispatch.DefaultAssignee; name != "" {
		if _, known := s.config.Profiles[name]; !known {
			a.warn("dispatch.default_assignee is %q, and there is no such profile; cards of nobody stay so", name)
		}
	}
	return &dispatch.Dispatcher{
		Board: s.Board, Place: s.place,
		Limits: dispatch.Limits{
			Dispatch: s.config.Dispatch, Profiles: s.config.Profiles, Max: max, Grace: config.CrashGrace(a.Env),
		},
		Job: worker.Job{
			Root: s.home.Root, TTL: config.ClaimTTL(a.Env), Busy: config.BusyTimeout(a.Env),
			RateLimitCooldown: config.RateLimitCooldown(a.Env), FailureLimit: s.config.Dispatch.FailureLimit,
			Backoff: s.config.Dispatch.Backoff.Rule(),
		},
		Launch: func(job worker.Job, done func()) error { return worker.Launch(a.Self, job, done) },
	}
}

// tickView is what a pass did as scripts see it.
type tickView struct {
	Reclaimed     int              `json:"reclaimed"`
	Crashed       []kanban.TaskID  `json:"crashed"`
	TimedOut      []kanban.TaskID  `json:"timed_out"`
	Stale         []kanban.TaskID  `json:"stale"`
	AutoBlocked   []kanban.TaskID  `json:"auto_blocked"`
	Promoted      int              `json:"promoted"`
	Spawned       []spawnView      `json:"spawned"`
	Unassigned    []kanban.TaskID  `json:"skipped_unassigned"`
	Nonspawnable  []kanban.TaskID  `json:"skipped_nonspawnable"`
	ProfileCapped []profileCapView `json:"skipped_per_profile_capped"`
	AutoAssigned  []kanban.TaskID  `json:"auto_assigned_default"`
	Capped        []kanban.TaskID  `json:"skipped_capped"`
	Waiting       []waitingView    `json:"waiting"`
	Guarded       []guardedView    `json:"respawn_guarded"`
	RateLimited   []kanban.TaskID  `json:"rate_limited"`
	SkippedLocked bool             `json:"skipped_locked"`
	Routines      []firedView      `json:"routines"`
}

// firedView is a routine whose time had come.
type firedView struct {
	Name    string                `json:"name"`
	TaskID  *kanban.TaskID        `json:"task_id"`
	Outcome kanban.RoutineOutcome `json:"outcome"`
	Error   string                `json:"error,omitempty"`
}

type spawnView struct {
	TaskID    kanban.TaskID `json:"task_id"`
	Assignee  string        `json:"assignee"`
	Workspace string        `json:"workspace"`
	RunID     kanban.RunID  `json:"run_id,omitempty"`
}

type profileCapView struct {
	TaskID   kanban.TaskID `json:"task_id"`
	Assignee string        `json:"assignee"`
	Current  int           `json:"current"`
}

type waitingView struct {
	TaskID kanban.TaskID `json:"task_id"`
	Until  int64         `json:"until"`
}

// guardedView is a card that its past holds back.
type guardedView struct {
	TaskID kanban.TaskID     `json:"task_id"`
	Reason dispatch.HoldKind `json:"reason"`
	Until  int64             `json:"until"`
}

func newTickView(r dispatch.Report) tickView {
	list := func(ids []kanban.TaskID) []kanban.TaskID { return append([]kanban.TaskID{}, ids...) }
	v := tickView{
		Reclaimed: len(r.Reclaimed), Crashed: list(r.Crashed), TimedOut: list(r.TimedOut), Stale: list(r.Stale),
		AutoBlocked: list(r.AutoBlocked), Promoted: len(r.Promoted), Spawned: []spawnView{},
		Unassigned: held(r, dispatch.HoldUnassigned), Nonspawnable: held(r, dispatch.HoldNoProfile), Capped: held(r, dispatch.HoldCap),
		ProfileCapped: []profileCapView{}, AutoAssigned: list(r.AutoAssigned), Waiting: []waitingView{}, Guarded: []guardedView{},
		RateLimited: held(r, dispatch.HoldRateLimit), SkippedLocked: r.SkippedLocked,
		Routines: []firedView{},
	}
	for _, f := range r.Fired {
		fired := firedView{Name: f.Routine.Name, Outcome: f.Routine.Outcome, Error: f.Routine.Error}
		if f.Card != "" {
			fired.TaskID = &f.Card
		}
		v.Routines = append(v.Routines, fired)
	}
	for _, s := range r.Spawned {
		v.Spawned = append(v.Spawned, spawnView{s.Task, s.Assignee, s.Workspace, s.Run})
	}
	for _, h := range r.Starts.Held {
		switch first := h.Holds[0]; first.Kind {
		case dispatch.HoldProfileCap:
			v.ProfileCapped = append(v.ProfileCapped, profileCapView{h.Task.ID, h.Task.Assignee, first.Current})
		case dispatch.HoldBackoff, dispatch.HoldRateLimit:
			v.Waiting = append(v.Waiting, waitingView{h.Task.ID, first.Until.Unix()})
		case dispatch.HoldSuccess, dispatch.HoldPull:
			v.Guarded = append(v.Guarded, guardedView{h.Task.ID, first.Kind, first.Until.Unix()})
		}
	}
	return v
}

// held lists the cards whose weightiest hold is of a kind.
func held(r dispatch.Report, kind dispatch.HoldKind) []kanban.TaskID {
	ids := []kanban.TaskID{}
	for _, h := range r.Starts.By(kind) {
		ids = append(ids, h.Task.ID)
	}
	return ids
}

// tickText says what a pass did, a line for each kind of thing.
func tickText(r dispatch.Report, dryRun bool) string {
	var b strings.Builder
	if r.SkippedLocked {
		return "another dispatcher is at this board just now; nothing was done\n"
	}
	line := func(what string, ids []kanban.TaskID) {
		if len(ids) > 0 {
			fmt.Fprintf(&b, "%-13s %s\n", what+":", joinIDs(ids))
		}
	}
	line("reclaimed", r.Reclaimed)
	line("crashed", r.Crashed)
	line("timed out", r.TimedOut)
	line("stale", r.Stale)
	line("gave up", r.AutoBlocked)
	for _, f := range r.Fired {
		what := string(f.Card)
		if f.Card == "" {
			what = fmt.Sprintf("no card (%s: %s)", f.Routine.Outcome, f.Routine.Error)
		}
		fmt.Fprintf(&b, "%-13s %s -> %s\n", "routine:", view.Plain(f.Routine.Name), view.Plain(what))
	}
	line("promoted", r.Promoted)
	what, assigned := "started", "assigned"
	if dryRun {
		what, assigned = "would start", "would assign"
	}
	line(assigned, r.AutoAssigned)
	for _, s := range r.Spawned {
		fmt.Fprintf(&b, "%-13s %s -> %s", what+":", s.Task, view.Plain(s.Assignee))
		if s.Workspace != "" {
			fmt.Fprintf(&b, " @ %s", view.Plain(s.Workspace))
		}
		b.WriteByte('\n')
	}
	line("unassigned", held(r, dispatch.HoldUnassigned))
	line("no profile", held(r, dispatch.HoldNoProfile))
	line("at the cap", held(r, dispatch.HoldCap))
	for _, h := range r.Starts.Held {
		switch first := h.Holds[0]; first.Kind {
		case dispatch.HoldProfileCap:
			fmt.Fprintf(&b, "%-13s %s: %s has %d running\n", "at the cap:", h.Task.ID, view.Plain(h.Task.Assignee), first.Current)
		case dispatch.HoldBackoff, dispatch.HoldRateLimit:
			fmt.Fprintf(&b, "%-13s %s until %s\n", "waiting:", h.Task.ID, first.Until.Format("15:04:05"))
		case dispatch.HoldSuccess, dispatch.HoldPull:
			fmt.Fprintf(&b, "%-13s %s (%s) until %s\n", "guarded:", h.Task.ID, first.Kind, first.Until.Format("2006-01-02 15:04:05"))
		}
	}
	if b.Len() == 0 {
		b.WriteString("nothing to do\n")
	}
	return b.String()
}

func joinIDs(ids []kanban.TaskID) string {
	s := make([]string, len(ids))
	for i, id := range ids {
		s[i] = string(id)
	}
	return strings.Join(s, " ")
}
