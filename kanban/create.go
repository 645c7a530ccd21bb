package kanban

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

var sprintf = fmt.Sprintf

// Draft is a card to be made.
type Draft struct {
	Title     string
	Body      string
	Assignee  string
	Parents   []TaskID
	CreatedBy string
	Tenant    string
	Session   string
	Priority  int64

	// Triage lands the card in triage. Blocked makes it a human gate: only
	// unblock or a forced promotion opens it. Blocked wins.
	Triage  bool
	Blocked bool

	// At lands the card in scheduled until then, whatever its parents do.
	At time.Time

	// DueAt is by when the card should be finished. It may be past: then it is overdue.
	DueAt time.Time

	// IdempotencyKey makes the creation repeatable: while a card with this key
	// is on the board and not archived, that card is the answer.
	IdempotencyKey string

	WorkspaceKind WorkspaceKind // empty: scratch
	WorkspacePath string
	Branch        string
	Project       string
	MaxRuntime    time.Duration
	MaxRetries    int64
	Skills        []string // nil: the profile's; empty: none
	Resources     []string // what it takes up as it runs
	Model         string
	Provider      string
	Effort        string
	GoalMode      bool
	GoalMaxTurns  int64
	Check         string // see [Task.Check]
	Worker        TaskID // whose worker makes the card; empty for a person

	// Subs hear of the card from its making on. Their cards are not looked at.
	Subs []Sub
}

var efforts = []string{"none", "minimal", "low", "medium", "high", "xhigh", "max", "ultra"}

// Clean returns the draft with every field in its stored form, or says which
// field breaks a rule.
func (d Draft) Clean() (Draft, error) {
	// First of all: to trim and to lower text mends bytes that are amiss, and what
	// is stored would not be what was given.
	if err := prose("the title", &d.Title, "the body", &d.Body); err != nil {
		return d, err
	}
	if err := cleanTexts("the assignee", d.Assignee, "the tenant", d.Tenant,
		"the session", d.Session, "the creator", d.CreatedBy, "the idempotency key", d.IdempotencyKey, "the workspace path", d.WorkspacePath,
		"the branch", d.Branch, "the project", d.Project, "the model", d.Model, "the provider", d.Provider, "the reasoning effort", d.Effort); err != nil {
		return d, err
	}
	d.Title = strings.TrimSpace(d.Title)
	d.Assignee = CanonicalAssignee(d.Assignee)
	d.Model, d.Provider = strings.TrimSpace(d.Model), strings.TrimSpace(d.Provider)
	d.Effort = strings.ToLower(strings.TrimSpace(d.Effort))
	d.Branch = strings.TrimSpace(d.Branch)
	if d.WorkspaceKind == "" {
		d.WorkspaceKind = Scratch
	}
	d.Parents = slices.DeleteFunc(slices.Clone(d.Parents), func(id TaskID) bool { return id == "" })

	switch n := utf8.RuneCountInString(d.Title); {
	case n == 0:
		return d, Invalidf("a card needs a title that is not blank")
	case n > MaxTitle:
		return d, &Error{Code: Invalid, Msg: sprintf("the title has %d characters, and %d is the most", n, MaxTitle),
			Hint: "put the rest into the body"}
	}
	switch d.WorkspaceKind {
	case Scratch, Dir, Worktree:
	default:
		return d, Invalidf("unknown workspace kind %q; it is one of scratch, dir or worktree", d.WorkspaceKind)
	}
	if d.WorkspacePath != "" && !filepath.IsAbs(d.WorkspacePath) {
		return d, Invalidf("the workspace path %q is not absolute", d.WorkspacePath)
	}
	if d.Branch != "" && d.WorkspaceKind != Worktree {
		return d, Invalidf("a branch is for worktree workspaces only, and this one is %s", d.WorkspaceKind)
	}
	if err := CheckBranch(d.Branch); err != nil {
		return d, err
	}
	if d.Provider != "" && d.Model == "" {
		return d, Invalidf("provider %q needs a model", d.Provider)
	}
	if _, err := ParseEffort(d.Effort); err != nil {
		return d, err
	}
	if d.MaxRetries < 0 || d.MaxRuntime < 0 || d.GoalMaxTurns < 0 {
		return d, Invalidf("max retries, max runtime and goal turns cannot be negative")
	}
	if !d.At.IsZero() && (d.Triage || d.Blocked) {
		return d, Invalidf("a card that is to start at a time cannot land in triage or blocked")
	}
	d.MaxRuntime = wholeSeconds(d.MaxRuntime)
	var err error
	if d.DueAt, err = cleanDue(d.DueAt); err != nil {
		return d, err
	}
	if d.Check != "" {
		if d.Check, err = CleanCheck(d.Check, d.Worker); err != nil {
			return d, err
		}
	}
	d.Subs = slices.Clone(d.Subs)
	for i, s := range d.Subs {
		if d.Subs[i], err = s.Clean(); err != nil {
			return d, err
		}
	}
	if d.Resources, err = cleanResources(d.Resources); err != nil {
		return d, err
	}
	d.Skills, err = cleanSkills(d.Skills)
	return d, err
}

