package dispatch

import (
	"cmp"
	"time"

	"andon/kanban"
)

// HoldKind is what sort of thing keeps a card from being started.
type HoldKind string

const (
	// Where the card stands.
	HoldTriage    HoldKind = "triage"
	HoldParents   HoldKind = "parents" // it waits in todo
	HoldScheduled HoldKind = "scheduled"
	HoldRunning   HoldKind = "running"
	HoldBlocked   HoldKind = "blocked"
	HoldBreaker   HoldKind = "breaker" // blocked, and not by a person
	HoldReview    HoldKind = "review"
	HoldDone      HoldKind = "done"
	HoldArchived  HoldKind = "archived"
	HoldStatus    HoldKind = "status" // one that this program does not know
	HoldLock      HoldKind = "held"   // a claim was left behind on it

	// Whose it is.
	HoldUnassigned HoldKind = "unassigned"
	HoldNoProfile  HoldKind = "no_profile"

	// What it waits for by itself.
	HoldBackoff   HoldKind = "backoff"
	HoldRateLimit          = HoldKind(kanban.GuardRateLimit)
	HoldSuccess            = HoldKind(kanban.GuardSuccess)
	HoldPull               = HoldKind(kanban.GuardPull)

	// What is wrong around it. No plan knows of these; the attempt would show them.
	HoldNoDispatcher HoldKind = "no_dispatcher"
	HoldCommand      HoldKind = "command"
	HoldWorkspace    HoldKind = "workspace"

	// HoldNone: it is started by the next pass.
	HoldNone HoldKind = "starting"

	// HoldPaused: somebody has let nothing be started.
	HoldPaused HoldKind = "paused"

	// HoldAccount: its profile, or another of the same account, met a rate limit.
	HoldAccount HoldKind = "account_rate_limit"

	// HoldBudget: nothing is left of a budget that the card's run would draw on.
	HoldBudget HoldKind = "budget"

	// For whom there is no room.
	HoldResource   HoldKind = "resource"
	HoldProfileCap HoldKind = "profile_cap"
	HoldBoardCap   HoldKind = "board_cap"
	HoldCap        HoldKind = "cap"
)

// Hold is one thing that keeps a card from being started now.
type Hold struct {
	Kind    HoldKind
	Until   time.Time // when it ends by itself, at the latest; zero: it does not, or nobody knows
	Link    string    // the pull request
	Cap     string    // the setting that limits
	Current int       // of Limit, so many run, or are started now
	Limit   int

	Budget   kanban.Budget
	Spent    kanban.Expense // of the budget
	Pause    kanban.Pause
	Account  string // that met a rate limit, by a run of the profile
	Profile  string
	Board    string
	Run      kanban.RunID
	Resource string          // the resource that is used up
	Users    []kanban.TaskID // who has it, or gets it now
}

// Guard reports whether the hold comes from the card's past.
func (h Hold) Guard() bool { return h.Kind == HoldSuccess || h.Kind == HoldPull }

// standing are the holds of a card by its status. A ready one has none.
var standing = map[kanban.Status]HoldKind{
	kanban.Triage: HoldTriage, kanban.Todo: HoldParents, kanban.Scheduled: HoldScheduled, kanban.Running: HoldRunning,
	kanban.Blocked: HoldBlocked, kanban.Review: HoldReview, kanban.Done: HoldDone, kanban.Archived: HoldArchived,
}

// room is how many run as a plan goes on, and how many may.
type room struct {
	l      Limits
	total  int
	limit  int
	cap    string // the setting that limit comes from
	boards map[string]int
	busy   map[string]int             // by profile
	users  map[string][]kanban.TaskID // by resource
	turns  turns

	// What is paused. A pause of one board has that one behind its scope.
	paused map[kanban.PauseScope]kanban.Pause

	limited map[string]Hold // by account
	spent   []Hold          // of the budgets that are used up
}

func newRoom(all []Snapshot, l Limits) room {
	r := room{l: l, limit: l.MaxInProgress, cap: "dispatch.max_in_progress", boards: map[string]int{}, busy: map[string]int{},
		users: map[string][]kanban.TaskID{}, paused: map[kanban.PauseScope]kanban.Pause{}, limited: map[string]Hold{}, turns: newTurns(all)}
	if l.Max > 0 && (r.limit == 0 || l.Max < r.limit) {
		r.limit, r.cap = l.Max, "--max"
	}
	for _, s := range all {
		for _, p := range s.Pauses {
			scope := p.Scope
			if scope == kanban.ScopeBoard {
				scope = pauseOf(s.Board)
			}
			if was, ok := r.paused[scope]; !ok || p.Since.Before(was.Since) {
				r.paused[scope] = p
			}
		}
		for _, m := range s.Limited {
			if m.At.Sub(s.Now) > l.Cooldown && m.Until.IsZero() || m.Until.Sub(s.Now) > kanban.LongestLimit {
				continue // noted by a clock that was set since
			}
			h := Hold{Kind: HoldAccount, Until: m.Until, Account: l.account(m.Profile), Profile: m.Profile, Board: s.Board, Run: m.Run}
			if h.Until.IsZero() {
				h.Until = m.At.Add(min(l.Cooldown, s.Now.Add(l.Cooldown).Sub(m.At))) // an end in the future was noted by another clock
			}
			if h.Until.After(s.Now) && h.Until.After(r.limited[h.Account].Until) {
				r.limited[h.Account] = h
			}
		}
		for _, w := range s.Running {
			r.count(s.Board, w.Task)
		}
	}
	r.spent = l.exhausted(all)
	return r
}

