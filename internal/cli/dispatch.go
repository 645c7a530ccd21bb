package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"andon/internal/dispatch"
	"andon/internal/home"
	"andon/internal/view"
	"andon/kanban"
)

func newDispatch(a *app) *cobra.Command {
	o := &dispatchOnce{app: a}
	cmd := verb(words{
		use: "dispatch", group: "work",
		short: "do one pass of the dispatcher",
		long: `Do one pass: take back cards whose worker is gone, promote what is due, start
what may start, on all boards of the home or on the one that --board names. Workers
go on after it has ended. Use "andon run" for a dispatcher that stays.`,
		example: `  andon dispatch --dry-run
  andon dispatch --max 2 --json`,
		exits: "the pass, or a part of it, could not be done",
	}, noWords, o.run)
	f := cmd.Flags()
	o.changed = f.Changed
	f.BoolVar(&o.dryRun, "dry-run", false, "only say what would be started; change nothing")
	f.IntVar(&o.max, "max", 0, "at most so many running cards (beside dispatch.max_in_progress; 0: no further limit)")
	f.IntVar(&o.failureLimit, "failure-limit", 0, "failures in a row that block a card (default: dispatch.failure_limit)")
	return cmd
}

type dispatchOnce struct {
	*app
	dryRun            bool
	max, failureLimit int
	changed           func(flag string) bool
}

func (o *dispatchOnce) run(ctx context.Context, _ []string) error {
	if o.max < 0 {
		return usagef("--max %d: it cannot be negative", o.max)
	}
	if o.changed("failure-limit") && o.failureLimit < 1 {
		return usagef("--failure-limit %d: it must be 1 or more", o.failureLimit)
	}
	f, err := o.findFleet(ctx)
	if err != nil {
		return err
	}
	f.failureLimit, f.max = o.failureLimit, o.max
	reports, err := f.dispatcher().Tick(ctx, o.dryRun)
	if err != nil {
		return err
	}
	if o.json {
		err = view.JSON(o.Out, newPassView(reports))
	} else {
		o.printf("%s", passText(reports, o.dryRun))
	}
	failed := false
	for _, r := range reports {
		for _, e := range r.Errors {
			failed = true
			o.say(f.about(r.Board, e))
		}
	}
	if failed {
		return errSaid
	}
	return err
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
	OverBudget    []kanban.TaskID  `json:"over_budget"`
	SkippedLocked bool             `json:"skipped_locked"`
	Routines      []firedView      `json:"routines"`
	Resources     []resourceView   `json:"skipped_resources"`
	Paused        []kanban.TaskID  `json:"skipped_paused"`
}

// firedView is a routine whose time had come.
type firedView struct {
	Name    string                `json:"name"`
	TaskID  *kanban.TaskID        `json:"task_id"`
	Outcome kanban.RoutineOutcome `json:"outcome"`
	Error   string                `json:"error,omitempty"`
}

// boardTick is what a pass did on one board.
type boardTick struct {
	Board home.Slug `json:"board"`
	tickView
}

// passView is what a pass did on all boards together, and on each.
type passView struct {
	tickView
	Boards []boardTick `json:"boards,omitempty"` // where there are several
}

// resourceView is a card that waits for a resource.
type resourceView struct {
	TaskID   kanban.TaskID   `json:"task_id"`
	Resource string          `json:"resource"`
	Users    []kanban.TaskID `json:"users"`
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
		Unassigned: held(r, dispatch.HoldUnassigned), Nonspawnable: held(r, dispatch.HoldNoProfile), Capped: append(held(r, dispatch.HoldCap), held(r, dispatch.HoldBoardCap)...),
		Paused: held(r, dispatch.HoldPaused), Resources: []resourceView{}, ProfileCapped: []profileCapView{}, AutoAssigned: list(r.AutoAssigned), Waiting: []waitingView{}, Guarded: []guardedView{},
		RateLimited: append(held(r, dispatch.HoldRateLimit), held(r, dispatch.HoldAccount)...), OverBudget: held(r, dispatch.HoldBudget), SkippedLocked: r.SkippedLocked,
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
		case dispatch.HoldResource:
			v.Resources = append(v.Resources, resourceView{h.Task.ID, first.Resource, append([]kanban.TaskID{}, first.Users...)})
		case dispatch.HoldProfileCap:
			v.ProfileCapped = append(v.ProfileCapped, profileCapView{h.Task.ID, h.Task.Assignee, first.Current})
		case dispatch.HoldBudget, dispatch.HoldBackoff, dispatch.HoldRateLimit, dispatch.HoldAccount:
			v.Waiting = append(v.Waiting, waitingView{h.Task.ID, first.Until.Unix()})
		case dispatch.HoldSuccess, dispatch.HoldPull:
			v.Guarded = append(v.Guarded, guardedView{h.Task.ID, first.Kind, first.Until.Unix()})
		}
	}
	return v
}

