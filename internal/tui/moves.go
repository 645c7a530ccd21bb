package tui

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"andon/kanban"
)

// doubleClick is the longest time between the clicks of a double one.
const doubleClick = 400 * time.Millisecond

// offers are the verbs that move a card at a person's word, in the order of the
// menu. Which of them a card's status allows, the table of moves says.
var offers = []struct {
	verb            kanban.Verb
	key, what, more string
	open            func(*model, kanban.Task) tea.Cmd
}{
	{kanban.VerbSpecify, "s", "specify", "out of triage, as it is written", (*model).specify},
	{kanban.VerbPromote, "p", "promote", "make it ready", (*model).promote},
	{kanban.VerbUnblock, "u", "unblock", "let it go on", (*model).answer},
	{kanban.VerbComplete, "c", "complete", "it is done", (*model).complete},
	{kanban.VerbBlock, "b", "block", "it cannot go on", (*model).block},
	{kanban.VerbSchedule, "h", "schedule", "not before a time", (*model).schedule},
	{kanban.VerbRequestReview, "v", "request review", "somebody shall look at it", (*model).review},
	{kanban.VerbReopenReview, "o", "reopen", "the review asks for changes", (*model).reopen},
	{kanban.VerbReclaim, "r", "reclaim", "take it back from its worker", (*model).reclaim},
	{kanban.VerbCancel, "x", "cancel", "stop the work on it", (*model).cancelWork},
	{kanban.VerbArchive, "A", "archive", "put it away", (*model).archive},
}

// legal are the offers that the table of moves allows for the card. A claim can
// be taken back only where there is one.
func legal(t kanban.Task) (verbs []int) {
	for i, o := range offers {
		if t.Status.May(o.verb) && (o.verb != kanban.VerbReclaim || t.Status == kanban.Running || t.Lock != "") {
			verbs = append(verbs, i)
		}
	}
	return verbs
}

// moves opens the menu of what may be done with the card.
func (m *model) moves(t kanban.Task) tea.Cmd {
	b := &menu{title: "Move " + plain(string(t.ID)), intro: []string{plain(t.Title), "It is " + plain(string(t.Status)) + "."}}
	for _, i := range legal(t) {
		o := offers[i]
		b.items = append(b.items, item{o.key, o.what, o.more, func() tea.Cmd { return o.open(m, t) }})
	}
	if len(b.items) == 0 {
		m.refuse(fmt.Errorf("a card that is %s cannot be moved", t.Status))
		return nil
	}
	m.box = b
	return nil
}

// ask opens a form about a card. What it does is told in a line.
func (m *model) ask(title string, t kanban.Task, do func(context.Context, []string) (kanban.Change, string, error), fields ...*field) *form {
	s := m.seat
	f := newForm(title, func(v []string) tea.Cmd {
		return s.write(func(ctx context.Context) (string, error) {
			c, said, err := do(ctx, v)
			if err != nil {
				return "", err
			}
			s.After(ctx, c)
			return moved(said, c), nil
		})
	}, fields...)
	f.intro = []string{plain(string(t.ID)) + "  " + plain(t.Title)}
	m.box, m.note = f, ""
	return f
}

// moved tells what was done and where the card stands then.
func moved(said string, c kanban.Change) string {
	said += " " + string(c.Task.ID)
	if c.Was.Status != c.Task.Status {
		said += fmt.Sprintf(": it was %s and is %s", c.Was.Status, c.Task.Status)
	}
	return said
}

// at once does something with a card and asks nothing.
func (m *model) atOnce(said string, do func(context.Context) (kanban.Change, error)) tea.Cmd {
	s := m.seat
	return s.write(func(ctx context.Context) (string, error) {
		c, err := do(ctx)
		if err != nil {
			return "", err
		}
		s.After(ctx, c)
		return moved(said, c), nil
	})
}

func (m *model) specify(t kanban.Task) tea.Cmd {
	b := m.seat.Board
	return m.atOnce("specified", func(ctx context.Context) (kanban.Change, error) {
		return b.Specify(ctx, t.ID, kanban.Specification{Author: m.Author})
	})
}

func (m *model) promote(t kanban.Task) tea.Cmd {
	b := m.seat.Board
	m.ask("Promote", t, func(ctx context.Context, v []string) (kanban.Change, string, error) {
		c, err := b.Promote(ctx, t.ID, kanban.Promotion{Actor: m.Author, Reason: v[0], Force: v[1] == "yes"}, false)
		return c, "promoted", err
	}, &field{label: "Reason", hint: "may be left empty"}, &field{label: "Although parents are open", options: []string{"no", "yes"}})
	return nil
}

