package board_test

import (
	"context"
	"slices"
	"strings"
	"time"

	"pgregory.net/rapid"

	"andon/internal/board"
	"andon/internal/store"
	"andon/kanban"
)

// card makes a step of a verb of one card. What comes of it is the card as it
// stands in the end, the promotions included.
func card(id kanban.TaskID, do func(context.Context, *board.Board) (kanban.Change, error),
	rule func(*model, kanban.Task) (kanban.Change, error)) step {
	return step{
		func(ctx context.Context, b *board.Board) (any, error) {
			c, err := do(ctx, b)
			return storedTask(c.Task), err
		},
		func(m *model) (any, error) {
			t, ok := m.cards[id]
			if !ok {
				return nil, kanban.NoTask(id)
			}
			c, err := rule(m, t)
			if err != nil {
				return nil, err
			}
			m.keep(c)
			m.promote(byID)
			return m.cards[id], c.Refusal
		},
	}
}

// ofRun makes a step of a verb of one run.
func ofRun(r kanban.Run, do func(context.Context, *board.Board) (kanban.Change, error),
	rule func(*model, kanban.Task, kanban.Run) (kanban.Change, error)) step {
	return card(r.Task, do, func(m *model, t kanban.Task) (kanban.Change, error) {
		if stored := m.run(r.ID); stored != nil {
			return rule(m, t, *stored)
		}
		return kanban.Change{}, &kanban.Error{Code: kanban.NotFound, Err: kanban.ErrNotFound}
	})
}

// apply makes what the model lacks of a graph.
func (m *model) apply(g kanban.Graph) ([]board.Applied, error) {
	g, err := g.Clean()
	if err != nil {
		return nil, err
	}
	var done []board.Applied
	ids := map[string]kanban.TaskID{}
	for _, n := range g.Nodes {
		d := n.Draft
		for _, p := range n.After {
			d.Parents = append(slices.Clone(d.Parents), ids[p])
		}
		t, existed, err := m.create(d)
		if err != nil {
			return nil, err
		}
		a := board.Applied{Name: n.Name, Created: !existed}
		if existed {
			a.Differs = d.Differs(t)
			for _, p := range d.Parents {
				if l := (kanban.Link{Parent: p, Child: t.ID}); !m.links[l] {
					if err := m.link(l); err != nil {
						return nil, err
					}
					a.Linked = append(a.Linked, p)
				}
			}
		}
		ids[n.Name], a.Task = t.ID, m.cards[t.ID]
		done = append(done, a)
	}
	return done, nil
}

// drawer draws the arguments of verbs.
type drawer struct {
	*rapid.T
	verb    modelVerb
	m       *model
	db      *store.DB
	tenant  string
	touched map[kanban.TaskID]bool // the cards that were drawn
}

func pick[V any](d drawer, what string, of ...V) V {
	return of[rapid.IntRange(0, len(of)-1).Draw(d.T, what)]
}

// card draws a card: most often one that the verb is legal for, sometimes any,
// and sometimes one that is not there.
func (d drawer) card() kanban.TaskID {
	apt := slices.DeleteFunc(slices.Clone(d.m.order), func(id kanban.TaskID) bool { return !d.m.cards[id].Status.May(d.verb.on) })
	if len(apt) > 0 && rapid.IntRange(0, 9).Draw(d.T, "how") < 9 {
		return d.of(apt)
	}
	return d.any()
}

func (d drawer) any() kanban.TaskID {
	if len(d.m.order) == 0 || rapid.IntRange(0, 9).Draw(d.T, "how") == 9 {
		return "t_nowhere"
	}
	return d.of(d.m.order)
}

func (d drawer) of(ids []kanban.TaskID) kanban.TaskID {
	id := ids[rapid.IntRange(0, len(ids)-1).Draw(d.T, "card")]
	d.touched[id] = true
	return id
}

// apt reports whether there is a card for the verb.
func (d drawer) apt(v modelVerb) bool {
	return v.on == "" || slices.ContainsFunc(d.m.order, func(id kanban.TaskID) bool { return d.m.cards[id].Status.May(v.on) })
}

