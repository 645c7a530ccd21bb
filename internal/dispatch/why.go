package dispatch

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"andon/internal/board"
	"andon/kanban"
)

// Answer is why a card is not being worked on, and what would change that.
type Answer struct {
	Task    kanban.Task
	Reasons []Reason
	Start   []string // commands, any of which takes a reason away
}

// Reason is one reason, as a sentence and as data.
type Reason struct {
	Kind  HoldKind
	Text  string
	Until time.Time // when it ends by itself, at the latest; zero: it does not, or nobody knows
	Data  map[string]any
}

// Around is what concerns a card's start and is not on the board.
type Around struct {
	Zone      *time.Location
	Policy    kanban.Policy // over the card's failures
	Nobody    bool          // no dispatcher serves the home
	Command   error         // why the profile's program could not be started
	Workspace error         // why the card's folder could not be had
	Board     string        // the name of the card's board
	Others    []Snapshot    // of the other boards; needed only where nothing on its own holds the card
}

// NewSnapshot is what a plan needs of a floor. What became of the workers is not
// asked: all of them count.
func NewSnapshot(board string, f board.Floor, now time.Time) Snapshot {
	s := Snapshot{Board: board, Now: now, Ready: f.Ready, Served: f.Served, Pauses: f.Pauses, Limited: f.Limited, Spent: f.Spent, Next: f.Next, Pasts: f.Pasts}
	for _, h := range f.Running {
		s.Running = append(s.Running, Worker{Held: h})
	}
	return s
}

// Why explains where a card stands: by what the plan holds it for, in words, and
// by what is wrong around it.
func Why(q board.Question, l Limits, a Around, now time.Time) Answer {
	holds, _ := Holds(append([]Snapshot{NewSnapshot(a.Board, q.Floor, now)}, a.Others...), l, q.Task)
	w := writer{q: q, l: l, a: a, now: now}
	for _, h := range holds {
		w.hold(h)
	}
	w.around(holds)
	if len(w.Reasons) == 0 {
		w.reason(HoldNone, nil, "Nothing holds it: the next pass of the dispatcher starts it.")
	}
	w.Task = q.Task
	return w.Answer
}

// writer puts holds into words.
type writer struct {
	Answer
	q   board.Question
	l   Limits
	a   Around
	now time.Time
}

func (w *writer) reason(kind HoldKind, data map[string]any, format string, args ...any) *Reason {
	if data == nil {
		data = map[string]any{}
	}
	w.Reasons = append(w.Reasons, Reason{Kind: kind, Text: fmt.Sprintf(format, args...), Data: data})
	return &w.Reasons[len(w.Reasons)-1]
}

// start names a command upon the card that takes a reason away.
func (w *writer) start(format string, args ...any) {
	line := fmt.Sprintf(format, args...)
	if !slices.Contains(w.Start, line) {
		w.Start = append(w.Start, line)
	}
}

func (w *writer) clock(t time.Time) string {
	if t.IsZero() {
		return "an unknown time"
	}
	t = t.In(w.a.Zone)
	if y, m, d := w.now.In(w.a.Zone).Date(); t.Year() == y && t.Month() == m && t.Day() == d {
		return t.Format("15:04:05")
	}
	return t.Format("2006-01-02 15:04")
}

// profiles are the names of the profiles, and a clause that tells them.
func (w *writer) profiles() (names []string, clause string) {
	names = slices.Sorted(maps.Keys(w.l.Profiles))
	if len(names) == 0 {
		return []string{}, "andon.yaml has no profile"
	}
	return names, "the profiles are " + strings.Join(names, ", ")
}

// mostAssign is how many profiles are suggested as assignees.
const mostAssign = 3

func (w *writer) assign() {
	names, _ := w.profiles()
	for _, n := range names[:min(len(names), mostAssign)] {
		w.start("andon assign %s %s", w.q.Task.ID, n)
	}
}

