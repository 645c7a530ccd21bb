package dispatch

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"andon/internal/board"
	"andon/internal/config"
	"andon/internal/store"
	"andon/kanban"
)

// fleet is any boards with any settings.
func fleet(t *rapid.T) (all []Snapshot, l Limits) {
	names := []string{"", "ada", "bob", "eve", "ghost"}
	kinds := rapid.SliceOfDistinct(rapid.SampledFrom([]string{"gpu", "phone"}), rapid.ID[string])
	l = Limits{
		Dispatch: config.Dispatch{MaxInProgress: rapid.IntRange(0, 5).Draw(t, "cap"), DefaultAssignee: rapid.SampledFrom(names).Draw(t, "default")},
		Max:      rapid.IntRange(0, 5).Draw(t, "max"),
		Cooldown: time.Hour,
		Profiles: map[string]config.Profile{"ada": {Account: "me", MaxInProgress: rapid.IntRange(0, 2).Draw(t, "cap of ada")},
			"bob": {Resources: kinds.Draw(t, "resources of bob")}, "eve": {Account: "me"}},
		Boards:    map[string]config.Board{"one": {MaxInProgress: rapid.IntRange(0, 3).Draw(t, "cap of one")}},
		Resources: map[string]int{"gpu": rapid.IntRange(1, 2).Draw(t, "gpus")}, // a phone is not defined
	}
	l.Zone = time.UTC
	for range rapid.IntRange(0, 2).Draw(t, "budgets") {
		l.Budgets = append(l.Budgets, kanban.Budget{Profile: rapid.SampledFrom([]string{"", "ada", "bob"}).Draw(t, "budget of"), Tenant: rapid.SampledFrom([]string{"", "acme"}).Draw(t, "budget for"),
			Board: rapid.SampledFrom([]string{"", "one"}).Draw(t, "budget on"), Tokens: rapid.Int64Range(1, 9).Draw(t, "budget"), Per: rapid.SampledFrom(kanban.Periods).Draw(t, "per")})
	}
	for i, name := range []string{"one", "two", "three"}[:rapid.IntRange(1, 3).Draw(t, "boards")] {
		s := NewSnapshot(name, floor(t, name, names), now)
		s.Closed = i > 0 && rapid.IntRange(0, 9).Draw(t, "closed") == 0
		all = append(all, s)
	}
	return all, l
}

// floor is any board: cards in every status, whoever has them, with any past.
func floor(t *rapid.T, board string, names []string) (f board.Floor) {
	f, _ = cards(t, board, names)
	return f
}

