// Package portable moves whole boards: Export writes one as an archive that says
// the same bytes for the same board, whatever database keeps it, and Import gives
// an archive, checked to the last byte, to a board that has no cards. The format
// is told in docs/export.md.
package portable

import (
	"archive/tar"
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"time"
	"unicode/utf8"

	"andon/kanban"
)

const (
	formatName    = "andon-board"
	formatVersion = 1

	manifestName = "manifest.json"
	boardName    = "board.json"
	filesDir     = "attachments"

	// Two tables whose rows are counted.
	cardsFile  = "cards.jsonl"
	eventsFile = "events.jsonl"
)

// What an archive may ask of memory.
const (
	maxManifest = 64 << 20
	maxBoard    = 1 << 20
	maxLine     = 64 << 20
)

// tableFiles are the names of the tables in an archive, in the order of
// [store.Travelling].
var tableFiles = []string{cardsFile, "links.jsonl", "runs.jsonl", "workers.jsonl", "usage.jsonl", "proposals.jsonl", eventsFile, "comments.jsonl",
	"attachments.jsonl", "subscriptions.jsonl", "routines.jsonl"}

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
