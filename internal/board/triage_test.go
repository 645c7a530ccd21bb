package board_test

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"andon/internal/board"
	"andon/internal/store"
	"andon/internal/store/storetest"
	"andon/kanban"
)

func TestSpecifyMakesReady(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		b := board.New(db)
		parent := add(t, b, kanban.Draft{})
		free, waits := add(t, b, kanban.Draft{Triage: true}), add(t, b, kanban.Draft{Triage: true, Parents: []kanban.TaskID{parent}})
		for id, want := range map[kanban.TaskID]kanban.Status{free: kanban.Ready, waits: kanban.Todo} {
			c, err := b.Specify(t.Context(), id, kanban.Specification{Body: new("clear now"), Author: "ada"})
			if err != nil || c.Task.Status != want {
				t.Errorf("specified, the card is %s (%v), want %s", c.Task.Status, err, want)
			}
			status(t, b, id, want)
		}
	})
}

// A whole graph, or nothing: the root waits for every part, and those that wait
// for nothing are ready.
func TestDecomposeInOnePiece(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		b := board.New(db)
		idea := add(t, b, kanban.Draft{Triage: true, Tenant: "acme"})
		d := kanban.Decomposition{Parts: []kanban.Part{{Title: "first"}, {Title: "second", After: []int{0}}}, Author: "ada"}

		draw := storetest.Nail(t, db, string(idea))
		before := storetest.Everything(t, db)
		if _, _, err := b.Decompose(t.Context(), idea, d); err == nil {
			t.Error("decomposed although the root could not be stored")
		}
		if diff := cmp.Diff(before, storetest.Everything(t, db)); diff != "" {
			t.Errorf("half a graph is left (-before +after):\n%s", diff)
		}
		draw()

		root, parts, err := b.Decompose(t.Context(), idea, d)
		if err != nil {
			t.Fatal(err)
		}
		if len(parts) != 2 || parts[0].Status != kanban.Ready || parts[1].Status != kanban.Todo || root.Status != kanban.Todo {
			t.Fatalf("root %s, parts %+v", root.Status, parts)
		}
		for _, p := range parts {
			status(t, b, idea, kanban.Todo)
			if _, err := b.Complete(t.Context(), p.ID, kanban.Report{}); err != nil {
				t.Fatal(err)
			}
		}
		status(t, b, idea, kanban.Ready)
		if _, _, err := b.Decompose(t.Context(), idea, d); !errors.Is(err, kanban.ErrConflict) {
			t.Errorf("decomposed again: %v", err)
		}

		held := add(t, b, kanban.Draft{Triage: true})
		d.Hold = true
		_, parts, err = b.Decompose(t.Context(), held, d)
		if err != nil || parts[0].Status != kanban.Todo {
			t.Errorf("held back, the first part is %+v (%v)", parts, err)
		}
	})
}

// Who hears of a card hears of what comes of it.
func TestSubscriptionsAreInherited(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		b := board.New(db)
		parent := add(t, b, kanban.Draft{})
		storetest.Exec(t, db, `INSERT INTO kanban_notify_subs (task_id, platform, chat_id, chat_type, delivery_mode, delivery_metadata, created_at, last_event_id)
			VALUES ('`+string(parent)+`', 'irc', 'room', 'group', 'wake', '{"a":1}', 1, 1)`)
		child, other := add(t, b, kanban.Draft{Parents: []kanban.TaskID{parent}}), add(t, b, kanban.Draft{})
		for range 2 { // again is harmless
			if _, err := b.Link(t.Context(), kanban.Link{Parent: parent, Child: other}); err != nil {
				t.Fatal(err)
			}
		}
		same(t, "subscriptions", storetest.Dump(t, db, `SELECT CASE WHEN s.task_id = '`+string(other)+`' THEN 1 ELSE 0 END AS linked, platform, chat_id, thread_id, chat_type,
			delivery_mode, delivery_metadata, last_event_id - COALESCE((SELECT min(id) FROM task_events WHERE task_id = s.task_id AND kind = 'linked'), 0) AS cursor
			FROM kanban_notify_subs s WHERE task_id <> '`+string(parent)+`' ORDER BY 1`), []string{
			"linked=0 platform=irc chat_id=room thread_id= chat_type=group delivery_mode=wake delivery_metadata=NULL cursor=0 ",
			"linked=1 platform=irc chat_id=room thread_id= chat_type=NULL delivery_mode=notify delivery_metadata=NULL cursor=0 ",
		})
		status(t, b, child, kanban.Todo)
	})
}

