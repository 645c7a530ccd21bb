package kanban

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestBlockWaitsForAPerson(t *testing.T) {
	was, run := running()
	c := does(t)(was.Block(Block{Kind: NeedsInput, Reason: " which key? ", Author: "ada", Run: 7}, nil, run, noon))
	want := was.with(func(t *Task) {
		t.clearClaim()
		t.Status, t.BlockKind, t.BlockRecurrences = Blocked, NeedsInput, 1
	})
	if d := cmp.Diff(want, c.Task); d != "" {
		t.Errorf("card (-want +got):\n%s", d)
	}
	wants(t, c,
		`commented {"author": "ada", "len": 19}`,
		`blocked {"reason": "which key?", "kind": "needs_input", "recurrences": 1}`)
	if c.Events[0].Run != 0 || c.Events[1].Run != 7 {
		t.Errorf("events of runs %d and %d, want 0 and 7", c.Events[0].Run, c.Events[1].Run)
	}
	if d := cmp.Diff([]Comment{{Task: was.ID, Author: "ada", Body: "BLOCKED: which key?", At: noon}}, c.Comments); d != "" {
		t.Errorf("comments (-want +got):\n%s", d)
	}
	if r := c.Runs[0]; r.Outcome != OutcomeBlocked || r.Status != "blocked" || r.Summary != "which key?" || r.Open() {
		t.Errorf("run %+v", r)
	}
}

// The second block of one kind in a row is no question any more.
func TestBlockRecurrence(t *testing.T) {
	type step struct {
		kind        BlockKind
		status      Status
		recurrences int64
		event       string
	}
	unblock := step{status: Ready}
	for name, steps := range map[string][]step{
		"untyped, then untyped": {
			{"", Blocked, 1, `blocked {"reason": null, "kind": null, "recurrences": 1}`},
			unblock,
			{"", Triage, 2, `block_loop_detected {"reason": null, "kind": null, "recurrences": 2, "limit": 2}`},
		},
		"same kind": {
			{NeedsInput, Blocked, 1, `blocked {"reason": null, "kind": "needs_input", "recurrences": 1}`},
			unblock,
			{NeedsInput, Triage, 2, `block_loop_detected {"reason": null, "kind": "needs_input", "recurrences": 2, "limit": 2}`},
		},
		"another kind begins anew": {
			{NeedsInput, Blocked, 1, `blocked {"reason": null, "kind": "needs_input", "recurrences": 1}`},
			unblock,
			{Capability, Blocked, 1, `blocked {"reason": null, "kind": "capability", "recurrences": 1}`},
			unblock,
			{NeedsInput, Blocked, 1, `blocked {"reason": null, "kind": "needs_input", "recurrences": 1}`},
		},
		"a dependency between begins anew": {
			{Transient, Blocked, 1, `blocked {"reason": null, "kind": "transient", "recurrences": 1}`},
			unblock,
			{Dependency, Todo, 1, `dependency_wait {"reason": null, "kind": "dependency"}`},
			{status: Ready, kind: "promote"},
			{Transient, Blocked, 1, `blocked {"reason": null, "kind": "transient", "recurrences": 1}`},
		},
		"completion forgets": {
			{Transient, Blocked, 1, `blocked {"reason": null, "kind": "transient", "recurrences": 1}`},
			{status: Done, kind: "complete"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			task := card(Ready)
			for i, s := range steps {
				var c Change
				switch {
				case s.kind == "promote":
					var due bool
					if c, due = task.Promote(nil, Gate{}, Policy{}); !due {
						t.Fatal("promotion is not due")
					}
				case s.kind == "complete":
					c = does(t)(task.Complete(Report{}, nil, Witness{}, noon))
					s.kind = ""
				case s == unblock:
					c = does(t)(task.Unblock(Unblock{}, nil, nil, noon))
					s.recurrences = task.BlockRecurrences
				default:
					c = does(t)(task.Block(Block{Kind: s.kind}, parent(Todo), nil, noon))
					wants(t, c, s.event)
					if c.Task.BlockKind != s.kind {
						t.Errorf("step %d: kind %q, want %q", i, c.Task.BlockKind, s.kind)
					}
				}
				if task = c.Task; task.Status != s.status || s.kind != "promote" && task.BlockRecurrences != s.recurrences {
					t.Fatalf("step %d: the card is %s with %d recurrences, want %s with %d", i, task.Status, task.BlockRecurrences, s.status, s.recurrences)
				}
			}
		})
	}
}

// A dependency without an unfinished parent would start again at once.
func TestBlockByDependencyNeedsAnOpenParent(t *testing.T) {
	for _, parents := range [][]Task{nil, parent(Done), parent(Archived)} {
		_, err := card(Ready).Block(Block{Kind: Dependency}, parents, nil, noon)
		refuses(t, err, ErrConflict, Conflict, "block t_0000000a", "dependency", "andon link", "needs_input")
	}
	was, run := running()
	c := does(t)(was.Block(Block{Kind: Dependency, Reason: "the other half", Author: "ada"}, parent(Ready), run, noon))
	if c.Task.Status != Todo || c.Task.Run != 0 {
		t.Errorf("the card is %s with run %d, want todo without", c.Task.Status, c.Task.Run)
	}
	wants(t, c, `commented {"author": "ada", "len": 23}`, `dependency_wait {"reason": "the other half", "kind": "dependency"}`)
}

func TestBlockWithoutARun(t *testing.T) {
	if c := does(t)(card(Ready).Block(Block{}, nil, nil, noon)); len(c.Runs) != 0 {
		t.Errorf("without a reason: runs %+v, want none", c.Runs)
	}
	c := does(t)(card(Ready).Block(Block{Reason: "why"}, nil, nil, noon))
	if len(c.Runs) != 1 || c.Runs[0].Status != "blocked" || c.Runs[0].Summary != "why" || c.Runs[0].StartedAt != c.Runs[0].EndedAt {
		t.Errorf("with a reason: runs %+v, want one of no length", c.Runs)
	}
}

func TestUnblock(t *testing.T) {
	was := card(Blocked).with(func(t *Task) {
		t.BlockKind, t.BlockRecurrences, t.Failures, t.LastError, t.RetryAt = NeedsInput, 1, 2, "e", noon
	})
	c := does(t)(was.Unblock(Unblock{Reason: "use mine", Author: "eve"}, nil, nil, noon))
	want := card(Ready).with(func(t *Task) { t.BlockKind, t.BlockRecurrences = NeedsInput, 1 })
	if d := cmp.Diff(want, c.Task); d != "" {
		t.Errorf("card (-want +got):\n%s", d)
	}
	wants(t, c, `commented {"author": "eve", "len": 17}`, `unblocked null`)

	c = does(t)(card(Scheduled).Unblock(Unblock{}, parent(Running), nil, noon))
	wants(t, c, `unblocked {"status": "todo"}`)

	dangling := &Run{ID: 3, Task: was.ID, Status: "running"}
	c = does(t)(card(Blocked).with(func(t *Task) { t.Run = 3 }).Unblock(Unblock{}, nil, dangling, noon))
	if c.Task.Run != 0 || len(c.Runs) != 1 || c.Runs[0].Outcome != OutcomeReclaimed || c.Runs[0].Summary == "" {
		t.Errorf("card of run %d, runs %+v; want run 3 closed as reclaimed", c.Task.Run, c.Runs)
	}
}
