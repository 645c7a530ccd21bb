package mcp

import (
	"context"
	"strings"
	"time"

	"andon/internal/store"
	"andon/internal/view"
	"andon/kanban"
)

// lookTools only read.
func lookTools() []tool {
	return []tool{
		{
			name: "kanban_show", reads: true, do: (*call).showCard, result: shown{},
			about:  "Show a card: its fields, the cards before and after it, comments, newest events, runs, and worker_context, the text that its worker is told. In a worker, without task_id, its own.",
			params: []param{{name: "task_id", about: "id of the card; a worker may leave out its own"}},
		},
		{
			name: "kanban_list", reads: true, rank: orchestrator, do: (*call).list, result: listed{},
			about: "List cards, the most urgent first, without their bodies.",
			params: []param{
				{name: "assignee", about: "only the cards of this profile or person"},
				{name: "status", among: statuses(), about: "only the cards in this status"},
				{name: "tenant", about: "only the cards of this tenant"},
				{name: "include_archived", kind: yesno, about: "the archived cards too"},
				{name: "limit", kind: number, min: 1, max: maxList, about: "at most so many cards; by default 50"},
			},
		},
		{
			name: "kanban_search", reads: true, do: (*call).search, result: found{},
			about: `Find cards by what is written on them. All words must occur; "a phrase" as it is; a -word must not. The beginning of an id finds its card.`,
			params: []param{
				{name: "query", required: true, about: "the words"},
				{name: "status", among: statuses(), about: "only the cards in this status"},
				{name: "assignee", about: "only the cards of this profile or person"},
				{name: "in", kind: texts, about: "where to look: " + strings.Join(kanban.Places(), ", ") + "; by default everywhere"},
				{name: "limit", kind: number, min: 1, max: maxList, about: "at most so many cards; by default 50"},
			},
		},
		{
			name: "kanban_why", reads: true, do: (*call).why, result: view.Why{},
			about:  "Say why a card is not worked on, and what would start it.",
			params: []param{{name: "task_id", about: "id of the card; a worker may leave out its own"}},
		},
		{
			name: "kanban_stats", reads: true, rank: orchestrator, do: (*call).stats, result: view.Stats{},
			about:  "Count the cards by status and by assignee, and tell how long work takes.",
			params: []param{{name: "since_days", kind: number, min: 1, max: 36500, about: "how many days back the past is regarded; by default twelve weeks"}},
		},
	}
}

const (
	maxList     = 200
	defaultList = 50
	showEvents  = 50
	statWeeks   = 12
)

func statuses() []string {
	var s []string
	for _, status := range kanban.Statuses {
		s = append(s, string(status))
	}
	return s
}

// shown is a card as kanban_show has it.
type shown struct {
	Task          shownTask         `json:"task"`
	Parents       []kanban.TaskID   `json:"parents"`
	Children      []kanban.TaskID   `json:"children"`
	Comments      []view.Comment    `json:"comments"`
	Events        []view.Event      `json:"events"`
	Attachments   []view.Attachment `json:"attachments"`
	Runs          []view.Run        `json:"runs"`
	WorkerContext string            `json:"worker_context"`
}

type shownTask struct {
	view.Task
	Run *kanban.RunID `json:"current_run_id"`
}

func (c *call) showCard(ctx context.Context) (any, error) {
	id, err := c.card()
	if err != nil {
		return nil, err
	}
	return c.show(ctx, c.Desk, id)
}

func (s *Server) show(ctx context.Context, d *Desk, id kanban.TaskID) (shown, error) {
	card, err := d.Show(ctx, id, showEvents)
	if err != nil {
		return shown{}, err
	}
	brief, err := d.Brief(ctx, id)
	if err != nil {
		return shown{}, err
	}
	v := view.NewCard(card.Task, card.Parents, card.Children, card.Comments, card.Events, card.Runs)
	return shown{
		Task: shownTask{v.Task, view.Opt(card.Task.Run)}, Parents: v.Parents, Children: v.Children, Comments: v.Comments, Events: v.Events,
		Attachments: view.NewAttachments(card.Attachments), Runs: v.Runs, WorkerContext: brief.Text(s.now(), s.zone()),
	}, nil
}

// listed are cards as kanban_list has them.
type listed struct {
	Tasks     []summary `json:"tasks"`
	Count     int       `json:"count"`
	Limit     int       `json:"limit"`
	Truncated bool      `json:"truncated"`
	NextLimit *int      `json:"next_limit,omitempty"` // that would show more
	Promoted  int       `json:"promoted"`             // always 0: a look changes nothing
}

