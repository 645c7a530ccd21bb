package board_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"andon/internal/board"
	"andon/internal/store"
	"andon/internal/store/storetest"
	"andon/kanban"
)

// content is everything on the board but events, and the events up to one.
func content(t *testing.T, b *board.Board, db *store.DB, until kanban.EventID) (lines []string) {
	t.Helper()
	ctx := context.WithoutCancel(t.Context())
	if err := db.View(ctx, func(tx *store.Tx) error {
		for _, table := range store.Travelling {
			if err := tx.Each(ctx, table, func(row []any) error {
				if table.Name == "task_events" && row[0].(int64) > int64(until) {
					return nil
				}
				line, err := table.AppendRow([]byte(table.Name+": "), row)
				lines = append(lines, string(line))
				return err
			}); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return lines
}

// scene is a board with a card of every sort.
type scene struct {
	*board.Board
	db *store.DB
	n  int

	parent, child, other, gate, broken, finished, later, held, raw kanban.TaskID
}

func newScene(t *testing.T, db *store.DB) *scene {
	t.Helper()
	s := &scene{Board: board.New(db), db: db}
	s.parent = add(t, s.Board, kanban.Draft{Title: "parent", Body: "old <words>\u2028"})
	s.child = add(t, s.Board, kanban.Draft{Title: "child", Parents: []kanban.TaskID{s.parent}})
	s.other = add(t, s.Board, kanban.Draft{Title: "other", Assignee: "ada", Skills: []string{"x"}})
	s.gate = add(t, s.Board, kanban.Draft{Title: "gate", Blocked: true})
	s.broken = add(t, s.Board, kanban.Draft{Title: "broken"})
	s.finished = add(t, s.Board, kanban.Draft{Title: "finished"})
	s.later = add(t, s.Board, kanban.Draft{Title: "later", At: time.Now().Add(time.Hour)})
	s.held = add(t, s.Board, kanban.Draft{Title: "held", Assignee: "ada"})
	s.raw = add(t, s.Board, kanban.Draft{Title: "raw", Triage: true})
	ctx := t.Context()
	for _, id := range []kanban.TaskID{s.held, s.finished} {
		if _, err := s.Claim(ctx, id, kanban.Claimant{Lock: "far:1", TTL: time.Hour}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.Complete(ctx, s.finished, kanban.Report{Result: "done", Summary: "it is"}); err != nil {
		t.Fatal(err)
	}
	storetest.Exec(t, db,
		`UPDATE tasks SET status = 'blocked', consecutive_failures = 1, last_failure_error = 'no' WHERE id = '`+string(s.broken)+`'`,
		`INSERT INTO task_events (task_id, kind, created_at) VALUES ('`+string(s.broken)+`', 'gave_up', 1)`,
		`UPDATE tasks SET tenant = '', session_id = '', body = '' WHERE id = '`+string(s.other)+`'`,
		`INSERT INTO kanban_notify_subs (task_id, platform, chat_id, created_at) VALUES ('`+string(s.parent)+`', 'chat', 'c', 1)`,
		`INSERT INTO task_attachments (task_id, filename, stored_path, created_at) VALUES ('`+string(s.parent)+`', 'f', '/f', 1)`)
	if _, err := s.Comment(ctx, s.parent, "ada", "a remark"); err != nil {
		t.Fatal(err)
	}
	return s
}

// as begins another command of a person.
func (s *scene) command() string {
	s.n++
	s.Journal = &board.Journal{Actor: "ada", Command: fmt.Sprint("command ", s.n)}
	return s.Journal.Command
}

func text(s string) *string { return &s }

// doings are one change or more of every kind that is kept to be undone.
func (s *scene) doings() map[string]func(context.Context) error {
	only := func(_ kanban.Change, err error) error { return err }
	priority := int64(9)
	edit := func(id kanban.TaskID) func(context.Context) error {
		return func(ctx context.Context) error {
			return only(s.Edit(ctx, id, kanban.Edit{Title: text("new <words>"), Body: text("new"), Priority: &priority}))
		}
	}
	archive := func(id kanban.TaskID) func(context.Context) error {
		return func(ctx context.Context) error { return only(s.Archive(ctx, id)) }
	}
	remove := func(id kanban.TaskID) func(context.Context) error {
		return func(ctx context.Context) error {
			kept, err := s.Remains(ctx, id)
			if err == nil {
				_, err = s.Delete(ctx, id, kanban.Deletion{}, kept)
			}
			return err
		}
	}
	block := func(id kanban.TaskID, reason string) func(context.Context) error {
		return func(ctx context.Context) error {
			return only(s.Block(ctx, id, kanban.Block{Reason: reason, Author: "ada", Kind: kanban.NeedsInput}))
		}
	}
	promote := func(id kanban.TaskID) func(context.Context) error {
		return func(ctx context.Context) error { return only(s.Promote(ctx, id, kanban.Promotion{Force: true}, false)) }
	}
	schedule := func(id kanban.TaskID) func(context.Context) error {
		return func(ctx context.Context) error {
			return only(s.Schedule(ctx, id, kanban.Schedule{At: time.Now().Add(2 * time.Hour), Reason: "later", Author: "ada"}))
		}
	}
	unblock := func(id kanban.TaskID) func(context.Context) error {
		return func(ctx context.Context) error {
			return only(s.Unblock(ctx, id, kanban.Unblock{Reason: "yes", Author: "ada"}))
		}
	}
	return map[string]func(context.Context) error{
		"edit":                 edit(s.other),
		"edit of a held card":  edit(s.held),
		"edit of a broken one": edit(s.broken),
		"edit-result": func(ctx context.Context) error {
			return only(s.EditResult(ctx, s.finished, kanban.ResultEdit{Result: "other", Summary: "words", Metadata: []byte(`{"a":1}`)}))
		},
		"assign":                  func(ctx context.Context) error { return only(s.Assign(ctx, s.other, "bob")) },
		"assign of a broken card": func(ctx context.Context) error { return only(s.Assign(ctx, s.broken, "bob")) },
		"reassign": func(ctx context.Context) error {
			_, _, err := s.Reassign(ctx, s.gate, "bob", nil)
			return err
		},
		"link": func(ctx context.Context) error {
			return only(s.Link(ctx, kanban.Link{Parent: s.parent, Child: s.other}))
		},
		"link of a blocked card": func(ctx context.Context) error {
			return only(s.Link(ctx, kanban.Link{Parent: s.parent, Child: s.gate}))
		},
		"unlink": func(ctx context.Context) error {
			return only(s.Unlink(ctx, kanban.Link{Parent: s.parent, Child: s.child}))
		},
		"block":                   block(s.other, "why?"),
		"block without a reason":  block(s.other, ""),
		"unblock":                 unblock(s.gate),
		"unblock of a broken one": unblock(s.broken),
		"unblock of a later one":  unblock(s.later),
		"promote":                 promote(s.child),
		"promote of a gate":       promote(s.gate),
		"promote of a broken one": promote(s.broken),
		"schedule":                schedule(s.other),
		"schedule of a gate":      schedule(s.gate),
		"archive":                 archive(s.other),
		"archive of a parent":     archive(s.parent),
		"archive of a done card":  archive(s.finished),
		"archive of triage":       archive(s.raw),
		"set-model":               func(ctx context.Context) error { return only(s.SetModel(ctx, s.other, "m", "p")) },
		"set-effort":              func(ctx context.Context) error { return only(s.SetEffort(ctx, s.other, "high")) },
		"delete":                  remove(s.other),
		"delete of a parent":      remove(s.parent),
		"delete of a child":       remove(s.child),
		"delete of a done card":   remove(s.finished),
		"delete of a broken one":  remove(s.broken),
		"several": func(ctx context.Context) error {
			return errors.Join(archive(s.parent)(ctx), edit(s.child)(ctx), archive(s.child)(ctx), remove(s.parent)(ctx), edit(s.other)(ctx))
		},
	}
}

// Undoing what any command did leaves the board as it was, the later events apart;
// undoing that does it again; and a pass of the dispatcher after either moves no
// card that it would not have moved before.
func TestUndoRestores(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		s, ctx := newScene(t, db), t.Context()
		doings := s.doings()
		names := make([]string, 0, len(doings))
		verbs := map[kanban.Verb]bool{}
		for name := range doings {
			names = append(names, name)
		}
		slices.Sort(names)
		for _, name := range names {
			if due, err := s.PromoteDue(ctx); err != nil || len(due) > 0 {
				t.Fatalf("before %s: %v are due, %v", name, due, err)
			}
			until := head(t, s.Board)
			before := content(t, s.Board, db, until)
			command := s.command()
			if err := doings[name](ctx); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			after := content(t, s.Board, db, until)
			same(t, name+": a dry run", must(t, name, s, command, true), nil)
			same(t, name+": after a dry run", content(t, s.Board, db, until), after)

			s.Journal = nil
			redo := s.command()
			verb := must(t, name, s, command, false)
			for _, v := range verb {
				verbs[kanban.Verb(v)] = true
			}
			same(t, name+": undone", content(t, s.Board, db, until), before)
			if due, err := s.PromoteDue(ctx); err != nil || len(due) > 0 {
				t.Errorf("%s: undone, %v are due, %v", name, due, err)
			}
			if _, err := s.Undo(ctx, command, false, nil); kanban.CodeOf(err) != kanban.Conflict {
				t.Errorf("%s: undone a second time: %v", name, err)
			}
			if slices.Contains(verb, string(kanban.VerbDelete)) {
				continue // to delete is an own command
			}
			s.command()
			again := s.Journal.Command
			must(t, "the undoing of "+name, s, redo, false)
			same(t, name+": done again", content(t, s.Board, db, until), after)
			must(t, "the undoing of the undoing of "+name, s, again, false)
			same(t, name+": undone again", content(t, s.Board, db, until), before)
			s.Journal = nil
		}
		for _, v := range kanban.Undoable() {
			if !verbs[v] {
				t.Errorf("%s is kept to be undone, and this test knows it not", v)
			}
		}
	})
}

// must undoes a command and names the verbs that were undone, none if it was a dry
// run.
func must(t *testing.T, what string, s *scene, command string, dryRun bool) (verbs []string) {
	t.Helper()
	changes, err := s.Undo(t.Context(), command, dryRun, nil)
	if err != nil {
		t.Fatalf("undo %s: %v", what, err)
	}
	for _, c := range changes {
		if !dryRun {
			verbs = append(verbs, string(c.Undoes.Verb))
		}
	}
	return verbs
}

// Each undoing is an event of the card, with the number of what was undone.
func TestUndoLeavesEvents(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		s, ctx := newScene(t, db), t.Context()
		for name, want := range map[string]string{
			"edit": s.word(s.other, "edited"), "assign": s.word(s.other, "assigned"), "link": s.word(s.other, "status"),
			"unlink": s.word(s.child, "status"), "unblock": s.word(s.gate, "status") + ", " + s.word(s.gate, "blocked"),
			"archive of a parent":     s.word(s.parent, "status") + ", " + s.word(s.child, "status"),
			"promote of a gate":       s.word(s.gate, "status"),
			"edit of a broken one":    s.word(s.broken, "status") + ", " + s.word(s.broken, "gave_up"),
			"assign of a broken card": s.word(s.broken, "status") + ", " + s.word(s.broken, "gave_up"),
			"link of a blocked card":  s.word(s.gate, "unlinked"),
		} {
			command := s.command()
			if err := s.doings()[name](ctx); err != nil {
				t.Fatal(err)
			}
			after := head(t, s.Board)
			s.command()
			must(t, name, s, command, false)
			if got := strings.Join(kinds(t, s.Board, after), ", "); got != want {
				t.Errorf("undoing %s: %s, want %s", name, got, want)
			}
			events, err := s.Events(ctx, store.EventFilter{After: after})
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range events {
				if e.Payload.Get("undo") == nil {
					t.Errorf("undoing %s: %s says %v", name, e.Kind, e.Payload)
				}
			}
		}
	})
}

func (s *scene) word(id kanban.TaskID, kind string) string { return string(id) + " " + kind }

// What others did since is not taken back: the undoing is refused with the reason
// and changes nothing.
func TestUndoRefusesWhatMovedOn(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		for _, tt := range []struct {
			name, words string
			since       func(s *scene) error
		}{
			{"edit", "has moved on since: commented", func(s *scene) error {
				_, err := s.Comment(ctx, s.other, "bob", "x")
				return err
			}},
			{"archive of a parent", "has moved on since: claimed", func(s *scene) error {
				_, err := s.Claim(ctx, s.child, kanban.Claimant{Lock: "far:2", TTL: time.Hour})
				return err
			}},
			{"unlink", "has moved on since: claimed", func(s *scene) error {
				_, err := s.Claim(ctx, s.child, kanban.Claimant{Lock: "far:2", TTL: time.Hour})
				return err
			}},
			{"edit", "another program has changed", func(s *scene) error {
				storetest.Exec(t, db, `UPDATE tasks SET title = 'theirs' WHERE id = '`+string(s.other)+`'`)
				return nil
			}},
			{"delete", "another program has changed", func(s *scene) error {
				storetest.Exec(t, db, `INSERT INTO tasks (id, title, status, created_at) VALUES ('`+string(s.other)+`', 'x', 'todo', 1)`)
				return nil
			}},
			{"edit", "has moved on since: edited", func(s *scene) error {
				_, err := s.Edit(ctx, s.other, kanban.Edit{Title: text("newer")})
				return err
			}},
			{"unlink", "would close the circle", func(s *scene) error {
				_, err := s.Link(ctx, kanban.Link{Parent: s.child, Child: s.parent})
				return err
			}},
			{"edit", "undone already", func(s *scene) error {
				c := s.Journal.Command
				s.command()
				_, err := s.Undo(ctx, c, false, nil)
				return err
			}},
			{"edit", "more than a day ago", func(s *scene) error {
				storetest.Exec(t, db, fmt.Sprintf(`UPDATE andon_undo SET made_at = %d`, time.Now().Add(-kanban.UndoFor).Unix()))
				return nil
			}},
		} {
			s := newScene(t, db)
			command := s.command() + tt.words
			s.Journal.Command = command
			if err := s.doings()[tt.name](ctx); err != nil {
				t.Fatal(err)
			}
			s.Journal = &board.Journal{Actor: "bob", Command: "bob " + tt.words}
			if strings.Contains(tt.words, "already") {
				s.Journal.Command = command
			}
			if err := tt.since(s); err != nil {
				t.Fatal(err)
			}
			until := head(t, s.Board)
			before := content(t, s.Board, db, until)
			_, err := s.Undo(ctx, command, false, func([]kanban.Change) error { t.Errorf("%s: went on", tt.words); return nil })
			if err == nil || !strings.Contains(err.Error(), tt.words) {
				t.Errorf("undo %s: %v, want %q", tt.name, err, tt.words)
			}
			same(t, "after a refusal", content(t, s.Board, db, until+1000), before)
			storetest.Exec(t, db, `DELETE FROM andon_undo`)
		}
	})
}

