package board_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"andon/kanban"
)

// model is a board in memory. It asks the same rules as a board does, and keeps
// what they answer in the plainest way there is. Numbers that a board draws it
// is told.
type model struct {
	now    time.Time
	jitter float64
	limit  int64 // the failures that trip the breaker

	order    []kanban.TaskID // as the cards were made
	cards    map[kanban.TaskID]kanban.Task
	runs     map[kanban.RunID]kanban.Run
	links    map[kanban.Link]bool
	comments []kanban.Comment
	events   []kanban.Event

	proposals []kanban.Proposal // by their number among them
	compared  int               // how many of them

	newCards []kanban.TaskID // drawn by the board and not used yet
	newRuns  []kanban.RunID
}

func (m *model) policy(assignee string) kanban.Policy {
	p := kanban.Policy{BoardLimit: m.limit, Cooldown: 90 * time.Second, Jitter: m.jitter}
	if assignee == "bob" {
		p.ProfileLimit = 1
	}
	return p
}

// keep does what a change says.
func (m *model) keep(c kanban.Change) {
	opened := kanban.RunID(0)
	for _, r := range c.Runs {
		if r.ID == 0 {
			opened = kanban.RunID(-len(m.runs) - 2) // one that no board gives, unless it gave one
			if len(m.newRuns) > 0 {
				opened, m.newRuns = m.newRuns[0], m.newRuns[1:]
			}
			r.ID = opened
		}
		m.runs[r.ID] = storedRun(r)
	}
	if c.Was.ID == "" {
		m.order = append(m.order, c.Task.ID)
	}
	t := storedTask(c.Task)
	if t.Run == kanban.NewRun {
		t.Run = opened
	}
	m.cards[t.ID] = t
	m.keepProposals(c)
	for _, l := range c.Links {
		m.links[l] = true
	}
	for _, l := range c.Unlinks {
		delete(m.links, l)
	}
	for _, r := range c.Comments {
		r.At = second(r.At)
		m.comments = append(m.comments, r)
	}
	for _, e := range c.Events {
		if e.Run == kanban.NewRun {
			e.Run = opened
		}
		e.At, e.Payload = second(m.now), e.Payload.Resolve(opened)
		m.events = append(m.events, e)
	}
}

// promote makes ready every card that is due, in the given order, and says which.
func (m *model) promote(order func(a, b kanban.Task) int) (promoted []kanban.TaskID) {
	for _, t := range slices.SortedFunc(maps.Values(m.cards), order) {
		if c, due := t.Promote(m.parents(t.ID), m.gate(t.ID), m.policy(t.Assignee)); due {
			m.keep(c)
			promoted = append(promoted, t.ID)
		}
	}
	return promoted
}

// promoteDue does what time, or another program, left to be done.
func (m *model) promoteDue() (promoted []kanban.TaskID) {
	for _, t := range slices.SortedFunc(maps.Values(m.cards), byHour) {
		if c, due := t.Due(m.parents(t.ID), m.now); due {
			if m.keep(c); c.Task.Status == kanban.Ready {
				promoted = append(promoted, t.ID)
			}
		}
	}
	return append(promoted, m.promote(byAge)...)
}

func byHour(a, b kanban.Task) int {
	return cmp.Or(a.StartAt.Compare(b.StartAt), cmp.Compare(b.Priority, a.Priority), byID(a, b))
}

func byID(a, b kanban.Task) int { return strings.Compare(string(a.ID), string(b.ID)) }

func byAge(a, b kanban.Task) int { return cmp.Or(a.CreatedAt.Compare(b.CreatedAt), byID(a, b)) }

func (m *model) gate(id kanban.TaskID) (g kanban.Gate) {
	for _, e := range m.events {
		if e.Task != id {
			continue
		}
		if slices.Contains(kanban.BlockGate, e.Kind) {
			g.Block = e.Kind
		}
		if slices.Contains(kanban.BreakerGate, e.Kind) {
			g.Breaker = e.Kind
		}
	}
	return g
}

// run is a run by its number; nil if there is none.
func (m *model) run(id kanban.RunID) *kanban.Run {
	if r, ok := m.runs[id]; ok {
		return &r
	}
	return nil
}

func (m *model) runsOf(id kanban.TaskID) (runs []kanban.Run) {
	for _, n := range slices.Sorted(maps.Keys(m.runs)) {
		if m.runs[n].Task == id {
			runs = append(runs, m.runs[n])
		}
	}
	return runs
}

func (m *model) parents(id kanban.TaskID) (parents []kanban.Task) {
	for _, p := range m.order {
		if m.links[kanban.Link{Parent: p, Child: id}] {
			parents = append(parents, m.cards[p])
		}
	}
	return parents
}

// create makes a card unless one with its key is there.
func (m *model) create(d kanban.Draft) (t kanban.Task, existed bool, err error) {
	for _, t := range m.cards {
		if d.IdempotencyKey != "" && t.IdempotencyKey == d.IdempotencyKey && t.Status != kanban.Archived {
			return t, true, nil
		}
	}
	var parents []kanban.Task
	for _, p := range d.Parents {
		if t, ok := m.cards[p]; ok {
			parents = append(parents, t)
		}
	}
	id := kanban.TaskID(fmt.Sprint("t_untold", len(m.order)))
	if len(m.newCards) > 0 {
		id = m.newCards[0]
	}
	c, err := kanban.Create(id, d, parents, m.now)
	if err != nil {
		return t, false, err
	}
	m.newCards = m.newCards[min(1, len(m.newCards)):]
	m.keep(c)
	return m.cards[id], false, nil
}

func (m *model) link(l kanban.Link) error {
	child, ok := m.cards[l.Child]
	if !ok {
		return kanban.NoTask(l.Child)
	}
	parent, ok := m.cards[l.Parent]
	if !ok {
		return kanban.NoTask(l.Parent)
	}
	c, err := child.Link(parent, slices.Collect(maps.Keys(m.links)))
	if err == nil {
		m.keep(c)
	}
	return err
}

func (m *model) clone() *model {
	n := *m
	n.cards, n.runs, n.links = maps.Clone(m.cards), maps.Clone(m.runs), maps.Clone(m.links)
	n.order, n.comments, n.events = slices.Clone(m.order), slices.Clone(m.comments), slices.Clone(m.events)
	n.proposals = slices.Clone(m.proposals)
	return &n
}

// What is stored has a resolution: a second, and a millisecond where andon alone
// keeps the time.

func second(t time.Time) time.Time {
	if t.IsZero() {
		return t
	}
	return t.Truncate(time.Second)
}

func milli(t time.Time) time.Time {
	if t.IsZero() {
		return t
	}
	return t.Truncate(time.Millisecond)
}

func storedTask(t kanban.Task) kanban.Task {
	for _, at := range []*time.Time{&t.CreatedAt, &t.StartedAt, &t.CompletedAt, &t.Expires, &t.HeartbeatAt, &t.StartAt, &t.DueAt} {
		*at = second(*at)
	}
	t.RetryAt = milli(t.RetryAt)
	return t
}

func storedRun(r kanban.Run) kanban.Run {
	for _, at := range []*time.Time{&r.StartedAt, &r.EndedAt, &r.Expires, &r.HeartbeatAt} {
		*at = second(*at)
	}
	r.Worker.ExitedAt = milli(r.Worker.ExitedAt)
	if r.Metadata != nil {
		var b bytes.Buffer
		if json.Compact(&b, r.Metadata) == nil {
			r.Metadata = b.Bytes()
		}
	}
	return r
}
