package board_test

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"time"

	"pgregory.net/rapid"

	"andon/internal/board"
	"andon/internal/store"
	"andon/kanban"
)

// modelVerb draws the arguments of a verb and says how it is done on a board and in
// the model; [card] makes a step of a verb of one card.
type modelVerb struct {
	on     kanban.Verb // drawn cards are most often those for which this is legal; empty: it needs none
	weight int         // how often it comes: more often what others need, less often what ends a card's life
	draw   func(drawer) step
}

// modelVerbs is what may happen, by name.
var modelVerbs = map[string]modelVerb{
	"time": {"", 4, func(d drawer) step {
		by := rapid.SampledFrom([]time.Duration{time.Second, 700 * time.Millisecond, time.Minute, 16 * time.Minute, 2 * time.Hour, -time.Minute}).Draw(d.T, "by")
		jitter := rapid.Float64Range(0, 0.99).Draw(d.T, "jitter")
		return step{nobody, func(m *model) (any, error) {
			m.now, m.jitter = m.now.Add(by), jitter
			return nil, nil
		}}
	}},
	"create": {"", 4, func(d drawer) step {
		draft := d.draft()
		return step{
			func(ctx context.Context, b *board.Board) (any, error) {
				t, existed, err := b.Create(ctx, draft)
				return []any{storedTask(t), existed}, err
			},
			func(m *model) (any, error) {
				clean, err := draft.Clean()
				if err != nil {
					return nil, err
				}
				t, existed, err := m.create(clean)
				return []any{t, existed}, err
			},
		}
	}},
	"apply": {"", 2, func(d drawer) step {
		g := kanban.Graph{Name: d.tenant + pick(d, "name", "", "", "", "/")}
		for _, name := range []string{"a", "b", "c"}[:rapid.IntRange(1, 3).Draw(d.T, "nodes")] {
			n := kanban.Node{Name: name, Draft: d.draft()}
			for _, after := range []string{"a", "b", "c", "d"} {
				if name != after && rapid.IntRange(0, 4).Draw(d.T, "after "+after) == 0 {
					n.After = append(n.After, after)
				}
			}
			g.Nodes = append(g.Nodes, n)
		}
		preview := rapid.IntRange(0, 3).Draw(d.T, "preview") == 0
		return step{
			func(ctx context.Context, b *board.Board) (any, error) {
				do := b.Apply
				if preview {
					do = b.Preview
				}
				done, err := do(ctx, g)
				for i := range done {
					if done[i].Task = storedTask(done[i].Task); preview {
						done[i] = board.Applied{Name: done[i].Name, Created: done[i].Created}
					}
				}
				return done, err
			},
			func(m *model) (any, error) {
				trial := m.clone()
				done, err := trial.apply(g)
				if err != nil {
					return nil, err
				}
				if preview {
					for i := range done {
						done[i] = board.Applied{Name: done[i].Name, Created: done[i].Created}
					}
					return done, nil
				}
				*m = *trial
				return done, nil
			},
		}
	}},
	"claim": {kanban.VerbClaim, 8, func(d drawer) step {
		id := d.card()
		by := kanban.Claimant{Lock: pick(d, "lock", "h:1", "h:1", "h:2", "h:2", "h:\xff"), TTL: d.span("ttl"), MaxRuntime: d.span("max runtime")}
		return card(id, func(ctx context.Context, b *board.Board) (kanban.Change, error) { return b.Claim(ctx, id, by) },
			func(m *model, t kanban.Task) (kanban.Change, error) {
				return t.Claim(by, m.parents(id), m.run(t.Run), m.now)
			})
	}},
	"heartbeat": {kanban.VerbHeartbeat, 2, func(d drawer) step {
		id := d.card()
		h := kanban.Heartbeat{Run: d.runID(id), Note: d.text("note"), TTL: d.span("ttl")}
		return card(id, func(ctx context.Context, b *board.Board) (kanban.Change, error) { return b.Heartbeat(ctx, id, h) },
			func(m *model, t kanban.Task) (kanban.Change, error) { return t.Heartbeat(h, m.run(t.Run), m.now) })
	}},
	"complete": {kanban.VerbComplete, 4, func(d drawer) step {
		id := d.card()
		r := kanban.Report{Run: d.runID(id), Result: d.text("result"), Summary: d.text("summary"),
			Metadata: json.RawMessage(pick(d, "metadata", "", "", "{}", `{"a": [1, "x, y"] , "ü":null}`, `{"b": "\u2028"}`, "[1]"))}
		if rapid.IntRange(0, 4).Draw(d.T, "names") == 0 {
			r.Summary += " " + string(pick(d, "named", d.any(), "t_00000000"))
			r.Created = pick(d, "created", nil, []kanban.TaskID{d.any()}, []kanban.TaskID{d.any(), d.any()})
		}
		r.NoCheck = pick(d, "no check", "", "", "", "ada")
		return card(id, func(ctx context.Context, b *board.Board) (kanban.Change, error) { return b.Complete(ctx, id, r) },
			func(m *model, t kanban.Task) (kanban.Change, error) {
				return m.complete(t, r)
			})
	}},
	"block": {kanban.VerbBlock, 3, func(d drawer) step {
		id := d.card()
		why := kanban.Block{Run: d.runID(id), Reason: d.text("reason"), Author: "ada",
			Kind: pick(d, "kind", "", kanban.Dependency, kanban.NeedsInput, kanban.Capability, kanban.Transient)}
		return card(id, func(ctx context.Context, b *board.Board) (kanban.Change, error) { return b.Block(ctx, id, why) },
			func(m *model, t kanban.Task) (kanban.Change, error) {
				return t.Block(why, m.parents(id), m.run(t.Run), m.now)
			})
	}},
	"unblock": {kanban.VerbUnblock, 2, func(d drawer) step {
		id := d.card()
		u := kanban.Unblock{Reason: d.text("reason"), Author: "bob"}
		return card(id, func(ctx context.Context, b *board.Board) (kanban.Change, error) { return b.Unblock(ctx, id, u) },
			func(m *model, t kanban.Task) (kanban.Change, error) {
				return t.Unblock(u, m.parents(id), m.run(t.Run), m.now)
			})
	}},
	"promote by hand": {kanban.VerbPromote, 2, func(d drawer) step {
		id := d.card()
		p := kanban.Promotion{Actor: "ada", Reason: d.text("reason"), Force: rapid.Bool().Draw(d.T, "force")}
		return card(id, func(ctx context.Context, b *board.Board) (kanban.Change, error) { return b.Promote(ctx, id, p, false) },
			func(m *model, t kanban.Task) (kanban.Change, error) { return t.PromoteBy(p, m.parents(id)) })
	}},
	// The verbs promote what they make due. What another program, or another limit,
	// made due, the next look finds.
	"promote what is due": {kanban.VerbComplete, 2, func(d drawer) step {
		limit := rapid.Int64Range(0, 4).Draw(d.T, "limit")
		id := d.card()
		neighbour := rapid.Bool().Draw(d.T, "neighbour")
		return step{
			func(ctx context.Context, b *board.Board) (any, error) {
				d.m.limit = limit // which is the board's too
				if neighbour {
					if err := d.db.Update(ctx, func(tx *store.Tx) error {
						t, err := tx.Task(ctx, id)
						if err != nil {
							return err
						}
						run, err := tx.Run(ctx, t.Run)
						if err != nil {
							return err
						}
						c, err := t.Complete(kanban.Report{}, run, kanban.Witness{}, tx.Now)
						if err != nil {
							return err
						}
						return tx.Apply(ctx, &c)
					}); err != nil {
						_, also := b.PromoteDue(ctx)
						return also, err
					}
				}
				return b.PromoteDue(ctx)
			},
			func(m *model) (any, error) {
				if neighbour {
					t, ok := m.cards[id]
					if !ok {
						m.promoteDue()
						return nil, kanban.NoTask(id)
					}
					c, err := t.Complete(kanban.Report{}, m.run(t.Run), kanban.Witness{}, m.now)
					if err != nil {
						m.promoteDue()
						return nil, err
					}
					m.keep(c)
				}
				return m.promoteDue(), nil
			},
		}
	}},
	"assign": {kanban.VerbAssign, 1, func(d drawer) step {
		id, to := d.card(), pick(d, "to", "", "ada", " Bob ", "cyd", "\x00")
		return card(id, func(ctx context.Context, b *board.Board) (kanban.Change, error) { return b.Assign(ctx, id, to) },
			func(m *model, t kanban.Task) (kanban.Change, error) { return t.Assign(to) })
	}},
	"archive": {kanban.VerbArchive, 1, func(d drawer) step {
		id := d.card()
		return card(id, func(ctx context.Context, b *board.Board) (kanban.Change, error) { return b.Archive(ctx, id) },
			func(m *model, t kanban.Task) (kanban.Change, error) { return t.Archive(m.run(t.Run), m.now) })
	}},
	"comment": {kanban.VerbComment, 1, func(d drawer) step {
		id, author, body := d.card(), pick(d, "author", "ada", " bob", ""), d.text("body")
		return card(id, func(ctx context.Context, b *board.Board) (kanban.Change, error) {
			return b.Comment(ctx, id, author, body)
		},
			func(m *model, t kanban.Task) (kanban.Change, error) { return t.Comment(author, body, m.now) })
	}},
	"link": {kanban.VerbLink, 3, func(d drawer) step {
		l := kanban.Link{Parent: d.any(), Child: d.card()}
		return step{
			func(ctx context.Context, b *board.Board) (any, error) {
				c, err := b.Link(ctx, l)
				return storedTask(c.Task), err
			},
			func(m *model) (any, error) {
				err := m.link(l)
				return m.cards[l.Child], err
			},
		}
	}},
	"unlink": {kanban.VerbUnlink, 2, func(d drawer) step {
		l := kanban.Link{Parent: d.any(), Child: d.card()}
		links := slices.SortedFunc(maps.Keys(d.m.links), func(a, b kanban.Link) int {
			at := func(l kanban.Link) int {
				return slices.Index(d.m.order, l.Parent)*1000 + slices.Index(d.m.order, l.Child)
			}
			return at(a) - at(b)
		})
		if len(links) > 0 && rapid.IntRange(0, 3).Draw(d.T, "any") > 0 {
			l = links[rapid.IntRange(0, len(links)-1).Draw(d.T, "link")]
			d.touched[l.Child], d.touched[l.Parent] = true, true
		}
		return card(l.Child, func(ctx context.Context, b *board.Board) (kanban.Change, error) { return b.Unlink(ctx, l) },
			func(m *model, t kanban.Task) (kanban.Change, error) {
				return t.Unlink(l.Parent, slices.Collect(maps.Keys(m.links)))
			})
	}},
}

func nobody(context.Context, *board.Board) (any, error) { return nil, nil }
