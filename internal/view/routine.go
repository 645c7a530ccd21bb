package view

import (
	"fmt"
	"strings"
	"time"

	"andon/kanban"
)

// Routine is a routine as scripts see it.
type Routine struct {
	Name      string                 `json:"name"`
	Cron      string                 `json:"cron"`
	TZ        string                 `json:"tz"`
	Missed    kanban.Missed          `json:"missed"`
	Overlap   kanban.Overlap         `json:"overlap"`
	Paused    bool                   `json:"paused"`
	NextAt    *int64                 `json:"next_at"` // null while it is paused
	LastAt    *int64                 `json:"last_at"`
	LastCard  *kanban.TaskID         `json:"last_card"`
	Outcome   *kanban.RoutineOutcome `json:"outcome"`
	Error     *string                `json:"error"`
	CreatedBy *string                `json:"created_by"`
	CreatedAt int64                  `json:"created_at"`
	Card      RoutineCard            `json:"card"`
}

// RoutineCard is what the cards of a routine are like.
type RoutineCard struct {
	Title        string               `json:"title"`
	Body         *string              `json:"body"`
	Assignee     *string              `json:"assignee"`
	Parents      []kanban.TaskID      `json:"parents"`
	Priority     int64                `json:"priority"`
	Tenant       *string              `json:"tenant"`
	Triage       bool                 `json:"triage"`
	Blocked      bool                 `json:"blocked"`
	Kind         kanban.WorkspaceKind `json:"workspace_kind"`
	Path         *string              `json:"workspace_path"`
	Branch       *string              `json:"branch_name"`
	Project      *string              `json:"project"` // its folder; null: the board's; empty: none
	MaxRuntime   *int64               `json:"max_runtime_seconds"`
	MaxRetries   *int64               `json:"max_retries"`
	Skills       []string             `json:"skills"`
	Model        *string              `json:"model_override"`
	Provider     *string              `json:"provider_override"`
	GoalMode     bool                 `json:"goal_mode"`
	GoalMaxTurns *int64               `json:"goal_max_turns"`
	Delay        *int64               `json:"delay_seconds"`
	DueIn        *int64               `json:"due_seconds"`
	Notify       []string             `json:"notify"`
}

// NewRoutine shows a routine.
func NewRoutine(r kanban.Routine) Routine {
	d, seconds := r.Recipe.Draft, func(d time.Duration) *int64 { return opt(int64(d / time.Second)) }
	v := Routine{Name: r.Name, Cron: r.Cron, TZ: r.Zone, Missed: r.Missed, Overlap: r.Overlap, Paused: r.Paused,
		LastAt: epoch(r.LastAt), LastCard: opt(r.LastCard), Outcome: opt(r.Outcome), Error: opt(r.Error), CreatedBy: opt(r.CreatedBy), CreatedAt: r.CreatedAt.Unix(),
		Card: RoutineCard{Title: d.Title, Body: opt(d.Body), Assignee: opt(d.Assignee), Parents: append([]kanban.TaskID{}, d.Parents...), Priority: d.Priority,
			Tenant: opt(d.Tenant), Triage: d.Triage, Blocked: d.Blocked, Kind: d.WorkspaceKind, Path: opt(d.WorkspacePath), Branch: opt(d.Branch),
			MaxRuntime: seconds(d.MaxRuntime), MaxRetries: opt(d.MaxRetries), Skills: append([]string{}, d.Skills...), Model: opt(d.Model),
			Provider: opt(d.Provider), GoalMode: d.GoalMode, GoalMaxTurns: opt(d.GoalMaxTurns), Delay: seconds(r.Recipe.Delay), DueIn: seconds(r.Recipe.DueIn),
			Notify: []string{}}}
	if !r.Paused {
		v.NextAt = epoch(r.NextAt)
	}
	if p := r.Recipe.Project; p != nil {
		v.Card.Project = &p.Repo
	}
	for _, s := range d.Subs {
		v.Card.Notify = append(v.Card.Notify, s.Where())
	}
	return v
}

// NewRoutines shows routines; none is an empty array and not null.
func NewRoutines(all []kanban.Routine) []Routine {
	out := make([]Routine, len(all))
	for i, r := range all {
		out[i] = NewRoutine(r)
	}
	return out
}

// RoutineNext says when a routine makes its next card.
func RoutineNext(r kanban.Routine, zone *time.Location) string {
	switch {
	case r.Paused:
		return "paused"
	case r.NextAt.IsZero():
		return "never"
	}
	return r.NextAt.In(zone).Format("Mon 2006-01-02 15:04")
}

// RoutineRows is a table of routines.
func RoutineRows(all []kanban.Routine, st Style) string {
	name, cron, zone := len("NAME"), len("CRON"), len("ZONE")
	for _, r := range all {
		name, cron, zone = max(name, len(Plain(r.Name))), max(cron, len(Plain(r.Cron))), max(zone, len(Plain(r.Zone)))
	}
	var b strings.Builder
	row := func(n, next, c, z, title string) {
		line := fmt.Sprintf("%-*s  %-20s  %-*s  %-*s  ", name, n, next, cron, c, zone, z)
		b.WriteString(strings.TrimRight(line+st.cut(title, len(line)), " ") + "\n")
	}
	row("NAME", "NEXT", "CRON", "ZONE", "CARD")
	for _, r := range all {
		row(Plain(r.Name), RoutineNext(r, st.zone()), Plain(r.Cron), Plain(r.Zone), Plain(r.Recipe.Draft.Title))
		if line := RoutineTrouble(r, st.zone()); line != "" {
			b.WriteString(strings.Repeat(" ", name) + "  " + line + "\n")
		}
	}
	return b.String()
}

// RoutineTrouble says why a routine made no card when it was last due; empty if it
// made one, or was never due.
func RoutineTrouble(r kanban.Routine, zone *time.Location) string {
	if r.Error == "" {
		return ""
	}
	word := map[kanban.RoutineOutcome]string{kanban.RoutineMissed: "missed", kanban.RoutineOverlap: "skipped", kanban.RoutineFailed: "✖ failed"}[r.Outcome]
	if word == "" {
		word = Plain(string(r.Outcome))
	}
	return fmt.Sprintf("%s %s: %s", word, r.LastAt.In(zone).Format("2006-01-02 15:04"), Plain(r.Error))
}