func newPassView(reports []dispatch.Report) passView {
	v := passView{tickView: newTickView(dispatch.Report{})}
	for _, r := range reports {
		b := newTickView(r)
		if len(reports) > 1 {
			v.Boards = append(v.Boards, boardTick{r.Board.Slug, b})
		}
		v.add(b)
	}
	return v
}

// add joins what was done on another board. One where another dispatcher was is
// told of if it was the only one.
func (v *tickView) add(b tickView) {
	v.Reclaimed += b.Reclaimed
	v.Promoted += b.Promoted
	for _, l := range []struct{ to, from *[]kanban.TaskID }{
		{&v.Crashed, &b.Crashed}, {&v.TimedOut, &b.TimedOut}, {&v.Stale, &b.Stale}, {&v.AutoBlocked, &b.AutoBlocked}, {&v.Unassigned, &b.Unassigned},
		{&v.Nonspawnable, &b.Nonspawnable}, {&v.AutoAssigned, &b.AutoAssigned}, {&v.Capped, &b.Capped}, {&v.RateLimited, &b.RateLimited}, {&v.OverBudget, &b.OverBudget}, {&v.Paused, &b.Paused},
	} {
		*l.to = append(*l.to, *l.from...)
	}
	v.Spawned = append(v.Spawned, b.Spawned...)
	v.ProfileCapped = append(v.ProfileCapped, b.ProfileCapped...)
	v.Waiting = append(v.Waiting, b.Waiting...)
	v.Guarded = append(v.Guarded, b.Guarded...)
	v.Resources = append(v.Resources, b.Resources...)
	v.Routines = append(v.Routines, b.Routines...)
	v.SkippedLocked = v.SkippedLocked || b.SkippedLocked
}

// passText says what a pass did on each board.
func passText(reports []dispatch.Report, dryRun bool) string {
	var b strings.Builder
	failed := false
	for _, r := range reports {
		text := tickText(r, dryRun)
		failed = failed || len(r.Errors) > 0 // whether there was something to do, nobody knows then
		if text == nothingToDo {
			continue
		}
		if len(reports) > 1 {
			fmt.Fprintf(&b, "board %s\n", r.Board.Slug)
			text = "  " + strings.TrimSuffix(strings.ReplaceAll(text, "\n", "\n  "), "  ")
		}
		b.WriteString(text)
	}
	if b.Len() == 0 && !failed {
		b.WriteString(nothingToDo)
	}
	return b.String()
}

const nothingToDo = "nothing to do\n"

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
	line("paused", held(r, dispatch.HoldPaused))
	line("at the cap", append(held(r, dispatch.HoldCap), held(r, dispatch.HoldBoardCap)...))
	for _, h := range r.Starts.Held {
		switch first := h.Holds[0]; first.Kind {
		case dispatch.HoldResource:
			fmt.Fprintf(&b, "%-13s %s: %s (%d of %d in use)\n", "waiting:", h.Task.ID, first.Resource, first.Current, first.Limit)
		case dispatch.HoldProfileCap:
			fmt.Fprintf(&b, "%-13s %s: %s has %d running\n", "at the cap:", h.Task.ID, view.Plain(h.Task.Assignee), first.Current)
		case dispatch.HoldBudget, dispatch.HoldBackoff, dispatch.HoldRateLimit, dispatch.HoldAccount:
			fmt.Fprintf(&b, "%-13s %s until %s\n", "waiting:", h.Task.ID, first.Until.Format("15:04:05"))
		case dispatch.HoldSuccess, dispatch.HoldPull:
			fmt.Fprintf(&b, "%-13s %s (%s) until %s\n", "guarded:", h.Task.ID, first.Kind, first.Until.Format("2006-01-02 15:04:05"))
		}
	}
	if b.Len() == 0 {
		b.WriteString(nothingToDo)
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