// summary is a card in a list.
type summary struct {
	ID               kanban.TaskID        `json:"id"`
	Title            string               `json:"title"`
	Assignee         *string              `json:"assignee"`
	Status           kanban.Status        `json:"status"`
	Priority         int64                `json:"priority"`
	Tenant           *string              `json:"tenant"`
	WorkspaceKind    kanban.WorkspaceKind `json:"workspace_kind"`
	WorkspacePath    *string              `json:"workspace_path"`
	ProjectID        *string              `json:"project_id"`
	CreatedBy        *string              `json:"created_by"`
	CreatedAt        *int64               `json:"created_at"`
	StartedAt        *int64               `json:"started_at"`
	CompletedAt      *int64               `json:"completed_at"`
	Run              *kanban.RunID        `json:"current_run_id"`
	ModelOverride    *string              `json:"model_override"`
	ProviderOverride *string              `json:"provider_override"`
	Parents          []kanban.TaskID      `json:"parents"`
	Children         []kanban.TaskID      `json:"children"`
	ParentCount      int                  `json:"parent_count"`
	ChildCount       int                  `json:"child_count"`
}

func newSummary(t kanban.Task, links []kanban.Link) summary {
	v := view.NewTask(t)
	s := summary{
		ID: v.ID, Title: v.Title, Assignee: v.Assignee, Status: v.Status, Priority: v.Priority, Tenant: v.Tenant,
		WorkspaceKind: v.WorkspaceKind, WorkspacePath: v.WorkspacePath, ProjectID: v.ProjectID, CreatedBy: v.CreatedBy,
		CreatedAt: v.CreatedAt, StartedAt: v.StartedAt, CompletedAt: v.CompletedAt, Run: view.Opt(t.Run),
		ModelOverride: v.ModelOverride, ProviderOverride: v.ProviderOverride, Parents: []kanban.TaskID{}, Children: []kanban.TaskID{},
	}
	for _, l := range links {
		switch t.ID {
		case l.Child:
			s.Parents = append(s.Parents, l.Parent)
		case l.Parent:
			s.Children = append(s.Children, l.Child)
		}
	}
	s.ParentCount, s.ChildCount = len(s.Parents), len(s.Children)
	return s
}

func (c *call) list(ctx context.Context) (any, error) {
	limit := defaultList
	if c.has("limit") {
		limit = int(c.number("limit"))
	}
	f := store.Filter{Assignee: kanban.CanonicalAssignee(c.text("assignee")), Tenant: c.text("tenant"), Archived: c.yes("include_archived"), Limit: limit + 1}
	if s := c.text("status"); s != "" {
		f.Statuses = []kanban.Status{kanban.Status(s)}
	}
	tasks, links, err := c.Linked(ctx, f)
	if err != nil {
		return nil, err
	}
	v := listed{Tasks: []summary{}, Limit: limit, Truncated: len(tasks) > limit}
	if v.Truncated {
		tasks = tasks[:limit]
		if next := min(limit*2, maxList); next > limit {
			v.NextLimit = &next
		}
	}
	for _, t := range tasks {
		v.Tasks = append(v.Tasks, newSummary(t, links))
	}
	v.Count = len(v.Tasks)
	return v, nil
}

// found are the cards that a search found.
type found struct {
	Hits  []view.Hit `json:"hits"`
	Count int        `json:"count"`
}

func (c *call) search(ctx context.Context) (any, error) {
	q, err := kanban.ParseQuery(c.text("query"), nil, c.texts("in"))
	if err != nil {
		return nil, err
	}
	f := store.SearchFilter{Assignee: kanban.CanonicalAssignee(c.text("assignee"))}
	if s := c.text("status"); s != "" {
		f.Statuses = []kanban.Status{kanban.Status(s)}
	}
	limit := defaultList
	if c.has("limit") {
		limit = int(c.number("limit"))
	}
	hits, err := c.Desk.Search(ctx, q, f, limit)
	if err != nil {
		return nil, err
	}
	v := found{Hits: []view.Hit{}, Count: len(hits)}
	for _, h := range hits {
		v.Hits = append(v.Hits, view.NewHit(c.Slug, h.Task, h.Place, h.Text, q))
	}
	return v, nil
}

func (c *call) why(ctx context.Context) (any, error) {
	id, err := c.card()
	if err != nil {
		return nil, err
	}
	return c.Desk.Why(ctx, id)
}

func (c *call) stats(ctx context.Context) (any, error) {
	return c.Server.stats(ctx, c.Desk, c.number("since_days"))
}

func (s *Server) stats(ctx context.Context, d *Desk, days int64) (view.Stats, error) {
	now := s.now()
	weeks := kanban.Weeks(statWeeks, now, s.zone())
	since := weeks[0].Start
	if days > 0 {
		since = now.Add(-time.Duration(days) * 24 * time.Hour)
	}
	n, err := d.Flow(ctx, since, weeks)
	if err != nil {
		return view.Stats{}, err
	}
	v := view.NewStats(n.OldestReady, now)
	for _, c := range n.Counts {
		v.Count(c.Status, c.Assignee, c.N)
	}
	v.Past = view.NewPast(since, n.FromCreated, n.FromStarted, n.Blocked, n.StillOpen, n.Ageing, n.Weeks, n.Outcomes)
	return v, nil
}
