package kanban

import (
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strconv"
	"testing"
)

// Every kind of event that has a name here is told of, once.
func TestEveryKindIsTold(t *testing.T) {
	t.Parallel()
	file, err := parser.ParseFile(token.NewFileSet(), "event.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	ast.Inspect(file, func(n ast.Node) bool {
		v, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		if typ, ok := v.Type.(*ast.Ident); ok && typ.Name == "EventKind" {
			s, err := strconv.Unquote(v.Values[0].(*ast.BasicLit).Value)
			if err != nil {
				t.Fatal(err)
			}
			want = append(want, s)
		}
		return true
	})
	var got []string
	for _, k := range Kinds {
		got = append(got, string(k.Kind))
		if k.Means == "" {
			t.Errorf("%s: nothing is told of it", k.Kind)
		}
	}
	slices.Sort(want)
	slices.Sort(got)
	if len(want) == 0 || !slices.Equal(got, want) {
		t.Errorf("told of %q, and event.go has %q", got, want)
	}
}

// Which events carry a run is as Hermes has it, whose readers group a card's history
// by that.
func TestEventsOfRuns(t *testing.T) {
	t.Parallel()
	without := []EventKind{EventCreated, EventAssigned, EventModelSet, EventEffortSet, EventLinked, EventUnlinked, EventCommented, EventAttached, EventDetached,
		EventPromoted, EventPromotedBy, EventClaimRejected, EventHallucinated, EventUnblocked, EventReviewReopened, EventSpecified, EventDecomposed,
		EventGuarded, EventUnguarded, EventScratchTip, EventStatus, EventReprioritized}
	for _, k := range Kinds {
		if k.Run == slices.Contains(without, k.Kind) {
			t.Errorf("%s carries a run: %t", k.Kind, k.Run)
		}
	}
	run := Run{ID: 7, Task: "t_1", Status: "running", StartedAt: noon}
	c := does(t)(card(Running).with(func(t *Task) { t.Run, t.Lock = 7, "h:1" }).Placed(run, "/w", "", "tip"))
	if len(c.Events) != 1 || c.Events[0].Run != 0 {
		t.Errorf("the tip is %+v", c.Events)
	}
}
