package kanban

import (
	"encoding/json"
	"strings"
	"time"
)

// Routine makes cards by the clock.
type Routine struct {
	Name    string
	Cron    string // see [ParseCron]
	Zone    string // whose clock it is, see [ParseZone]
	Missed  Missed
	Overlap Overlap
	Paused  bool
	Recipe  Recipe

	CreatedBy string
	CreatedAt time.Time

	NextAt   time.Time // when it is due; zero: never by itself
	LastAt   time.Time // the time that was dealt with last
	LastCard TaskID    // the last that it made
	Outcome  RoutineOutcome
	Error    string // why Outcome is not [RoutineMade]
}

// Recipe is what the cards of a routine are like.
type Recipe struct {
	Draft   Draft         // At, DueAt and IdempotencyKey are of each card
	Delay   time.Duration // how long each is put off; zero: not
	DueIn   time.Duration // how long after its time each is due; zero: it has no due date
	Project *Project      // nil: the board's
}

// Missed is what becomes of times that went by while no dispatcher was there.
type Missed string

const (
	MissedSkip    Missed = "skip"     // nothing
	MissedCatchUp Missed = "catch-up" // one card for the last of them
)

// Misses lists the values of [Missed].
var Misses = []Missed{MissedSkip, MissedCatchUp}

// Overlap is what becomes of a time that comes while the last card is unfinished.
type Overlap string

const (
	OverlapSkip  Overlap = "skip"
	OverlapAllow Overlap = "allow"
)

// Overlaps lists the values of [Overlap].
var Overlaps = []Overlap{OverlapSkip, OverlapAllow}

// RoutineOutcome is what became of the last time.
type RoutineOutcome string

const (
	RoutineMade    RoutineOutcome = "made"
	RoutineMissed  RoutineOutcome = "missed"
	RoutineOverlap RoutineOutcome = "overlap"
	RoutineFailed  RoutineOutcome = "failed"
)

// Lateness is how late a dispatcher may be without having missed a time.
const Lateness = 10 * time.Minute

// MaxRoutineName is how long a routine's name may be.
const MaxRoutineName = 64

// ParseRoutineName accepts the name of a routine: 1 to 64 of a-z, 0-9, "-" and
// "_", beginning with a letter or a digit.
func ParseRoutineName(s string) (string, error) {
	name := strings.ToLower(strings.TrimSpace(s))
	ok := name != "" && len(name) <= MaxRoutineName
	for i, r := range name {
		ok = ok && ('a' <= r && r <= 'z' || '0' <= r && r <= '9' || i > 0 && (r == '-' || r == '_'))
	}
	if !ok {
		return "", Invalidf("%q is no name of a routine; give 1 to %d of a-z, 0-9, \"-\" and \"_\", beginning with a letter or a digit", s, MaxRoutineName)
	}
	return name, nil
}

// ParseMissed accepts one of [Misses].
func ParseMissed(s string) (Missed, error) { return oneOf("missed", s, Misses) }

// ParseOverlap accepts one of [Overlaps].
func ParseOverlap(s string) (Overlap, error) { return oneOf("overlap", s, Overlaps) }

func oneOf[T ~string](field, s string, all []T) (T, error) {
	for _, v := range all {
		if string(v) == strings.ToLower(strings.TrimSpace(s)) {
			return v, nil
		}
	}
	return "", Invalidf("%s is %q; it is one of %s", field, s, join(all))
}

