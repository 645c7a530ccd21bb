package kanban

import "testing"

// A folder goes when its card is finished, its worker has ended, and nobody who
// may need it is at work or yet to be.
func TestVacant(t *testing.T) {
	tenant := func(s Status, live bool) Tenant { return Tenant{Task: card(s), Live: live} }
	for _, own := range Statuses {
		for _, live := range []bool{false, true} {
			for _, child := range append([]Status{Gone}, Statuses...) {
				for _, childLive := range []bool{false, true} {
					var others []Tenant
					if child != Gone {
						others = []Tenant{tenant(Done, false), tenant(child, childLive)}
					}
					want := own.Satisfied() && !live && (child == Gone || child.Satisfied() && !childLive)
					if err := Vacant(tenant(own, live), others); (err == nil) != want {
						t.Errorf("a %s card (live %t) with a %q child (live %t): %v, want vacant %t", own, live, child, childLive, err, want)
					}
				}
			}
		}
	}
}

func TestOnlyScratchFoldersAreSpent(t *testing.T) {
	for kind, want := range map[WorkspaceKind]bool{Scratch: true, Dir: false, Worktree: false, "": false, "other": false} {
		own := Tenant{Task: card(Done).with(func(t *Task) { t.WorkspaceKind = kind })}
		if err := Spent(own, nil); (err == nil) != want {
			t.Errorf("a finished card of kind %q: %v, want spent %t", kind, err, want)
		}
	}
}

func TestPlaced(t *testing.T) {
	task, run := running()
	c := does(t)(task.Placed(*run, "/repo/.worktrees/x", "wt/x", "a tip"))
	if c.Task.WorkspacePath != "/repo/.worktrees/x" || c.Task.Branch != "wt/x" {
		t.Errorf("placed at %q on %q", c.Task.WorkspacePath, c.Task.Branch)
	}
	wants(t, c, `tip_scratch_workspace {"message": "a tip"}`)
	if c := does(t)(task.Placed(*run, "/w", "", "")); len(c.Events) != 0 {
		t.Errorf("without a tip: events %+v", c.Events)
	}
	other := *run
	other.ID++
	_, err := task.Placed(other, "/w", "", "")
	refuses(t, err, ErrSuperseded, Conflict, "no longer")
}

func TestCheckBranch(t *testing.T) {
	for _, good := range []string{"", "main", "wt/t_1a2b3c4d", "fix/parser-2", "a.b", "größe"} {
		if err := CheckBranch(good); err != nil {
			t.Errorf("CheckBranch(%q) = %v", good, err)
		}
	}
	for _, bad := range []string{"-d", "a b", "a\tb", "a..b", "a@{1}", "a~1", "a^", "a:b", "a?", "a*", "[a", `a\b`, "/a", "a/", "a//b", "a.", ".a",
		"a/.b", "a.lock", "a.lock/b", "@", "HEAD", "a\x7f"} {
		if err := CheckBranch(bad); CodeOf(err) != Invalid {
			t.Errorf("CheckBranch(%q) = %v, want it refused", bad, err)
		}
	}
}
