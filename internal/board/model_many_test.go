package board_test

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"pgregory.net/rapid"

	"andon/internal/board"
	"andon/kanban"
)

// The verbs that make many cards, remove one with all it had, or mend what is
// finished.
func init() {
	maps.Copy(modelVerbs, map[string]modelVerb{
		"edit result": {kanban.VerbEditResult, 2, func(d drawer) step {
			id := d.card()
			e := kanban.ResultEdit{Result: d.text("result"), Summary: d.text("summary"),
				Metadata: json.RawMessage(pick(d, "metadata", "", "{}", `{"a": [1]}`, "[1]"))}
			return card(id, func(ctx context.Context, b *board.Board) (kanban.Change, error) { return b.EditResult(ctx, id, e) },
				func(m *model, t kanban.Task) (kanban.Change, error) {
					return t.EditResult(e, m.lastRun(id, kanban.OutcomeCompleted), m.now)
				})
		}},
		"delete": {kanban.VerbDelete, 1, func(d drawer) step {
			id := d.card()
			x := kanban.Deletion{Was: d.runID(id), Archived: rapid.Bool().Draw(d.T, "archived")}
			keep := rapid.Bool().Draw(d.T, "keep")
			for l := range d.m.links { // their other ends lose them
				if l.Parent == id || l.Child == id {
					d.touched[l.Parent], d.touched[l.Child] = true, true
				}
			}
			return step{
				func(ctx context.Context, b *board.Board) (any, error) {
					var rows json.RawMessage
					if keep {
						var err error
						if rows, err = b.Remains(ctx, id); err != nil {
							return nil, err
						}
					}
					c, err := b.Delete(ctx, id, x, rows)
					return storedTask(c.Task), err
				},
				func(m *model) (any, error) {
					t, ok := m.cards[id]
					if !ok {
						return nil, kanban.NoTask(id)
					}
					c, err := t.Delete(x)
					if err != nil {
						return nil, err
					}
					m.forget(id)
					m.promote(byID)
					return storedTask(c.Task), nil
				},
			}
		}},
		"decompose": {kanban.VerbDecompose, 2, func(d drawer) step {
			id := d.card()
			x := kanban.Decomposition{RootAssignee: pick(d, "root assignee", "", "Cyd"), Author: pick(d, "author", "", "ada")}
			for i := range rapid.IntRange(0, 3).Draw(d.T, "parts") {
				p := kanban.Part{Title: pick(d, "title", "p", "größer"), Body: d.text("body"), Assignee: pick(d, "assignee", "", "ada"),
					WorkspaceKind: pick(d, "workspace", "", kanban.Scratch)}
				if i > 0 && rapid.Bool().Draw(d.T, "after") {
					p.After = []int{rapid.IntRange(0, i).Draw(d.T, "whom")} // itself too: a circle
				}
				x.Parts = append(x.Parts, p)
			}
			return step{
				func(ctx context.Context, b *board.Board) (any, error) {
					root, parts, err := b.Decompose(ctx, id, x)
					for i := range parts {
						parts[i] = storedTask(parts[i])
					}
					return append(parts, storedTask(root)), err
				},
				func(m *model) (any, error) { return m.decompose(id, x) },
			}
		}},
		"swarm": {"", 1, func(d drawer) step {
			s := kanban.Swarm{Goal: pick(d, "goal", "g", "two\nlines", " "), Tenant: d.tenant, Verifier: "ada", Priority: 2,
				Synthesizer: pick(d, "synthesizer", "bob", "Bob", ""), CreatedBy: pick(d, "by", "", "ada")}
			if key := pick(d, "key", "", "x", "swarm"); key != "" { // x may be that of a card which is no swarm
				s.IdempotencyKey = d.tenant + " " + key
			}
			for i := range rapid.IntRange(0, 2).Draw(d.T, "workers") {
				s.Workers = append(s.Workers, kanban.SwarmWorker{Profile: pick(d, "profile", "ada", "Cyd"), Title: fmt.Sprint("part ", i)})
			}
			return step{
				func(ctx context.Context, b *board.Board) (any, error) {
					made, existed, err := b.Swarm(ctx, s)
					return []any{made, existed}, err
				},
				func(m *model) (any, error) {
					trial := m.clone()
					made, existed, err := trial.swarm(s)
					if err == nil {
						*m = *trial
					}
					return []any{made, existed}, err
				},
			}
		}},
	})
}