// answer lets a blocked card go on. What is answered becomes a comment, which its
// worker reads.
func (m *model) answer(t kanban.Task) tea.Cmd {
	if !t.Status.May(kanban.VerbUnblock) {
		m.refuse(fmt.Errorf("%s is %s: only a blocked or scheduled card waits for an answer", t.ID, t.Status))
		return nil
	}
	s := m.seat
	f := m.ask("Answer and unblock", t, func(ctx context.Context, v []string) (kanban.Change, string, error) {
		c, err := s.Board.Unblock(ctx, t.ID, kanban.Unblock{Reason: v[0], Author: m.Author})
		return c, "unblocked", err
	}, &field{label: "Answer", lines: 5, hint: "kept as a comment, which the worker reads; may be left empty"})
	return s.read(func(ctx context.Context) tea.Msg { // what was asked is shown above the answer
		c, err := s.Board.Show(ctx, t.ID, cardEvents)
		if err != nil {
			return nil
		}
		return askedMsg{f, blockReason(c.Events)}
	})
}

// askedMsg brings the question that a blocked card waits with.
type askedMsg struct {
	form *form
	why  string
}

func (m *model) complete(t kanban.Task) tea.Cmd {
	b := m.seat.Board
	m.ask("Complete", t, func(ctx context.Context, v []string) (kanban.Change, string, error) {
		// A check may take longer than a screen waits.
		if held, err := b.Held(ctx, kanban.Run{ID: t.Run, Task: t.ID}); err == nil && held {
			return kanban.Change{}, "", &kanban.Error{Code: kanban.Conflict, Msg: "complete " + string(t.ID) + ": the card has a check",
				Hint: "`andon complete " + string(t.ID) + "` runs it, and with --no-check skips it"}
		}
		c, err := b.Complete(ctx, t.ID, kanban.Report{Result: v[0]})
		return c, "completed", err
	}, &field{label: "Result", lines: 5, hint: "what came of it; may be left empty"})
	return nil
}

func (m *model) block(t kanban.Task) tea.Cmd {
	b := m.seat.Board
	kinds := []kanban.BlockKind{kanban.NeedsInput, kanban.Dependency, kanban.Capability, kanban.Transient}
	words := make([]string, len(kinds))
	for i, k := range kinds {
		words[i] = string(k)
	}
	m.ask("Block", t, func(ctx context.Context, v []string) (kanban.Change, string, error) {
		kind, err := kanban.ParseBlockKind(v[0])
		if err != nil {
			return kanban.Change{}, "", err
		}
		c, err := b.Block(ctx, t.ID, kanban.Block{Kind: kind, Reason: v[1], Author: m.Author})
		return c, "blocked", err
	}, &field{label: "Kind", options: words}, &field{label: "Reason", hint: "what it waits for"}).at = 1
	return nil
}

func (m *model) schedule(t kanban.Task) tea.Cmd {
	b := m.seat.Board
	m.ask("Schedule", t, func(ctx context.Context, v []string) (kanban.Change, string, error) {
		s := kanban.Schedule{Reason: v[1], Author: m.Author}
		if strings.TrimSpace(v[0]) != "" {
			at, err := m.At(v[0])
			if err != nil {
				return kanban.Change{}, "", err
			}
			s.At = at
		}
		c, err := b.Schedule(ctx, t.ID, s)
		return c, "scheduled", err
	}, &field{label: "Time", hint: "such as 17:30, +2h, 2026-03-01 09:00; empty: until it is unblocked"}, &field{label: "Reason"})
	return nil
}

func (m *model) review(t kanban.Task) tea.Cmd {
	b := m.seat.Board
	m.ask("Request review", t, func(ctx context.Context, v []string) (kanban.Change, string, error) {
		c, err := b.RequestReview(ctx, t.ID, kanban.ReviewRequest{Summary: v[0], Reviewer: v[1]})
		return c, "sent to review", err
	}, &field{label: "Summary"}, &field{label: "Reviewer", hint: joined(m.People)})
	return nil
}

func (m *model) reopen(t kanban.Task) tea.Cmd {
	b := m.seat.Board
	m.ask("Reopen", t, func(ctx context.Context, v []string) (kanban.Change, string, error) {
		c, err := b.ReopenReview(ctx, t.ID, kanban.Reopening{Reason: v[0], Author: m.Author})
		return c, "reopened", err
	}, &field{label: "Changes", lines: 4, hint: "what shall be changed, kept as a comment"})
	return nil
}

func (m *model) reclaim(t kanban.Task) tea.Cmd {
	s := m.seat
	m.ask("Reclaim: its worker is ended", t, func(ctx context.Context, v []string) (kanban.Change, string, error) {
		c, err := s.Reclaim(ctx, t.ID, v[0])
		return c, "reclaimed", err
	}, &field{label: "Reason", hint: "kept with the run; may be left empty"})
	return nil
}