func (w *writer) hold(h Hold) {
	t := w.q.Task
	switch h.Kind {
	case HoldTriage:
		w.triage()
	case HoldParents:
		w.parents()
	case HoldScheduled:
		w.scheduled()
	case HoldRunning:
		w.running()
	case HoldBlocked:
		w.blocked()
	case HoldReview:
		w.review()
	case HoldDone:
		w.reason(h.Kind, map[string]any{"since": epoch(t.CompletedAt)}, "It is done since %s.", w.clock(t.CompletedAt))
	case HoldArchived:
		w.reason(h.Kind, nil, "It is archived.")
	case HoldStatus:
		w.reason(h.Kind, map[string]any{"status": t.Status}, "It has the status %q, which this program does not know.", t.Status)
	case HoldLock:
		w.reason(h.Kind, map[string]any{"lock": t.Lock}, "It is ready, but the claim %q was left behind on it.", t.Lock)
		w.start("andon reclaim %s", t.ID)
	case HoldUnassigned:
		names, clause := w.profiles()
		if d := w.l.DefaultAssignee; d != "" {
			clause = fmt.Sprintf("dispatch.default_assignee is %q, which is no profile, and %s", d, clause)
		}
		w.reason(h.Kind, map[string]any{"profiles": names}, "Nobody is assigned to it; %s.", clause)
		w.assign()
	case HoldNoProfile:
		names, clause := w.profiles()
		w.reason(h.Kind, map[string]any{"assignee": t.Assignee, "profiles": names},
			"Its assignee %q is no profile, so a person has to claim it; %s.", t.Assignee, clause)
		w.assign()
		w.start("andon claim %s", t.ID)
	case HoldBackoff, HoldRateLimit, HoldSuccess, HoldPull:
		w.rest(h)
	case HoldCap, HoldBoardCap, HoldProfileCap:
		w.full(h)
	case HoldPaused:
		w.paused(h)
	case HoldAccount:
		w.limited(h)
	case HoldResource:
		w.used(h)
	case HoldBudget:
		w.budget(h)
	}
}

// running counts the running cards that count for a cap.
func (w *writer) count(h Hold) (n int) {
	for _, s := range append([]Snapshot{NewSnapshot(w.a.Board, w.q.Floor, w.now)}, w.a.Others...) {
		for _, r := range s.Running {
			if (h.Kind != HoldProfileCap || r.Task.Assignee == w.whose()) && (h.Kind != HoldBoardCap || s.Board == w.a.Board) {
				n++
			}
		}
	}
	return n
}

// full tells of a cap that is reached.
func (w *writer) full(h Hold) {
	t, running := w.q.Task, w.count(h)
	who := map[HoldKind]string{HoldCap: "cards", HoldBoardCap: "cards of this board", HoldProfileCap: "cards of " + w.whose()}[h.Kind]
	text := fmt.Sprintf("There is no room for it: %d of %d %s are running", h.Current, h.Limit, who)
	if before := h.Current - running; before > 0 {
		text = fmt.Sprintf("There is no room for it: of %d %s that may run, %d do, and it is the turn of %s", h.Limit, who, running, count(before, "other card"))
		w.start("andon edit %s --priority %d", t.ID, t.Priority+1)
	}
	w.reason(h.Kind, map[string]any{"cap": h.Cap, "current": h.Current, "running": running, "limit": h.Limit}, "%s (%s).", text, h.Cap)
	w.start("andon claim %s", t.ID)
}

// paused tells who let nothing be started.
func (w *writer) paused(h Hold) {
	p, why := h.Pause, ""
	if p.Reason != "" {
		why = fmt.Sprintf(": %q", p.Reason)
	}
	w.reason(h.Kind, map[string]any{"scope": p.Scope, "reason": p.Reason, "by": p.Actor, "since": epoch(p.Since)},
		"%s is paused since %s by %s%s.", sentence(p.Scope.String()), w.clock(p.Since), or(p.Actor, "somebody"), why)
	switch {
	case p.Scope == kanban.ScopeAll:
		w.start("andon resume --all")
	case p.Scope.Profile() != "":
		w.start("andon resume --profile %s", p.Scope.Profile())
	default:
		w.start("andon resume --board %s", w.a.Board)
	}
}

