package board_test

import (
	"context"
	"maps"
	"time"

	"pgregory.net/rapid"

	"andon/internal/board"
	"andon/kanban"
)

// The verbs of those who answer for runs.
func init() {
	maps.Copy(modelVerbs, map[string]modelVerb{
		"started": {kanban.VerbHeartbeat, 5, func(d drawer) step {
			r := d.run()
			lock, w := r.Lock, kanban.Worker{PID: 5, Start: "then"}
			path := pick(d, "path", "/w", "/w", "")
			return ofRun(r, func(ctx context.Context, b *board.Board) (kanban.Change, error) {
				return b.Started(ctx, r, lock, w, path)
			},
				func(m *model, t kanban.Task, r kanban.Run) (kanban.Change, error) { return t.Started(r, lock, w, path) })
		}},
		"agent": {kanban.VerbHeartbeat, 1, func(d drawer) step {
			r := d.run()
			return ofRun(r, func(ctx context.Context, b *board.Board) (kanban.Change, error) { return b.Agent(ctx, r, 6, "now") },
				func(m *model, t kanban.Task, r kanban.Run) (kanban.Change, error) { return t.Agent(r, 6, "now") })
		}},
		"renew": {kanban.VerbHeartbeat, 2, func(d drawer) step {
			r, ttl := d.run(), d.span("ttl")
			lock := r.Lock
			return ofRun(r, func(ctx context.Context, b *board.Board) (kanban.Change, error) { return b.Renew(ctx, r, lock, ttl) },
				func(m *model, t kanban.Task, r kanban.Run) (kanban.Change, error) {
					return t.Renew(r, lock, ttl, m.now)
				})
		}},
		"ended": {kanban.VerbFail, 2, func(d drawer) step {
			r, x := d.run(), d.exit()
			on := pick(d, "on", kanban.OnExitProtocol, kanban.OnExitComplete)
			return ofRun(r, func(ctx context.Context, b *board.Board) (kanban.Change, error) { return b.Ended(ctx, r, x, on, nil) },
				func(m *model, t kanban.Task, r kanban.Run) (kanban.Change, error) {
					return m.ended(t, r, x, on)
				})
		}},
		"fail": {kanban.VerbFail, 4, func(d drawer) step {
			r, x := d.run(), d.exit()
			f := kanban.Failure{
				Class: pick(d, "class", kanban.SpawnFailed, kanban.Crashed, kanban.TimedOut, kanban.Breach, kanban.RateLimited),
				Error: d.text("error"), Exit: x, PID: 5, Elapsed: d.span("elapsed"), Limit: time.Minute, Sigkill: rapid.Bool().Draw(d.T, "sigkill"),
			}
			return ofRun(r, func(ctx context.Context, b *board.Board) (kanban.Change, error) {
				return b.Ended(ctx, r, x, kanban.OnExitProtocol, &f)
			}, func(m *model, t kanban.Task, r kanban.Run) (kanban.Change, error) {
				return t.Ended(r, x, kanban.OnExitProtocol, &f, m.policy(t.Assignee), m.now)
			})
		}},
		"lapse": {kanban.VerbHeartbeat, 4, func(d drawer) step {
			r, x, timeout := d.run(), d.termination(), d.span("timeout")
			l := pick(d, "lapse", kanban.LeaseLapsed, kanban.ClaimerGone, kanban.WorkerSilent, kanban.Stopped)
			return ofRun(r, func(ctx context.Context, b *board.Board) (kanban.Change, error) {
				return b.Lapse(ctx, r, l, timeout, x)
			},
				func(m *model, t kanban.Task, r kanban.Run) (kanban.Change, error) {
					return t.Lapsed(l, timeout, x, r, m.now)
				})
		}},
		"extend": {kanban.VerbHeartbeat, 3, func(d drawer) step {
			r, ttl := d.run(), d.span("ttl")
			return ofRun(r, func(ctx context.Context, b *board.Board) (kanban.Change, error) { return b.Extend(ctx, r, ttl) },
				func(m *model, t kanban.Task, r kanban.Run) (kanban.Change, error) { return t.Extend(r, ttl, m.now) })
		}},
		"defer": {kanban.VerbHeartbeat, 1, func(d drawer) step {
			r, x := d.run(), d.termination()
			return ofRun(r, func(ctx context.Context, b *board.Board) (kanban.Change, error) { return b.Defer(ctx, r, "why", x) },
				func(m *model, t kanban.Task, r kanban.Run) (kanban.Change, error) { return t.Defer("why", x, r, m.now) })
		}},
		"reclaim": {kanban.VerbHeartbeat, 1, func(d drawer) step {
			id, x, reason := d.card(), d.termination(), d.text("reason")
			was := d.runID(id)
			return card(id, func(ctx context.Context, b *board.Board) (kanban.Change, error) {
				return b.Reclaim(ctx, id, reason, was, x)
			},
				func(m *model, t kanban.Task) (kanban.Change, error) {
					return t.Reclaim(reason, was, x, m.run(t.Run), m.now)
				})
		}},
	})
}
