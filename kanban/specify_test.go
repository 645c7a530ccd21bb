package kanban

import (
	"slices"
	"testing"
)

func TestSpecify(t *testing.T) {
	idea := card(Triage).with(func(t *Task) { t.Body = "b" })
	c := does(t)(idea.Specify(Specification{Title: new(" Two letters "), Body: new("b"), Assignee: new("Bob"), Author: "ada"}, noon))
	wants(t, c, `specified {"changed_fields": ["title", "assignee"]}`)
	if n := c.Task; n.Status != Todo || n.Title != "Two letters" || n.Assignee != "bob" || len(c.Comments) != 1 || c.Comments[0].Body != "Specified: updated title, assignee." {
		t.Errorf("card %+v, comments %+v", n, c.Comments)
	}
	c = does(t)(idea.Specify(Specification{Title: &idea.Title, Author: "ada"}, noon))
	if wants(t, c, `specified null`); len(c.Comments) != 0 {
		t.Errorf("nothing changed, and a comment says %q", c.Comments[0].Body)
	}
	if c = does(t)(idea.Specify(Specification{Body: new("c")}, noon)); len(c.Comments) != 0 {
		t.Error("a comment of nobody")
	}
	_, err := idea.Specify(Specification{Title: new(" ")}, noon)
	refuses(t, err, nil, Invalid, "blank")
}

func TestDecompose(t *testing.T) {
	idea := card(Triage).with(func(t *Task) { t.Tenant, t.WorkspaceKind, t.WorkspacePath = "acme", Dir, "/work" })
	ids := []TaskID{"t_1", "t_2"}
	sub := Sub{Task: idea.ID, Platform: "p", ChatID: "c", ChatType: "group", Mode: "wake", Cursor: 9}
	changes, err := idea.Decompose(Decomposition{
		Parts:        []Part{{Title: "second", After: []int{1}}, {Title: "first", Assignee: "Bob", WorkspaceKind: Scratch}},
		RootAssignee: "Carl", Author: "ada",
	}, ids, []Sub{sub}, noon)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range changes {
		if err := c.Legal(); err != nil {
			t.Error(err)
		}
	}
	second, first, root := changes[0], changes[1], changes[2]
	wants(t, second, `created {"by": "ada", "from_decompose_of": "t_0000000a"}`, `linked {"parent": "t_2", "child": "t_1"}`)
	wants(t, first, `created {"by": "ada", "from_decompose_of": "t_0000000a"}`)
	wants(t, root, `decomposed {"child_ids": ["t_1", "t_2"], "root_assignee": "carl"}`)
	if n := second.Task; n.Status != Todo || n.Tenant != "acme" || n.CreatedBy != "ada" || n.WorkspaceKind != Dir || n.WorkspacePath != "/work" || n.Assignee != "" {
		t.Errorf("second %+v", n)
	}
	if n := first.Task; n.WorkspaceKind != Scratch || n.WorkspacePath != "" || n.Assignee != "bob" {
		t.Errorf("first %+v", n)
	}
	want := Sub{Task: "t_1", Platform: "p", ChatID: "c", Mode: "notify", At: noon, Cursor: CaughtUp}
	if !slices.Equal(second.Subs, []Sub{want}) {
		t.Errorf("second is heard of by %+v", second.Subs)
	}
	if !slices.Equal(root.Links, []Link{{"t_1", idea.ID}, {"t_2", idea.ID}}) || root.Task.Assignee != "carl" || root.Task.Status != Todo || len(root.Comments) != 1 {
		t.Errorf("root %+v", root)
	}

	for name, d := range map[string]Decomposition{
		"into no parts":       {},
		"blank":               {Parts: []Part{{Title: " "}}},
		"another of the":      {Parts: []Part{{Title: "x", After: []int{1}}}},
		"waits for part 1":    {Parts: []Part{{Title: "x", After: []int{0}}}},
		"wait for each other": {Parts: []Part{{Title: "x", After: []int{1}}, {Title: "y", After: []int{0}}}},
	} {
		_, err := idea.Decompose(d, ids[:len(d.Parts)], nil, noon)
		refuses(t, err, nil, Invalid, name)
	}
}

// A checkout is never shared, whatever the root has.
func TestDecomposeSharesNoWorktree(t *testing.T) {
	idea := card(Triage).with(func(t *Task) { t.WorkspaceKind, t.WorkspacePath = Worktree, "/repo/.worktrees/x" })
	changes, err := idea.Decompose(Decomposition{Parts: []Part{{Title: "x"}}}, []TaskID{"t_1"}, nil, noon)
	if err != nil {
		t.Fatal(err)
	}
	if n := changes[0].Task; n.WorkspaceKind != Worktree || n.WorkspacePath != "" || n.CreatedBy != "decomposer" {
		t.Errorf("the part is %+v", n)
	}
	if len(changes[1].Comments) != 0 {
		t.Error("a comment of nobody")
	}
}

func TestInherit(t *testing.T) {
	subs := []Sub{{Task: "t_p", Platform: "p", ChatID: "c", Cursor: 7, UserID: "u"}, {Task: "t_p", Platform: "p", ChatID: "d", ChatType: "group", Mode: "wake"}}
	c := Change{Verb: VerbCreate, Task: Task{ID: "t_1"}}
	c.Inherit(subs, noon)
	if want := []Sub{
		{Task: "t_1", Platform: "p", ChatID: "c", UserID: "u", ChatType: "dm", Mode: "notify", At: noon},
		{Task: "t_1", Platform: "p", ChatID: "d", ChatType: "group", Mode: "wake", At: noon},
	}; !slices.Equal(c.Subs, want) {
		t.Errorf("created: %+v", c.Subs)
	}
	c = Change{Verb: VerbLink, Task: Task{ID: "t_1"}}
	c.Inherit(subs[1:], noon)
	if want := []Sub{{Task: "t_1", Platform: "p", ChatID: "d", Mode: "notify", At: noon, Cursor: CaughtUp}}; !slices.Equal(c.Subs, want) {
		t.Errorf("linked: %+v", c.Subs)
	}
}

func TestDelete(t *testing.T) {
	task, _ := running()
	_, err := task.Delete(Deletion{})
	refuses(t, err, ErrSuperseded, Conflict, "claimed it meanwhile")
	if c := does(t)(task.Delete(Deletion{Was: 7})); c.Task.Status != Gone || len(c.Events) != 0 {
		t.Errorf("deleted: %+v", c)
	}
	_, err = card(Done).Delete(Deletion{Archived: true})
	refuses(t, err, ErrConflict, Conflict, "done", "archive it first")
	does(t)(card(Archived).Delete(Deletion{Archived: true}))
}