// Signs of life of a worker are no reason to refuse; what the worker did is.
func TestUndoOfAHeldCard(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		s, ctx := newScene(t, db), t.Context()
		command := s.command()
		if err := s.doings()["edit of a held card"](ctx); err != nil {
			t.Fatal(err)
		}
		held, err := s.Task(ctx, s.held)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Heartbeat(ctx, s.held, kanban.Heartbeat{Run: held.Run, TTL: 2 * time.Hour, Note: "alive"}); err != nil {
			t.Fatal(err)
		}
		beaten, err := s.Task(ctx, s.held)
		if err != nil {
			t.Fatal(err)
		}
		s.command()
		must(t, "the edit", s, command, false)
		now, err := s.Task(ctx, s.held)
		if err != nil {
			t.Fatal(err)
		}
		if now.Title != "held" || !now.Expires.Equal(beaten.Expires) || now.Run != held.Run || now.Status != kanban.Running {
			t.Errorf("the card is %+v", now)
		}
	})
}

// A deleted card that ran comes back ready, its run closed.
func TestUndoOfDeletedRunning(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		s, ctx := newScene(t, db), t.Context()
		command := s.command()
		held, err := s.Task(ctx, s.held)
		if err != nil {
			t.Fatal(err)
		}
		kept, err := s.Remains(ctx, s.held)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Delete(ctx, s.held, kanban.Deletion{Was: held.Run}, kept); err != nil {
			t.Fatal(err)
		}
		s.command()
		must(t, "the deletion", s, command, false)
		status(t, s.Board, s.held, kanban.Ready)
		run, err := s.Run(ctx, held.Run)
		if err != nil || run == nil || run.Outcome != kanban.OutcomeReclaimed {
			t.Errorf("run %+v, %v", run, err)
		}
	})
}