// witness is what the model knows of the cards that a report names.
func (m *model) witness(id kanban.TaskID, r kanban.Report) (w kanban.Witness) {
	for _, named := range r.Named() {
		if t, ok := m.cards[named]; ok {
			w.Known = append(w.Known, t)
		}
	}
	for l := range m.links {
		if l.Parent == id {
			w.Children = append(w.Children, l.Child)
		}
	}
	return w
}

func (m *model) lastRun(id kanban.TaskID, o kanban.Outcome) *kanban.Run {
	runs := slices.DeleteFunc(m.runsOf(id), func(r kanban.Run) bool { return r.Outcome != o })
	if len(runs) == 0 {
		return nil
	}
	last := slices.MaxFunc(runs, func(a, b kanban.Run) int { return cmp.Or(a.EndedAt.Compare(b.EndedAt), cmp.Compare(a.ID, b.ID)) })
	return &last
}

// forget removes a card and all that belongs to it, its history too.
func (m *model) forget(id kanban.TaskID) {
	compared := slices.DeleteFunc(slices.Clone(m.events[:m.compared]), func(e kanban.Event) bool { return e.Task == id })
	m.events = slices.DeleteFunc(m.events, func(e kanban.Event) bool { return e.Task == id })
	m.compared = len(compared)
	m.comments = slices.DeleteFunc(m.comments, func(c kanban.Comment) bool { return c.Task == id })
	m.order = slices.DeleteFunc(m.order, func(o kanban.TaskID) bool { return o == id })
	maps.DeleteFunc(m.links, func(l kanban.Link, _ bool) bool { return l.Parent == id || l.Child == id })
	maps.DeleteFunc(m.runs, func(_ kanban.RunID, r kanban.Run) bool { return r.Task == id })
	delete(m.cards, id)
}

// decompose breaks a card up, and answers with its parts and then the card.
func (m *model) decompose(id kanban.TaskID, d kanban.Decomposition) ([]kanban.Task, error) {
	t, ok := m.cards[id]
	if !ok {
		return nil, kanban.NoTask(id)
	}
	ids := m.newCards
	if len(ids) == 0 { // the board refused
		for i := range d.Parts {
			ids = append(ids, kanban.TaskID(fmt.Sprint("t_untold", i)))
		}
	}
	changes, err := t.Decompose(d, ids, nil, m.now)
	if err != nil {
		return nil, err
	}
	m.newCards = nil
	for _, c := range changes {
		m.keep(c)
	}
	m.promote(func(a, b kanban.Task) int { return slices.Index(ids, a.ID) - slices.Index(ids, b.ID) })
	var all []kanban.Task
	for _, part := range append(slices.Clone(ids), id) {
		all = append(all, m.cards[part])
	}
	return all, nil
}

// swarm makes the cards of a swarm one after the other.
func (m *model) swarm(s kanban.Swarm) (made kanban.Topology, existed bool, err error) {
	if s, err = s.Clean(); err != nil {
		return made, false, err
	}
	add := func(d kanban.Draft) (t kanban.Task) {
		if err == nil {
			if d, err = d.Clean(); err == nil {
				t, existed, err = m.create(d)
			}
		}
		return t
	}
	root := add(s.Root())
	if existed {
		var comments []kanban.Comment
		for _, c := range m.comments {
			if c.Task == root.ID {
				comments = append(comments, c)
			}
		}
		made, ok := kanban.FindTopology(comments)
		if !ok {
			err = &kanban.Error{Code: kanban.Conflict, Err: kanban.ErrConflict}
		}
		return made, true, err
	}
	if err != nil {
		return made, false, err
	}
	begun, err := root.Complete(s.Begun(), nil, kanban.Witness{}, m.now)
	if err != nil {
		return made, false, err
	}
	m.keep(begun)
	made.Root = root.ID
	for i := range s.Workers {
		made.Workers = append(made.Workers, add(s.Worker(i, root.ID)).ID)
	}
	made.Verifier = add(s.Verify(root.ID, made.Workers)).ID
	made.Synthesizer = add(s.Synthesize(root.ID, made.Verifier)).ID
	if err != nil {
		return made, false, err
	}
	note, err := begun.Task.Comment(s.CreatedBy, made.Note(), m.now)
	if err == nil {
		m.keep(note)
	}
	return made, false, err
}