func pauseOf(board string) kanban.PauseScope {
	return kanban.ScopeBoard + ":" + kanban.PauseScope(board)
}

// full reports whether no further card can be started, whosever it is.
func (r *room) full() bool { return r.limit > 0 && r.total >= r.limit }

func (r *room) count(board string, t kanban.Task) {
	r.total++
	r.boards[board]++
	r.busy[t.Assignee]++
	for _, n := range needs(t, r.l.Profiles) {
		r.users[n] = append(r.users[n], t.ID)
	}
}

func (r *room) take(board string, t kanban.Task) {
	r.count(board, t)
	r.turns.take(pair{partyOf(board, t.Tenant), t.Assignee})
}

// given is t as the dispatcher would have it: a card of nobody belongs to the
// default assignee, if there is such a profile.
func (l Limits) given(t kanban.Task) (_ kanban.Task, given bool) {
	_, known := l.Profiles[l.DefaultAssignee]
	if given = known && t.Assignee == "" && t.Status == kanban.Ready && t.Lock == ""; given {
		t.Assignee = l.DefaultAssignee
	}
	return t, given
}

// account is that of a profile.
func (l Limits) account(profile string) string { return cmp.Or(l.Profiles[profile].Account, profile) }

// own are the holds that a card has by itself, whatever else runs.
func own(t kanban.Task, p kanban.Past, now time.Time, l Limits) (holds []Hold) {
	kind, waits := standing[t.Status]
	switch {
	case waits && t.Status == kanban.Scheduled:
		return []Hold{{Kind: kind, Until: t.StartAt}}
	case waits:
		return []Hold{{Kind: kind}}
	case t.Status != kanban.Ready:
		return []Hold{{Kind: HoldStatus}}
	case t.Lock != "":
		return []Hold{{Kind: HoldLock}}
	}
	if _, known := l.Profiles[t.Assignee]; t.Assignee == "" {
		holds = append(holds, Hold{Kind: HoldUnassigned})
	} else if !known {
		holds = append(holds, Hold{Kind: HoldNoProfile})
	}
	g, guarded := t.Guard(p, now)
	if t.RetryAt.After(now) && g.Reason != kanban.GuardRateLimit {
		holds = append(holds, Hold{Kind: HoldBackoff, Until: t.RetryAt})
	}
	if guarded {
		holds = append(holds, Hold{Kind: HoldKind(g.Reason), Until: g.Until, Link: g.Link})
	}
	return holds
}

// holds are all that keep a card from being started, the weightiest first. It
// is started if there are none.
func (r *room) holds(s Snapshot, t kanban.Task) []Hold {
	holds := own(t, s.Pasts[t.ID], s.Now, r.l)
	if t.Status != kanban.Ready {
		return holds
	}
	return append(holds, r.caps(s.Board, t)...)
}

// caps are the holds that a card shares with others: the pauses, the widest first,
// and the limits, the narrowest first.
func (r *room) caps(board string, t kanban.Task) (holds []Hold) {
	if len(r.paused) > 0 {
		for _, scope := range []kanban.PauseScope{kanban.ScopeAll, pauseOf(board), kanban.ProfileScope(t.Assignee)} {
			if p, ok := r.paused[scope]; ok {
				holds = append(holds, Hold{Kind: HoldPaused, Pause: p})
			}
		}
	}
	if h, ok := r.limited[r.l.account(t.Assignee)]; ok {
		holds = append(holds, h)
	}
	for _, h := range r.spent {
		if h.Budget.Of(board, t.Assignee, t.Tenant) {
			holds = append(holds, h)
		}
	}
	for _, n := range needs(t, r.l.Profiles) {
		if of := r.l.Resources[n]; len(r.users[n]) >= of {
			holds = append(holds, Hold{Kind: HoldResource, Cap: "resources." + n, Current: len(r.users[n]), Limit: of, Resource: n, Users: r.users[n]})
		}
	}
	if most := r.l.Profiles[t.Assignee].MaxInProgress; most > 0 && r.busy[t.Assignee] >= most {
		holds = append(holds, Hold{Kind: HoldProfileCap, Cap: profileCap(t.Assignee), Current: r.busy[t.Assignee], Limit: most})
	}
	if most := r.l.Boards[board].MaxInProgress; most > 0 && r.boards[board] >= most {
		holds = append(holds, Hold{Kind: HoldBoardCap, Cap: "boards." + board + ".max_in_progress", Current: r.boards[board], Limit: most})
	}
	if r.full() {
		holds = append(holds, Hold{Kind: HoldCap, Cap: r.cap, Current: r.total, Limit: r.limit})
	}
	return holds
}

// bounded reports whether it depends on others if the card is started.
func (r *room) bounded(board string, t kanban.Task) bool {
	return r.limit > 0 || r.l.Boards[board].MaxInProgress > 0 || r.l.Profiles[t.Assignee].MaxInProgress > 0 || len(needs(t, r.l.Profiles)) > 0
}

func profileCap(profile string) string { return "profiles." + profile + ".max_in_progress" }