// Clean returns the routine with every field in its stored form, or says which
// one breaks a rule.
func (r Routine) Clean() (Routine, error) {
	var err error
	if r.Name, err = ParseRoutineName(r.Name); err != nil {
		return r, err
	}
	refuse := func(field string, err error) (Routine, error) {
		return r, &Error{Code: Invalid, Err: err, Msg: sprintf("routine %s: %s: %v", r.Name, field, err)}
	}
	if _, err := ParseCron(r.Cron); err != nil {
		return refuse("cron", err)
	}
	r.Cron = strings.Join(strings.Fields(r.Cron), " ")
	if _, err := ParseZone(r.Zone); err != nil {
		return refuse("time zone", err)
	}
	r.Zone = strings.TrimSpace(r.Zone)
	if r.Missed == "" {
		r.Missed = MissedSkip
	}
	if r.Overlap == "" {
		r.Overlap = OverlapSkip
	}
	if _, err := ParseMissed(string(r.Missed)); err != nil {
		return refuse("policy", err)
	}
	if _, err := ParseOverlap(string(r.Overlap)); err != nil {
		return refuse("policy", err)
	}
	if r.Recipe.Delay < 0 || r.Recipe.DueIn < 0 {
		return refuse("card", Invalidf("it cannot start or be due before its time"))
	}
	d := r.Recipe.Draft
	if d.IdempotencyKey != "" || !d.At.IsZero() || !d.DueAt.IsZero() {
		return refuse("card", Invalidf("its time, its due date and its idempotency key are made for each card"))
	}
	if r.Recipe.Delay > 0 {
		d.At = time.Unix(1, 0) // such as the cards have, for the rules among the fields
	}
	if r.Recipe.Draft, err = d.Clean(); err != nil {
		return refuse("card", err)
	}
	r.Recipe.Draft.At = time.Time{}
	return r, nil
}

// clock is when the routine fires, and where.
func (r Routine) clock() (Cron, *time.Location, error) {
	c, err := ParseCron(r.Cron)
	if err != nil {
		return c, nil, err
	}
	zone, err := ParseZone(r.Zone)
	return c, zone, err
}

// Wound is the clean routine with its next time after now.
func (r Routine) Wound(now time.Time) (Routine, error) {
	c, zone, err := r.clock()
	if err == nil {
		r.NextAt = c.Next(now, zone)
	}
	return r, err
}

// Times lists the next n times after now.
func (r Routine) Times(n int, now time.Time) []time.Time {
	c, zone, err := r.clock()
	if err != nil {
		return nil
	}
	var times []time.Time
	for range n {
		now = c.Next(now, zone)
		times = append(times, now)
	}
	return times
}

// Due deals with the times that have come, however many these are: r is how the
// routine stands then, and d, if it is not nil, the one card to make. last is the
// card that it made last, nil if that is gone. ok is false where nothing is due.
//
// The times before the last one are missed, and that one too if a dispatcher comes
// much later. A clock that goes back finds the next time in the future.
func (r Routine) Due(last *Task, now time.Time) (_ Routine, d *Draft, ok bool) {
	if r.Paused || r.NextAt.IsZero() || r.NextAt.After(now) {
		return r, nil, false
	}
	c, zone, err := r.clock()
	if err != nil { // another program wrote it
		r.LastAt, r.NextAt = r.NextAt, time.Time{}
		return r.Failed(err), nil, true
	}
	at := c.Last(r.NextAt, now, zone)
	r.NextAt = c.Next(now, zone)
	if at.IsZero() { // the zone's rules have changed since
		return r, nil, true
	}
	r.LastAt = at
	switch {
	case r.Missed == MissedSkip && now.Sub(at) >= Lateness:
		r.Outcome, r.Error = RoutineMissed, "no dispatcher was there at its time"
		return r, nil, true
	case r.overlaps(last) != "":
		r.Outcome, r.Error = RoutineOverlap, r.overlaps(last)
		return r, nil, true
	}
	draft := r.draft(at, now)
	draft.IdempotencyKey = sprintf("routine:%s:%d", r.Name, at.Unix())
	return r, &draft, true
}