// runID draws who acts: a person, the card's own worker, or an old one.
func (d drawer) runID(id kanban.TaskID) kanban.RunID {
	runs := d.m.runsOf(id)
	switch how := rapid.IntRange(0, 5).Draw(d.T, "who"); {
	case how < 2 || len(runs) == 0:
		return 0
	case how < 5:
		return runs[len(runs)-1].ID
	}
	return runs[0].ID
}

// run draws a run of a card that the verb is legal for: its newest, another of
// its runs, or one that is not there.
func (d drawer) run() kanban.Run {
	id := d.card()
	if n := d.runID(id); n != 0 {
		return d.m.runs[n]
	}
	if n := d.m.cards[id].Run; n != 0 {
		return d.m.runs[n]
	}
	return kanban.Run{ID: 1 << 40, Task: id}
}

func (d drawer) text(what string) string {
	if rapid.IntRange(0, 30).Draw(d.T, "amiss") == 30 {
		return pick(d, what, "\x00", "\xff")
	}
	return pick(d, what, "", "", "why", "ghp_"+strings.Repeat("a1b2c3", 6), "größer: \"a, b\" <\u2028>\\", " two\nlines\t", " ")
}

func (d drawer) span(what string) time.Duration {
	return pick(d, what, 0, 500*time.Millisecond, time.Second, 90*time.Second, 3*time.Hour)
}

func (d drawer) exit() kanban.Exit {
	return pick(d, "exit", kanban.Exit{}, kanban.Exit{Code: 1}, kanban.Exit{Code: kanban.RateLimitCode}, kanban.Exit{Signal: 9}, kanban.Exit{Unknown: true})
}

func (d drawer) termination() kanban.Termination {
	return kanban.Termination{PrevPID: pick[int64](d, "pid", 0, 5), HostLocal: rapid.Bool().Draw(d.T, "local"),
		Attempted: rapid.Bool().Draw(d.T, "attempted"), Terminated: rapid.Bool().Draw(d.T, "terminated")}
}

// draft draws a card to be made. Few are refused.
func (d drawer) draft() kanban.Draft {
	t := kanban.Draft{
		Title: pick(d, "title", "a", " b ", "größer", ""), Tenant: d.tenant, Assignee: pick(d, "assignee", "", "ada", "Bob"),
		Triage: pick(d, "triage", false, false, false, true), Blocked: pick(d, "blocked", false, false, false, true),
		MaxRetries: pick[int64](d, "retries", 0, 0, 1, 3), MaxRuntime: d.span("max runtime"), Priority: pick[int64](d, "priority", 0, -1, 7),
	}
	if t.Title == "" { // rarely: most drafts are good ones
		t.Title = pick(d, "blank", "c", "d", "\n")
	}
	for range pick(d, "parents", 0, 0, 1, 2) {
		if p := d.any(); p != "t_nowhere" || rapid.IntRange(0, 3).Draw(d.T, "lost") == 0 {
			t.Parents = append(t.Parents, p)
		}
	}
	if key := pick(d, "key", "", "", "x", "y"); key != "" {
		t.IdempotencyKey = d.tenant + " " + key
	}
	t.Check = pick(d, "check", "", "", "", "", "make test")
	switch rapid.IntRange(0, 5).Draw(d.T, "more") {
	case 0:
		t.Body, t.CreatedBy, t.Session, t.Project = "two\nlines, größer", "ada", "s", "p"
		t.WorkspaceKind, t.WorkspacePath, t.Branch = kanban.Worktree, "/w", "main"
	case 1:
		t.Skills, t.Model, t.Provider, t.Effort = []string{"go", "a \"b\""}, "m", "p", "High"
	case 2:
		t.Skills, t.GoalMode, t.GoalMaxTurns = []string{}, true, 4
		t.DueAt = d.m.now.Add(d.span("due"))
	case 4:
		t.At, t.Triage, t.Blocked = d.m.now.Add(d.span("at")+time.Millisecond), pick(d, "triage at", false, false, true), false
	case 3:
		t.WorkspaceKind = pick(d, "workspace", kanban.Dir, "elsewhere", kanban.Scratch)
	}
	return t
}
