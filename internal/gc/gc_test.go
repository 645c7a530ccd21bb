package gc_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"andon/internal/board"
	"andon/internal/gc"
	"andon/internal/home"
	"andon/internal/store"
	"andon/internal/store/storetest"
	"andon/internal/trash"
	"andon/kanban"
)

// Events go when they are old and their card is finished, in whatever number, and
// the cards, runs and later events stay. Numbers of events are not used again.
func TestOldEventsOfFinishedCards(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		b := board.New(db)
		now := time.Now()
		at := func(age time.Duration) { db.Now = func() time.Time { return now.Add(-age) } }
		const day = 24 * time.Hour
		add := func() kanban.TaskID {
			task, _, err := b.Create(ctx, kanban.Draft{Title: "a card"})
			if err != nil {
				t.Fatal(err)
			}
			return task.ID
		}
		must := func(_ kanban.Change, err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		at(60 * day)
		done, archived, open := add(), add(), add()
		const many = 450 // more than two transactions take
		for range many {
			must(b.Comment(ctx, done, "ada", "a remark"))
		}
		must(b.Complete(ctx, archived, kanban.Report{Summary: "done"}))
		must(b.Archive(ctx, archived))
		at(10 * day)
		must(b.Complete(ctx, done, kanban.Report{Summary: "done"}))
		at(0)
		head, err := b.Head(ctx)
		if err != nil {
			t.Fatal(err)
		}

		place := home.Board{DB: db.Path(), Logs: filepath.Join(t.TempDir(), "logs"), Trash: filepath.Join(t.TempDir(), "trash")}
		run := func(dry bool, days int) int {
			t.Helper()
			r, err := gc.Run(ctx, b, place, t.TempDir(), gc.Options{Now: now, Events: now.AddDate(0, 0, -days), Logs: now, DryRun: dry})
			if err != nil {
				t.Fatal(err)
			}
			return r.Events
		}
		const old = 1 + many + 3 // created and comments; created, completed, archived
		for _, c := range []struct {
			dry        bool
			days, want int
		}{{true, 30, old}, {true, 30, old}, {true, 90, 0}, {false, 90, 0}, {false, 30, old}, {false, 30, 0}} {
			if got := run(c.dry, c.days); got != c.want {
				t.Errorf("older than %d days, dry run %t: %d events, want %d", c.days, c.dry, got, c.want)
			}
		}
		for id, want := range map[kanban.TaskID]int{done: 1, archived: 0, open: 1} {
			card, err := b.Show(ctx, id, 0)
			if err != nil {
				t.Fatal(err)
			}
			if len(card.Events) != want {
				t.Errorf("card %s has %d events, want %d", id, len(card.Events), want)
			}
			if id != open && len(card.Runs) != 1 {
				t.Errorf("card %s has %d runs, want 1", id, len(card.Runs))
			}
		}
		run(false, 1) // the newest event of all goes, too
		must(b.Comment(ctx, open, "ada", "later"))
		if next, err := b.Head(ctx); err != nil || next <= head {
			t.Errorf("the next event has number %d after %d, %v", next, head, err)
		}
	})
}

// A deleted card's scratch folder stays as long as the card may come back, and goes
// with what the trash kept of it, unless the card is on the board again.
func TestFoldersOfDeletedCards(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		b, root, now := board.New(db), t.TempDir(), time.Now()
		place := home.Board{DB: db.Path(), Logs: filepath.Join(root, "logs"), Attachments: filepath.Join(root, "attachments"),
			Trash: filepath.Join(root, "trash"), Workspaces: filepath.Join(root, "workspaces")}
		remove := func() string {
			task, _, err := b.Create(t.Context(), kanban.Draft{Title: "a card"})
			if err != nil {
				t.Fatal(err)
			}
			dir := filepath.Join(place.Workspaces, string(task.ID))
			if err := os.MkdirAll(dir, 0o755); err != nil {
				t.Fatal(err)
			}
			if _, err := trash.Delete(t.Context(), b, place, task.ID, trash.Options{}, now); err != nil {
				t.Fatal(err)
			}
			return dir
		}
		first := remove()
		for _, c := range []struct {
			after time.Duration
			want  int
		}{{time.Hour, 0}, {25 * time.Hour, 1}} {
			if err := trash.Sweep(place, now.Add(c.after)); err != nil {
				t.Fatal(err)
			}
			r, err := gc.Run(t.Context(), b, place, root, gc.Options{Now: now.Add(c.after), Events: now.AddDate(-1, 0, 0), Logs: now.AddDate(-1, 0, 0)})
			if err != nil || r.Workspaces != c.want || r.Trash != c.want || len(r.Left) > 0 {
				t.Errorf("after %s: %+v, %v; want %d folders and cards", c.after, r, err, c.want)
			}
			if _, err := os.Stat(first); (err == nil) != (c.want == 0) {
				t.Errorf("after %s the folder is there: %t", c.after, err == nil)
			}
		}
	})
}

