package kanban

import (
	"slices"
	"strings"
	"testing"
	"time"
)

var usual = Thresholds{Crashes: 2, BlockedStale: 24 * time.Hour, Stranded: 30 * time.Minute, Cycles: 3, CycleWindow: 24 * time.Hour}

// history makes events of the kinds, each a minute after the one before and the
// last of them so long ago.
func history(ago time.Duration, kinds ...EventKind) (events []Event) {
	for i, k := range kinds {
		e := Event{ID: EventID(i + 1), Kind: k, At: noon.Add(-ago - time.Duration(len(kinds)-1-i)*time.Minute)}
		switch k {
		case EventHallucinated:
			e.Payload = ParsePayload(`{"phantom_cards": ["t_1", "t_2"]}`)
		case EventSuspected:
			e.Payload = ParsePayload(`{"phantom_refs": ["t_9"]}`)
		case EventBlocked:
			e.Payload = ParsePayload(`{"reason": "which one?"}`)
		}
		events = append(events, e)
	}
	return events
}

// attempts are runs with the outcomes, the newest last.
func attempts(outcomes ...Outcome) (runs []Run) {
	for i, o := range outcomes {
		at := noon.Add(time.Duration(i-len(outcomes)) * time.Minute)
		runs = append(runs, Run{ID: RunID(i + 1), Outcome: o, StartedAt: at, EndedAt: at, Error: "pid 7 exited with code 1"})
	}
	return runs
}

