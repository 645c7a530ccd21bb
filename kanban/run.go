package kanban

import (
	"encoding/json"
	"strconv"
	"time"
)

// Run is one attempt at a card.
type Run struct {
	ID          RunID
	Task        TaskID
	Profile     string
	StepKey     string
	Status      string // "running" while open
	Lock        string
	Expires     time.Time
	WorkerPID   int64
	MaxRuntime  time.Duration
	HeartbeatAt time.Time
	StartedAt   time.Time
	EndedAt     time.Time
	Outcome     Outcome
	Summary     string
	Metadata    json.RawMessage // a JSON object, or nil
	Error       string

	Worker Worker
	Usage  Expense // may come after the run is closed
}

// Worker is what the run's supervisor has recorded of its processes. It stays
// after the run is closed.
type Worker struct {
	PID        int64  // the supervisor's
	Start      string // when it started, as the system tells it, so that a reused pid is not mistaken for it
	AgentPID   int64
	AgentStart string
	Exit       string    // how the agent ended, as [Exit.String] has it; empty while unknown
	ExitedAt   time.Time // when it did
}

// Outcome is how a run ended. It is empty while the run is open.
type Outcome string

const (
	OutcomeCompleted   Outcome = "completed"
	OutcomeBlocked     Outcome = "blocked"
	OutcomeCrashed     Outcome = "crashed"
	OutcomeTimedOut    Outcome = "timed_out"
	OutcomeSpawnFailed Outcome = "spawn_failed"
	OutcomeGaveUp      Outcome = "gave_up"
	OutcomeReclaimed   Outcome = "reclaimed"
	OutcomeRateLimited Outcome = "rate_limited"
	OutcomeStale       Outcome = "stale"

	OutcomeReviewRequested Outcome = "review_requested"
	OutcomeScheduled       Outcome = "scheduled"
)

// runStatus is the status a live run is closed with. Only two differ from the outcome.
func (o Outcome) runStatus() string {
	switch o {
	case OutcomeCompleted:
		return "done"
	case OutcomeReviewRequested:
		return "review"
	}
	return string(o)
}

// Open reports whether the run has not ended.
func (r Run) Open() bool { return r.EndedAt.IsZero() }

func (id RunID) String() string { return strconv.FormatInt(int64(id), 10) }

// ending is what a run is closed with; all of it replaces what the run had.
type ending struct {
	outcome  Outcome
	summary  string
	err      string
	metadata json.RawMessage
	usage    Expense // further to what the run had
}

// close ends the open run of t.
func (r Run) close(e ending, now time.Time) Run {
	r.Status, r.Outcome, r.EndedAt = e.outcome.runStatus(), e.outcome, now
	r.Summary, r.Error, r.Metadata = e.summary, e.err, e.metadata
	r.Usage = r.Usage.Or(e.usage)
	r.Lock, r.Expires, r.WorkerPID = "", time.Time{}, 0
	return r
}

// closedRun records an outcome for which no run was open: a run of no length.
func (t Task) closedRun(e ending, now time.Time) Run {
	return Run{
		Task: t.ID, Profile: t.Assignee, StepKey: t.StepKey,
		Status: string(e.outcome), Outcome: e.outcome, StartedAt: now, EndedAt: now,
		Summary: e.summary, Error: e.err, Metadata: e.metadata, Usage: e.usage,
	}
}

// LatestSummary is the newest summary of the runs that has any text, by when
// they ended.
func LatestSummary(runs []Run) string {
	var at time.Time
	summary := ""
	for _, r := range runs {
		end := r.EndedAt
		if end.IsZero() {
			end = r.StartedAt
		}
		if r.Summary != "" && !end.Before(at) {
			at, summary = end, r.Summary
		}
	}
	return summary
}
