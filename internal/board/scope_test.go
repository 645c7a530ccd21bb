package board_test

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"andon/internal/board"
	"andon/internal/store"
	"andon/internal/store/storetest"
	"andon/kanban"
)

// verbsOf is every way to change something, upon a card.
func verbsOf(id kanban.TaskID) map[string]func(context.Context, *board.Board) error {
	last := func(_ kanban.Change, err error) error { return err }
	link := kanban.Link{Parent: "t_parent", Child: id}
	note := kanban.Attachment{Name: "a.txt", Path: "/a.txt", By: "ada"}
	words := "other"
	return map[string]func(context.Context, *board.Board) error{
		"comment": func(ctx context.Context, b *board.Board) error { return last(b.Comment(ctx, id, "ada", "hello")) },
		"create": func(ctx context.Context, b *board.Board) error {
			_, _, err := b.Create(ctx, kanban.Draft{Title: "a", Parents: []kanban.TaskID{id}})
			return err
		},
		"link":   func(ctx context.Context, b *board.Board) error { return last(b.Link(ctx, link)) },
		"attach": func(ctx context.Context, b *board.Board) error { return last(b.Attach(ctx, id, note, 0)) },
		"heartbeat": func(ctx context.Context, b *board.Board) error {
			return last(b.Heartbeat(ctx, id, kanban.Heartbeat{}))
		},
		"complete": func(ctx context.Context, b *board.Board) error {
			return last(b.Complete(ctx, id, kanban.Report{Summary: "done"}))
		},
		"phantom": func(ctx context.Context, b *board.Board) error {
			return last(b.Complete(ctx, id, kanban.Report{Summary: "done", Created: []kanban.TaskID{"t_none"}}))
		},
		"artifact": func(ctx context.Context, b *board.Board) error {
			return last(b.Complete(ctx, id, kanban.Report{Summary: "done", Artifacts: []string{"/a.txt"}}))
		},
		"block": func(ctx context.Context, b *board.Board) error {
			return last(b.Block(ctx, id, kanban.Block{Reason: "why", Author: "ada"}))
		},
		"schedule": func(ctx context.Context, b *board.Board) error { return last(b.Schedule(ctx, id, kanban.Schedule{})) },
		"request-review": func(ctx context.Context, b *board.Board) error {
			return last(b.RequestReview(ctx, id, kanban.ReviewRequest{Summary: "done"}))
		},

		"unlink":  func(ctx context.Context, b *board.Board) error { return last(b.Unlink(ctx, link)) },
		"unblock": func(ctx context.Context, b *board.Board) error { return last(b.Unblock(ctx, id, kanban.Unblock{})) },
		"promote": func(ctx context.Context, b *board.Board) error {
			return last(b.Promote(ctx, id, kanban.Promotion{Force: true}, false))
		},
		"reopen-review": func(ctx context.Context, b *board.Board) error {
			return last(b.ReopenReview(ctx, id, kanban.Reopening{}))
		},
		"assign":  func(ctx context.Context, b *board.Board) error { return last(b.Assign(ctx, id, "eve")) },
		"archive": func(ctx context.Context, b *board.Board) error { return last(b.Archive(ctx, id)) },
		"edit": func(ctx context.Context, b *board.Board) error {
			return last(b.Edit(ctx, id, kanban.Edit{Title: &words}))
		},
		"raise":      func(ctx context.Context, b *board.Board) error { return last(b.Raise(ctx, id, 1)) },
		"set-model":  func(ctx context.Context, b *board.Board) error { return last(b.SetModel(ctx, id, "large", "")) },
		"set-effort": func(ctx context.Context, b *board.Board) error { return last(b.SetEffort(ctx, id, "high")) },
		"unguard":    func(ctx context.Context, b *board.Board) error { return last(b.Unguard(ctx, id, "ada", "")) },
		"edit-result": func(ctx context.Context, b *board.Board) error {
			return last(b.EditResult(ctx, id, kanban.ResultEdit{Result: "x"}))
		},
		"claim": func(ctx context.Context, b *board.Board) error {
			return last(b.Claim(ctx, id, kanban.Claimant{Lock: "h:1"}))
		},
		"cancel": func(ctx context.Context, b *board.Board) error {
			return last(b.Cancel(ctx, id, "ada", 0, kanban.Termination{}))
		},
		"reclaim": func(ctx context.Context, b *board.Board) error {
			return last(b.Reclaim(ctx, id, "why", 0, kanban.Termination{}))
		},
		"reassign": func(ctx context.Context, b *board.Board) error {
			_, _, err := b.Reassign(ctx, id, "eve", nil)
			return err
		},
		"revise": func(ctx context.Context, b *board.Board) error {
			t, err := b.Task(ctx, id)
			if err == nil {
				_, err = b.Revise(ctx, t, kanban.Edit{Title: &words}, nil)
			}
			return err
		},
		"delete": func(ctx context.Context, b *board.Board) error {
			return last(b.Delete(ctx, id, kanban.Deletion{}, nil))
		},
		"swarm": func(ctx context.Context, b *board.Board) error {
			_, _, err := b.Swarm(ctx, kanban.Swarm{})
			return err
		},
		"promote-due": func(ctx context.Context, b *board.Board) error {
			_, err := b.AssignDefault(ctx, []kanban.TaskID{id}, "eve")
			return err
		},
		"forget": func(ctx context.Context, b *board.Board) error {
			_, err := b.Forget(ctx, time.Now().Add(time.Hour))
			return err
		},
		"subscribe": func(ctx context.Context, b *board.Board) error {
			_, err := b.Subscribe(ctx, kanban.Sub{Task: id, Platform: "x", ChatID: "1"})
			return err
		},
	}
}