// Run is the card to make at a person's word, now. Only force makes one beside the
// last, if that is unfinished and the routine wants no overlap.
func (r Routine) Run(last *Task, force bool, now time.Time) (Draft, error) {
	if why := r.overlaps(last); why != "" && !force {
		return Draft{}, &Error{Code: Conflict, Err: ErrConflict, Msg: sprintf("run routine %s: %s", r.Name, why), Hint: "finish it first, or give --force"}
	}
	return r.draft(whole(now), now), nil
}

// overlaps says why the last card keeps the routine from another; empty if it
// does not.
func (r Routine) overlaps(last *Task) string {
	if r.Overlap == OverlapAllow || last == nil || last.Status.Satisfied() {
		return ""
	}
	return sprintf("its last card %s is unfinished (%s)", last.ID, last.Status)
}

func (r Routine) draft(at, now time.Time) Draft {
	d := r.Recipe.Draft
	if r.Recipe.Delay > 0 {
		d.At = now.Add(r.Recipe.Delay)
	}
	if r.Recipe.DueIn > 0 {
		d.DueAt = at.Add(r.Recipe.DueIn)
	}
	return d
}

// Made is the routine after a card was made of it.
func (r Routine) Made(id TaskID) Routine {
	r.LastCard, r.Outcome, r.Error = id, RoutineMade, ""
	return r
}

// Failed is the routine after a card could not be made of it.
func (r Routine) Failed(err error) Routine {
	r.Outcome, r.Error = RoutineFailed, cut(err.Error(), 500)
	return r
}

// Diagnose is the sign of trouble with a routine that failed.
func (r Routine) Diagnose() Diagnostic {
	return Diagnostic{Kind: "routine_failed", Severity: Grave, Count: 1, First: r.LastAt, Last: r.LastAt,
		Title:  firstLine("No card could be made: "+r.Error, 160),
		Detail: sprintf("When the routine was last due, no card could be made of it: %s", r.Error),
		Data:   map[string]any{"routine": r.Name, "error": r.Error},
		Actions: []Remedy{hint("See what its cards are like", "andon routine show "+r.Name, true),
			hint("Change it", "andon routine edit "+r.Name, false)}}
}

// storedRecipe is a recipe as a board keeps it.
type storedRecipe struct {
	Title         string         `json:"title"`
	Body          string         `json:"body,omitempty"`
	Assignee      string         `json:"assignee,omitempty"`
	Parents       []TaskID       `json:"parents,omitempty"`
	CreatedBy     string         `json:"created_by,omitempty"`
	Tenant        string         `json:"tenant,omitempty"`
	Session       string         `json:"session_id,omitempty"`
	Priority      int64          `json:"priority,omitempty"`
	Triage        bool           `json:"triage,omitempty"`
	Blocked       bool           `json:"blocked,omitempty"`
	WorkspaceKind WorkspaceKind  `json:"workspace_kind,omitempty"`
	WorkspacePath string         `json:"workspace_path,omitempty"`
	Branch        string         `json:"branch_name,omitempty"`
	ProjectID     string         `json:"project_id,omitempty"`
	MaxRuntime    int64          `json:"max_runtime_seconds,omitempty"`
	MaxRetries    int64          `json:"max_retries,omitempty"`
	Skills        *[]string      `json:"skills,omitempty"` // none is the profile's
	Model         string         `json:"model,omitempty"`
	Provider      string         `json:"provider,omitempty"`
	Effort        string         `json:"reasoning_effort,omitempty"`
	GoalMode      bool           `json:"goal_mode,omitempty"`
	GoalMaxTurns  int64          `json:"goal_max_turns,omitempty"`
	Check         string         `json:"check,omitempty"`
	Worker        TaskID         `json:"worker,omitempty"`
	Notify        []storedSub    `json:"notify,omitempty"`
	Delay         int64          `json:"delay_seconds,omitempty"`
	DueIn         int64          `json:"due_seconds,omitempty"`
	Project       *storedProject `json:"project,omitempty"`
}

