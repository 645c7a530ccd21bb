package kanban

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestCreate(t *testing.T) {
	d, err := Draft{
		Title: "  Write the letter ", Body: " verbatim ", Assignee: " Ada ", Parents: []TaskID{"", "p", "q", "p"}, CreatedBy: "eve",
		Tenant: "acme", Session: "s1", Priority: 3, IdempotencyKey: "k", WorkspaceKind: Worktree, WorkspacePath: "/w", Branch: " b ",
		Project: "pr", MaxRuntime: time.Hour, MaxRetries: 2, Skills: []string{" go ", "", "go", "sql"}, Model: " m ", Provider: " pv ",
		Effort: " HIGH ", GoalMode: true, GoalMaxTurns: 5,
	}.Clean()
	if err != nil {
		t.Fatal(err)
	}
	c := does(t)(Create("t_1", d, []Task{{ID: "q", Status: Done}, {ID: "p", Status: Done}}, noon))
	want := Task{
		ID: "t_1", Title: "Write the letter", Body: " verbatim ", Assignee: "ada", Status: Ready, Priority: 3, CreatedBy: "eve",
		Tenant: "acme", Session: "s1", CreatedAt: noon, WorkspaceKind: Worktree, WorkspacePath: "/w", Branch: "b", Project: "pr",
		IdempotencyKey: "k", MaxRuntime: time.Hour, MaxRetries: 2, Skills: []string{"go", "sql"}, Model: "m", Provider: "pv",
		Effort: "high", GoalMode: true, GoalMaxTurns: 5,
	}
	if diff := cmp.Diff(want, c.Task); diff != "" {
		t.Errorf("card (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]Link{{"p", "t_1"}, {"q", "t_1"}}, c.Links); diff != "" {
		t.Errorf("links (-want +got):\n%s", diff)
	}
	wants(t, c, `created {"assignee": "ada", "status": "ready", "parents": ["p", "q"], "tenant": "acme", "workspace_kind": "worktree", `+
		`"workspace_path": "/w", "branch_name": "b", "project_id": "pr", "skills": ["go", "sql"], "goal_mode": true, "model_override": "m", "provider_override": "pv"}`)
	if c.Was.ID != "" || len(c.Runs) != 0 {
		t.Errorf("a new card was %+v and has runs %+v", c.Was, c.Runs)
	}
}

const bare = `"parents": [], "tenant": null, "workspace_kind": "scratch", "workspace_path": null, "branch_name": null, ` +
	`"project_id": null, "skills": null, "goal_mode": null, "model_override": null, "provider_override": null}`

// The second event keeps every other reader of the board from promoting it.
func TestCreateBlockedIsAGate(t *testing.T) {
	d, err := Draft{Title: "x", Blocked: true, Triage: true}.Clean()
	if err != nil {
		t.Fatal(err)
	}
	c := does(t)(Create("t_1", d, nil, noon))
	wants(t, c, `created {"assignee": null, "status": "blocked", `+bare, `blocked {"reason": "created blocked", "kind": null, "recurrences": 0}`)
	if _, due := c.Task.Promote(nil, Gate{Block: c.Events[1].Kind}, Policy{}); due {
		t.Error("the gate opened by itself")
	}
	if got := does(t)(c.Task.Unblock(Unblock{}, nil, nil, noon)).Task.Status; got != Ready {
		t.Errorf("unblocked it is %s, want ready", got)
	}
	if got := does(t)(c.Task.PromoteBy(Promotion{Force: true}, nil)).Task.Status; got != Ready {
		t.Errorf("promoted by force it is %s, want ready", got)
	}
	// The gate was no question: the first real block of no kind is the first.
	if b := does(t)(c.Task.with(func(t *Task) { t.Status = Ready }).Block(Block{}, nil, nil, noon)).Task; b.Status != Blocked || b.BlockRecurrences != 1 {
		t.Errorf("blocked once it is %s with %d recurrences, want blocked with 1", b.Status, b.BlockRecurrences)
	}
}

func TestCreateWithAMissingParent(t *testing.T) {
	for _, d := range []Draft{{Parents: []TaskID{"p", "gone"}}, {Parents: []TaskID{"gone"}, Blocked: true}, {Parents: []TaskID{"gone"}, Triage: true}} {
		_, err := Create("t_1", d, []Task{{ID: "p", Status: Done}}, noon)
		refuses(t, err, ErrNotFound, NotFound, "gone")
	}
}

// The board may have a default folder, so only the making of the card can tell.
func TestCreateOfADirWithoutAPath(t *testing.T) {
	d, err := Draft{Title: "x", WorkspaceKind: Dir}.Clean()
	if err != nil {
		t.Fatal(err)
	}
	_, err = Create("t_1", d.On(Defaults{}, "t_1"), nil, noon)
	refuses(t, err, nil, Invalid, "dir workspace needs a path", "set-default-workdir")
	if got := does(t)(Create("t_1", d.On(Defaults{Workdir: "/w"}, "t_1"), nil, noon)).Task.WorkspacePath; got != "/w" {
		t.Errorf("the card's folder is %q, want the board's", got)
	}
}

func TestDraftCleanRefuses(t *testing.T) {
	for _, tt := range []struct {
		name string
		d    Draft
		says string
	}{
		{"no title", Draft{}, "title"},
		{"blank title", Draft{Title: " \n"}, "title"},
		{"long title", Draft{Title: strings.Repeat("ü", 501)}, "501 characters"},
		{"long body", Draft{Title: "x", Body: strings.Repeat("a", MaxBody+1)}, "the body"},
		{"workspace kind", Draft{Title: "x", WorkspaceKind: "cloud"}, `"cloud"`},
		{"relative path", Draft{Title: "x", WorkspaceKind: Dir, WorkspacePath: "a/b"}, `"a/b"`},
		{"branch without worktree", Draft{Title: "x", Branch: "b"}, "branch"},
		{"provider without model", Draft{Title: "x", Provider: "p"}, "model"},
		{"effort", Draft{Title: "x", Effort: "heroic"}, `"heroic"`},
		{"comma in a skill", Draft{Title: "x", Skills: []string{"a,b"}}, `"a,b"`},
		{"negative retries", Draft{Title: "x", MaxRetries: -1}, "negative"},
		{"negative runtime", Draft{Title: "x", MaxRuntime: -1}, "negative"},
		{"negative turns", Draft{Title: "x", GoalMaxTurns: -1}, "negative"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := tt.d.Clean()
			refuses(t, err, nil, Invalid, tt.says)
		})
	}
	for name, d := range map[string]Draft{
		"longest title": {Title: strings.Repeat("ü", 500)},
		"longest body":  {Title: "x", Body: strings.Repeat("a", MaxBody)},
	} {
		if _, err := d.Clean(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// None given and none wanted are two things.
func TestDraftCleanKeepsTheEmptyListOfSkills(t *testing.T) {
	none, _ := Draft{Title: "x"}.Clean()
	empty, _ := Draft{Title: "x", Skills: []string{" "}}.Clean()
	if none.Skills != nil || empty.Skills == nil || len(empty.Skills) != 0 {
		t.Errorf("skills %#v and %#v, want nil and an empty list", none.Skills, empty.Skills)
	}
}

// The board keeps whole seconds, and no seconds means no limit: a shorter limit
// must not become none.
func TestDraftCleanRoundsTheRuntimeUp(t *testing.T) {
	for in, want := range map[time.Duration]time.Duration{
		0: 0, 1: time.Second, 300 * time.Millisecond: time.Second, time.Second: time.Second, 1500 * time.Millisecond: 2 * time.Second,
	} {
		d, err := Draft{Title: "x", MaxRuntime: in}.Clean()
		if err != nil || d.MaxRuntime != want {
			t.Errorf("a runtime of %v became %v (%v), want %v", in, d.MaxRuntime, err, want)
		}
	}
}

func TestGraphClean(t *testing.T) {
	node := func(name string, after ...string) Node {
		return Node{Name: name, Draft: Draft{Title: name}, After: after}
	}
	g, err := Graph{Name: "g", Nodes: []Node{node("c", "b", "a"), node("b", "a"), node("a")}}.Clean()
	if err != nil {
		t.Fatal(err)
	}
	var order, keys []string
	for _, n := range g.Nodes {
		order, keys = append(order, n.Name), append(keys, n.Draft.IdempotencyKey)
	}
	if d := cmp.Diff([]string{"a", "b", "c"}, order); d != "" {
		t.Errorf("order (-want +got):\n%s", d)
	}
	if d := cmp.Diff([]string{"apply/g/a", "apply/g/b", "apply/g/c"}, keys); d != "" {
		t.Errorf("keys (-want +got):\n%s", d)
	}
	for name, tt := range map[string]struct {
		g      Graph
		target error
		code   Code
		says   []string
	}{
		"no name":      {Graph{Name: " "}, nil, Invalid, []string{"name"}},
		"nameless":     {Graph{Name: "g", Nodes: []Node{{Draft: Draft{Title: "T"}}}}, nil, Invalid, []string{`"T"`}},
		"twice":        {Graph{Name: "g", Nodes: []Node{node("a"), node("a")}}, nil, Invalid, []string{`"a"`}},
		"unknown":      {Graph{Name: "g", Nodes: []Node{node("a", "z")}}, nil, Invalid, []string{`"a"`, `"z"`}},
		"itself":       {Graph{Name: "g", Nodes: []Node{node("a", "a")}}, ErrCycle, Conflict, []string{"a"}},
		"circle":       {Graph{Name: "g", Nodes: []Node{node("a", "c"), node("b", "a"), node("c", "b")}}, ErrCycle, Conflict, []string{"->", "a", "b", "c"}},
		"bad draft":    {Graph{Name: "g", Nodes: []Node{{Name: "a"}}}, nil, Invalid, []string{`"a"`, "title"}},
		"NUL in name":  {Graph{Name: "g\x00", Nodes: []Node{node("a")}}, nil, Invalid, []string{"NUL"}},
		"NUL in node":  {Graph{Name: "g", Nodes: []Node{node("a\x00")}}, nil, Invalid, []string{"NUL"}},
		"bytes amiss":  {Graph{Name: "g\xff", Nodes: []Node{node("a")}}, nil, Invalid, []string{"UTF-8"}},
		"bytes amiss2": {Graph{Name: "g", Nodes: []Node{node("\xff")}}, nil, Invalid, []string{"UTF-8"}},
	} {
		_, err := tt.g.Clean()
		t.Run(name, func(t *testing.T) { refuses(t, err, tt.target, tt.code, tt.says...) })
	}
}

func TestDraftDiffers(t *testing.T) {
	d, err := Draft{Title: "x", Model: "m"}.Clean()
	if err != nil {
		t.Fatal(err)
	}
	task := does(t)(Create("t_1", d, nil, noon)).Task
	if got := d.Differs(task); got != nil {
		t.Errorf("a card differs in %q from the draft it was made of", got)
	}
	task.Title, task.Priority, task.Provider = "y", 1, "p"
	if diff := cmp.Diff([]string{"title", "priority", "model"}, d.Differs(task)); diff != "" {
		t.Errorf("differs in (-want +got):\n%s", diff)
	}
}
