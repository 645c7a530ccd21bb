package kanban

import (
	"cmp"
	"encoding/json"
	"slices"
	"time"
)

// Severity is how much a finding matters.
type Severity string

const (
	Warning  Severity = "warning"
	Grave    Severity = "error"
	Critical Severity = "critical"
)

// Severities lists them, the least first.
var Severities = []Severity{Warning, Grave, Critical}

// ParseSeverity accepts one of [Severities].
func ParseSeverity(s string) (Severity, error) {
	if v := Severity(s); slices.Contains(Severities, v) {
		return v, nil
	}
	return "", Invalidf("unknown severity %q; it is one of %s", s, join(Severities))
}

// Weight orders severities.
func (s Severity) Weight() int { return slices.Index(Severities, s) }

// Thresholds say from when on something is a sign of trouble.
type Thresholds struct {
	Failures     int64 // in a row; zero: those that trip the card's breaker
	Crashes      int   // in a row
	BlockedStale time.Duration
	Stranded     time.Duration
	Cycles       int // blocks after an unblock, within CycleWindow
	CycleWindow  time.Duration
}

// Chart is a card with what a diagnosis regards of its past.
type Chart struct {
	Task   Task
	Events []Event // of the kinds of DiagnoseKinds at least, in the order of their ids
	Runs   []Run   // oldest first

	Policy  Policy // over its failures
	Nobody  bool   // no dispatcher serves the board
	Profile bool   // its assignee is a profile, which a dispatcher could start
}

// Diagnostic is a sign of trouble. It is found when it is looked for and stored
// nowhere, so it is gone when its cause is.
type Diagnostic struct {
	Kind     string
	Severity Severity
	Title    string
	Detail   string
	Actions  []Remedy
	First    time.Time
	Last     time.Time
	Count    int
	Run      RunID
	Data     map[string]any
}

// Remedy is something to do about a diagnostic.
type Remedy struct {
	Kind      string // comment, reclaim, reassign or cli_hint
	Label     string
	Payload   map[string]any
	Suggested bool
}

// DiagnoseKinds are the kinds of event that a diagnosis regards.
var DiagnoseKinds = func() []EventKind {
	kinds := []EventKind{EventHallucinated, EventSuspected, EventCompleted, EventEdited, EventBlocked, EventUnblocked, EventCommented, EventGaveUp}
	for k := range returns {
		if !slices.Contains(kinds, k) {
			kinds = append(kinds, k)
		}
	}
	slices.Sort(kinds)
	return kinds
}()

// returns are the kinds of event after which a card stands in ready anew.
var returns = map[EventKind]bool{
	EventCreated: true, EventPromoted: true, EventPromotedBy: true, EventUnblocked: true, EventReclaimed: true, EventStale: true, EventCrashed: true,
	EventTimedOut: true, EventProtocol: true, EventRateLimited: true, EventSpawnFailed: true, EventReviewReopened: true, EventAssigned: true, EventStatus: true,
}

// rules are all there is to find, in the order in which findings of one weight
// and hour are told.
var rules = []func(Chart, Thresholds, time.Time) *Diagnostic{
	phantomCards, phantomWords, repeatedFailures, repeatedCrashes, stuckInBlocked, blockCycling, stranded,
}

// ours are the rules that Hermes does not have; what they find comes after its.
var ours = []func(Chart, Thresholds, time.Time) *Diagnostic{overdue}

// Diagnose looks for signs of trouble with a card, the gravest and then the
// newest first.
func Diagnose(c Chart, th Thresholds, now time.Time) []Diagnostic {
	var found []Diagnostic
	for _, rule := range slices.Concat(rules, ours) {
		if d := rule(c, th, now); d != nil {
			d.Title = firstLine(d.Title, 160)
			found = append(found, *d)
		}
	}
	slices.SortStableFunc(found, CompareFindings)
	return found
}

// CompareFindings orders findings, the gravest and then the newest first.
func CompareFindings(a, b Diagnostic) int {
	return cmp.Or(cmp.Compare(b.Severity.Weight(), a.Severity.Weight()), b.Last.Compare(a.Last))
}