type storedSub struct {
	Platform string `json:"platform"`
	ChatID   string `json:"chat_id"`
	ThreadID string `json:"thread_id,omitempty"`
	ChatType string `json:"chat_type,omitempty"`
	UserID   string `json:"user_id,omitempty"`
	Profile  string `json:"profile,omitempty"`
	Mode     string `json:"mode,omitempty"`
	Metadata string `json:"metadata,omitempty"`
}

type storedProject struct {
	ID   string `json:"id,omitempty"`
	Slug string `json:"slug,omitempty"`
	Repo string `json:"repo,omitempty"`
}

// Encode is the recipe as JSON. Of lengths of time whole seconds are kept.
func (r Recipe) Encode() (string, error) {
	d := r.Draft
	s := storedRecipe{
		Title: d.Title, Body: d.Body, Assignee: d.Assignee, Parents: d.Parents, CreatedBy: d.CreatedBy, Tenant: d.Tenant, Session: d.Session,
		Priority: d.Priority, Triage: d.Triage, Blocked: d.Blocked, WorkspaceKind: d.WorkspaceKind, WorkspacePath: d.WorkspacePath,
		Branch: d.Branch, ProjectID: d.Project, MaxRuntime: int64(d.MaxRuntime / time.Second), MaxRetries: d.MaxRetries, Model: d.Model,
		Provider: d.Provider, Effort: d.Effort, GoalMode: d.GoalMode, GoalMaxTurns: d.GoalMaxTurns, Check: d.Check, Worker: d.Worker,
		Delay: int64(wholeSeconds(r.Delay) / time.Second), DueIn: int64(wholeSeconds(r.DueIn) / time.Second),
	}
	if d.Skills != nil {
		s.Skills = &d.Skills
	}
	for _, n := range d.Subs {
		s.Notify = append(s.Notify, storedSub{n.Platform, n.ChatID, n.ThreadID, n.ChatType, n.UserID, n.Profile, n.Mode, n.Metadata})
	}
	if p := r.Project; p != nil {
		s.Project = &storedProject{p.ID, p.Slug, p.Repo}
	}
	return EncodeJSON(s)
}

// ParseRecipe reads what [Recipe.Encode] wrote. It lets pass what a newer andon
// has added.
func ParseRecipe(text string) (Recipe, error) {
	var s storedRecipe
	if err := json.Unmarshal([]byte(text), &s); err != nil {
		return Recipe{}, Invalidf("the card of the routine cannot be read: %v", err)
	}
	r := Recipe{
		Draft: Draft{
			Title: s.Title, Body: s.Body, Assignee: s.Assignee, Parents: s.Parents, CreatedBy: s.CreatedBy, Tenant: s.Tenant, Session: s.Session,
			Priority: s.Priority, Triage: s.Triage, Blocked: s.Blocked, WorkspaceKind: s.WorkspaceKind, WorkspacePath: s.WorkspacePath,
			Branch: s.Branch, Project: s.ProjectID, MaxRuntime: time.Duration(s.MaxRuntime) * time.Second, MaxRetries: s.MaxRetries, Model: s.Model,
			Provider: s.Provider, Effort: s.Effort, GoalMode: s.GoalMode, GoalMaxTurns: s.GoalMaxTurns, Check: s.Check, Worker: s.Worker,
		},
		Delay: time.Duration(s.Delay) * time.Second, DueIn: time.Duration(s.DueIn) * time.Second,
	}
	if s.Skills != nil {
		r.Draft.Skills = *s.Skills
	}
	for _, n := range s.Notify {
		r.Draft.Subs = append(r.Draft.Subs, Sub{Platform: n.Platform, ChatID: n.ChatID, ThreadID: n.ThreadID, ChatType: n.ChatType, UserID: n.UserID,
			Profile: n.Profile, Mode: n.Mode, Metadata: n.Metadata})
	}
	if p := s.Project; p != nil {
		r.Project = &Project{p.ID, p.Slug, p.Repo}
	}
	return r, nil
}
