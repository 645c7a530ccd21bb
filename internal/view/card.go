package view

import (
	"encoding/json"

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
}

// NewRun shows a run.
func NewRun(r kanban.Run) Run {
	v := Run{
		ID: r.ID, Profile: opt(r.Profile), StepKey: opt(r.StepKey), Status: r.Status, Outcome: opt(r.Outcome),
		Summary: opt(r.Summary), Error: opt(r.Error), Metadata: r.Metadata, WorkerPID: opt(r.WorkerPID),
		StartedAt: epoch(r.StartedAt), EndedAt: epoch(r.EndedAt), Exit: opt(r.Worker.Exit),
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
