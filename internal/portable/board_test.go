package portable

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"andon/internal/board"
	"andon/internal/store"
	"andon/internal/store/storetest"
	"andon/kanban"
)

// An archive holds one moment of the board, whoever writes meanwhile.
func TestExportBesideWriters(t *testing.T) {
	storetest.Places(t, func(t *testing.T, path string) {
		p, ctx := at(t, path), t.Context()
		b := board.New(p.DB)
		stop, began := make(chan struct{}), make(chan struct{}, 2)
		var wg sync.WaitGroup
		for range 2 {
			wg.Go(func() {
				var mine []kanban.TaskID
				for n := 0; ; n++ {
					a, _, err := b.Create(ctx, kanban.Draft{Title: "a"})
					mine = append(mine, a.ID)
					if err == nil {
						a, _, err = b.Create(ctx, kanban.Draft{Title: "b", Parents: []kanban.TaskID{a.ID}})
						mine = append(mine, a.ID)
					}
					if err == nil {
						_, err = b.Comment(ctx, a.ID, "ada", "hello")
					}
					// A board that grew would have each export take longer than the one before,
					// and grow more meanwhile.
					for ; err == nil && len(mine) > 50; mine = mine[1:] {
						_, err = b.Delete(ctx, mine[0], kanban.Deletion{}, nil)
					}
					if err != nil {
						t.Error(err)
						began <- struct{}{}
						return
					}
					if n == 5 {
						began <- struct{}{}
					}
					select {
					case <-stop:
						return
					default:
					}
				}
			})
		}
		<-began
		<-began
		for range 5 {
			archive := p.export(t, false)
			to := file(t)
			if err := to.load(ctx, archive); err != nil {
				t.Fatal(err)
			}
			storetest.Check(t, to.DB)
			if !bytes.Equal(to.export(t, false), archive) {
				t.Error("another board")
			}
		}
		close(stop)
		wg.Wait()
	})
}

// What an imported board makes gets a number that none had: of the rows, and of
// those that are gone and that rows still name.
func TestNumbersGoOn(t *testing.T) {
	from := sample(t)
	storetest.Exec(t, from.DB, `UPDATE kanban_notify_subs SET last_event_id = 1000 WHERE task_id = 't_00000002'`,
		`UPDATE task_events SET run_id = 77 WHERE id = 1`)
	archive := from.export(t, false)
	storetest.Places(t, func(t *testing.T, path string) {
		p, ctx := at(t, path), t.Context()
		if err := p.load(ctx, archive); err != nil {
			t.Fatal(err)
		}
		b := board.New(p.DB)
		c, err := b.Comment(ctx, "t_00000001", "ada", "x")
		if err != nil {
			t.Fatal(err)
		}
		if c.Events[0].ID != 1001 || c.Comments[0].ID != 2 {
			t.Errorf("event %d and comment %d, want 1001 and 2", c.Events[0].ID, c.Comments[0].ID)
		}
		if _, err := b.Promote(ctx, "t_00000001", kanban.Promotion{Force: true}, false); err != nil {
			t.Fatal(err)
		}
		c, err = b.Complete(ctx, "t_00000001", kanban.Report{Summary: "done"})
		if err != nil {
			t.Fatal(err)
		}
		if len(c.Runs) != 1 || c.Runs[0].ID != 78 {
			t.Errorf("runs %+v, want one with the number 78", c.Runs)
		}
	})
}

// What only a file can hold is refused by a server, with the place where it stands.
func TestServerRefusesWhatItCannotHold(t *testing.T) {
	from, p := sample(t), at(t, storetest.Schema(t))
	for set, words := range map[string]string{
		`title = CAST(x'61ff' AS TEXT)`: "cards.jsonl line 1: title holds",
		`priority = 1.5`:                "cards.jsonl line 1: priority holds",
		`body = x'00'`:                  "cards.jsonl line 1: body holds",
		`body = 'a' || char(0)`:         "cards.jsonl line 1: body holds",
	} {
		storetest.Exec(t, from.DB, `UPDATE tasks SET title = 't', priority = 0, body = NULL`, `UPDATE tasks SET `+set+` WHERE id = 't_00000000'`)
		refused(t, p, set, from.export(t, false), words)
	}
	if n := p.files(t); len(n) > 0 {
		t.Errorf("refusals left %q", n)
	}
}

