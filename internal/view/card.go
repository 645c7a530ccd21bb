package view

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"andon/kanban"
)

// Run is an attempt as scripts see it. exit is andon's own: how the worker's
// process ended.
type Run struct {
	ID        kanban.RunID    `json:"id"`
	Profile   *string         `json:"profile"`
	StepKey   *string         `json:"step_key"`
	Status    string          `json:"status"`
	Outcome   *kanban.Outcome `json:"outcome"`
	Summary   *string         `json:"summary"`
	Error     *string         `json:"error"`
	Metadata  json.RawMessage `json:"metadata"`
	WorkerPID *int64          `json:"worker_pid"`
	StartedAt *int64          `json:"started_at"`
	EndedAt   *int64          `json:"ended_at"`
	Exit      *string         `json:"exit"`
	Usage     *Usage          `json:"usage,omitempty"` // not there where nobody has said
	Checks    []Check         `json:"checks,omitempty"`
}

// Check is a report that had to wait for a check, and how that went.
type Check struct {
	State     kanban.ProposalState `json:"state"`
	Command   *string              `json:"command"`
	Exit      *string              `json:"exit"`
	Output    *string              `json:"output"`
	Report    kanban.Report        `json:"report"`
	MadeAt    *int64               `json:"made_at"`
	StartedAt *int64               `json:"started_at"`
	EndedAt   *int64               `json:"ended_at"`
	RunID     *kanban.RunID        `json:"run_id"`
}

// NewCheck shows a check.
func NewCheck(p kanban.Proposal) Check {
	return Check{State: p.State, Command: opt(p.Command), Exit: opt(p.Exit), Output: opt(p.Output), Report: p.Report,
		MadeAt: epoch(p.MadeAt), StartedAt: epoch(p.StartedAt), EndedAt: epoch(p.EndedAt), RunID: opt(p.Run)}
}

// NewChecks shows checks; none is nil.
func NewChecks(all []kanban.Proposal) (checks []Check) {
	for _, p := range all {
		checks = append(checks, NewCheck(p))
	}
	return checks
}

// WithChecks puts each check to the run to which it belongs.
func WithChecks(runs []Run, all []kanban.Proposal) []Run {
	for i := range runs {
		for _, p := range all {
			if p.Run == runs[i].ID {
				runs[i].Checks = append(runs[i].Checks, NewCheck(p))
			}
		}
	}
	return runs
}

// CheckRows are the checks as text, each with the end of what it said.
func CheckRows(all []kanban.Proposal, zone *time.Location) string {
	var b strings.Builder
	for _, p := range all {
		where := "no run"
		if p.Run != 0 {
			where = "run " + p.Run.String()
		}
		fmt.Fprintf(&b, "%s  %s: %s", Clock(p.MadeAt, zone), where, p.State)
		if p.Exit != "" {
			fmt.Fprintf(&b, " (%s)", Plain(p.Exit))
		}
		if p.Command != "" {
			fmt.Fprintf(&b, ": %s", Plain(p.Command))
		}
		b.WriteString("\n")
		if p.State != kanban.ProposalRefused && p.State != kanban.ProposalAbandoned {
			continue
		}
		lines := strings.Split(strings.TrimRight(PlainLines(p.Output), "\n"), "\n")
		if n := len(lines) - checkLines; n > 0 {
			fmt.Fprintf(&b, "    (the last %d of %d lines)\n", checkLines, len(lines))
			lines = lines[n:]
		}
		for _, l := range lines {
			if l != "" {
				fmt.Fprintf(&b, "    %s\n", l)
			}
		}
	}
	return b.String()
}

// checkLines is how many lines of a check's output a list of them shows.
const checkLines = 10

// NewRun shows a run.
func NewRun(r kanban.Run) Run {
	v := Run{
		ID: r.ID, Profile: opt(r.Profile), StepKey: opt(r.StepKey), Status: r.Status, Outcome: opt(r.Outcome),
		Summary: opt(r.Summary), Error: opt(r.Error), Metadata: r.Metadata, WorkerPID: opt(r.WorkerPID),
		StartedAt: epoch(r.StartedAt), EndedAt: epoch(r.EndedAt), Exit: opt(r.Worker.Exit), Usage: NewUsage(r.Usage),
	}
	if len(v.Metadata) == 0 {
		v.Metadata = json.RawMessage("null")
	}
	return v
}

// NewRuns shows runs; none is an empty array and not null.
func NewRuns(runs []kanban.Run) []Run {
	out := make([]Run, len(runs))
	for i, r := range runs {
		out[i] = NewRun(r)
	}
	return out
}

// Comment is a remark as scripts see it.
type Comment struct {
	Author    string `json:"author"`
	Body      string `json:"body"`
	CreatedAt int64  `json:"created_at"`
}

// Event is a line of history within its card.
type Event struct {
	Kind      kanban.EventKind `json:"kind"`
	Payload   kanban.Payload   `json:"payload"`
	CreatedAt int64            `json:"created_at"`
	RunID     *kanban.RunID    `json:"run_id"`
}

// StreamEvent is a line of the board's history.
type StreamEvent struct {
	ID     kanban.EventID `json:"id"`
	TaskID kanban.TaskID  `json:"task_id"`
	Event
}

// NewEvent shows an event within its card.
func NewEvent(e kanban.Event) Event {
	return Event{Kind: e.Kind, Payload: e.Payload, CreatedAt: e.At.Unix(), RunID: opt(e.Run)}
}

// NewStreamEvent shows an event of the board.
func NewStreamEvent(e kanban.Event) StreamEvent {
	return StreamEvent{ID: e.ID, TaskID: e.Task, Event: NewEvent(e)}
}

// Card is a card with all that belongs to it, as `show --json` prints it.
type Card struct {
	Task          Task            `json:"task"`
	LatestSummary *string         `json:"latest_summary"`
	Parents       []kanban.TaskID `json:"parents"`
	Children      []kanban.TaskID `json:"children"`
	Comments      []Comment       `json:"comments"`
	Events        []Event         `json:"events"`
	Attachments   []Attachment    `json:"attachments"`
	Runs          []Run           `json:"runs"`
	Checks        []Check         `json:"checks,omitempty"`
}

// NewCard shows a card.
func NewCard(t kanban.Task, parents, children []kanban.Task, comments []kanban.Comment, events []kanban.Event, runs []kanban.Run) Card {
	c := Card{
		Task: NewTask(t), LatestSummary: opt(kanban.LatestSummary(runs)), Parents: IDs(parents), Children: IDs(children),
		Comments: []Comment{}, Events: []Event{}, Runs: NewRuns(runs), Attachments: []Attachment{},
	}
	for _, m := range comments {
		c.Comments = append(c.Comments, Comment{m.Author, m.Body, m.At.Unix()})
	}
	for _, e := range events {
		c.Events = append(c.Events, NewEvent(e))
	}
	return c
}

// IDs lists the ids of cards; none is an empty array and not null.
func IDs(tasks []kanban.Task) []kanban.TaskID {
	ids := make([]kanban.TaskID, len(tasks))
	for i, t := range tasks {
		ids[i] = t.ID
	}
	return ids
}
