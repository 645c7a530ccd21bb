package portable

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"andon/internal/store"
	"andon/internal/store/storetest"
	"andon/kanban"
)

// files lists everything below the board's home but the database's own.
func (p place) files(t testing.TB) (all []string) {
	t.Helper()
	err := filepath.WalkDir(filepath.Dir(filepath.Dir(filepath.Dir(p.Dir))), func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			all = append(all, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// untouched fails the test if there is anything on the board or beside it.
func (p place) untouched(t testing.TB, after string) {
	t.Helper()
	all := p.files(t)
	for _, table := range store.Travelling {
		all = append(all, storetest.Dump(t, p.DB, `SELECT * FROM `+table.Name)...)
	}
	if len(all) > 0 {
		t.Errorf("after %s the board has %q", after, all)
	}
}

func refused(t testing.TB, p place, what string, archive []byte, words string) {
	t.Helper()
	err := p.load(t.Context(), archive)
	if err == nil {
		t.Fatalf("%s was imported", what)
	}
	if kanban.CodeOf(err) == kanban.Internal || !strings.Contains(err.Error(), words) || strings.Contains(err.Error(), "\n") {
		t.Errorf("%s: %v; want a line with %q", what, err, words)
	}
}

// Not one bit of an archive can change, and not one byte be missing, without its
// being refused.
func TestEveryFlipIsRefused(t *testing.T) {
	good := sample(t).export(t, false)
	if _, _, err := read(t.Context(), bytes.NewReader(good), sink{}); err != nil {
		t.Fatal(err)
	}
	bad := bytes.Clone(good)
	for i := 0; i < len(bad); i += 3 { // which meets every bit of every kind of byte
		bad[i] ^= 1 << (i % 8)
		if _, _, err := read(t.Context(), bytes.NewReader(bad), sink{}); err == nil {
			t.Fatalf("byte %d of %d flipped from %q to %q: accepted", i, len(bad), good[i], bad[i])
		}
		bad[i] = good[i]
	}
	for n := 0; n < len(good); n += 97 {
		if _, _, err := read(t.Context(), bytes.NewReader(good[:n]), sink{}); err == nil {
			t.Fatalf("cut to %d of %d bytes: accepted", n, len(good))
		}
	}
	p := file(t)
	for _, n := range []int{0, 1, 511, 512, len(good) / 2, len(good) - 1024, len(good) - 1} {
		refused(t, p, "a cut archive", good[:n], "archive")
	}
	refused(t, p, "an archive with something behind it", append(bytes.Clone(good), 0), "archive")
	p.untouched(t, "refusals")
}

// A compressed archive is refused, or it has just what it had: gzip has bits that
// mean nothing.
func TestFlipsOfCompressed(t *testing.T) {
	from := sample(t)
	good, plain := from.export(t, true), from.export(t, false)
	p := file(t)
	for i := range good {
		bad := bytes.Clone(good)
		bad[i] ^= 1 << (i % 8)
		if _, _, err := read(t.Context(), bytes.NewReader(bad), sink{}); err != nil {
			continue
		}
		p.wipe(t)
		if err := p.load(t.Context(), bad); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(p.export(t, false), plain) {
			t.Fatalf("byte %d flipped: another board", i)
		}
	}
	p.wipe(t)
	for n := 0; n < len(good); n += 13 {
		refused(t, p, "a cut archive", good[:n], "archive")
	}
	refused(t, p, "an archive with something behind it", append(bytes.Clone(good), 'x'), "follows")
}

// craft writes an archive with a true manifest of whatever entries it is given.
func craft(t testing.TB, entries []tar.Header, content map[string]string) []byte {
	t.Helper()
	m := Manifest{Format: formatName, Version: formatVersion}
	for _, h := range entries {
		e := Entry{Name: h.Name, Size: h.Size, SHA256: sum(content[h.Name])}
		if strings.HasSuffix(h.Name, ".jsonl") {
			n := int64(strings.Count(content[h.Name], "\n"))
			e.Rows = &n
		}
		m.Entries = append(m.Entries, e)
	}
	text, err := m.encode()
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	content[manifestName] = string(text)
	for _, h := range append([]tar.Header{{Typeflag: tar.TypeReg, Name: manifestName, Size: int64(len(text)), Mode: 0o644, ModTime: entries[0].ModTime}}, entries...) {
		if err := w.WriteHeader(&h); err != nil {
			break // the one before promised too much
		}
		if h.Typeflag == tar.TypeReg && h.Size == int64(len(content[h.Name])) {
			if _, err := io.WriteString(w, content[h.Name]); err != nil {
				t.Fatal(err)
			}
		}
	}
	if w.Close() != nil {
		b.Write(make([]byte, 1024))
	}
	return b.Bytes()
}

func sum(s string) string {
	h := sha256.Sum256([]byte(s))
	return hex.EncodeToString(h[:])
}

// unpack reads a good archive apart.
func unpack(t testing.TB, archive []byte) (entries []tar.Header, content map[string]string) {
	t.Helper()
	content = map[string]string{}
	r := tar.NewReader(bytes.NewReader(archive))
	for {
		h, err := r.Next()
		if err == io.EOF {
			return entries, content
		}
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		content[h.Name] = string(text)
		if h.Name != manifestName {
			entries = append(entries, tar.Header{Typeflag: h.Typeflag, Name: h.Name, Size: h.Size, Mode: h.Mode, ModTime: h.ModTime})
		}
	}
}

// Archives whose hashes are all true, and which are none that andon would write.
func TestCraftedIsRefused(t *testing.T) {
	good := sample(t).export(t, false)
	p := file(t)
	find := func(entries []tar.Header, name string) *tar.Header {
		for i := range entries {
			if entries[i].Name == name {
				return &entries[i]
			}
		}
		t.Fatalf("no entry %s", name)
		return nil
	}
	const one = "attachments/t_00000000/a b.txt"
	for _, tt := range []struct {
		what, words string
		make        func(e []tar.Header, c map[string]string) []tar.Header
	}{
		{"a name that leads out", "is no attachment's name", func(e []tar.Header, c map[string]string) []tar.Header {
			find(e, one).Name, c["attachments/../../x"] = "attachments/../../x", c[one]
			return e
		}},
		{"an absolute name", "is no attachment's name", func(e []tar.Header, c map[string]string) []tar.Header {
			find(e, one).Name, c["/attachments/t_00000000/x"] = "/attachments/t_00000000/x", c[one]
			return e
		}},
		{"a name with a backslash", "is no attachment's name", func(e []tar.Header, c map[string]string) []tar.Header {
			find(e, one).Name, c[`attachments/t_00000000/..\x`] = `attachments/t_00000000/..\x`, c[one]
			return e
		}},
		{"a row whose path leads out", "no name of a file", func(e []tar.Header, c map[string]string) []tar.Header {
			c["attachments.jsonl"] = strings.Replace(c["attachments.jsonl"], one, "attachments/../../a b.txt", 1)
			return e
		}},
		{"a file no row names", "no row names", func(e []tar.Header, c map[string]string) []tar.Header {
			find(e, one).Name, c["attachments/t_00000000/c"] = "attachments/t_00000000/c", c[one]
			return e
		}},
		{"a row whose file is missing", "its rows name 2 attachments, and it has 1", func(e []tar.Header, c map[string]string) []tar.Header {
			return e[:len(e)-1]
		}},
		{"a symbolic link", "where the file", func(e []tar.Header, c map[string]string) []tar.Header {
			h := find(e, one)
			h.Typeflag, h.Linkname, h.Size = tar.TypeSymlink, "/etc/passwd", 0
			c[one] = ""
			return e
		}},
		{"a hard link", "where the file", func(e []tar.Header, c map[string]string) []tar.Header {
			h := find(e, one)
			h.Typeflag, h.Linkname, h.Size = tar.TypeLink, "board.json", 0
			c[one] = ""
			return e
		}},
		{"a folder", "", func(e []tar.Header, c map[string]string) []tar.Header {
			h := find(e, "cards.jsonl")
			h.Typeflag = tar.TypeDir
			return e
		}},
		{"a size beyond measure", "archive", func(e []tar.Header, c map[string]string) []tar.Header {
			find(e, one).Size = 1 << 50
			return e
		}},
		{"a long board.json", "is the most", func(e []tar.Header, c map[string]string) []tar.Header {
			find(e, boardName).Size = 1 << 40
			return e
		}},
		{"the same file twice", "comes twice", func(e []tar.Header, c map[string]string) []tar.Header {
			return append(e, *find(e, one))
		}},
		{"a table twice", "must be", func(e []tar.Header, c map[string]string) []tar.Header {
			return append([]tar.Header{e[0], e[1]}, e[1:]...)
		}},
		{"the same card twice", "cards.jsonl line 2: its key", func(e []tar.Header, c map[string]string) []tar.Header {
			first, _, _ := strings.Cut(c["cards.jsonl"], "\n")
			c["cards.jsonl"] = first + "\n" + c["cards.jsonl"]
			return e
		}},
		{"a card without an id", "cards.jsonl line 1: id is null", func(e []tar.Header, c map[string]string) []tar.Header {
			c["cards.jsonl"] = strings.Replace(c["cards.jsonl"], `"id":"t_00000000"`, `"id":null`, 1)
			return e
		}},
		{"an event of no card", `events.jsonl line 1: there is no card "t_other"`, func(e []tar.Header, c map[string]string) []tar.Header {
			c["events.jsonl"] = strings.Replace(c["events.jsonl"], "t_00000000", "t_other", 1)
			return e
		}},
		{"a link to no card", "there is no card", func(e []tar.Header, c map[string]string) []tar.Header {
			c["links.jsonl"] = strings.Replace(c["links.jsonl"], "t_00000000", "t_", 1)
			return e
		}},
		{"a worker of no run", "there is no run", func(e []tar.Header, c map[string]string) []tar.Header {
			c["workers.jsonl"] = strings.Replace(c["workers.jsonl"], `"run_id":1`, `"run_id":2`, 1)
			return e
		}},
		{"an id without room above it", "must be a number", func(e []tar.Header, c map[string]string) []tar.Header {
			c["runs.jsonl"] = strings.Replace(c["runs.jsonl"], `"id":1,`, `"id":9223372036854775807,`, 1)
			return e
		}},
		{"an unknown column", "is no column", func(e []tar.Header, c map[string]string) []tar.Header {
			c["runs.jsonl"] = strings.Replace(c["runs.jsonl"], `{`, `{"x":1,`, 1)
			return e
		}},
		{"a missing column", "it has no profile", func(e []tar.Header, c map[string]string) []tar.Header {
			c["runs.jsonl"] = strings.Replace(c["runs.jsonl"], `"profile":"ada",`, ``, 1)
			return e
		}},
		{"a key twice", "not written as andon writes it", func(e []tar.Header, c map[string]string) []tar.Header {
			c["runs.jsonl"] = strings.Replace(c["runs.jsonl"], `{`, `{"id":1,`, 1)
			return e
		}},
		{"a number that is none", "no value of a board", func(e []tar.Header, c map[string]string) []tar.Header {
			c["runs.jsonl"] = strings.Replace(c["runs.jsonl"], `"id":1,`, `"id":1e3,`, 1)
			return e
		}},
		{"no JSON", "cards.jsonl line 2: ", func(e []tar.Header, c map[string]string) []tar.Header {
			c["cards.jsonl"] = strings.Replace(c["cards.jsonl"], "\n{", "\n", 1)
			return e
		}},
		{"a line without an end", "unexpected EOF", func(e []tar.Header, c map[string]string) []tar.Header {
			c["cards.jsonl"] += "{"
			return e
		}},
		{"owners", "not written as andon writes it", func(e []tar.Header, c map[string]string) []tar.Header {
			e[0].Uname, e[0].Uid = "root", 7
			return e
		}},
	} {
		entries, content := unpack(t, good)
		sizes := map[string]int64{}
		for _, h := range entries {
			sizes[h.Name] = h.Size
		}
		entries = tt.make(entries, content)
		for i, h := range entries {
			if h.Size == sizes[h.Name] && h.Typeflag == tar.TypeReg {
				entries[i].Size = int64(len(content[h.Name]))
			}
		}
		refused(t, p, tt.what, craft(t, entries, content), tt.words)
	}
	for what, text := range map[string]string{
		"another format": `{"format":"x"}`, "a newer one": `{"format":"andon-board","version":2}`, "nothing": ``, "null": `null`,
	} {
		var b bytes.Buffer
		w := tar.NewWriter(&b)
		if err := w.WriteHeader(header(manifestName, int64(len(text)), hour(0))); err != nil {
			t.Fatal(err)
		}
		io.WriteString(w, text)
		w.Close()
		refused(t, p, what, b.Bytes(), "archive")
	}
	refused(t, p, "a letter", []byte(strings.Repeat("Dear reader, ", 100)), "archive")
	p.untouched(t, "crafted archives")
	if entries, content := unpack(t, good); !bytes.Equal(craft(t, entries, content), good) {
		t.Error("the craft of this test is not Export's: it proves nothing")
	}
}

// FuzzRead: whatever is read, it is refused or it is an archive as andon writes it.
func FuzzRead(f *testing.F) {
	p := sample(f)
	good := p.export(f, false)
	f.Add(good)
	f.Add(p.export(f, true))
	f.Add(good[:len(good)/2])
	f.Add([]byte{})
	f.Add([]byte{0x1f, 0x8b})
	f.Fuzz(func(t *testing.T, data []byte) {
		rows := 0
		_, m, err := read(t.Context(), bytes.NewReader(data), sink{})
		if err != nil {
			if kanban.CodeOf(err) == kanban.Internal {
				t.Errorf("an error without a class: %v", err)
			}
			return
		}
		for _, e := range m.Entries {
			if e.Rows != nil {
				rows += int(*e.Rows)
			}
		}
		to := file(t)
		if err := to.load(t.Context(), data); err != nil {
			t.Fatalf("an archive of %d rows was accepted, and cannot be imported: %v", rows, err)
		}
		if len(data) > 2 && data[0] != 0x1f && !bytes.Equal(to.export(t, false), data) {
			t.Error("the board exports another archive")
		}
	})
}

// An import that fails half-way leaves nothing: neither files nor board.json nor
// rows.
func TestFailedImportLeavesNothing(t *testing.T) {
	archive := sample(t).export(t, false)
	p := file(t)
	storetest.Exec(t, p.DB, `CREATE TRIGGER refuse BEFORE INSERT ON kanban_notify_subs BEGIN SELECT RAISE(ABORT, 'no room'); END`)
	if err := p.load(t.Context(), archive); err == nil || !strings.Contains(err.Error(), "no room") {
		t.Fatalf("got %v", err)
	}
	p.untouched(t, "a failure")

	// What lies there already is not replaced.
	storetest.Exec(t, p.DB, `DROP TRIGGER refuse`)
	path := p.attach(t, "t_00000001", "ü.bin", "mine")
	refused(t, p, "over a stranger's file", archive, "is in the way")
	if got, err := os.ReadFile(path); string(got) != "mine" || err != nil {
		t.Errorf("the stranger's file has %q, %v", got, err)
	}
	// What an import left that was killed is taken.
	p.attach(t, "t_00000001", "ü.bin", "\x00\xff")
	if err := p.load(t.Context(), archive); err != nil {
		t.Fatal(err)
	}
	if got := p.export(t, false); !bytes.Equal(got, archive) {
		t.Error("another board")
	}
	refused(t, p, "onto a board with cards", archive, "has 3 cards already")
}
