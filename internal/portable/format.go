// Package portable moves whole boards: Export writes one as an archive that says
// the same bytes for the same board, whatever database keeps it, and Import gives
// an archive, checked to the last byte, to a board that has no cards. The format
// is told in docs/export.md.
package portable

import (
	"archive/tar"
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"andon/internal/store"
	"andon/kanban"
)

const (
	formatName    = "andon-board"
	formatVersion = 1

	manifestName = "manifest.json"
	boardName    = "board.json"
	filesDir     = "attachments"
)

// What an archive may ask of memory.
const (
	maxManifest = 64 << 20
	maxBoard    = 1 << 20
	maxLine     = 64 << 20
)

// tableFiles are the names of the tables in an archive, in the order of
// [store.Travelling].
var tableFiles = []string{"cards.jsonl", "links.jsonl", "runs.jsonl", "workers.jsonl", "events.jsonl", "comments.jsonl",
	"attachments.jsonl", "subscriptions.jsonl"}

// Manifest is the first entry of an archive: all that follows, in its order.
type Manifest struct {
	Format  string  `json:"format"`
	Version int     `json:"version"`
	Entries []Entry `json:"entries"`
}

// Entry is one file of an archive.
type Entry struct {
	Name   string `json:"name"`
	Rows   *int64 `json:"rows,omitempty"` // of a table
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
}

func (m Manifest) encode() ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	err := e.Encode(m)
	return b.Bytes(), err
}

// parseManifest reads a manifest and refuses one that Export would not write.
func parseManifest(text []byte) (m Manifest, err error) {
	refuse := func(format string, args ...any) (Manifest, error) {
		return m, damaged(manifestName+": "+format, args...)
	}
	var head struct {
		Format  string `json:"format"`
		Version int    `json:"version"`
	}
	if err := json.Unmarshal(text, &head); err != nil || head.Format != formatName {
		return refuse("it is not that of a board")
	}
	if head.Version > formatVersion {
		return m, &kanban.Error{Code: kanban.Invalid, Msg: fmt.Sprintf("the archive has version %d of its format, and this andon reads %d", head.Version, formatVersion),
			Hint: "import it with a newer andon"}
	}
	if err := json.Unmarshal(text, &m); err != nil {
		return refuse("%v", err)
	}
	if again, err := m.encode(); err != nil || !bytes.Equal(again, text) || m.Version != formatVersion {
		return refuse("it is not written as andon writes it")
	}
	fixed := append([]string{boardName}, tableFiles...)
	if len(m.Entries) < len(fixed) {
		return refuse("it names %d entries, and every archive has at least %d", len(m.Entries), len(fixed))
	}
	for i, e := range m.Entries {
		sum, err := hex.DecodeString(e.SHA256)
		switch {
		case err != nil || len(sum) != 32 || e.Size < 0:
			return refuse("entry %q has no proper size or sha256", e.Name)
		case i < len(fixed) && (e.Name != fixed[i] || (i > 0) != (e.Rows != nil) || e.Rows != nil && *e.Rows < 0):
			return refuse("entry %d is %q, and must be %q", i+1, e.Name, fixed[i])
		case i >= len(fixed) && (!isFile(e.Name) || e.Rows != nil):
			return refuse("entry %q is no attachment's name", e.Name)
		case i > len(fixed) && e.Name <= m.Entries[i-1].Name:
			return refuse("entry %q comes twice or out of order", e.Name)
		}
	}
	return m, nil
}

// fileName names a card's file in an archive. ok is false for what cannot name a
// folder and a file in it.
func fileName(task, base string) (name string, ok bool) {
	name = filesDir + "/" + task + "/" + base
	return name, isFile(name)
}

// isFile reports whether the name is attachments/CARD/FILE and leads nowhere else,
// on any system.
func isFile(name string) bool {
	words := strings.Split(name, "/")
	if len(words) != 3 || words[0] != filesDir || !utf8.ValidString(name) || len(name) > 1024 {
		return false
	}
	for _, w := range words[1:] {
		if w == "" || w == "." || w == ".." || strings.ContainsAny(w, "\x00\\") || !filepath.IsLocal(w) || filepath.Base(w) != w {
			return false
		}
	}
	return true
}

