package kanban

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// The most that a plan may hold. A person who breaks an idea up is not bound so:
// these are bounds for who may not know when to stop.
const (
	MaxPlanCards = 50
	MaxPlanBody  = 32 << 10 // bytes of a body
	maxPlanName  = 100      // characters
)

// MaxPlanTries is how often a plan of an idea is asked for by itself: one that was
// refused so often waits for a person, or until it is edited.
const MaxPlanTries = 5

// PlanRest is how long a planner is not asked by itself after so many failures in a
// row: ten seconds, doubled each time, half an hour at most.
func PlanRest(failures int) time.Duration {
	return min(10*time.Second<<min(max(failures-1, 0), 10), 30*time.Minute)
}

// Idea is what a card in triage says, by which a plan is known to be for it.
type Idea struct{ Title, Body string }

// Idea is what the card says.
func (t Task) Idea() Idea { return Idea{t.Title, t.Body} }

// still refuses what was made of an idea that says something else by now.
func (t Task) still(was *Idea) error {
	if was == nil || *was == t.Idea() {
		return nil
	}
	return &Error{Code: Conflict, Msg: sprintf("the idea %s was edited since it was planned", t.ID), Hint: "plan it again"}
}

// Plan is what a planner, be it a program or a model, would make of an idea in
// triage. Nothing of it is to be trusted: it is a proposal until [Plan.Check] and
// the verb that it becomes have taken it.
type Plan struct {
	Of Idea // what the planner was told

	// Cards are those into which the idea is broken up. Without any it is one piece
	// of work, of which Title and Body say what.
	Cards       []PlanCard
	Title, Body string
	Assignee    string // who does it, or puts the parts together; empty: as it is
}

// PlanCard is a card of a plan. What a person alone decides, such as where it is
// worked on or what checks it, it has not.
type PlanCard struct {
	Name     string // unique in the plan
	Title    string // empty: the name
	Body     string
	Assignee string   // empty: nobody yet
	Parents  []string // names of the cards that it waits for
}

// Check refuses a plan with too many cards or too much text, with names that are
// missing, used twice or unknown, or with work for somebody who is not among known.
// The rest (circles, titles) is refused by the verb that the plan becomes, as it is
// for a person.
func (p Plan) Check(known []string) error {
	if n := len(p.Cards); n > MaxPlanCards {
		return &Error{Code: Invalid, Msg: sprintf("the plan has %d cards, and %d is the most", n, MaxPlanCards),
			Hint: "break the idea up into coarser cards; each may be broken up later"}
	}
	if err := planned("the plan", p.Body, p.Assignee, known); err != nil {
		return err
	}
	if len(p.Cards) == 0 && strings.TrimSpace(p.Title) == "" && strings.TrimSpace(p.Body) == "" {
		return Invalidf("the plan has neither cards nor a title nor a body")
	}
	var names []string
	for i, c := range p.Cards {
		switch n := utf8.RuneCountInString(c.Name); {
		case strings.TrimSpace(c.Name) == "":
			return Invalidf("card %d of the plan (%q) has no name", i+1, cut(c.Title, 60))
		case n > maxPlanName:
			return Invalidf("the name of card %d of the plan has %d characters, and %d is the most", i+1, n, maxPlanName)
		case slices.Contains(names, c.Name):
			return Invalidf("two cards of the plan are named %q", c.Name)
		}
		if err := cleanText("a card's name", c.Name); err != nil {
			return err
		}
		names = append(names, c.Name)
	}
	for _, c := range p.Cards {
		if err := planned(sprintf("card %q of the plan", c.Name), c.Body, c.Assignee, known); err != nil {
			return err
		}
		for _, parent := range c.Parents {
			if !slices.Contains(names, parent) {
				return Invalidf("card %q of the plan waits for %q, which is no card of the plan", c.Name, cut(parent, maxPlanName))
			}
		}
	}
	return nil
}