// wholeSeconds rounds a limit up: whole seconds are kept, and none of them is no
// limit.
func wholeSeconds(d time.Duration) time.Duration {
	if part := d % time.Second; part > 0 {
		d += time.Second - part
	}
	return d
}

func cleanSkills(skills []string) ([]string, error) {
	if skills == nil {
		return nil, nil
	}
	clean := []string{}
	for _, s := range skills {
		s = strings.TrimSpace(s)
		if err := cleanText("a skill's name", s); err != nil {
			return nil, err
		}
		if strings.Contains(s, ",") {
			return nil, &Error{Code: Invalid, Msg: sprintf("skill %q contains a comma", s), Hint: "give each skill on its own"}
		}
		if s != "" && !slices.Contains(clean, s) {
			clean = append(clean, s)
		}
	}
	return clean, nil
}

// Create makes a card of a clean draft, to which the board has given its defaults
// ([Draft.On]). parents are the cards that d.Parents
// names, as far as they exist; one that is missing refuses the creation.
func Create(id TaskID, d Draft, parents []Task, now time.Time) (Change, error) {
	if err := future(d.At, now); err != nil {
		return Change{}, fmt.Errorf("create %q: %w", cut(d.Title, 60), err)
	}
	if d.WorkspaceKind == Dir && d.WorkspacePath == "" {
		return Change{}, &Error{Code: Invalid, Msg: sprintf("create %q: a dir workspace needs a path, and the board has no default folder", cut(d.Title, 60)),
			Hint: "write dir:/path/to/folder, or give the board one with `andon boards set-default-workdir`"}
	}
	for _, want := range d.Parents {
		if !slices.ContainsFunc(parents, func(p Task) bool { return p.ID == want }) {
			return Change{}, fmt.Errorf("create %q: parent: %w", cut(d.Title, 60), NoTask(want))
		}
	}
	t := Task{
		ID: id, Title: d.Title, Body: d.Body, Assignee: d.Assignee, Priority: d.Priority,
		CreatedBy: d.CreatedBy, CreatedAt: now, Tenant: d.Tenant, Session: d.Session,
		WorkspaceKind: d.WorkspaceKind, WorkspacePath: d.WorkspacePath, Branch: d.Branch, Project: d.Project,
		IdempotencyKey: d.IdempotencyKey, MaxRuntime: d.MaxRuntime, MaxRetries: d.MaxRetries, Skills: d.Skills, Resources: d.Resources,
		Model: d.Model, Provider: d.Provider, Effort: d.Effort, GoalMode: d.GoalMode, GoalMaxTurns: d.GoalMaxTurns,
		DueAt: d.DueAt, Check: d.Check,
	}
	switch {
	case d.Blocked:
		t.Status = Blocked
	case d.Triage:
		t.Status = Triage
	case !d.At.IsZero():
		t.Status, t.StartAt = Scheduled, whole(d.At)
	default:
		t.Status = landing(parents)
	}
	c := Change{Verb: VerbCreate, Task: t}
	ids := []string{}
	for _, p := range d.Parents {
		if !slices.Contains(ids, string(p)) {
			ids = append(ids, string(p))
			c.Links = append(c.Links, Link{Parent: p, Child: id})
		}
	}
	var skills any
	if len(t.Skills) > 0 {
		skills = t.Skills
	}
	c.event(EventCreated, 0, payload(
		"assignee", orNull(t.Assignee), "status", t.Status, "parents", ids, "tenant", orNull(t.Tenant),
		"workspace_kind", t.WorkspaceKind, "workspace_path", orNull(t.WorkspacePath), "branch_name", orNull(t.Branch),
		"project_id", orNull(t.Project), "skills", skills, "goal_mode", orNull(t.GoalMode),
		"model_override", orNull(t.Model), "provider_override", orNull(t.Provider)))
	if d.Blocked {
		// Without this event every other reader of the board would promote the card.
		c.event(EventBlocked, 0, payload("reason", "created blocked", "kind", nil, "recurrences", 0))
	}
	if t.Status == Scheduled {
		c.event(EventScheduled, 0, t.scheduled(""))
	}
	return c, nil
}