func (m *model) cancelWork(t kanban.Task) tea.Cmd {
	s := m.seat
	m.box = confirm("Cancel "+plain(string(t.ID))+"?",
		[]string{plain(t.Title), "Its worker is ended, if it has one, and the card waits in blocked until it is unblocked."}, "yes, stop the work", func() tea.Cmd {
			return m.atOnce("cancelled", func(ctx context.Context) (kanban.Change, error) { return s.Cancel(ctx, t.ID) })
		})
	return nil
}

func (m *model) archive(t kanban.Task) tea.Cmd {
	b := m.seat.Board
	do := func() tea.Cmd {
		return m.atOnce("archived", func(ctx context.Context) (kanban.Change, error) { return b.Archive(ctx, t.ID) })
	}
	if t.Status == kanban.Done {
		return do()
	}
	m.box = confirm("Archive "+plain(string(t.ID))+"?",
		[]string{plain(t.Title), "It is not done. It is shown no longer, and holds its children back no longer."}, "yes, put it away", do)
	return nil
}

func (m *model) prioritize(t kanban.Task, by int64) tea.Cmd {
	b := m.seat.Board
	return m.seat.write(func(ctx context.Context) (string, error) {
		c, err := b.Raise(ctx, t.ID, by)
		return fmt.Sprintf("the priority of %s is %d", t.ID, c.Task.Priority), err
	})
}

func (m *model) assignment(t kanban.Task) tea.Cmd {
	b := m.seat.Board
	to := &field{label: "Assignee", hint: "nobody"}
	to.set(t.Assignee)
	f := m.ask("Assign", t, func(ctx context.Context, v []string) (kanban.Change, string, error) {
		c, err := b.Assign(ctx, t.ID, v[0])
		if err == nil && c.Task.Assignee == "" {
			return c, "assigned to nobody:", nil
		}
		return c, "assigned to @" + c.Task.Assignee + ":", err
	}, to)
	if len(m.People) > 0 {
		f.intro = append(f.intro, "Profiles: "+joined(m.People))
	}
	return nil
}

func (m *model) creation() *form {
	s := m.seat
	f := newForm("Create a card", func(v []string) tea.Cmd {
		return s.write(func(ctx context.Context) (string, error) {
			t, _, err := s.Board.Create(ctx, kanban.Draft{Title: v[0], Assignee: v[1], Body: v[2], CreatedBy: m.Author, WorkspaceKind: kanban.Scratch})
			return fmt.Sprintf("created %s: it is %s", t.ID, t.Status), err
		})
	}, &field{label: "Title"}, &field{label: "Assignee", hint: joined(m.People)}, &field{label: "Text", lines: 8, hint: "what is to be done, and how to know that it is done"})
	m.note = ""
	return f
}

// edition edits the words of a card, which are read first: the board shows but a
// part of them.
func (m *model) edition(t kanban.Task) tea.Cmd {
	s := m.seat
	return s.read(func(ctx context.Context) tea.Msg {
		t, err := s.Board.Task(ctx, t.ID)
		return wordsMsg{s, t, late(err)}
	})
}

// wordsMsg brings the words of a card that is to be edited.
type wordsMsg struct {
	seat *seat
	task kanban.Task
	err  error
}

func (m *model) edited(msg wordsMsg) {
	switch {
	case msg.seat != m.seat || m.box != nil:
		return
	case msg.err == nil && !msg.task.Status.May(kanban.VerbEdit):
		msg.err = fmt.Errorf("%s is %s and cannot be edited", msg.task.ID, msg.task.Status)
	}
	if msg.err != nil {
		m.refuse(msg.err)
		return
	}
	t, b := msg.task, m.seat.Board
	title, prio, body := &field{label: "Title"}, &field{label: "Priority"}, &field{label: "Text", lines: 8}
	title.set(t.Title)
	prio.set(strconv.FormatInt(t.Priority, 10))
	body.set(t.Body)
	shown := body.text() // what a terminal cannot show is not written away unless the text is changed
	f := m.ask("Edit", t, func(ctx context.Context, v []string) (kanban.Change, string, error) {
		var e kanban.Edit
		if v[0] != t.Title {
			e.Title = &v[0]
		}
		p, err := strconv.ParseInt(strings.TrimSpace(v[1]), 10, 64)
		if err != nil {
			return kanban.Change{}, "", errors.New("the priority " + strconv.Quote(v[1]) + " is not a whole number")
		}
		if p != t.Priority {
			e.Priority = &p
		}
		if v[2] != shown {
			e.Body = &v[2]
		}
		c, err := b.Edit(ctx, t.ID, e)
		return c, "edited", err
	}, title, prio, body)
	f.intro = nil
}