// Leftovers of cards that other programs deleted do not travel, and are told.
func TestLeftoversStay(t *testing.T) {
	p := sample(t)
	want := p.export(t, false)
	storetest.Exec(t, p.DB, `INSERT INTO task_comments (task_id, author, body, created_at) VALUES ('t_gone', 'a', 'b', 1)`,
		`INSERT INTO task_links VALUES ('t_gone', 't_00000001')`)
	var warned []string
	var got bytes.Buffer
	if _, err := Export(t.Context(), p.DB, p.Board, &got, Exporting{Warn: func(s string) { warned = append(warned, s) }}); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got.Bytes(), want) {
		t.Error("they travelled")
	}
	if words := strings.Join(warned, "\n"); !strings.Contains(words, "1 rows of task_comments") || !strings.Contains(words, "1 rows of task_links") || !strings.Contains(words, "there is no file gone") {
		t.Errorf("warned %q", warned)
	}
}

// No file outside the board's folder gets into an archive, whatever a row says.
func TestOnlyTheBoardsFiles(t *testing.T) {
	p := sample(t)
	secret := filepath.Join(t.TempDir(), "a b.txt")
	if err := os.WriteFile(secret, []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(p.Attachments, "t_00000000", "a b.txt")
	if err := os.Remove(link); err != nil {
		t.Fatal(err)
	}
	storetest.Exec(t, p.DB, `UPDATE task_attachments SET stored_path = '`+secret+`' WHERE id = 1`)
	if bytes.Contains(p.export(t, false), []byte("secret")) {
		t.Error("the row led out")
	}
	if err := os.Symlink(secret, link); err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(p.export(t, false), []byte("secret")) {
		t.Error("the link led out")
	}
}

// Cards that run are taken only when that is said.
func TestRunningIsAsked(t *testing.T) {
	from, p := sample(t), file(t)
	archive := from.export(t, true)
	_, err := Import(t.Context(), p.DB, p.Board, bytes.NewReader(archive), Importing{})
	if kanban.CodeOf(err) != kanban.Conflict || !strings.Contains(err.Error(), "--running") {
		t.Errorf("got %v", err)
	}
	x, err := Import(t.Context(), p.DB, p.Board, bytes.NewReader(archive), Importing{Running: true, DryRun: true})
	if err != nil || x.Cards != 3 || x.Running != 1 || x.Files != 2 {
		t.Errorf("a dry run: %+v, %v", x, err)
	}
	p.untouched(t, "a dry run")
}

// A file appears when it is complete, and replaces none unless told to.
func TestExportFile(t *testing.T) {
	p := sample(t)
	dir := t.TempDir()
	name := filepath.Join(dir, "x.tar")
	o := Exporting{Warn: func(string) {}}
	if _, err := ExportFile(t.Context(), p.DB, p.Board, name, o); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(name); err != nil || !bytes.Equal(got, p.export(t, false)) {
		t.Errorf("another archive, %v", err)
	}
	if _, err := ExportFile(t.Context(), p.DB, p.Board, name, o); kanban.CodeOf(err) != kanban.Denied {
		t.Errorf("over a file: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	o.Force = true
	if _, err := ExportFile(ctx, p.DB, p.Board, name, o); err == nil {
		t.Error("a cancelled export succeeded")
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 1 {
		t.Errorf("the folder has %v, %v", entries, err)
	}
}

// Travelling has every table and column that a new board has, or this test says
// why one stays.
func TestEveryColumnTravels(t *testing.T) {
	stay := map[string]string{
		"andon_meta":      "says how this database is laid out",
		"andon_notify":    "is about deliveries under way to the targets of one home's andon.yaml",
		"andon_control":   "who paused a board pauses that one, and not a copy of it",
		"andon_undo":      "who can undo a change is who made it, and not long after",
		"sqlite_sequence": "Advance does it",
	}
	storetest.Places(t, func(t *testing.T, path string) {
		p := at(t, path)
		query := `SELECT m.name || '.' || c.name AS c FROM sqlite_schema m, pragma_table_info(m.name) c WHERE m.type = 'table'`
		if storetest.OnPostgres(path) {
			query = `SELECT table_name || '.' || column_name AS c FROM information_schema.columns WHERE table_schema = current_schema()`
		}
		var got, want []string
		for _, l := range storetest.Dump(t, p.DB, query) {
			name := strings.TrimSpace(strings.TrimPrefix(l, "c="))
			table, _, _ := strings.Cut(name, ".")
			if stay[table] == "" {
				got = append(got, name)
			}
		}
		for _, table := range store.Travelling {
			for _, c := range table.Columns {
				want = append(want, fmt.Sprintf("%s.%s", table.Name, c.Name))
			}
		}
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("the board has the columns\n%q\nand these travel\n%q", got, want)
		}
	})
}
