package portable

import (
	"bytes"
	"flag"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"andon/internal/store"
	"andon/internal/store/storetest"
	"andon/kanban"
)

// Few enough for every run of the tests; -rapid.checks=1000 asks for more.
func init() {
	if err := flag.Set("rapid.checks", "20"); err != nil {
		panic(err)
	}
}

// Whatever is on a board, the board made of its archive has the same archive: on
// every database, and from each to each. Values that a server's columns cannot
// hold go from file to file.
func TestRoundTrip(t *testing.T) {
	for _, odd := range []bool{false, true} {
		t.Run(fmt.Sprintf("odd=%t", odd), func(t *testing.T) {
			first, second := file(t), file(t)
			other := file(t)
			if !odd {
				other = at(t, storetest.Schema(t))
			}
			old := filepath.Join(t.TempDir(), "kanban.db")
			storetest.Delete(t, old)
			boards := []place{first, other, second, at(t, old)}
			rapid.Check(t, func(r *rapid.T) {
				for _, b := range boards {
					b.wipe(t)
				}
				draw(t, r, first, odd)
				want := first.export(t, false)
				for _, b := range boards[1:] {
					if err := b.load(t.Context(), want); err != nil {
						r.Fatalf("import on %s: %v", b, err)
					}
					if got := b.export(t, false); !bytes.Equal(got, want) {
						r.Fatalf("%s exports another archive:\n%s\nwant\n%s", b, got, want)
					}
				}
			})
		})
	}
}

// draw puts a board of any content onto p.
func draw(t testing.TB, r *rapid.T, p place, odd bool) {
	text := rapid.OneOf(rapid.SampledFrom([]string{"", " ", "null", `"`, "a\nb\r\t\\", "</script>&", "Ünïcode ☃ 🂡", "\u2028", "{\"a\": 1}", "t_1", strings.Repeat("x", 5000), "\ufffd"}),
		rapid.Map(rapid.StringN(0, 12, -1), func(s string) string { return strings.ReplaceAll(strings.ToValidUTF8(s, "?"), "\x00", "?") })).AsAny()
	number := rapid.OneOf(rapid.SampledFrom([]int64{0, -1, 1, math.MaxInt64, math.MinInt64, 1 << 53, 1<<53 + 1, 1_700_000_000}), rapid.Int64()).AsAny()
	if odd {
		text = rapid.OneOf(text, rapid.SampledFrom([]any{"a\x00b", "\xff\xfe", []byte("blob"), []byte{}, []byte{0, 255}}))
		number = rapid.OneOf(number, rapid.SampledFrom([]any{1.5, math.Inf(1), math.MaxFloat64, 5e-324, "soon", "", "\x00", []byte{1}}))
	}
	value := func(c store.Column) any {
		if !c.NotNull && rapid.IntRange(0, 2).Draw(r, "null") == 0 {
			return nil
		}
		if c.Number {
			return number.Draw(r, c.Name)
		}
		return text.Draw(r, c.Name)
	}
	rows := map[string][][]any{}
	var cards, runs []any
	for _, table := range store.Travelling {
		seen := map[string]bool{}
		id := int64(0)
		for range rapid.IntRange(0, 4).Draw(r, table.Name) {
			row := make([]any, len(table.Columns))
			for i, c := range table.Columns {
				row[i] = value(c)
			}
			set := func(name string, v any) { row[table.Index(name)] = v }
			if table.Numbered() {
				id += rapid.Int64Range(1, 1<<40).Draw(r, "id")
				set("id", id)
			}
			switch table.Name {
			case "tasks":
				set("id", rapid.SampledFrom([]any{"t_1", "t_2", "t_10", "T_1", "a/b", "..", "ü", "", "CON", "t_\u00e9", "t_e\u0301"}).Draw(r, "id"))
			case "task_links":
				if len(cards) == 0 {
					continue
				}
				row = []any{rapid.SampledFrom(cards).Draw(r, "parent"), rapid.SampledFrom(cards).Draw(r, "child")}
			case "andon_runs":
				if len(runs) == 0 {
					continue
				}
				set("run_id", rapid.SampledFrom(runs).Draw(r, "run"))
			case "andon_usage": // the card, and its run, may be gone
				set("run_id", rapid.SampledFrom(append([]any{int64(7), int64(1) << 41}, runs...)).Draw(r, "run"))
			case "andon_routines":
				set("name", rapid.SampledFrom([]any{"standup", "backup", "ü", ""}).Draw(r, "name"))
			case "kanban_notify_subs":
				for _, i := range table.Key {
					row[i] = rapid.SampledFrom([]any{"", "a", "ü"}).Draw(r, "key")
				}
				fallthrough
			default:
				if len(cards) == 0 {
					continue
				}
				set("task_id", rapid.SampledFrom(cards).Draw(r, "card"))
			}
			k := ""
			for _, i := range table.Key {
				k += fmt.Sprintf("%q ", fmt.Sprint(row[i]))
			}
			if seen[k] {
				continue
			}
			seen[k] = true
			if table.Name == "task_attachments" {
				attachment(t, r, p, table, row)
			}
			rows[table.Name] = append(rows[table.Name], row)
			switch table.Name {
			case "tasks":
				cards = append(cards, row[0])
			case "task_runs":
				runs = append(runs, row[0])
			}
		}
		if len(cards) == 0 {
			break
		}
	}
	p.rows(t, rows)
	if about := rapid.SampledFrom([]string{"", "{}", `{"name": "Ü", "slug": "other", "created_at": 12345678901234567890, "x": {"b": 1, "a": [1.0]}}`, "no JSON"}).Draw(r, "board.json"); about != "" {
		if err := os.MkdirAll(filepath.Dir(p.Metadata), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p.Metadata, []byte(about), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// attachment gives the row a file, or a path that leads to none.
func attachment(t testing.TB, r *rapid.T, p place, table store.Table, row []any) {
	task, base := row[table.Index("task_id")].(string), rapid.SampledFrom([]string{"a.txt", "ü (1).txt", strings.Repeat("n", 180)}).Draw(r, "file")
	at := table.Index("stored_path")
	_, ok := fileName(task, base)
	switch rapid.IntRange(0, 3).Draw(r, "path") {
	case 0:
		row[at] = "/nowhere/" + base
	case 1:
		row[at] = ""
	default:
		row[at] = filepath.Join(p.Attachments, "x", base)
		if ok {
			row[at] = p.attach(t, kanban.TaskID(task), base, rapid.SampledFrom([]string{"", "x", strings.Repeat("long", 5000)}).Draw(r, "content"))
		}
	}
}
