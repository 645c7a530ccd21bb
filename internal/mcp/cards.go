package mcp

import (
	"context"
	"path/filepath"
	"time"

	"andon/internal/config"
	"andon/internal/view"
	"andon/kanban"
)

// cardTools are what everybody does to any card.
func cardTools() []tool {
	return []tool{
		{
			name: "kanban_comment", verb: kanban.VerbComment, do: (*call).comment, result: commented{},
			about: "Remark upon any card. Its worker reads it: this is how something is handed to another worker.",
			params: []param{
				{name: "task_id", required: true, about: "id of the card"},
				{name: "body", required: true, about: "the remark, in Markdown"},
				{name: "author", kind: ignored},
			},
		},
		{
			name: "kanban_create", verb: kanban.VerbCreate, do: (*call).create, result: created{},
			about: "Make a card. It is started when its parents are done, if its assignee is a profile.",
			params: []param{
				{name: "title", required: true, about: "what is to be done, in one line"},
				{name: "assignee", required: true, about: "profile or person that shall do it"},
				{name: "body", about: "the text of the card"},
				{name: "parents", kind: texts, about: "ids of cards that must be done first"},
				{name: "tenant", about: "whose work it is"},
				{name: "priority", kind: number, about: "higher is started first"},
				{name: "workspace_kind", among: []string{"scratch", "dir", "worktree"}, about: "where its worker works; by default scratch"},
				{name: "workspace_path", about: "the folder of a dir, or the place of a worktree; absolute"},
				{name: "project", max: 4 * maxName, about: "whose repository it is work on: a folder, or the project of a board"},
				{name: "triage", kind: yesno, about: "land in triage, to be specified first"},
				{name: "idempotency_key", about: "while a card with this key is on the board, that card is the answer"},
				{name: "max_runtime_seconds", kind: number, min: 0, max: maxSeconds, about: "end a run after this time"},
				{name: "initial_status", among: []string{"running", "blocked"}, about: "blocked: a person must unblock it first; running is the ordinary way"},
				{name: "skills", kind: texts, about: "skills for its worker"},
				{name: "goal_mode", kind: yesno, about: "goal mode"},
				{name: "goal_max_turns", kind: number, min: 0, max: 1 << 31, about: "turns in goal mode"},
				{name: "model", about: "model for its worker"},
				{name: "provider", about: "provider of the model"},
			},
		},
		{
			name: "kanban_link", verb: kanban.VerbLink, do: (*call).link, result: linked{}, repeats: true,
			about: "Make the child wait until the parent is done.",
			params: []param{
				{name: "parent_id", required: true, about: "id of the card that must be done first"},
				{name: "child_id", required: true, about: "id of the card that waits"},
			},
		},
	}
}

// maxSeconds bounds a time limit: a hundred years.
const maxSeconds = 100 * 366 * 24 * 3600

type commented struct {
	done
	Comment int64 `json:"comment_id"`
}

func (c *call) comment(ctx context.Context) (any, error) {
	id, err := c.card()
	if err != nil {
		return nil, err
	}
	change, err := c.Comment(ctx, id, c.Author, c.text("body"))
	if err != nil {
		return nil, err
	}
	return commented{done{true, id}, change.Comments[0].ID}, nil
}

// created is the answer to kanban_create. subscribed is always false: a session of
// this kind has no chat that could be told of the card.
type created struct {
	done
	Status        kanban.Status        `json:"status"`
	WorkspaceKind kanban.WorkspaceKind `json:"workspace_kind"`
	WorkspacePath *string              `json:"workspace_path"`
	Project       *string              `json:"project_id"`
	Subscribed    bool                 `json:"subscribed"`
}

func (c *call) create(ctx context.Context) (any, error) {
	d := kanban.Draft{
		Title: c.text("title"), Body: c.text("body"), Assignee: c.text("assignee"), Tenant: c.text("tenant"), CreatedBy: c.Author,
		Priority: c.number("priority"), Triage: c.yes("triage"), Blocked: c.text("initial_status") == "blocked",
		IdempotencyKey: c.text("idempotency_key"), MaxRuntime: time.Duration(c.number("max_runtime_seconds")) * time.Second,
		WorkspaceKind: kanban.WorkspaceKind(c.text("workspace_kind")), WorkspacePath: c.text("workspace_path"),
		Skills: c.texts("skills"), GoalMode: c.yes("goal_mode"), GoalMaxTurns: c.number("goal_max_turns"),
		Model: c.text("model"), Provider: c.text("provider"),
	}
	if !c.has("tenant") {
		d.Tenant = c.Tenant
	}
	if d.WorkspacePath != "" && filepath.IsAbs(d.WorkspacePath) {
		d.WorkspacePath = filepath.Clean(d.WorkspacePath)
	}
	if kanban.CanonicalAssignee(d.Assignee) == "" {
		return nil, kanban.Invalidf("create %q: say in assignee which profile or person shall do it; nothing was made", kanban.TitleOf(d.Title))
	}
	var err error
	if d.Parents, err = c.ids("parents"); err != nil {
		return nil, err
	}
	b := *c.Board
	if name := c.text("project"); name != "" && c.Project != nil {
		if b.Defaults.Project, err = c.Project(name); err != nil {
			return nil, err
		}
	}
	t, _, err := b.Create(ctx, d)
	if err != nil {
		return nil, err
	}
	return created{done{true, t.ID}, t.Status, t.WorkspaceKind, view.Opt(t.WorkspacePath), view.Opt(t.Project), false}, nil
}

type linked struct {
	OK     bool          `json:"ok"`
	Parent kanban.TaskID `json:"parent_id"`
	Child  kanban.TaskID `json:"child_id"`
}

func (c *call) ends() (l kanban.Link, err error) {
	if l.Parent, err = c.id("parent_id"); err == nil {
		l.Child, err = c.id("child_id")
	}
	return l, err
}

func (c *call) link(ctx context.Context) (any, error) {
	l, err := c.ends()
	if err != nil {
		return nil, err
	}
	if _, err := c.Link(ctx, l); err != nil {
		return nil, err
	}
	return linked{true, l.Parent, l.Child}, nil
}

// time reads an hour; the zero time where none was given.
func (c *call) time(name string) (time.Time, error) {
	if !c.has(name) {
		return time.Time{}, nil
	}
	at, err := config.ParseTime(c.text(name), c.now(), c.zone())
	if err != nil {
		return at, kanban.Invalidf("%s: %v", name, err)
	}
	return at, nil
}