// since lists the events of a kind that no later event of the kinds but cleared.
func (c Chart) since(kind EventKind, cleared ...EventKind) []Event {
	var left []Event
	for _, e := range c.Events {
		switch {
		case e.Kind == kind:
			left = append(left, e)
		case slices.Contains(cleared, e.Kind):
			left = nil
		}
	}
	return left
}

// over makes a diagnostic of events.
func over(events []Event, kind string, s Severity, title, detail string) *Diagnostic {
	first, last := events[0], events[len(events)-1]
	return &Diagnostic{Kind: kind, Severity: s, Title: title, Detail: detail, First: first.At, Last: last.At, Count: len(events), Run: last.Run}
}

// general are the remedies for most: take the card from its worker, give it to
// another.
func (c Chart) general() []Remedy {
	running := c.Task.Status == Running
	var r []Remedy
	if running {
		r = append(r, Remedy{Kind: "reclaim", Label: "Take the card back from its worker", Payload: map[string]any{}})
	}
	return append(r, Remedy{Kind: "reassign", Label: "Give the card to another", Payload: map[string]any{"reclaim_first": running}})
}

func hint(label, command string, suggested bool) Remedy {
	return Remedy{Kind: "cli_hint", Label: label, Payload: map[string]any{"command": command}, Suggested: suggested}
}

func remark(label string, suggested bool) Remedy {
	return Remedy{Kind: "comment", Label: label, Payload: map[string]any{}, Suggested: suggested}
}

// names are the texts of a list in the payloads of events, each once.
func names(events []Event, key string) []string {
	out := []string{}
	for _, e := range events {
		text, err := marshal(e.Payload.Get(key))
		var list []string
		if err == nil && json.Unmarshal(text, &list) == nil {
			for _, s := range list {
				if !slices.Contains(out, s) {
					out = append(out, s)
				}
			}
		}
	}
	return out
}

// phantomCards: a report was refused since it named cards that were not made, and
// none was accepted since.
func phantomCards(c Chart, _ Thresholds, _ time.Time) *Diagnostic {
	events := c.since(EventHallucinated, EventCompleted, EventEdited)
	if len(events) == 0 {
		return nil
	}
	cards := names(events, "phantom_cards")
	d := over(events, "hallucinated_cards", Grave, "Its report names cards that were not made",
		sprintf("The worker reported the card as done and named %s, which it did not make; the report was refused.", join(cards)))
	d.Data = map[string]any{"phantom_cards": cards}
	d.Actions = append([]Remedy{remark("Tell the worker what is wrong with the report", false)}, c.general()...)
	return d
}

// phantomWords: the words of an accepted report name cards that nobody knows.
func phantomWords(c Chart, _ Thresholds, _ time.Time) *Diagnostic {
	events := c.since(EventSuspected, EventCompleted, EventEdited)
	if len(events) == 0 {
		return nil
	}
	refs := names(events, "phantom_refs")
	d := over(events, "prose_phantom_refs", Warning, "Its report mentions cards that are not there",
		sprintf("The words of the report mention %s; no such card is on the board. Have the report checked.", join(refs)))
	d.Data = map[string]any{"phantom_refs": refs}
	d.Actions = c.general()
	return d
}

// stopped reports whether nobody is at the card, and somebody should be.
func (c Chart) stopped() bool {
	return !c.Task.Status.Satisfied() && c.Task.Status != Running
}

func (c Chart) failureLimit(th Thresholds) (int64, string) {
	if th.Failures > 0 {
		return th.Failures, "diagnostics"
	}
	return c.Policy.Limit(c.Task)
}

