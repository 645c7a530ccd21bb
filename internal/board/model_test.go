package board_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"andon/internal/board"
	"andon/internal/store"
	"andon/internal/store/storetest"
	"andon/kanban"
)

// Few enough for every run of the tests; -rapid.checks=1000 asks for more.
func init() {
	if err := errors.Join(flag.Set("rapid.checks", "8"), flag.Set("rapid.steps", "60")); err != nil {
		panic(err)
	}
}

// step is one verb with its arguments: how it is done on a board, and how in the
// model. Both say what came of it, which is compared unless it was refused.
type step struct {
	board func(context.Context, *board.Board) (any, error)
	model func(*model) (any, error)
}

// A board and the model of it agree after each step of any sequence of verbs: on
// what they say, and on everything that is kept.
func TestBoardAgreesWithModel(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		did := map[string]int{} // how often each verb was done and not refused
		checks := 0
		rapid.Check(t, func(t *rapid.T) {
			checks++
			tw := begin(t, db, fmt.Sprint("check ", checks))
			// What is drawn tends to be early in the list: each check has its own
			// favourites.
			deck := rapid.Permutation(deck()).Draw(t, "deck")
			t.Repeat(map[string]func(*rapid.T){
				"": func(t *rapid.T) { tw.compare(t) },
				"verb": func(t *rapid.T) {
					d := drawer{t, modelVerb{}, tw.model, db, tw.tenant, tw.touched}
					name := pick(d, "verb", slices.DeleteFunc(slices.Clone(deck), func(name string) bool { return !d.apt(modelVerbs[name]) })...)
					d.verb = modelVerbs[name]
					if tw.do(t, d.verb.draw(d)) == nil {
						did[name]++
					}
				},
			})
			for _, id := range tw.model.order {
				tw.touched[id] = true
			}
			tw.compare(t)
		})
		t.Logf("in %d sequences: %v", checks, did)
	})
}

// deck is the name of each verb as often as its weight says.
func deck() (names []string) {
	for name, verb := range modelVerbs {
		names = append(names, slices.Repeat([]string{name}, verb.weight)...)
	}
	slices.Sort(names)
	return names
}

// twins are a board and a model that must not differ. The board may hold cards
// of other twins; ours are those of our tenant.
type twins struct {
	board   *board.Board
	model   *model
	tenant  string
	head    kanban.EventID         // the newest event of those compared
	told    []kanban.Event         // those after it
	touched map[kanban.TaskID]bool // the cards that the step was about
}

func begin(t *rapid.T, db *store.DB, tenant string) *twins {
	ctx := context.Background()
	tw := &twins{tenant: tenant, board: board.New(db), touched: map[kanban.TaskID]bool{}, model: &model{
		now: time.Date(2026, 3, 1, 12, 0, 0, 250e6, time.UTC), limit: 2,
		cards: map[kanban.TaskID]kanban.Task{}, runs: map[kanban.RunID]kanban.Run{}, links: map[kanban.Link]bool{},
	}}
	m := tw.model
	db.Now = func() time.Time { return m.now }
	tw.board.Jitter = func() float64 { return m.jitter }
	tw.board.Policy = func(assignee string) kanban.Policy { return m.policy(assignee) }
	var err error
	if tw.head, err = tw.board.Head(ctx); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { // lest a later twin finds one of these due
		tasks, err := tw.board.List(ctx, store.Filter{Tenant: tenant})
		for _, task := range tasks {
			if _, e := tw.board.Archive(ctx, task.ID); e != nil {
				err = errors.Join(err, e)
			}
		}
		if err != nil {
			t.Error(err)
		}
	})
	return tw
}

// do carries a step out on both and returns the refusal on which they agree.
func (tw *twins) do(t *rapid.T, s step) error {
	m := tw.model
	got, gotErr := s.board(context.Background(), tw.board)
	tw.tell(t)
	want, wantErr := s.model(m)
	if !alike(gotErr, wantErr) {
		t.Fatalf("the board says %v (%v), the model %v (%v)", gotErr, kanban.CodeOf(gotErr), wantErr, kanban.CodeOf(wantErr))
	}
	if gotErr != nil {
		if kanban.CodeOf(gotErr) == kanban.Internal {
			t.Fatalf("nobody classified %v", gotErr)
		}
	} else if d := cmp.Diff(want, got); d != "" {
		t.Fatalf("what came of it differs (-model +board):\n%s", d)
	}
	if len(m.newCards)+len(m.newRuns) > 0 {
		t.Fatalf("the board made cards %v and runs %v of which the model knows nothing", m.newCards, m.newRuns)
	}
	return gotErr
}

var sentinels = []error{kanban.ErrNotFound, kanban.ErrConflict, kanban.ErrHeld, kanban.ErrParentsOpen,
	kanban.ErrSuperseded, kanban.ErrCycle, kanban.ErrUnknown}

func alike(a, b error) bool {
	same := (a == nil) == (b == nil) && kanban.CodeOf(a) == kanban.CodeOf(b)
	for _, s := range sentinels {
		same = same && errors.Is(a, s) == errors.Is(b, s)
	}
	return same
}

// tell tells the model which cards and runs the board has that it has not, in the
// order in which they were made.
func (tw *twins) tell(t *rapid.T) {
	var err error
	if tw.told, err = tw.board.Events(context.Background(), store.EventFilter{After: tw.head}); err != nil {
		t.Fatal(err)
	}
	m := tw.model
	for _, e := range tw.told {
		tw.touched[e.Task], tw.head = true, e.ID
		if _, known := m.cards[e.Task]; !known && e.Kind == kanban.EventCreated {
			m.newCards = append(m.newCards, e.Task)
		}
		if _, known := m.runs[e.Run]; !known && e.Run != 0 && !slices.Contains(m.newRuns, e.Run) {
			m.newRuns = append(m.newRuns, e.Run)
		}
	}
}

