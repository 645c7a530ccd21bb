package view

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"andon/kanban"
)

// Diagnostic is a sign of trouble as scripts see it.
type Diagnostic struct {
	Kind      string          `json:"kind"`
	Severity  kanban.Severity `json:"severity"`
	Title     string          `json:"title"`
	Detail    string          `json:"detail"`
	Actions   []Remedy        `json:"actions"`
	FirstSeen *int64          `json:"first_seen_at"`
	LastSeen  *int64          `json:"last_seen_at"`
	Count     int             `json:"count"`
	RunID     *kanban.RunID   `json:"run_id"`
	Data      map[string]any  `json:"data"`
}

// Remedy is something to do about a diagnostic.
type Remedy struct {
	Kind      string         `json:"kind"`
	Label     string         `json:"label"`
	Payload   map[string]any `json:"payload"`
	Suggested bool           `json:"suggested"`
}

// NewDiagnostics shows findings; none is an empty array and not null.
func NewDiagnostics(found []kanban.Diagnostic) []Diagnostic {
	out := make([]Diagnostic, len(found))
	for i, d := range found {
		v := Diagnostic{Kind: d.Kind, Severity: d.Severity, Title: d.Title, Detail: d.Detail, Actions: []Remedy{},
			FirstSeen: epoch(d.First), LastSeen: epoch(d.Last), Count: d.Count, RunID: opt(d.Run), Data: d.Data}
		for _, r := range d.Actions {
			v.Actions = append(v.Actions, Remedy(r))
		}
		out[i] = v
	}
	return out
}

// CardDiagnostics is a card with its signs of trouble, as scripts see it.
type CardDiagnostics struct {
	TaskID      kanban.TaskID `json:"task_id"`
	Title       string        `json:"title"`
	Status      kanban.Status `json:"status"`
	Assignee    *string       `json:"assignee"`
	Diagnostics []Diagnostic  `json:"diagnostics"`
}

// NewCardDiagnostics shows a card with its signs of trouble.
func NewCardDiagnostics(t kanban.Task, found []kanban.Diagnostic) CardDiagnostics {
	return CardDiagnostics{TaskID: t.ID, Title: t.Title, Status: t.Status, Assignee: opt(t.Assignee), Diagnostics: NewDiagnostics(found)}
}

// RoutineDiagnostics is a routine with its sign of trouble. task_id is null.
type RoutineDiagnostics struct {
	TaskID      *kanban.TaskID `json:"task_id"`
	Routine     string         `json:"routine"`
	Title       string         `json:"title"`
	Status      *kanban.Status `json:"status"`
	Assignee    *string        `json:"assignee"`
	Diagnostics []Diagnostic   `json:"diagnostics"`
}

// NewRoutineDiagnostics shows a routine with its sign of trouble.
func NewRoutineDiagnostics(r kanban.Routine, d kanban.Diagnostic) RoutineDiagnostics {
	return RoutineDiagnostics{Routine: r.Name, Title: r.Recipe.Draft.Title, Assignee: opt(r.Recipe.Draft.Assignee), Diagnostics: NewDiagnostics([]kanban.Diagnostic{d})}
}

var marks = map[kanban.Severity]string{kanban.Warning: "⚠", kanban.Grave: "!!", kanban.Critical: "!!!"}

// DiagnosticRows shows findings to a person, a few lines each: what it is, the
// figures, and what to do about it.
func DiagnosticRows(found []kanban.Diagnostic, id kanban.TaskID) string {
	var b strings.Builder
	for _, d := range found {
		fmt.Fprintf(&b, "%-3s %s  %s: %s\n", marks[d.Severity], d.Severity, d.Kind, Plain(d.Title))
		if data := compact(d.Data); data != "" {
			fmt.Fprintf(&b, "      %s\n", Plain(data))
		}
		for _, r := range d.Actions {
			if r.Suggested {
				fmt.Fprintf(&b, "      → %s%s\n", Plain(r.Label), Plain(Remedy(r).command(id)))
			}
		}
	}
	return b.String()
}

// command is how a remedy is had at the command line.
func (r Remedy) command(id kanban.TaskID) string {
	switch r.Kind {
	case "cli_hint":
		return fmt.Sprintf(": %v", r.Payload["command"])
	case "comment":
		return fmt.Sprintf(": andon comment %s TEXT", id)
	case "reassign":
		return fmt.Sprintf(": andon reassign %s PROFILE", id)
	case "reclaim":
		return fmt.Sprintf(": andon reclaim %s", id)
	}
	return ""
}

// compact is data on one line. Texts are told in the title already.
func compact(data map[string]any) string {
	var words []string
	for _, k := range slices.Sorted(maps.Keys(data)) {
		switch v := data[k].(type) {
		case string:
			if k != "error" && k != "reason" && v != "" {
				words = append(words, k+"="+v)
			}
		case []string:
			words = append(words, k+"="+strings.Join(v, ","))
		default:
			words = append(words, fmt.Sprintf("%s=%v", k, v))
		}
	}
	return strings.Join(words, " ")
}