// repeatedFailures: so many attempts in a row failed that the breaker trips.
func repeatedFailures(c Chart, th Thresholds, _ time.Time) *Diagnostic {
	limit, source := c.failureLimit(th)
	n := c.Task.Failures
	if !c.stopped() || n < limit {
		return nil
	}
	last := c.ended()
	d := &Diagnostic{Kind: "repeated_failures", Severity: Grave, Count: int(n), Run: last.ID, First: c.firstFailure(), Last: last.EndedAt,
		Title:  sprintf("%s failed: %s", counted(n, "attempt", "attempts in a row"), c.Task.LastError),
		Detail: sprintf("%s failed, and from %d on that is too many (set by the %s). The last: %s", counted(n, "attempt", "attempts in a row"), limit, source, cut(c.Task.LastError, 500)),
		Data:   map[string]any{"consecutive_failures": n, "threshold": limit, "limit_source": source, "last_outcome": string(last.Outcome), "error": cut(c.Task.LastError, 500)}}
	if n >= 2*limit {
		d.Severity = Critical
	}
	id := string(c.Task.ID)
	switch o := c.failed(); o {
	case OutcomeSpawnFailed:
		d.Actions = append(d.Actions, hint("See why the worker cannot be started", "andon why "+id, true))
	case OutcomeTimedOut, OutcomeCrashed:
		d.Actions = append(d.Actions, hint("Read what the worker printed", "andon log "+id, true))
	}
	if c.Task.Status == Blocked {
		d.Actions = append(d.Actions, hint("Let it be tried again", "andon unblock "+id, false))
	}
	d.Actions = append(d.Actions, c.general()...)
	return d
}

// ended is the run that ended last; the zero run if none did.
func (c Chart) ended() (last Run) {
	for _, r := range c.Runs {
		if !r.Open() && !r.EndedAt.Before(last.EndedAt) {
			last = r
		}
	}
	return last
}

// failed is how the last attempt failed. Where the breaker closed its run, the
// run's record has what tripped it.
func (c Chart) failed() Outcome {
	last := c.ended()
	if last.Outcome != OutcomeGaveUp {
		return last.Outcome
	}
	var meta struct {
		Trigger Outcome `json:"trigger_outcome"`
	}
	_ = json.Unmarshal(last.Metadata, &meta) // what is no record says nothing
	return meta.Trigger
}

// firstFailure is the end of the first of the failures in a row.
func (c Chart) firstFailure() (at time.Time) {
	left := c.Task.Failures
	for i := len(c.Runs) - 1; i >= 0 && left > 0; i-- {
		switch r := c.Runs[i]; r.Outcome {
		case OutcomeCrashed, OutcomeTimedOut, OutcomeSpawnFailed, OutcomeGaveUp:
			at = r.EndedAt
			left--
		}
	}
	return at
}

// repeatedCrashes: the last attempts crashed one after the other, though too few
// of them counted for the breaker.
func repeatedCrashes(c Chart, th Thresholds, _ time.Time) *Diagnostic {
	if limit, _ := c.failureLimit(th); !c.stopped() || c.Task.Failures >= limit {
		return nil
	}
	var crashes []Run
	for i := len(c.Runs) - 1; i >= 0; i-- {
		r := c.Runs[i]
		if r.Outcome == OutcomeCompleted || r.Outcome == OutcomeReclaimed {
			break
		}
		if r.Outcome == OutcomeCrashed {
			crashes = append(crashes, r)
		}
	}
	if len(crashes) < th.Crashes {
		return nil
	}
	last, first := crashes[0], crashes[len(crashes)-1]
	d := &Diagnostic{Kind: "repeated_crashes", Severity: Grave, Count: len(crashes), Run: last.ID, First: first.EndedAt, Last: last.EndedAt,
		Title:  sprintf("The last %d workers crashed: %s", len(crashes), last.Error),
		Detail: sprintf("The last %d workers crashed, one after the other. The last: %s", len(crashes), cut(last.Error, 500)),
		Data:   map[string]any{"crashes": len(crashes), "threshold": th.Crashes, "error": cut(last.Error, 500)}}
	if len(crashes) >= 2*th.Crashes {
		d.Severity = Critical
	}
	d.Actions = append([]Remedy{hint("Read what the workers printed", "andon log "+string(c.Task.ID), true)}, c.general()...)
	return d
}

