package kanban

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestPlanCheckRefuses(t *testing.T) {
	many := make([]PlanCard, MaxPlanCards+1)
	for i := range many {
		many[i].Name = fmt.Sprint(i)
	}
	one := func(c PlanCard) Plan { return Plan{Cards: []PlanCard{{Name: "a"}, c}} }
	for want, p := range map[string]Plan{
		"neither cards nor a title nor a body":       {Title: " "},
		"has 51 cards, and 50 is the most":           {Cards: many},
		"card 2 of the plan (\"x\") has no name":     one(PlanCard{Name: " ", Title: "x"}),
		"are named \"a\"":                            one(PlanCard{Name: "a"}),
		"has 101 characters":                         one(PlanCard{Name: strings.Repeat("é", 101)}),
		"contains a NUL":                             one(PlanCard{Name: "\x00"}),
		"waits for \"c\", which is no card":          one(PlanCard{Name: "b", Parents: []string{"a", "c"}}),
		"the body of card \"b\" of the plan has":     one(PlanCard{Name: "b", Body: strings.Repeat("x", MaxPlanBody+1)}),
		"card \"b\" of the plan is for \"mallory\"":  one(PlanCard{Name: "b", Assignee: " Mallory "}),
		"known are ada, bob":                         one(PlanCard{Name: "b", Assignee: "adab"}),
		"the plan is for \"mallory\"":                {Title: "x", Assignee: "mallory"},
		"the body of the plan has 32769 bytes, and ": {Body: strings.Repeat("x", MaxPlanBody+1)},
	} {
		if err := p.Check([]string{"ada", "bob"}); CodeOf(err) != Invalid || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
	if err := one(PlanCard{Name: "b", Assignee: "Ada", Parents: []string{"a"}}).Check([]string{"ada"}); err != nil {
		t.Error(err)
	}
}

func TestPlanBecomesADecomposition(t *testing.T) {
	idea := card(Triage)
	p := Plan{Of: idea.Idea(), Assignee: "bob", Cards: []PlanCard{{Name: "a"}, {Name: "b", Title: "B", Parents: []string{"a", "a"}}, {Name: "c", Parents: []string{"a"}}}}
	d := p.Decomposition("carol")
	web, err := p.Preview(idea, d, noon)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for i, task := range web.Tasks {
		all = append(all, fmt.Sprint(task.ID, " ", task.Title, " ", task.Status, " ", web.Parents[i]))
	}
	if want := []string{"a a ready []", "b B todo [0]", "c c todo [0]", fmt.Sprint(idea.ID, " ", idea.Title, " todo [1 2]")}; !slices.Equal(all, want) {
		t.Errorf("preview %q, want %q", all, want)
	}
	circle := Plan{Of: idea.Idea(), Cards: []PlanCard{{Name: "a", Parents: []string{"b"}}, {Name: "b", Parents: []string{"a"}}}}
	if _, err := circle.Preview(idea, circle.Decomposition(""), noon); !errors.Is(err, ErrCycle) {
		t.Errorf("a circle: %v", err)
	}
	self := Plan{Of: idea.Idea(), Cards: []PlanCard{{Name: string(idea.ID)}}}
	if _, err := self.Preview(idea, self.Decomposition(""), noon); CodeOf(err) != Invalid {
		t.Errorf("a card named as the idea: %v", err)
	}
}

// What was planned for an idea that says something else by now is refused, be it
// one card or many.
func TestPlanIsForTheIdeaItWasTold(t *testing.T) {
	idea := card(Triage)
	p := Plan{Of: idea.Idea(), Body: "b", Assignee: "ada", Cards: []PlanCard{{Name: "a"}}}
	edited := idea
	edited.Body += "!"
	if _, err := edited.Decompose(p.Decomposition(""), []TaskID{"t_1"}, nil, noon); CodeOf(err) != Conflict {
		t.Errorf("decompose: %v", err)
	}
	if _, err := edited.Specify(p.Specification(edited, ""), noon); CodeOf(err) != Conflict {
		t.Errorf("specify: %v", err)
	}
	idea.Assignee = "bob"
	c := does(t)(idea.Specify(p.Specification(idea, ""), noon))
	if c.Task.Assignee != "bob" || c.Task.Title != idea.Title || c.Task.Body != "b" {
		t.Errorf("specified: %+v", c.Task)
	}
}

func TestPlanRestGrows(t *testing.T) {
	for failures, want := range map[int]time.Duration{0: 10 * time.Second, 1: 10 * time.Second, 2: 20 * time.Second, 5: 160 * time.Second,
		8: 1280 * time.Second, 9: 30 * time.Minute, 1000: 30 * time.Minute} {
		if got := PlanRest(failures); got != want {
			t.Errorf("after %d failures: %s, want %s", failures, got, want)
		}
	}
}
