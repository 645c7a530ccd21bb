package kanban

import (
	"strings"
	"time"
)

// TaskID names a card: "t_" and eight lower-case hexadecimal digits. Ids of
// other programs on the same board may look otherwise and are accepted.
type TaskID string

// RunID numbers a run. Zero is no run.
type RunID int64

// NewRun stands, within a [Change], for the run which that change opens and
// whose number only the database knows.
const NewRun RunID = -1

// EventID numbers an event. Ids rise in the order of commits and are never used
// again, so they serve as a reader's cursor.
type EventID int64

// Task is a card. Text, numbers and times are zero where nothing is recorded.
// Times have a resolution of one second.
type Task struct {
	ID        TaskID
	Title     string
	Body      string
	Assignee  string // a profile or a person; canonical as by [CanonicalAssignee]
	Status    Status
	Priority  int64 // higher is dispatched first
	CreatedBy string
	Tenant    string
	Session   string // the chat session of the creator

	CreatedAt   time.Time
	StartedAt   time.Time // first start ever
	CompletedAt time.Time

	WorkspaceKind WorkspaceKind
	WorkspacePath string
	Branch        string
	Project       string

	Run         RunID // the open run, zero if none
	Lock        string
	Expires     time.Time // when the lease ends
	WorkerPID   int64
	HeartbeatAt time.Time

	Result           string
	Failures         int64 // consecutive
	LastError        string
	BlockKind        BlockKind
	BlockRecurrences int64
	RetryAt          time.Time // no dispatch before; a claim by hand ignores it
	Forced           bool      // promoted although parents were open
	Check            string    // a shell command that judges a report before the card is done
	Refusals         int64     // of reports by the check, since somebody last saw to the card
	StartAt          time.Time // when a scheduled card goes on by itself; zero: when a person says so
	DueAt            time.Time // by when it should be finished; zero: no such date

	IdempotencyKey   string
	MaxRuntime       time.Duration
	MaxRetries       int64 // failures that trip the breaker; zero: the profile's or the board's limit
	Skills           []string
	Model            string
	Provider         string
	Effort           string
	GoalMode         bool
	GoalMaxTurns     int64
	WorkflowTemplate string
	StepKey          string
}

// WorkspaceKind is what sort of folder a worker gets.
type WorkspaceKind string

const (
	Scratch  WorkspaceKind = "scratch"  // a fresh folder of the card's own
	Dir      WorkspaceKind = "dir"      // a given folder
	Worktree WorkspaceKind = "worktree" // a git worktree
)

// BlockKind says why a card is blocked. The empty kind is legal.
type BlockKind string

const (
	Dependency BlockKind = "dependency"
	NeedsInput BlockKind = "needs_input"
	Capability BlockKind = "capability"
	Transient  BlockKind = "transient"
)

// ParseBlockKind accepts a kind's name, and the empty text for none.
func ParseBlockKind(s string) (BlockKind, error) {
	switch k := BlockKind(s); k {
	case "", Dependency, NeedsInput, Capability, Transient:
		return k, nil
	}
	return "", Invalidf("unknown block kind %q; it is one of %s", s, join([]BlockKind{Dependency, NeedsInput, Capability, Transient}))
}

// Link says that Child waits for Parent.
type Link struct{ Parent, Child TaskID }

// Comment is a remark on a card.
type Comment struct {
	ID     int64
	Task   TaskID
	Author string
	Body   string
	At     time.Time
}

// CanonicalAssignee trims and lower-cases a name as Hermes stores it.
func CanonicalAssignee(s string) string { return strings.ToLower(strings.TrimSpace(s)) }

// clearClaim takes the card out of its worker's hands.
func (t *Task) clearClaim() {
	t.Run, t.Lock, t.Expires, t.WorkerPID = 0, "", time.Time{}, 0
}

// clearFailures forgets the failures and refusals so far, and the delay they cost.
func (t *Task) clearFailures() {
	t.Failures, t.LastError, t.RetryAt, t.Refusals = 0, "", time.Time{}, 0
}

// Pinned refuses when run is set and is not the card's current one: a worker
// that was superseded may not move the card.
func (t Task) pinned(v Verb, run RunID) error {
	if run == 0 || run == t.Run {
		return nil
	}
	return &Error{Code: Conflict, Err: ErrSuperseded,
		Msg:  string(v) + " " + string(t.ID) + ": run " + run.String() + " is no longer the card's current one",
		Hint: "its worker should stop; `andon show " + string(t.ID) + "` tells who has it now"}
}

// taken refuses unless was is the card's run: its worker has been ended, and no
// other one's card may be taken away.
func (t Task) taken(v Verb, was RunID) error {
	if was == t.Run || t.Status != Running {
		return t.pinned(v, was)
	}
	return &Error{Code: Conflict, Err: ErrSuperseded,
		Msg:  sprintf("%s %s: another run claimed it meanwhile, whose worker was not ended", v, t.ID),
		Hint: "try again"}
}

// Landing is where a card goes that nothing but its parents may hold back.
func landing(parents []Task) Status {
	if len(open(parents)) > 0 {
		return Todo
	}
	return Ready
}

// landed is the payload that says where a card landed; none if it is ready.
func (t Task) landed() Payload {
	if t.Status == Ready {
		return nil
	}
	return payload("status", t.Status)
}

// open lists the parents that are not satisfied.
func open(parents []Task) []TaskID {
	var ids []TaskID
	for _, p := range parents {
		if !p.Status.Satisfied() {
			ids = append(ids, p.ID)
		}
	}
	return ids
}