func cards(t *rapid.T, name string, names []string) (f board.Floor, all []kanban.Task) {
	f.Pasts = map[kanban.TaskID]kanban.Past{}
	near := rapid.IntRange(-4000, 4000)
	at := func(label string) time.Time {
		if !rapid.Bool().Draw(t, label+" is set") {
			return time.Time{}
		}
		return now.Add(time.Duration(near.Draw(t, label)) * time.Second)
	}
	for i := range rapid.IntRange(0, 9).Draw(t, "cards") {
		task := kanban.Task{
			ID: kanban.TaskID(fmt.Sprint(name, i)), Assignee: rapid.SampledFrom(names).Draw(t, "assignee"),
			Status:  rapid.SampledFrom(append(kanban.Statuses, kanban.Ready, kanban.Ready, kanban.Ready, "odd")).Draw(t, "status"),
			RetryAt: at("retry"), StartAt: at("start"), Failures: int64(rapid.IntRange(0, 3).Draw(t, "failures")),
			Tenant: rapid.SampledFrom([]string{"", "", "acme", "anvil"}).Draw(t, "tenant"), Priority: int64(rapid.IntRange(0, 1).Draw(t, "priority")),
			CreatedAt: at("created"), Resources: rapid.SampledFrom([][]string{nil, nil, nil, {"gpu"}, {"gpu", "phone"}}).Draw(t, "resources"),
		}
		if rapid.IntRange(0, 9).Draw(t, "claim left") == 0 {
			task.Lock = "here:1"
		}
		p := kanban.Past{Last: rapid.SampledFrom([]kanban.Outcome{"", kanban.OutcomeRateLimited, kanban.OutcomeCrashed}).Draw(t, "last"),
			Success: at("success"), LinkAt: at("link"), Requeued: at("requeued"), Continued: at("continued")}
		if !p.LinkAt.IsZero() {
			p.Link = "https://github.com/a/b/pull/1"
		}
		f.Pasts[task.ID] = p
		all = append(all, task)
		switch {
		case task.Status == kanban.Running:
			f.Running = append(f.Running, store.Held{Task: task})
		case task.Status == kanban.Ready && task.Lock == "":
			f.Ready = append(f.Ready, task)
		}
	}
	slices.SortStableFunc(f.Ready, func(a, b kanban.Task) int { return cmp.Compare(b.Priority, a.Priority) })
	for _, s := range rapid.SliceOfNDistinct(rapid.SampledFrom([]kanban.PauseScope{kanban.ScopeBoard, kanban.ScopeAll, kanban.ProfileScope("ada")}), 0, 2, rapid.ID[kanban.PauseScope]).Draw(t, "pauses") {
		if rapid.IntRange(0, 3).Draw(t, "paused") == 0 {
			f.Pauses = append(f.Pauses, kanban.Pause{Scope: s, Since: now, Actor: "eve", Reason: "for now"})
		}
	}
	if rapid.IntRange(0, 3).Draw(t, "limited") == 0 {
		f.Limited = []store.Limited{{Profile: rapid.SampledFrom(names[1:]).Draw(t, "limited"), Run: 1, At: now.Add(-time.Minute), Until: at("until")}}
	}
	for _, p := range kanban.Periods {
		begin, _ := p.Window(now, time.UTC)
		o := kanban.Outlay{Since: begin}
		for range rapid.IntRange(0, 2).Draw(t, "spendings") {
			o.By = append(o.By, kanban.Spending{Profile: rapid.SampledFrom(names).Draw(t, "spent by"), Tenant: rapid.SampledFrom([]string{"", "acme"}).Draw(t, "spent for"),
				Expense: kanban.Expense{Input: rapid.Int64Range(0, 4).Draw(t, "spent")}})
		}
		f.Spent = append(f.Spent, o)
	}
	for i := range rapid.IntRange(0, 4).Draw(t, "served") {
		f.Served = append(f.Served, store.Served{Tenant: rapid.SampledFrom([]string{"", "acme", "anvil"}).Draw(t, "served"),
			Profile: rapid.SampledFrom(names).Draw(t, "by"), Run: kanban.RunID(i + 1), At: at("at")})
	}
	return f, all
}

// The plan starts a card just if the answer has no reason why not, whatever the
// board; and what the answer gives as reasons is what the plan holds it for.
func TestWhyAgreesWithThePlan(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		all, l := fleet(t)
		f, cards := cards(t, "here", []string{"", "ada", "bob", "eve", "ghost"})
		all = append([]Snapshot{NewSnapshot("here", f, now)}, all...)
		p := Plan(all, l)[0]
		starts := map[kanban.TaskID]bool{}
		for _, task := range p.Start {
			starts[task.ID] = true
		}
		held := map[kanban.TaskID][]HoldKind{}
		for _, h := range p.Held {
			for _, one := range h.Holds {
				held[h.Task.ID] = append(held[h.Task.ID], one.Kind)
			}
		}
		for _, task := range cards {
			answer := Why(board.Question{Case: board.Case{Task: task}, Floor: f}, l, Around{Zone: time.UTC, Board: "here", Others: all[1:]}, now)
			var kinds []HoldKind
			for _, r := range answer.Reasons {
				kinds = append(kinds, r.Kind)
				if !strings.HasSuffix(r.Text, ".") || strings.Contains(r.Text, "\n") || strings.Contains(r.Text, "%!") {
					t.Errorf("%s: %q is no sentence", task.ID, r.Text)
				}
			}
			none := slices.Equal(kinds, []HoldKind{HoldNone})
			if none != starts[task.ID] {
				t.Fatalf("%+v: the plan starts it: %v, and the reasons are %q", task, starts[task.ID], kinds)
			}
			if want, planned := held[task.ID]; planned && !slices.Equal(kinds, want) {
				t.Fatalf("%+v: the plan holds it for %q, and the reasons are %q", task, want, kinds)
			}
		}
	})
}

// Who runs on the board, if that is enough, gives the same answer as all that waits
// and the other boards.
func TestEnoughIsEnough(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		all, l := fleet(t)
		for _, task := range all[0].Ready {
			whole, sure := Holds(all, l, task)
			if !sure {
				t.Fatalf("%s is in the queue, and its holds are not certain", task.ID)
			}
			part := board.Floor{Pasts: all[0].Pasts}
			for _, w := range all[0].Running {
				part.Running = append(part.Running, w.Held)
			}
			part.Served, part.Pauses, part.Limited, part.Spent = all[0].Served, all[0].Pauses, all[0].Limited, all[0].Spent
			// Who waits is left out; then the other boards, too, if something holds it.
			bare := []Snapshot{NewSnapshot(all[0].Board, part, now)}
			holds, sure := Holds(bare, l, task)
			if len(holds) == 0 {
				for _, o := range all[1:] {
					o.Ready = nil
					bare = append(bare, o)
				}
				holds, _ = Holds(bare, l, task)
			}
			if sure && (len(holds) == 0) != (len(whole) == 0) {
				t.Fatalf("%s by who runs: %+v; by all %+v", task.ID, holds, whole)
			}
		}
	})
}