// Each rule fires on its sign, says how grave it is, and is silent when the sign
// is gone.
func TestDiagnose(t *testing.T) {
	t.Parallel()
	at := func(s Status) Task { return Task{ID: "t_1", Status: s, Assignee: "ada", CreatedAt: noon} }
	failed := func(s Status, n int64) Task {
		t := at(s)
		t.Failures, t.LastError = n, "pid 7 exited with code 1"
		return t
	}
	waits := func(ago time.Duration) Task { t := at(Ready); t.CreatedAt = noon.Add(-ago); return t }
	day := 24 * time.Hour
	for name, c := range map[string]struct {
		chart     Chart
		kind      string // empty: nothing is found
		severity  Severity
		suggested string // a part of the suggested command or the kind of the remedy
		count     int
	}{
		"a card that is well": {Chart{Task: at(Ready), Events: history(0, EventCreated)}, "", "", "", 0},

		"phantom cards":              {Chart{Task: at(Running), Events: history(0, EventHallucinated, EventHallucinated)}, "hallucinated_cards", Grave, "", 2},
		"phantom cards, then done":   {Chart{Task: at(Done), Events: history(0, EventHallucinated, EventCompleted)}, "", "", "", 0},
		"phantom cards, then edited": {Chart{Task: at(Ready), Events: history(0, EventHallucinated, EventEdited)}, "", "", "", 0},
		"phantom words":              {Chart{Task: at(Done), Events: history(0, EventCompleted, EventSuspected)}, "prose_phantom_refs", Warning, "", 1},
		"phantom words, then edited": {Chart{Task: at(Done), Events: history(0, EventCompleted, EventSuspected, EventEdited)}, "", "", "", 0},

		"failures":                      {Chart{Task: failed(Blocked, 2), Runs: attempts(OutcomeCrashed, OutcomeTimedOut)}, "repeated_failures", Grave, "andon log t_1", 2},
		"twice as many":                 {Chart{Task: failed(Ready, 4), Runs: attempts(OutcomeCrashed)}, "repeated_failures", Critical, "andon log t_1", 4},
		"too few":                       {Chart{Task: failed(Ready, 1), Runs: attempts(OutcomeCrashed)}, "", "", "", 0},
		"failures, and it runs":         {Chart{Task: failed(Running, 2), Runs: attempts(OutcomeCrashed)}, "", "", "", 0},
		"failures, and it is done":      {Chart{Task: failed(Done, 2)}, "", "", "", 0},
		"the profile allows more":       {Chart{Task: failed(Ready, 2), Policy: Policy{ProfileLimit: 3}}, "", "", "", 0},
		"the card allows less":          {Chart{Task: func() Task { t := failed(Blocked, 1); t.MaxRetries = 1; return t }(), Policy: Policy{ProfileLimit: 3}}, "repeated_failures", Grave, "", 1},
		"it could not be started":       {Chart{Task: failed(Ready, 2), Runs: attempts(OutcomeSpawnFailed)}, "repeated_failures", Grave, "andon why t_1", 2},
		"the breaker closed the run":    {Chart{Task: failed(Blocked, 2), Runs: []Run{{ID: 1, Outcome: OutcomeGaveUp, EndedAt: noon, Metadata: []byte(`{"trigger_outcome":"spawn_failed"}`)}}}, "repeated_failures", Grave, "andon why t_1", 2},
		"crashes":                       {Chart{Task: failed(Ready, 1), Runs: attempts(OutcomeCrashed, OutcomeCrashed)}, "repeated_crashes", Grave, "andon log t_1", 2},
		"crashes beside other failures": {Chart{Task: failed(Ready, 1), Runs: attempts(OutcomeCrashed, OutcomeTimedOut, OutcomeRateLimited, OutcomeCrashed)}, "repeated_crashes", Grave, "andon log t_1", 2},
		"crashes without end":           {Chart{Task: failed(Ready, 0), Runs: attempts(OutcomeCrashed, OutcomeCrashed, OutcomeCrashed, OutcomeCrashed)}, "repeated_crashes", Critical, "andon log t_1", 4},
		"crashes before a success":      {Chart{Task: failed(Ready, 0), Runs: attempts(OutcomeCrashed, OutcomeCrashed, OutcomeCompleted, OutcomeCrashed)}, "", "", "", 0},
		"crashes before a reclaim":      {Chart{Task: failed(Ready, 0), Runs: attempts(OutcomeCrashed, OutcomeReclaimed, OutcomeCrashed)}, "", "", "", 0},

		"blocked for a day":             {Chart{Task: at(Blocked), Events: history(day, EventCommented, EventBlocked)}, "stuck_in_blocked", Warning, "comment", 1},
		"given up a day ago":            {Chart{Task: at(Blocked), Events: history(day, EventGaveUp)}, "stuck_in_blocked", Warning, "comment", 1},
		"blocked for less":              {Chart{Task: at(Blocked), Events: history(day-time.Second, EventBlocked)}, "", "", "", 0},
		"blocked, and somebody spoke":   {Chart{Task: at(Blocked), Events: history(day, EventBlocked, EventCommented)}, "", "", "", 0},
		"blocked once, and ready since": {Chart{Task: at(Ready), Events: history(day, EventBlocked)}, "", "", "", 0},

		"blocked again and again": {Chart{Task: at(Ready), Events: history(0, EventBlocked, EventUnblocked, EventBlocked, EventUnblocked, EventBlocked, EventUnblocked, EventBlocked)}, "block_unblock_cycling", Warning, "andon events t_1", 3},
		"but long ago":            {Chart{Task: at(Ready), Events: history(day+time.Second, EventBlocked, EventUnblocked, EventBlocked, EventUnblocked, EventBlocked, EventUnblocked, EventBlocked)}, "", "", "", 0},
		"blocked thrice":          {Chart{Task: at(Ready), Events: history(0, EventBlocked, EventUnblocked, EventBlocked, EventUnblocked, EventBlocked)}, "", "", "", 0},

		"stranded, no dispatcher":    {Chart{Task: waits(30 * time.Minute), Nobody: true, Profile: true}, "stranded_in_ready", Warning, "andon run", 1},
		"stranded for an hour":       {Chart{Task: waits(time.Hour), Profile: true}, "stranded_in_ready", Grave, "andon why t_1", 1},
		"stranded for three":         {Chart{Task: waits(3 * time.Hour)}, "stranded_in_ready", Critical, "reassign", 1},
		"not for long enough":        {Chart{Task: waits(30*time.Minute - time.Second)}, "", "", "", 0},
		"old, but lately promoted":   {Chart{Task: waits(day), Events: history(0, EventPromotedBy)}, "", "", "", 0},
		"old, but a worker crashed":  {Chart{Task: waits(day), Events: history(0, EventCrashed)}, "", "", "", 0},
		"it rests":                   {Chart{Task: func() Task { t := waits(day); t.RetryAt = noon.Add(1); return t }()}, "", "", "", 0},
		"nobody's":                   {Chart{Task: func() Task { t := waits(day); t.Assignee = " "; return t }()}, "", "", "", 0},
		"held":                       {Chart{Task: func() Task { t := waits(day); t.Lock = "here:1"; return t }()}, "", "", "", 0},
		"it waits in another status": {Chart{Task: func() Task { t := waits(day); t.Status = Todo; return t }()}, "", "", "", 0},
	} {
		found := Diagnose(c.chart, usual, noon)
		if c.kind == "" {
			if len(found) > 0 {
				t.Errorf("%s: found %+v, want nothing", name, found)
			}
			continue
		}
		if len(found) != 1 || found[0].Kind != c.kind || found[0].Severity != c.severity || found[0].Count != c.count {
			t.Errorf("%s: found %+v, want one %s %s of %d", name, found, c.severity, c.kind, c.count)
			continue
		}
		d := found[0]
		if d.Title == "" || d.Detail == "" || d.Data == nil || len(d.Actions) == 0 {
			t.Errorf("%s: something is missing of %+v", name, d)
		}
		var suggested []string
		for _, r := range d.Actions {
			if r.Suggested {
				command, _ := r.Payload["command"].(string)
				suggested = append(suggested, r.Kind+" "+command)
			}
		}
		if got := strings.Join(suggested, ";"); len(suggested) > 1 || c.suggested == "" && got != "" || !strings.Contains(got, c.suggested) {
			t.Errorf("%s: suggested %q, want %q", name, got, c.suggested)
		}
		reclaims := slices.ContainsFunc(d.Actions, func(r Remedy) bool { return r.Kind == "reclaim" })
		if reclaims && c.chart.Task.Status != Running {
			t.Errorf("%s: a card that is %s should be reclaimed", name, c.chart.Task.Status)
		}
	}
}

func TestDiagnoseOrder(t *testing.T) {
	t.Parallel()
	task := Task{ID: "t_1", Status: Blocked, Assignee: "ada", Failures: 2, LastError: strings.Repeat("long ", 200)}
	events := history(25*time.Hour, EventHallucinated, EventBlocked)
	found := Diagnose(Chart{Task: task, Events: events, Runs: attempts(OutcomeCrashed, OutcomeCrashed)}, usual, noon)
	var kinds []string
	for _, d := range found {
		kinds = append(kinds, d.Kind)
	}
	if want := []string{"repeated_failures", "hallucinated_cards", "stuck_in_blocked"}; !slices.Equal(kinds, want) {
		t.Errorf("found %q, want %q: the gravest first, then the newest", kinds, want)
	}
	if d := found[0]; len(d.Title) > 160 || len(d.Detail) > 700 {
		t.Errorf("a title of %d and a detail of %d letters", len(d.Title), len(d.Detail))
	}
}