// planned refuses a text that is too long and an assignee of whom nobody knows.
func planned(what, body, assignee string, known []string) error {
	if len(body) > MaxPlanBody {
		return Invalidf("the body of %s has %d bytes, and %d is the most", what, len(body), MaxPlanBody)
	}
	a := CanonicalAssignee(assignee)
	if a == "" || slices.Contains(known, a) {
		return nil
	}
	e := &Error{Code: Invalid, Msg: sprintf("%s is for %q, and there is no such profile or person", what, cut(a, maxPlanName)),
		Hint: "nobody is known: define a profile in andon.yaml"}
	if len(known) > 0 {
		first := known[:min(len(known), 20)]
		e.Hint = sprintf("known are %s; define the profile in andon.yaml, or plan again", strings.Join(first, ", "))
	}
	return e
}

// Specification is a plan of one piece of work for the card t, which keeps an
// assignee that it has.
func (p Plan) Specification(t Task, author string) Specification {
	s := Specification{Of: &p.Of, Author: author}
	if strings.TrimSpace(p.Title) != "" {
		s.Title = &p.Title
	}
	if strings.TrimSpace(p.Body) != "" {
		s.Body = &p.Body
	}
	if t.Assignee == "" && CanonicalAssignee(p.Assignee) != "" {
		s.Assignee = &p.Assignee
	}
	return s
}

// Decomposition is a plan of several cards, in a form that was checked.
func (p Plan) Decomposition(author string) Decomposition {
	d := Decomposition{Of: &p.Of, RootAssignee: p.Assignee, Author: author}
	at := map[string]int{}
	for i, c := range p.Cards {
		at[c.Name] = i
	}
	for _, c := range p.Cards {
		part := Part{Title: or(strings.TrimSpace(c.Title), c.Name), Body: c.Body, Assignee: c.Assignee}
		for _, parent := range c.Parents {
			if i := at[parent]; !slices.Contains(part.After, i) {
				part.After = append(part.After, i)
			}
		}
		d.Parts = append(d.Parts, part)
	}
	return d
}

// Preview is what the board would have if the plan of several cards was taken: its
// parts, whose ids are their names, and t, which is shown to wait for those alone
// that no other part waits for. What would be refused then is refused now.
func (p Plan) Preview(t Task, d Decomposition, now time.Time) (Web, error) {
	var ids []TaskID
	for _, c := range p.Cards {
		if c.Name == string(t.ID) {
			return Web{}, Invalidf("a card of the plan is named as the idea itself, %s", t.ID)
		}
		ids = append(ids, TaskID(c.Name))
	}
	changes, err := t.Decompose(d, ids, nil, now)
	if err != nil {
		return Web{}, err
	}
	var tasks []Task
	var links []Link
	for i, c := range changes {
		if i < len(ids) && len(c.Links) == 0 && !d.Hold {
			c.Task.Status = Ready
		}
		tasks = append(tasks, c.Task)
		for _, l := range c.Links {
			if i < len(ids) || !slices.ContainsFunc(links, func(other Link) bool { return other.Parent == l.Parent }) {
				links = append(links, l)
			}
		}
	}
	return NewWeb(tasks, links), nil
}

// Unplanned is the comment by which a person learns that an idea waits for him,
// because the planner that was to break it up by itself did not.
func Unplanned(err error) string {
	return fmt.Sprintf("Not planned by itself: %s", cut(err.Error(), 1000))
}

// Allows refuses a verb that the card's status does not allow. It is for who would
// do something costly first; the verb itself asks again.
func (t Task) Allows(v Verb) error { return t.allowed(v, "") }

// Raw reports whether the card is an idea on which nobody has worked yet. One that
// came back to triage was taken out of it before, and waits for a person.
func (t Task) Raw() bool {
	return t.Status == Triage && t.StartedAt.IsZero() && t.BlockRecurrences == 0
}
