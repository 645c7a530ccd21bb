package board_test

import (
	"context"
	"maps"
	"time"

	"andon/internal/board"
	"andon/kanban"
)

// The verbs that look a card over, put it off, or mend it.
func init() {
	maps.Copy(modelVerbs, map[string]modelVerb{
		"request review": {kanban.VerbRequestReview, 3, func(d drawer) step {
			id := d.card()
			r := kanban.ReviewRequest{Summary: d.text("summary"), Reviewer: pick(d, "reviewer", "", "Bob"), Run: d.runID(id)}
			return card(id, func(ctx context.Context, b *board.Board) (kanban.Change, error) { return b.RequestReview(ctx, id, r) },
				func(m *model, t kanban.Task) (kanban.Change, error) { return t.RequestReview(r, m.run(t.Run), m.now) })
		}},
		"reopen review": {kanban.VerbReopenReview, 2, func(d drawer) step {
			id, r := d.card(), kanban.Reopening{Reason: d.text("reason"), Author: "bob"}
			return card(id, func(ctx context.Context, b *board.Board) (kanban.Change, error) { return b.ReopenReview(ctx, id, r) },
				func(m *model, t kanban.Task) (kanban.Change, error) {
					return t.ReopenReview(r, m.parents(id), m.run(t.Run), m.now)
				})
		}},
		"schedule": {kanban.VerbSchedule, 2, func(d drawer) step {
			id, s := d.card(), kanban.Schedule{Reason: d.text("reason"), Author: "ada"}
			if in := pick(d, "in", 0, 700*time.Millisecond, 15*time.Minute, -time.Second); in != 0 {
				s.At = d.m.now.Add(in)
			}
			s.Run = d.runID(id)
			return card(id, func(ctx context.Context, b *board.Board) (kanban.Change, error) { return b.Schedule(ctx, id, s) },
				func(m *model, t kanban.Task) (kanban.Change, error) { return t.Schedule(s, m.run(t.Run), m.now) })
		}},
		"edit": {kanban.VerbEdit, 2, func(d drawer) step {
			id := d.card()
			var e kanban.Edit
			switch title, body, priority := pick(d, "title", "z", "", "a"), d.text("body"), int64(3); pick(d, "field", 0, 1, 2, 3) {
			case 0:
				e.Title = &title
			case 1:
				e.Body = &body
			case 2:
				e.Priority = &priority
			default:
				e.DueAt = new(time.Time)
				if in := pick(d, "due", 700*time.Millisecond, -time.Hour, 0); in != 0 {
					*e.DueAt = d.m.now.Add(in)
				}
			}
			return card(id, func(ctx context.Context, b *board.Board) (kanban.Change, error) { return b.Edit(ctx, id, e) },
				func(m *model, t kanban.Task) (kanban.Change, error) { return t.Edit(e) })
		}},
		"set model": {kanban.VerbSetModel, 1, func(d drawer) step {
			id, name, provider := d.card(), pick(d, "model", "", "m"), pick(d, "provider", "", "p")
			return card(id, func(ctx context.Context, b *board.Board) (kanban.Change, error) {
				return b.SetModel(ctx, id, name, provider)
			}, func(m *model, t kanban.Task) (kanban.Change, error) { return t.SetModel(name, provider) })
		}},
		"set effort": {kanban.VerbSetEffort, 1, func(d drawer) step {
			id, effort := d.card(), pick(d, "effort", "", "LOW", "none", "much")
			return card(id, func(ctx context.Context, b *board.Board) (kanban.Change, error) { return b.SetEffort(ctx, id, effort) },
				func(m *model, t kanban.Task) (kanban.Change, error) { return t.SetEffort(effort) })
		}},
		"unguard": {kanban.VerbUnguard, 1, func(d drawer) step {
			id, reason := d.card(), d.text("reason")
			return card(id, func(ctx context.Context, b *board.Board) (kanban.Change, error) {
				return b.Unguard(ctx, id, "ada", reason)
			},
				func(m *model, t kanban.Task) (kanban.Change, error) { return t.Unguard("ada", reason) })
		}},
		"cancel": {kanban.VerbCancel, 2, func(d drawer) step {
			id, x := d.card(), d.termination()
			was := d.runID(id)
			return card(id, func(ctx context.Context, b *board.Board) (kanban.Change, error) {
				return b.Cancel(ctx, id, "ada", was, x)
			},
				func(m *model, t kanban.Task) (kanban.Change, error) {
					return t.Cancel("ada", was, x, m.run(t.Run), m.now)
				})
		}},
		"specify": {kanban.VerbSpecify, 2, func(d drawer) step {
			id := d.card()
			title, body, to := pick(d, "title", "", "s"), d.text("body"), pick(d, "to", "", "Cyd")
			s := kanban.Specification{Title: pick(d, "new title", nil, &title), Body: pick(d, "new body", nil, &body),
				Assignee: pick(d, "new assignee", nil, &to), Author: pick(d, "author", "", "ada")}
			return card(id, func(ctx context.Context, b *board.Board) (kanban.Change, error) { return b.Specify(ctx, id, s) },
				func(m *model, t kanban.Task) (kanban.Change, error) { return t.Specify(s, m.now) })
		}},
	})
}