// limited tells of an account that rests.
func (w *writer) limited(h Hold) {
	of := "Its profile " + h.Profile
	if h.Account != h.Profile {
		of = fmt.Sprintf("The account %s", h.Account)
	}
	w.reason(h.Kind, map[string]any{"account": h.Account, "profile": h.Profile, "board": h.Board, "run_id": h.Run},
		"%s met a rate limit (run %s of %s, on the board %s), and all its cards rest until %s.", of, h.Run, h.Profile, h.Board, w.clock(h.Until)).Until = h.Until
	w.start("andon resume --profile %s", h.Profile)
}

func sentence(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

// used tells of a resource that is used up.
func (w *writer) used(h Hold) {
	data := map[string]any{"cap": h.Cap, "resource": h.Resource, "current": h.Current, "limit": h.Limit, "users": append([]kanban.TaskID{}, h.Users...)}
	if h.Limit == 0 {
		w.reason(h.Kind, data, "It needs the resource %s, which andon.yaml does not define.", h.Resource)
		w.start("andon edit %s --resource none", w.q.Task.ID)
		return
	}
	users := make([]string, len(h.Users))
	for i, id := range h.Users {
		users[i] = string(id)
	}
	w.reason(h.Kind, data, "It waits for resource %s: %d of %d in use by %s.", h.Resource, h.Current, h.Limit, strings.Join(users, ", "))
}

// whose is the profile that would work on the card.
func (w *writer) whose() string {
	t, _ := w.l.given(w.q.Task)
	return t.Assignee
}

// rest tells of a hold that ends by itself.
func (w *writer) rest(h Hold) {
	t := w.q.Task
	switch h.Kind {
	case HoldBackoff:
		w.reason(h.Kind, map[string]any{"failures": t.Failures, "error": t.LastError},
			"It rests until %s after %s in a row, the last: %q.", w.clock(h.Until), count(int(t.Failures), "failure"), t.LastError)
		w.start("andon claim %s", t.ID)
	case HoldRateLimit:
		w.reason(h.Kind, nil, "It rests until %s, since its worker met a rate limit.", w.clock(h.Until))
		w.start("andon claim %s", t.ID)
	case HoldSuccess:
		w.reason(h.Kind, nil, "A run of it was completed within the hour, so it is not started again before %s.", w.clock(h.Until))
		w.start("andon unguard %s", t.ID)
	case HoldPull:
		w.reason(h.Kind, map[string]any{"link": h.Link}, "A comment names a pull request, %s, so it is not started again before %s.", h.Link, w.clock(h.Until))
		w.start("andon unguard %s", t.ID)
	}
	w.Reasons[len(w.Reasons)-1].Until = h.Until
}

func (w *writer) triage() {
	loop, looped := w.q.Said[kanban.EventBlockLoop]
	if looped {
		w.reason(HoldTriage, map[string]any{"since": loop.At.Unix(), "question": loop.Payload.Text("reason"), "block_kind": loop.Payload.Text("kind")},
			"It is in triage since %s, because it was blocked again and again for the same kind of reason; the last: %s.", w.clock(loop.At), quoted(loop.Payload.Text("reason")))
		return
	}
	w.reason(HoldTriage, nil, "It is in triage: somebody has to say what is to be done before it can be worked on.")
}

func (w *writer) parents() {
	t, open := w.q.Task, w.q.Open
	if len(open) == 0 {
		w.reason(HoldParents, map[string]any{"parents": []any{}}, "It waits for no card any longer: the next pass of the dispatcher makes it ready.")
		w.start("andon promote %s", t.ID)
		return
	}
	var words []string
	list := []any{}
	for _, p := range w.q.Parents {
		state := w.state(p)
		words = append(words, fmt.Sprintf("%s %q, which %s", p.Task.ID, p.Task.Title, state))
		list = append(list, map[string]any{"id": p.Task.ID, "title": p.Task.Title, "status": p.Task.Status, "state": state})
	}
	if more := len(open) - len(w.q.Parents); more > 0 {
		words = append(words, fmt.Sprintf("and %d more", more))
	}
	w.reason(HoldParents, map[string]any{"parents": list, "open": len(open)}, "It waits for %s.", strings.Join(words, "; "))
	w.start("andon why %s", open[0].ID)
	w.start("andon promote %s --force", t.ID)
}

// state is where another card stands, in few words.
func (w *writer) state(c board.Case) string {
	t := c.Task
	switch t.Status {
	case kanban.Todo:
		return "waits for " + count(len(c.Open), "card") + " itself"
	case kanban.Scheduled:
		if !t.StartAt.IsZero() {
			return "is scheduled for " + w.clock(t.StartAt)
		}
		return "is scheduled without an hour"
	case kanban.Running:
		if c.Run != nil {
			return fmt.Sprintf("runs by %s since %s", or(c.Run.Profile, "somebody"), w.clock(c.Run.StartedAt))
		}
		return "runs"
	case kanban.Blocked:
		if e, ok := c.Said[kanban.EventBlocked]; ok && c.Gate().Block == kanban.EventBlocked {
			return fmt.Sprintf("is blocked since %s: %s", w.clock(e.At), quoted(e.Payload.Text("reason")))
		}
		if e, ok := c.Said[kanban.EventGaveUp]; ok && c.Gate().Breaker == kanban.EventGaveUp {
			return fmt.Sprintf("was given up at %s: %s", w.clock(e.At), quoted(e.Payload.Text("error")))
		}
		return "is blocked"
	case kanban.Review:
		return "waits for review"
	case kanban.Triage:
		return "is in triage"
	case kanban.Ready:
		given, _ := w.l.given(t)
		if holds := own(given, w.q.Floor.Pasts[t.ID], w.now, w.l); len(holds) > 0 {
			switch h := holds[0]; h.Kind {
			case HoldUnassigned:
				return "is ready and nobody's"
			case HoldNoProfile:
				return fmt.Sprintf("is ready for %s, who is no profile", t.Assignee)
			default:
				if !h.Until.IsZero() {
					return "is ready and rests until " + w.clock(h.Until)
				}
			}
		}
		return "is ready"
	}
	return "is " + string(t.Status)
}

func (w *writer) scheduled() {
	t := w.q.Task
	why := ""
	if e, ok := w.q.Said[kanban.EventScheduled]; ok && e.Payload.Text("reason") != "" {
		why = ": " + quoted(e.Payload.Text("reason"))
	}
	w.start("andon unblock %s", t.ID)
	if t.StartAt.IsZero() {
		w.reason(HoldScheduled, nil, "It is scheduled without an hour, until a person lets it go on%s.", why)
		return
	}
	w.reason(HoldScheduled, nil, "It is scheduled for %s%s.", w.clock(t.StartAt), why).Until = t.StartAt
}

func (w *writer) running() {
	t, run := w.q.Task, w.q.Run
	if run == nil {
		w.reason(HoldRunning, map[string]any{"lock": t.Lock}, "It is running, and no run of it is on record.")
		w.start("andon reclaim %s", t.ID)
		return
	}
	beat := "no heartbeat yet"
	if !t.HeartbeatAt.IsZero() {
		beat = "last heartbeat " + w.clock(t.HeartbeatAt)
	}
	pid := ""
	if t.WorkerPID != 0 {
		pid = fmt.Sprintf(", pid %d", t.WorkerPID)
	}
	w.reason(HoldRunning, map[string]any{"run_id": run.ID, "profile": run.Profile, "since": run.StartedAt.Unix(), "worker_pid": t.WorkerPID,
		"lock": t.Lock, "last_heartbeat_at": epoch(t.HeartbeatAt), "claim_expires": epoch(t.Expires)},
		"It is being worked on by %s since %s (run %s%s, %s).", or(run.Profile, "somebody"), w.clock(run.StartedAt), run.ID, pid, beat)
}

func (w *writer) blocked() {
	t, gate := w.q.Task, w.q.Gate()
	if e, ok := w.q.Said[kanban.EventBlocked]; ok && gate.Block == kanban.EventBlocked {
		kind := ""
		if k := e.Payload.Text("kind"); k != "" {
			kind = " (" + k + ")"
		}
		w.reason(HoldBlocked, map[string]any{"since": e.At.Unix(), "question": e.Payload.Text("reason"), "block_kind": e.Payload.Text("kind")},
			"It is blocked since %s%s and waits for a person: %s.", w.clock(e.At), kind, quoted(e.Payload.Text("reason")))
		w.start("andon unblock %s --reason %s", t.ID, "ANSWER")
	}
	if e, ok := w.q.Said[kanban.EventGaveUp]; ok && gate.Breaker == kanban.EventGaveUp {
		limit, source := e.Payload.Number("effective_limit"), e.Payload.Text("limit_source")
		w.reason(HoldBreaker, map[string]any{"since": e.At.Unix(), "error": e.Payload.Text("error"), "failures": e.Payload.Number("failures"),
			"limit": limit, "limit_source": source, "outcome": e.Payload.Text("trigger_outcome")},
			"It was given up at %s after %s, which is its limit (set by the %s): %s.", w.clock(e.At), count(int(limit), "failure"), source, quoted(e.Payload.Text("error")))
		w.start("andon log %s", t.ID)
		w.start("andon unblock %s", t.ID)
	}
	if len(w.Reasons) > 0 {
		return
	}
	if _, due := t.Promote(w.q.Open, gate, w.a.Policy); due {
		w.reason(HoldBlocked, nil, "It is blocked, but neither a person nor the breaker holds it: the next pass of the dispatcher makes it ready.")
		return
	}
	if limit, source := w.a.Policy.Limit(t); t.Failures >= limit {
		w.reason(HoldBreaker, map[string]any{"failures": t.Failures, "limit": limit, "limit_source": source, "error": t.LastError},
			"It is blocked with %s, and its limit is %d (set by the %s): %s.", count(int(t.Failures), "failure"), limit, source, quoted(t.LastError))
		w.start("andon unblock %s", t.ID)
	}
	if len(w.q.Open) > 0 {
		w.parents()
	}
	if len(w.Reasons) == 0 {
		w.reason(HoldBlocked, nil, "It is blocked, and nothing says why.")
		w.start("andon unblock %s", t.ID)
	}
}

func (w *writer) review() {
	t := w.q.Task
	who, since := "anybody", ""
	data := map[string]any{}
	if e, ok := w.q.Said[kanban.EventReviewRequested]; ok {
		since = " since " + w.clock(e.At)
		who = or(e.Payload.Text("reviewer"), who)
		data = map[string]any{"since": e.At.Unix(), "reviewer": e.Payload.Text("reviewer"), "implementer": e.Payload.Text("implementer")}
	}
	w.reason(HoldReview, data, "It waits for review by %s%s.", who, since)
	w.start("andon complete %s", t.ID)
	w.start("andon reopen-review %s --reason %s", t.ID, "CHANGES")
}

// around adds what is wrong around a card that could be started.
func (w *writer) around(holds []Hold) {
	t, ready := w.q.Task, true
	for _, h := range holds {
		if h.Kind == standing[t.Status] || h.Kind == HoldStatus || h.Kind == HoldLock {
			ready = false
		}
	}
	byItself := ready || t.Status == kanban.Todo && len(w.q.Open) == 0 || t.Status == kanban.Scheduled && !t.StartAt.IsZero()
	if w.a.Nobody && byItself {
		w.reason(HoldNoDispatcher, nil, "No dispatcher serves this home, so nothing is started by itself.")
		w.start("andon run")
	}
	if !ready {
		return
	}
	if w.a.Command != nil {
		w.reason(HoldCommand, map[string]any{"profile": w.whose()}, "The profile %s cannot be started: %v.", w.whose(), w.a.Command)
	}
	if w.a.Workspace != nil {
		w.reason(HoldWorkspace, nil, "Its workspace cannot be had as it is: %v.", w.a.Workspace)
	}
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

func or(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

// quoted is what somebody said, or that nothing was.
func quoted(s string) string {
	if s = strings.TrimSpace(s); s == "" {
		return "without a word why"
	}
	return fmt.Sprintf("%q", s)
}

// epoch is whole seconds, nil for the zero time.
func epoch(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.Unix()
}