// kept is what is kept, in a form in which it can be compared: of all cards, and
// the rest of those that the step was about.
type kept struct {
	Cards             map[kanban.TaskID]kanban.Task
	Runs              map[kanban.TaskID][]kanban.Run
	Parents, Children map[kanban.TaskID][]kanban.TaskID
	Comments          map[kanban.TaskID][]kanban.Comment
	Proposals         map[kanban.TaskID][]kanban.Proposal
	Events            []string // of the step
}

func nothing() kept {
	return kept{map[kanban.TaskID]kanban.Task{}, map[kanban.TaskID][]kanban.Run{},
		map[kanban.TaskID][]kanban.TaskID{}, map[kanban.TaskID][]kanban.TaskID{}, map[kanban.TaskID][]kanban.Comment{},
		map[kanban.TaskID][]kanban.Proposal{}, nil}
}

// compare fails the test if the two differ, or if what they agree on contradicts
// itself.
func (tw *twins) compare(t *rapid.T) {
	got, want, m := tw.read(t), nothing(), tw.model
	want.Cards = m.cards
	for id := range tw.touched {
		if runs := m.runsOf(id); runs != nil {
			want.Runs[id] = runs
		}
		for l := range m.links {
			if l.Child == id {
				want.Parents[id] = append(want.Parents[id], l.Parent)
			}
			if l.Parent == id {
				want.Children[id] = append(want.Children[id], l.Child)
			}
		}
		slices.Sort(want.Parents[id])
		slices.Sort(want.Children[id])
	}
	for _, c := range m.comments {
		if tw.touched[c.Task] {
			want.Comments[c.Task] = append(want.Comments[c.Task], c)
		}
	}
	for _, p := range m.proposals {
		if _, there := m.cards[p.Task]; there && tw.touched[p.Task] {
			p.State = p.Now(m.cards[p.Task])
			want.Proposals[p.Task] = append(want.Proposals[p.Task], storedProposal(p))
		}
	}
	want.Events = lines(m.events[m.compared:])
	if d := cmp.Diff(want, got); d != "" {
		t.Fatalf("(-model +board)\n%s", d)
	}
	tw.whole(t, got)
	m.compared, tw.told = len(m.events), nil
	clear(tw.touched)
}

// whole holds after each step.
func (tw *twins) whole(t *rapid.T, got kept) {
	for id := range tw.touched {
		if _, there := got.Cards[id]; !there {
			continue
		}
		if found := kanban.Audit(got.Cards[id], got.Runs[id]); found != nil {
			t.Fatalf("%q", found)
		}
	}
	for _, e := range tw.told {
		if _, known := tw.model.runs[e.Run]; e.Run != 0 && !known {
			t.Fatalf("event %s of %s names run %s, which is nowhere", e.Kind, e.Task, e.Run)
		}
	}
	for id, task := range got.Cards {
		waits := func(p kanban.Task) bool { return !p.Status.Satisfied() }
		if parents := tw.model.parents(id); task.Status == kanban.Todo && !slices.ContainsFunc(parents, waits) {
			t.Fatalf("card %s waits for nothing: its parents are all settled", id)
		}
	}
}

// read reads our part of the board.
func (tw *twins) read(t *rapid.T) kept {
	ctx, got := context.Background(), nothing()
	tasks, err := tw.board.List(ctx, store.Filter{Tenant: tw.tenant, Archived: true})
	if err != nil {
		t.Fatal(err)
	}
	for _, task := range tasks {
		got.Cards[task.ID] = task
	}
	for id := range tw.touched {
		c, err := tw.board.Show(ctx, id, 1)
		if _, there := tw.model.cards[id]; !there && kanban.CodeOf(err) == kanban.NotFound {
			continue // deleted, and both know it
		}
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range c.Runs {
			got.Runs[id] = append(got.Runs[id], storedRun(r)) // for its JSON
		}
		slices.SortFunc(got.Runs[id], func(a, b kanban.Run) int { return int(a.ID - b.ID) }) // the clock may have gone back
		proposals, err := tw.board.Proposals(ctx, id)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range proposals {
			got.Proposals[id] = append(got.Proposals[id], storedProposal(p))
		}
		for _, p := range c.Parents {
			got.Parents[id] = append(got.Parents[id], p.ID)
		}
		for _, p := range c.Children {
			got.Children[id] = append(got.Children[id], p.ID)
		}
		slices.SortFunc(c.Comments, func(a, b kanban.Comment) int { return int(a.ID - b.ID) })
		for _, r := range c.Comments {
			r.ID = 0
			got.Comments[id] = append(got.Comments[id], r)
		}
	}
	got.Events = lines(tw.told)
	return got
}

// lines writes events in the form in which they are compared.
func lines(events []kanban.Event) (lines []string) {
	for _, e := range events {
		var b bytes.Buffer
		text, err := e.Payload.MarshalJSON()
		if err == nil {
			err = json.Compact(&b, text)
		}
		if err != nil {
			panic(err) // the rules put in what can be encoded
		}
		lines = append(lines, strings.TrimSpace(fmt.Sprintf("%s run %d %s %s at %d", e.Task, e.Run, e.Kind, b.String(), e.At.Unix())))
	}
	return lines
}