// header is the same for the same entry on any host.
func header(name string, size int64, at time.Time) *tar.Header {
	return &tar.Header{Typeflag: tar.TypeReg, Name: name, Size: size, Mode: 0o644, ModTime: at}
}

// hour is a number of seconds as far as an archive can tell it.
func hour(seconds int64) time.Time { return time.Unix(min(max(seconds, 0), 1<<33-1), 0) }

func damaged(format string, args ...any) error {
	return &kanban.Error{Code: kanban.Damaged, Msg: "the archive is damaged: " + fmt.Sprintf(format, args...),
		Hint: "nothing was imported; export the board again"}
}

// appendRow writes a row as a line: a JSON object of every column. What is no
// integer and no proper text, and yet in a SQLite column, is an object of one key.
func appendRow(b []byte, t store.Table, row []any) ([]byte, error) {
	b = append(b, '{')
	for i, c := range t.Columns {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, '"')
		b = append(b, c.Name...)
		b = append(b, '"', ':')
		var err error
		if b, err = appendValue(b, row[i]); err != nil {
			return nil, fmt.Errorf("%s: %w", c.Name, err)
		}
	}
	return append(b, '}', '\n'), nil
}

func appendValue(b []byte, v any) ([]byte, error) {
	odd := func(kind, text string) []byte { return append(b, `{"`+kind+`":"`+text+`"}`...) }
	switch v := v.(type) {
	case nil:
		return append(b, "null"...), nil
	case int64:
		return strconv.AppendInt(b, v, 10), nil
	case float64:
		return odd("real", strconv.FormatFloat(v, 'x', -1, 64)), nil
	case []byte:
		return odd("blob", base64.StdEncoding.EncodeToString(v)), nil
	case string:
		if !utf8.ValidString(v) {
			return odd("bytes", base64.StdEncoding.EncodeToString([]byte(v))), nil
		}
		var text bytes.Buffer
		e := json.NewEncoder(&text)
		e.SetEscapeHTML(false)
		if err := e.Encode(v); err != nil {
			return nil, err
		}
		return append(b, bytes.TrimSuffix(text.Bytes(), []byte("\n"))...), nil
	}
	return nil, fmt.Errorf("a value of the unknown type %T", v)
}

// parseRow reads a line that appendRow wrote; any other way to say the same is
// refused, so that there is nothing in an archive that a board would not hold.
func parseRow(line []byte, t store.Table) ([]any, error) {
	var values map[string]json.RawMessage
	if err := json.Unmarshal(line, &values); err != nil {
		return nil, err
	}
	row := make([]any, len(t.Columns))
	for i, c := range t.Columns {
		raw, there := values[c.Name]
		if !there {
			return nil, fmt.Errorf("it has no %s", c.Name)
		}
		delete(values, c.Name)
		v, err := parseValue(raw)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", c.Name, err)
		}
		row[i] = v
	}
	for name := range values {
		return nil, fmt.Errorf("%q is no column of it", name)
	}
	again, err := appendRow(nil, t, row)
	if err != nil {
		return nil, err
	}
	if !bytes.Equal(bytes.TrimSuffix(again, []byte("\n")), line) {
		return nil, fmt.Errorf("it is not written as andon writes it")
	}
	return row, nil
}

func parseValue(raw json.RawMessage) (any, error) {
	switch raw[0] {
	case 'n':
		return nil, nil
	case '"':
		var s string
		err := json.Unmarshal(raw, &s)
		return s, err
	case '{':
		var odd map[string]string
		if err := json.Unmarshal(raw, &odd); err != nil || len(odd) != 1 {
			return nil, fmt.Errorf("an object of one key and a text is expected")
		}
		for kind, text := range odd {
			switch kind {
			case "real":
				return strconv.ParseFloat(text, 64)
			case "blob", "bytes":
				data, err := base64.StdEncoding.DecodeString(text)
				if kind == "blob" {
					return data, err
				}
				return string(data), err
			}
		}
	default:
		if n, err := strconv.ParseInt(string(raw), 10, 64); err == nil {
			return n, nil
		}
	}
	return nil, fmt.Errorf("%.60s is no value of a board", raw)
}

// tally counts what is written.
type tally struct {
	w    io.Writer
	size int64
}

func (t *tally) Write(p []byte) (int, error) {
	n, err := t.w.Write(p)
	t.size += int64(n)
	return n, err
}
