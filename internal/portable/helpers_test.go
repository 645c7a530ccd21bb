package portable

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"andon/internal/home"
	"andon/internal/store"
	"andon/internal/store/storetest"
	"andon/kanban"
)

// place is an open board with a home around it.
type place struct {
	*store.DB
	home.Board
}

func (p place) String() string { return p.DB.Path() }

// at opens the board at path, in a home of its own.
func at(t testing.TB, path string) place {
	t.Helper()
	root := t.TempDir()
	h, err := home.Find(home.Flags{Home: root, DB: path}, func(string) string { return "" }, root)
	if err != nil {
		t.Fatal(err)
	}
	b, err := h.Current()
	if err != nil {
		t.Fatal(err)
	}
	return place{storetest.Open(t, path), b}
}

func file(t testing.TB) place { return at(t, filepath.Join(t.TempDir(), "kanban.db")) }

// wipe empties the board, past all rules.
func (p place) wipe(t testing.TB) {
	t.Helper()
	var all []string
	for _, table := range store.Travelling {
		all = append(all, `DELETE FROM `+table.Name)
	}
	storetest.Exec(t, p.DB, all...)
	for _, f := range []string{p.Attachments, p.Metadata} {
		if err := os.RemoveAll(f); err != nil {
			t.Fatal(err)
		}
	}
}

func (p place) export(t testing.TB, gz bool) []byte {
	t.Helper()
	var b bytes.Buffer
	if _, err := Export(context.WithoutCancel(t.Context()), p.DB, p.Board, &b, Exporting{Gzip: gz, Warn: func(string) {}}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func (p place) load(ctx context.Context, archive []byte) error {
	_, err := Import(ctx, p.DB, p.Board, bytes.NewReader(archive), Importing{Running: true})
	return err
}

// rows puts rows onto the board as they are.
func (p place) rows(t testing.TB, rows map[string][][]any) {
	t.Helper()
	ctx := context.WithoutCancel(t.Context())
	err := p.Update(ctx, func(tx *store.Tx) error {
		for _, table := range store.Travelling {
			if err := tx.Load(ctx, table, rows[table.Name]); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func (p place) attach(t testing.TB, task kanban.TaskID, name, text string) string {
	t.Helper()
	path := filepath.Join(p.Attachments, string(task), name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// sample is a board with something in every table.
func sample(t testing.TB) place {
	t.Helper()
	p := file(t)
	ctx := t.Context()
	for i := range 3 {
		id := kanban.TaskID(fmt.Sprintf("t_%08d", i))
		err := p.Update(ctx, func(tx *store.Tx) error {
			d := kanban.Draft{Title: "Write «it» <" + string(id) + ">", Body: "a\nb", Assignee: "ada", WorkspaceKind: kanban.Scratch}
			if i > 0 {
				d.Parents = []kanban.TaskID{"t_00000000"}
			}
			parents, err := tx.Some(ctx, d.Parents)
			if err != nil {
				return err
			}
			c, err := kanban.Create(id, d, parents, tx.Now)
			if err != nil {
				return err
			}
			c.Subs = []kanban.Sub{{Task: id, Platform: "chat", ChatID: "c", Mode: "notify", At: tx.Now, Cursor: 1}}
			return tx.Apply(ctx, &c)
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	err := p.Update(ctx, func(tx *store.Tx) error {
		task, err := tx.Task(ctx, "t_00000000")
		if err != nil {
			return err
		}
		c, err := task.Claim(kanban.Claimant{Lock: "far:1"}, nil, nil, tx.Now)
		if err != nil {
			return err
		}
		if err := tx.Apply(ctx, &c); err != nil {
			return err
		}
		m, err := c.Task.Comment("ada", "half of it", tx.Now)
		if err != nil {
			return err
		}
		return tx.Apply(ctx, &m)
	})
	if err != nil {
		t.Fatal(err)
	}
	p.rows(t, map[string][][]any{
		"andon_routines": {{"standup", "0 9 * * 1-5", "Europe/Zurich", `{"title": "x"}`, "skip", "allow", int64(1), "ada", int64(1_700_000_000),
			int64(1_800_000_000), nil, "t_gone", "failed", "why"}},
		"andon_runs":      {{int64(1), int64(7), "100", int64(8), "101", nil, nil}},
		"andon_usage":     {{int64(1), "t_00000001", "ada", nil, int64(1_700_000_000), "opus", int64(10), int64(20), int64(30), int64(40), int64(50), int64(1)}},
		"andon_proposals": {{int64(1), "t_00000001", int64(1), "{}", int64(5), "refused", "h:7", "make test", "exit 1", "no", int64(5000), int64(6000)}},
		"task_attachments": {
			{int64(1), "t_00000000", "a b.txt", p.attach(t, "t_00000000", "a b.txt", "hello"), "text/plain", int64(5), "ada", int64(1_700_000_000)},
			{int64(2), "t_00000001", "ü.bin", p.attach(t, "t_00000001", "ü.bin", "\x00\xff"), nil, int64(2), nil, int64(1_700_000_001)},
			{int64(3), "t_00000001", "gone", "/nowhere/gone", nil, int64(2), nil, int64(1_700_000_001)},
		},
	})
	if err := os.MkdirAll(filepath.Dir(p.Metadata), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(p.Metadata, []byte(`{"slug":"default","name":"Die Tafel","theirs":[1.50,null],"db_path":"/x"}`), 0o644); err != nil {
		t.Fatal(err)
	}
	return p
}