// Delete leaves nothing of a card, opens what waited for it, and heeds what was
// kept of it.
func TestDelete(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		b := board.New(db)
		id := add(t, b, kanban.Draft{Assignee: "ada"})
		child := add(t, b, kanban.Draft{Parents: []kanban.TaskID{id}})
		c, err := b.Claim(t.Context(), id, kanban.Claimant{Lock: "h:1"})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := b.Started(t.Context(), c.Runs[0], "h:1", kanban.Worker{PID: 40, Start: "then"}, "/w"); err != nil {
			t.Fatal(err)
		}
		storetest.Exec(t, db, `INSERT INTO task_attachments (task_id, filename, stored_path, created_at) VALUES ('`+string(id)+`', 'f', '/f', 1)`,
			`INSERT INTO kanban_notify_subs (task_id, platform, chat_id, created_at) VALUES ('`+string(id)+`', 'p', 'c', 1)`)
		kept, err := b.Remains(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := b.Comment(t.Context(), id, "ada", "a word"); err != nil {
			t.Fatal(err)
		}
		if _, err := b.Delete(t.Context(), id, kanban.Deletion{Was: c.Task.Run}, kept); !errors.Is(err, board.ErrChanged) {
			t.Errorf("after a comment: %v, want ErrChanged", err)
		}
		if _, err := b.Delete(t.Context(), id, kanban.Deletion{}, nil); !errors.Is(err, kanban.ErrSuperseded) {
			t.Errorf("a worker that was not ended: %v, want ErrSuperseded", err)
		}
		if kept, err = b.Remains(t.Context(), id); err != nil {
			t.Fatal(err)
		}
		if _, err := b.Delete(t.Context(), id, kanban.Deletion{Was: c.Task.Run}, kept); err != nil {
			t.Fatal(err)
		}
		status(t, b, child, kanban.Ready)
		for _, q := range []string{
			`SELECT id FROM tasks WHERE id = 'X'`, `SELECT * FROM task_links`, `SELECT * FROM task_comments`, `SELECT * FROM task_runs`, `SELECT * FROM andon_runs`,
			`SELECT * FROM task_attachments`, `SELECT * FROM kanban_notify_subs`, `SELECT * FROM task_events WHERE task_id = 'X'`,
		} {
			same(t, q, storetest.Dump(t, db, replaceID(q, id)), nil)
		}
		if _, err := b.Delete(context.WithoutCancel(t.Context()), id, kanban.Deletion{}, nil); kanban.CodeOf(err) != kanban.NotFound {
			t.Errorf("deleted twice: %v", err)
		}
	})
}

func TestReassignFromAWorker(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		b := board.New(db)
		id := add(t, b, kanban.Draft{Assignee: "ada"})
		c, err := b.Claim(t.Context(), id, kanban.Claimant{Lock: "h:1"})
		if err != nil {
			t.Fatal(err)
		}
		before := storetest.Everything(t, db)
		for _, from := range []*board.Taking{nil, {Was: c.Task.Run + 1}} {
			if _, _, err := b.Reassign(t.Context(), id, "bob", from); kanban.CodeOf(err) != kanban.Conflict {
				t.Errorf("reassigned a running card: %v", err)
			}
		}
		if diff := cmp.Diff(before, storetest.Everything(t, db)); diff != "" {
			t.Errorf("a refusal left (-before +after):\n%s", diff)
		}
		c, reclaimed, err := b.Reassign(t.Context(), id, "bob", &board.Taking{Was: c.Task.Run})
		if err != nil || !reclaimed || c.Task.Assignee != "bob" || c.Task.Status != kanban.Ready {
			t.Errorf("reassigned: %+v, %t, %v", c.Task, reclaimed, err)
		}
	})
}
