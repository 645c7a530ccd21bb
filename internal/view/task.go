package view

import "andon/kanban"

// Task is a card as scripts see it. The keys are a contract.
type Task struct {
	ID               kanban.TaskID        `json:"id"`
	Title            string               `json:"title"`
	Body             *string              `json:"body"`
	Assignee         *string              `json:"assignee"`
	Status           kanban.Status        `json:"status"`
	Priority         int64                `json:"priority"`
	Tenant           *string              `json:"tenant"`
	WorkspaceKind    kanban.WorkspaceKind `json:"workspace_kind"`
	WorkspacePath    *string              `json:"workspace_path"`
	BranchName       *string              `json:"branch_name"`
	ProjectID        *string              `json:"project_id"`
	CreatedBy        *string              `json:"created_by"`
	CreatedAt        *int64               `json:"created_at"`
	StartedAt        *int64               `json:"started_at"`
	CompletedAt      *int64               `json:"completed_at"`
	Result           *string              `json:"result"`
	Skills           []string             `json:"skills"`
	MaxRetries       *int64               `json:"max_retries"`
	ModelOverride    *string              `json:"model_override"`
	ProviderOverride *string              `json:"provider_override"`
	SessionID        *string              `json:"session_id"`
	WorkflowTemplate *string              `json:"workflow_template_id"`
	CurrentStepKey   *string              `json:"current_step_key"`
	ScheduledAt      *int64               `json:"scheduled_at"`
	DueAt            *int64               `json:"due_at"`
	Check            *string              `json:"check,omitempty"`
}

// NewTask shows a card.
func NewTask(t kanban.Task) Task {
	v := Task{
		ID: t.ID, Title: t.Title, Body: opt(t.Body), Assignee: opt(t.Assignee), Status: t.Status, Priority: t.Priority,
		Tenant: opt(t.Tenant), WorkspaceKind: t.WorkspaceKind, WorkspacePath: opt(t.WorkspacePath),
		BranchName: opt(t.Branch), ProjectID: opt(t.Project), CreatedBy: opt(t.CreatedBy),
		CreatedAt: epoch(t.CreatedAt), StartedAt: epoch(t.StartedAt), CompletedAt: epoch(t.CompletedAt),
		Result: opt(t.Result), Skills: t.Skills, MaxRetries: opt(t.MaxRetries), ModelOverride: opt(t.Model),
		ProviderOverride: opt(t.Provider), SessionID: opt(t.Session), WorkflowTemplate: opt(t.WorkflowTemplate),
		CurrentStepKey: opt(t.StepKey), ScheduledAt: epoch(t.StartAt), DueAt: epoch(t.DueAt), Check: opt(t.Check),
	}
	if v.Skills == nil {
		v.Skills = []string{}
	}
	return v
}

// NewTasks shows cards; none is an empty array and not null.
func NewTasks(tasks []kanban.Task) []Task {
	out := make([]Task, len(tasks))
	for i, t := range tasks {
		out[i] = NewTask(t)
	}
	return out
}

var icons = map[kanban.Status]string{
	kanban.Triage: "◇", kanban.Todo: "◻", kanban.Scheduled: "⏱", kanban.Ready: "▶", kanban.Running: "●",
	kanban.Blocked: "⊘", kanban.Review: "◎", kanban.Done: "✓", kanban.Archived: "—",
}

// Icon is the sign of a status.
func Icon(s kanban.Status) string {
	if icon, ok := icons[s]; ok {
		return icon
	}
	return "?"
}

// Row is a card on one line, without colour.
func Row(t kanban.Task) string { return Style{}.Row(t) }