// Only what people do is kept, and nothing that made a worker's run end; a purge
// keeps nothing.
func TestWhatIsNotKept(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		s, ctx := newScene(t, db), t.Context()
		s.command()
		add(t, s.Board, kanban.Draft{Title: "new"})
		for name, do := range map[string]func() error{
			"claim": func() error {
				_, err := s.Claim(ctx, s.parent, kanban.Claimant{Lock: "far:1", TTL: time.Hour})
				return err
			},
			"comment":  func() error { _, err := s.Comment(ctx, s.other, "ada", "x"); return err },
			"complete": func() error { _, err := s.Complete(ctx, s.other, kanban.Report{Summary: "x"}); return err },
			"archive":  func() error { _, err := s.Archive(ctx, s.held); return err },
			"purge": func() error {
				_, err := s.Edit(ctx, s.gate, kanban.Edit{Body: text("secret")})
				if err == nil {
					_, err = s.Delete(ctx, s.gate, kanban.Deletion{}, nil)
				}
				return err
			},
			"no journal": func() error { s.Journal = nil; _, err := s.Edit(ctx, s.raw, kanban.Edit{Title: text("x")}); return err },
		} {
			journal := s.Journal
			if err := do(); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			s.Journal = journal
		}
		if deeds, err := s.Deeds(ctx); err != nil || len(deeds) > 0 {
			t.Errorf("kept %+v, %v", deeds, err)
		}
	})
}

// A card that comes back has what other programs keep in columns of their own.
func TestUndoBringsForeignColumnsBack(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		s := newScene(t, db)
		storetest.Exec(t, db, `ALTER TABLE tasks ADD COLUMN "the ""mood""" TEXT`, `ALTER TABLE task_comments ADD COLUMN stars INTEGER NOT NULL DEFAULT 3`,
			`UPDATE tasks SET "the ""mood""" = 'gay' WHERE id = '`+string(s.parent)+`'`, `UPDATE task_comments SET stars = 5`)
		command := s.command()
		kept, err := s.Remains(t.Context(), s.parent)
		if err == nil {
			_, err = s.Delete(t.Context(), s.parent, kanban.Deletion{}, kept)
		}
		if err == nil {
			_, err = s.Undo(t.Context(), command, false, nil)
		}
		if err != nil {
			t.Fatal(err)
		}
		same(t, "the card", storetest.Dump(t, db, `SELECT title, "the ""mood""" AS mood FROM tasks WHERE id = '`+string(s.parent)+`'`), []string{"title=parent mood=gay "})
		same(t, "its comment", storetest.Dump(t, db, `SELECT body, stars FROM task_comments`), []string{"body=a remark stars=5 "})
	})
}