// What killed supervisors and those who took their runs left behind goes once it is
// old; what belongs to a run that goes on, or is none of andon's, stays.
func TestFoldersOfKilledRuns(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		b := board.New(db)
		var open kanban.RunID
		for range 2 {
			task, _, err := b.Create(t.Context(), kanban.Draft{Title: "a card"})
			if err != nil {
				t.Fatal(err)
			}
			c, err := b.Claim(t.Context(), task.ID, kanban.Claimant{Lock: "host:1"})
			if err != nil {
				t.Fatal(err)
			}
			if open == 0 {
				open = c.Task.Run
			} else if _, err := b.Complete(t.Context(), task.ID, kanban.Report{}); err != nil {
				t.Fatal(err)
			}
		}
		runs, now := t.TempDir(), time.Now()
		old := now.AddDate(0, 0, -31)
		is, was := open.String(), (open + 1).String()
		stays := map[string]bool{is: true, is + ".yield": true, was: false, was + ".yield": false, "77": false, "78": true, "007": true, "notes": true, "-1": true, "5.txt": true}
		for name := range stays {
			path := filepath.Join(runs, name)
			err := os.Mkdir(path, 0o755)
			if err == nil && name != "notes" {
				err = os.WriteFile(filepath.Join(path, "heard"), []byte("3"), 0o600)
			}
			if err == nil && name != "78" { // which is young
				err = os.Chtimes(path, old, old)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		o := gc.Options{Now: now, Events: old, Logs: now.AddDate(0, 0, -30), DryRun: true}
		for _, o.DryRun = range []bool{true, false} {
			r, err := gc.Run(t.Context(), b, home.Board{DB: db.Path(), Runs: runs}, t.TempDir(), o)
			if err != nil || r.Runs != 3 {
				t.Errorf("removed %d folders of runs, %v; want 3", r.Runs, err)
			}
			for name, want := range stays {
				if _, err := os.Stat(filepath.Join(runs, name)); (err == nil) != (want || o.DryRun) {
					t.Errorf("%s: %v, want that it is there: %t (dry run %t)", name, err, want, o.DryRun)
				}
			}
		}
	})
}

// A log is kept as long as its card runs, however long nobody writes to it.
func TestLogsOfRunningCardsStay(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		b := board.New(db)
		task, _, err := b.Create(t.Context(), kanban.Draft{Title: "a card"})
		if err != nil {
			t.Fatal(err)
		}
		id := string(task.ID)
		if _, err := b.Claim(t.Context(), task.ID, kanban.Claimant{Lock: "host:1"}); err != nil {
			t.Fatal(err)
		}
		logs := t.TempDir()
		old := time.Now().AddDate(0, 0, -31)
		for _, name := range []string{id + ".log", id + ".log.1", id + ".logx", "t_other.log"} {
			path := filepath.Join(logs, name)
			if err := os.WriteFile(path, []byte("x"), 0o644); err != nil {
				t.Fatal(err)
			}
			if err := os.Chtimes(path, old, old); err != nil {
				t.Fatal(err)
			}
		}
		now := time.Now()
		r, err := gc.Run(t.Context(), b, home.Board{DB: db.Path(), Logs: logs}, t.TempDir(), gc.Options{Now: now, Events: old, Logs: now.AddDate(0, 0, -30)})
		if err != nil || r.Logs != 2 {
			t.Errorf("removed %d logs, %v; want 2", r.Logs, err)
		}
		for name, want := range map[string]bool{id + ".log": true, id + ".log.1": true, id + ".logx": false, "t_other.log": false} {
			if _, err := os.Stat(filepath.Join(logs, name)); (err == nil) != want {
				t.Errorf("%s is there: %t, want %t", name, err == nil, want)
			}
		}
	})
}