func TestWhyInWords(t *testing.T) {
	t.Parallel()
	l := limits()
	said := func(kind kanban.EventKind, payload string) map[kanban.EventKind]kanban.Event {
		return map[kanban.EventKind]kanban.Event{kind: {ID: 1, Kind: kind, At: now.Add(-time.Hour), Payload: kanban.ParsePayload(payload)}}
	}
	past := func(p kanban.Past) board.Floor { return board.Floor{Pasts: map[kanban.TaskID]kanban.Past{"t_1": p}} }
	ready := kanban.Task{ID: "t_1", Status: kanban.Ready, Assignee: "bob"}
	with := func(change func(*kanban.Task)) kanban.Task { t := ready; change(&t); return t }
	stands := func(s kanban.Status) kanban.Task { return with(func(t *kanban.Task) { t.Status = s }) }
	clock := now.UTC().Format("15:04:05")
	hourAgo := now.Add(-time.Hour).UTC().Format("15:04:05")
	for name, c := range map[string]struct {
		q     board.Question
		a     Around
		kind  HoldKind
		text  []string
		start string
	}{
		"nothing":       {board.Question{Case: board.Case{Task: ready}}, Around{}, HoldNone, []string{"the next pass"}, ""},
		"no dispatcher": {board.Question{Case: board.Case{Task: ready}}, Around{Nobody: true}, HoldNoDispatcher, []string{"No dispatcher serves"}, "andon run"},
		"command":       {board.Question{Case: board.Case{Task: ready}}, Around{Command: fmt.Errorf("x is not on the PATH")}, HoldCommand, []string{"The profile bob", "x is not on the PATH"}, ""},
		"workspace":     {board.Question{Case: board.Case{Task: ready}}, Around{Workspace: fmt.Errorf("/x is gone")}, HoldWorkspace, []string{"/x is gone"}, ""},
		"unassigned": {board.Question{Case: board.Case{Task: with(func(t *kanban.Task) { t.Assignee = "" })}}, Around{}, HoldUnassigned,
			[]string{"Nobody is assigned", "ada, bob"}, "andon assign t_1 ada"},
		"no profile": {board.Question{Case: board.Case{Task: with(func(t *kanban.Task) { t.Assignee = "carol" })}}, Around{}, HoldNoProfile,
			[]string{`"carol" is no profile`, "ada, bob"}, "andon assign t_1 bob"},
		"back-off": {board.Question{Case: board.Case{Task: with(func(t *kanban.Task) { t.RetryAt, t.Failures, t.LastError = now.Add(0).Add(1), 2, "pid 7 exited" })}}, Around{}, HoldBackoff,
			[]string{"until " + clock, "2 failures", "pid 7 exited"}, "andon claim t_1"},
		"rate limit": {board.Question{Case: board.Case{Task: with(func(t *kanban.Task) { t.RetryAt = now.Add(1) })}, Floor: past(kanban.Past{Last: kanban.OutcomeRateLimited})}, Around{}, HoldRateLimit,
			[]string{"until " + clock, "rate limit"}, "andon claim t_1"},
		"success": {board.Question{Case: board.Case{Task: ready}, Floor: past(kanban.Past{Success: now.Add(-time.Minute)})}, Around{}, HoldSuccess,
			[]string{"completed within the hour"}, "andon unguard t_1"},
		"pull request": {board.Question{Case: board.Case{Task: ready}, Floor: past(kanban.Past{Link: "https://github.com/a/b/pull/1", LinkAt: now})}, Around{}, HoldPull,
			[]string{"https://github.com/a/b/pull/1"}, "andon unguard t_1"},
		"cap": {board.Question{Case: board.Case{Task: ready}, Floor: board.Floor{Running: make([]store.Held, 3)}}, Around{}, HoldCap,
			[]string{"3 of 3 cards are running (dispatch.max_in_progress)"}, "andon claim t_1"},
		"behind others": {board.Question{Case: board.Case{Task: ready}, Floor: board.Floor{Running: make([]store.Held, 2), Ready: []kanban.Task{{ID: "t_0", Status: kanban.Ready, Assignee: "bob"}, ready}}}, Around{}, HoldCap,
			[]string{"of 3 cards that may run, 2 do, and it is the turn of 1 other card"}, "andon edit t_1 --priority 1"},
		"a claim left": {board.Question{Case: board.Case{Task: with(func(t *kanban.Task) { t.Lock = "here:1" })}}, Around{}, HoldLock, []string{`"here:1"`}, "andon reclaim t_1"},
		"parents": {board.Question{Case: board.Case{Task: stands(kanban.Todo), Open: []kanban.Task{{ID: "t_p"}, {ID: "t_q"}}},
			Parents: []board.Case{{Task: kanban.Task{ID: "t_p", Title: "Shop", Status: kanban.Blocked}, Said: said(kanban.EventBlocked, `{"reason":"which one?"}`)}}}, Around{}, HoldParents,
			[]string{`t_p "Shop", which is blocked since ` + hourAgo + `: "which one?"`, "and 1 more"}, "andon promote t_1 --force"},
		"blocked": {board.Question{Case: board.Case{Task: stands(kanban.Blocked), Said: said(kanban.EventBlocked, `{"reason":"in grams?","kind":"needs_input"}`)}}, Around{}, HoldBlocked,
			[]string{"since " + hourAgo + " (needs_input)", `"in grams?"`}, "andon unblock t_1 --reason ANSWER"},
		"given up": {board.Question{Case: board.Case{Task: stands(kanban.Blocked), Said: said(kanban.EventGaveUp, `{"failures":2,"effective_limit":2,"limit_source":"profile","error":"pid 7 not alive"}`)}}, Around{}, HoldBreaker,
			[]string{"at " + hourAgo + " after 2 failures", "set by the profile", `"pid 7 not alive"`}, "andon unblock t_1"},
		"scheduled": {board.Question{Case: board.Case{Task: with(func(t *kanban.Task) { t.Status, t.StartAt = kanban.Scheduled, now.Add(1) })}}, Around{}, HoldScheduled,
			[]string{"for " + clock}, "andon unblock t_1"},
		"put off": {board.Question{Case: board.Case{Task: stands(kanban.Scheduled), Said: said(kanban.EventScheduled, `{"reason":"after the fair"}`)}}, Around{}, HoldScheduled,
			[]string{"without an hour", `"after the fair"`}, "andon unblock t_1"},
		"running": {board.Question{Case: board.Case{Task: with(func(t *kanban.Task) { t.Status, t.HeartbeatAt = kanban.Running, now }), Run: &kanban.Run{ID: 4, Profile: "bob", StartedAt: now.Add(-time.Hour)}}}, Around{}, HoldRunning,
			[]string{"by bob since " + hourAgo, "run 4", "last heartbeat " + clock}, ""},
		"review": {board.Question{Case: board.Case{Task: stands(kanban.Review), Said: said(kanban.EventReviewRequested, `{"reviewer":"eve"}`)}}, Around{}, HoldReview,
			[]string{"by eve since " + hourAgo}, "andon complete t_1"},
		"triage after a loop": {board.Question{Case: board.Case{Task: stands(kanban.Triage), Said: said(kanban.EventBlockLoop, `{"reason":"no key"}`)}}, Around{}, HoldTriage,
			[]string{"again and again", `"no key"`}, ""},
		"done":     {board.Question{Case: board.Case{Task: stands(kanban.Done)}}, Around{}, HoldDone, []string{"It is done"}, ""},
		"archived": {board.Question{Case: board.Case{Task: stands(kanban.Archived)}}, Around{}, HoldArchived, []string{"It is archived."}, ""},
	} {
		c.a.Zone = time.UTC
		got := Why(c.q, l, c.a, now)
		first := got.Reasons[0]
		if first.Kind != c.kind {
			t.Errorf("%s: kind %q, want %q (%s)", name, first.Kind, c.kind, first.Text)
		}
		for _, part := range c.text {
			if !strings.Contains(first.Text, part) {
				t.Errorf("%s: %q does not say %q", name, first.Text, part)
			}
		}
		if c.start == "" && len(got.Start) > 0 || c.start != "" && !slices.Contains(got.Start, c.start) {
			t.Errorf("%s: %q would start it, want %q", name, got.Start, c.start)
		}
	}
	kinds := slices.Sorted(maps.Values(standing))
	if len(kinds) != len(kanban.Statuses)-1 {
		t.Errorf("the statuses but ready are %d, and %d of them hold a card: %q", len(kanban.Statuses)-1, len(kinds), kinds)
	}
}