// stuckInBlocked: the card waits for a person, and nobody has said a word.
func stuckInBlocked(c Chart, th Thresholds, now time.Time) *Diagnostic {
	if c.Task.Status != Blocked {
		return nil
	}
	var last *Event
	for i, e := range c.Events {
		switch e.Kind {
		case EventBlocked, EventGaveUp:
			last = &c.Events[i]
		case EventCommented, EventUnblocked:
			last = nil
		}
	}
	if last == nil || now.Sub(last.At) < th.BlockedStale {
		return nil
	}
	age := now.Sub(last.At)
	why := last.Payload.Text("reason")
	if last.Kind == EventGaveUp {
		why = last.Payload.Text("error")
	}
	d := over([]Event{*last}, "stuck_in_blocked", Warning, sprintf("Blocked for %s, and no word on it", span(age)),
		sprintf("It has waited for a person for %s, and nobody commented on it or unblocked it. It said: %s", span(age), cut(why, 500)))
	d.Data = map[string]any{"blocked_hours": int(age.Hours()), "reason": cut(why, 500)}
	d.Actions = []Remedy{remark("Answer it", true), hint("Let it go on", "andon unblock "+string(c.Task.ID), false)}
	return d
}

// blockCycling: it is unblocked and blocked again and again.
func blockCycling(c Chart, th Thresholds, now time.Time) *Diagnostic {
	var again []Event
	unblocked := false
	for _, e := range c.Events {
		switch e.Kind {
		case EventUnblocked:
			unblocked = true
		case EventBlocked:
			if unblocked && now.Sub(e.At) <= th.CycleWindow {
				again = append(again, e)
			}
			unblocked = false
		}
	}
	if len(again) < th.Cycles {
		return nil
	}
	hours := int(th.CycleWindow.Hours())
	d := over(again, "block_unblock_cycling", Warning, sprintf("Blocked again %d times within %d hours", len(again), hours),
		sprintf("It was unblocked and blocked again %d times within %d hours: the answers do not help. The last question: %s",
			len(again), hours, cut(again[len(again)-1].Payload.Text("reason"), 500)))
	d.Data = map[string]any{"cycles": len(again), "window_seconds": int64(th.CycleWindow.Seconds())}
	d.Actions = []Remedy{hint("Read its history", "andon events "+string(c.Task.ID), true)}
	return d
}

// stranded: it is ready and somebody's, and nobody takes it.
func stranded(c Chart, th Thresholds, now time.Time) *Diagnostic {
	t := c.Task
	if t.Status != Ready || t.Lock != "" || CanonicalAssignee(t.Assignee) == "" || t.RetryAt.After(now) {
		return nil
	}
	since := t.CreatedAt
	for _, e := range c.Events {
		if returns[e.Kind] && e.At.After(since) {
			since = e.At
		}
	}
	age := now.Sub(since)
	if age < th.Stranded {
		return nil
	}
	d := &Diagnostic{Kind: "stranded_in_ready", Severity: Warning, Count: 1, First: since, Last: since,
		Title: sprintf("Ready for %s, and %s does not take it", span(age), t.Assignee),
		Data:  map[string]any{"age_seconds": int64(age.Seconds()), "assignee": t.Assignee, "dispatcher": !c.Nobody, "profile": c.Profile}}
	switch {
	case age >= 6*th.Stranded:
		d.Severity = Critical
	case age >= 2*th.Stranded:
		d.Severity = Grave
	}
	id := string(t.ID)
	reassign := Remedy{Kind: "reassign", Label: "Give the card to another", Payload: map[string]any{"current_assignee": t.Assignee}}
	switch {
	case !c.Profile:
		d.Detail = sprintf("It is ready for %s, who is no profile, so only a person or another program can take it.", t.Assignee)
		reassign.Suggested = true
		d.Actions = []Remedy{reassign, hint("See what would start it", "andon why "+id, false)}
	case c.Nobody:
		d.Detail = sprintf("It is ready for the profile %s, but no dispatcher serves the board.", t.Assignee)
		d.Actions = []Remedy{hint("Start a dispatcher", "andon run", true), reassign}
	default:
		d.Detail = sprintf("It is ready for the profile %s and a dispatcher serves the board, but it was not started.", t.Assignee)
		d.Actions = []Remedy{hint("See what holds it", "andon why "+id, true), reassign}
	}
	return d
}

// span is a length of time in one whole unit.
func span(d time.Duration) string {
	switch {
	case d < 2*time.Hour:
		return sprintf("%d minutes", int(d.Minutes()))
	case d < 48*time.Hour:
		return sprintf("%d hours", int(d.Hours()))
	}
	return sprintf("%d days", int(d.Hours()/24))
}

func counted(n int64, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return sprintf("%d %s", n, many)
}