// worker makes a board with two running cards, of which the first is a worker's.
func worker(t *testing.T, db *store.DB) (all *board.Board, own, other kanban.Task) {
	t.Helper()
	all = board.New(db)
	var tasks []kanban.Task
	for range 2 {
		c, err := all.Claim(t.Context(), add(t, all, kanban.Draft{Assignee: "ada"}), kanban.Claimant{Lock: "host:1", TTL: time.Hour})
		if err != nil {
			t.Fatal(err)
		}
		tasks = append(tasks, c.Task)
	}
	return all, tasks[0], tasks[1]
}

// picture is all that there is to see of a board.
func picture(t *testing.T, b *board.Board) string {
	t.Helper()
	tasks, err := b.List(t.Context(), store.Filter{Archived: true})
	if err != nil {
		t.Fatal(err)
	}
	events, err := b.Events(t.Context(), store.EventFilter{})
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal([]any{tasks, events})
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestWorkerChangesItsOwnCardOnly(t *testing.T) {
	anywhere := map[string]bool{"comment": true, "create": true, "link": true}
	own := map[string]bool{"attach": true, "heartbeat": true, "complete": true, "block": true, "schedule": true, "request-review": true}
	for name := range verbsOf("") {
		t.Run(name, func(t *testing.T) {
			storetest.Each(t, func(t *testing.T, db *store.DB) {
				all, mine, theirs := worker(t, db)
				b := *all
				b.Scope = kanban.Scope{Task: mine.ID, Run: mine.Run}
				was := picture(t, all)
				err := verbsOf(theirs.ID)[name](t.Context(), &b)
				switch {
				case anywhere[name]: // the parent of the link does not exist
					if err != nil && !errors.Is(err, kanban.ErrNotFound) {
						t.Errorf("%s upon another card: %v", name, err)
					}
				case err == nil:
					t.Errorf("%s upon another card was done", name)
				case picture(t, all) != was:
					t.Errorf("%s upon another card was refused (%v) and changed something", name, err)
				}
				err = verbsOf(mine.ID)[name](t.Context(), &b)
				switch {
				case own[name] && err != nil:
					t.Errorf("%s upon its own card: %v", name, err)
				case !own[name] && !anywhere[name] && err == nil:
					t.Errorf("%s upon its own card was done", name)
				}
			})
		})
	}
}

func TestEndedScopeChangesNothing(t *testing.T) {
	scopes := map[string]func(mine kanban.Task) kanban.Scope{
		"only to read":  func(kanban.Task) kanban.Scope { return kanban.Scope{ReadOnly: true} },
		"no run":        func(t kanban.Task) kanban.Scope { return kanban.Scope{Task: t.ID} },
		"superseded":    func(t kanban.Task) kanban.Scope { return kanban.Scope{Task: t.ID, Run: t.Run} },
		"no such card":  func(t kanban.Task) kanban.Scope { return kanban.Scope{Task: "t_none", Run: t.Run} },
		"another's run": func(t kanban.Task) kanban.Scope { return kanban.Scope{Task: t.ID, Run: t.Run + 1} },
	}
	for name, scope := range scopes {
		t.Run(name, func(t *testing.T) {
			storetest.Each(t, func(t *testing.T, db *store.DB) {
				all, mine, _ := worker(t, db)
				if _, err := all.Reclaim(t.Context(), mine.ID, "again", mine.Run, kanban.Termination{}); err != nil {
					t.Fatal(err)
				}
				if _, err := all.Claim(t.Context(), mine.ID, kanban.Claimant{Lock: "host:2", TTL: time.Hour}); err != nil {
					t.Fatal(err)
				}
				b := *all
				b.Scope = scope(mine)
				was := picture(t, all)
				for verb, do := range verbsOf(mine.ID) {
					if err := do(t.Context(), &b); err == nil {
						t.Errorf("%s was done", verb)
					}
				}
				if is := picture(t, all); is != was {
					t.Errorf("something changed:\n%s\n%s", was, is)
				}
			})
		})
	}
}

// A worker that is known by a token loses its right with the lease, also that to read.
func TestLeasedScopeEndsWithTheLease(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		all, mine, _ := worker(t, db)
		b := *all
		b.Scope = kanban.Scope{Task: mine.ID, Run: mine.Run, Leased: true}
		if err := b.Authorised(t.Context()); err != nil {
			t.Fatalf("while the lease runs: %v", err)
		}
		if _, err := b.Comment(t.Context(), mine.ID, "ada", "hello"); err != nil {
			t.Fatalf("comment while the lease runs: %v", err)
		}
		b.Scope.Until = time.Now().Add(-time.Second)
		if _, err := b.Comment(t.Context(), mine.ID, "ada", "hello"); !errors.Is(err, kanban.ErrSuperseded) {
			t.Errorf("comment after the end of the token: %v, want ErrSuperseded", err)
		}
		b.Scope.Until = time.Now().Add(time.Hour)
		if err := b.Authorised(t.Context()); err != nil {
			t.Errorf("before the end of the token: %v", err)
		}
		db.Now = func() time.Time { return time.Now().Add(2 * time.Hour) }
		b.Scope.Until = time.Time{}
		if err := b.Authorised(t.Context()); !errors.Is(err, kanban.ErrSuperseded) {
			t.Errorf("to read after its end: %v, want ErrSuperseded", err)
		}
		if _, err := b.Heartbeat(t.Context(), mine.ID, kanban.Heartbeat{Run: mine.Run}); !errors.Is(err, kanban.ErrSuperseded) {
			t.Errorf("a heartbeat after its end: %v, want ErrSuperseded", err)
		}
		b.Scope.Leased = false // one that is known by its environment may be late
		if _, err := b.Heartbeat(t.Context(), mine.ID, kanban.Heartbeat{Run: mine.Run}); err != nil {
			t.Errorf("a late heartbeat of a worker of this host: %v", err)
		}
	})
}

// Every transaction that writes goes through the door at which scopes are looked at.
func TestOneDoor(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil || len(files) < 20 {
		t.Fatalf("the files of the package: %v, %v", files, err)
	}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(text), "store."+"Update(") && name != "scope.go" && !strings.HasSuffix(name, "_test.go") {
			t.Errorf("%s writes past the scope of the board", name)
		}
	}
}
