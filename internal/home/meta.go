package home

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"andon/internal/fsx"
	"andon/kanban"
)

// Meta is what people say of a board: the content of its board.json, which Hermes
// reads and writes too.
type Meta struct {
	Name        string // for people
	Description string
	Icon        string
	Color       string
	Workdir     string // where its dir and worktree cards work that name no folder
	Project     string // Hermes' name of the project of its cards
	Repo        string // andon's own: the folder of that project's repository
	CreatedAt   int64  // seconds; zero if unknown
	Archived    bool   // left out of lists

	rest map[string]json.RawMessage // keys that others put there
}

// The keys of board.json, in the order in which they are written.
const (
	keySlug        = "slug"
	keyName        = "name"
	keyDescription = "description"
	keyIcon        = "icon"
	keyColor       = "color"
	keyWorkdir     = "default_workdir"
	keyProject     = "project_id"
	keyRepo        = "andon_project_repo"
	keyCreatedAt   = "created_at"
	keyArchived    = "archived"
	keyDB          = "db_path" // worked out by whoever shows it, and not kept
)

// Meta reads what is said of the board. Where that is nothing, or nothing that
// can be read, a board has a name made of its slug.
func (b Board) Meta() Meta {
	m, err := readMeta(b.Metadata)
	if err != nil {
		m = Meta{}
	}
	if m.Name == "" {
		m.Name = titled(b.Slug)
	}
	return m
}

// Defaults are what the board gives to its cards.
func (b Board) Defaults() kanban.Defaults {
	m := b.Meta()
	d := kanban.Defaults{Workdir: m.Workdir}
	if m.Repo != "" {
		d.Project = kanban.NewProject(m.Project, m.Repo)
	}
	return d
}

// SetRepo names the repository of the board's project, or with "" none. The name
// that Hermes gave the project stays; one that was made of the folder's goes with
// it.
func (m *Meta) SetRepo(repo string) {
	if m.Repo != "" && m.Project == kanban.NewProject("", m.Repo).ID {
		m.Project = ""
	}
	if m.Repo = repo; repo != "" {
		m.Project = kanban.NewProject(m.Project, repo).ID
	}
}

// titled is a slug as a name: "ops-team_2" is "Ops Team 2".
func titled(slug Slug) string {
	words := strings.Split(strings.ReplaceAll(string(slug), "_", "-"), "-")
	words = slices.DeleteFunc(words, func(w string) bool { return w == "" })
	for i, w := range words {
		words[i] = strings.ToUpper(w[:1]) + w[1:]
	}
	return strings.Join(words, " ")
}

// SetMeta changes what is said of the board and keeps what it does not know. A
// board.json that cannot be read is not written over: somebody's words may be in
// it yet.
func (b Board) SetMeta(now int64, change func(*Meta)) error {
	m, err := readMeta(b.Metadata)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return &kanban.Error{Code: kanban.Invalid, Err: err, Msg: fmt.Sprintf("read what is said of the board %s: %v", b.Slug, err),
			Hint: "mend the file by hand, or remove it to begin anew"}
	}
	if m.Name == "" {
		m.Name = titled(b.Slug)
	}
	if m.CreatedAt == 0 {
		m.CreatedAt = now
	}
	change(&m)
	text, err := m.encode(b.Slug)
	if err == nil {
		err = os.MkdirAll(filepath.Dir(b.Metadata), 0o755)
	}
	if err == nil {
		err = fsx.WriteFile(b.Metadata, text, 0o644)
	}
	if err != nil {
		return &kanban.Error{Code: kanban.Denied, Err: err, Msg: fmt.Sprintf("write what is said of the board %s: %v", b.Slug, err)}
	}
	return nil
}

// maxMeta bounds board.json, in bytes.
const maxMeta = 1 << 20

func readMeta(file string) (m Meta, err error) {
	if info, err := os.Stat(file); err == nil && info.Size() > maxMeta {
		return m, fmt.Errorf("%s is larger than %d bytes", file, maxMeta)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return m, err
	}
	if err := json.Unmarshal(text, &m.rest); err != nil {
		return Meta{}, fmt.Errorf("%s is no JSON object: %w", file, err)
	}
	// A value of another type is as good as none, as it is to Hermes.
	take := func(key string, to any) {
		if value, ok := m.rest[key]; ok {
			_ = json.Unmarshal(value, to)
			delete(m.rest, key)
		}
	}
	var ignored json.RawMessage
	take(keySlug, &ignored) // the folder's name says it
	take(keyDB, &ignored)
	take(keyName, &m.Name)
	take(keyDescription, &m.Description)
	take(keyIcon, &m.Icon)
	take(keyColor, &m.Color)
	take(keyWorkdir, &m.Workdir)
	take(keyProject, &m.Project)
	take(keyRepo, &m.Repo)
	take(keyCreatedAt, &m.CreatedAt)
	take(keyArchived, &m.Archived)
	return m, nil
}

// encode writes the object as Hermes does: two spaces to a level, letters as they
// are, a line's end behind it.
func (m Meta) encode(slug Slug) ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	put := func(key string, value any) error {
		if b.Len() > 1 {
			b.WriteByte(',')
		}
		for i, v := range []any{key, value} {
			if i > 0 {
				b.WriteByte(':')
			}
			e := json.NewEncoder(&b)
			e.SetEscapeHTML(false)
			if err := e.Encode(v); err != nil {
				return err
			}
		}
		return nil
	}
	null := func(s string) any {
		if s == "" {
			return nil
		}
		return s
	}
	created := any(m.CreatedAt)
	if m.CreatedAt == 0 {
		created = nil
	}
	for _, f := range []struct {
		key   string
		value any
	}{
		{keySlug, slug}, {keyName, m.Name}, {keyDescription, m.Description}, {keyIcon, m.Icon}, {keyColor, m.Color},
		{keyWorkdir, null(m.Workdir)}, {keyProject, null(m.Project)}, {keyRepo, null(m.Repo)}, {keyCreatedAt, created}, {keyArchived, m.Archived},
	} {
		if f.key == keyRepo && m.Repo == "" {
			continue // a key of andon's own where it says something only
		}
		if err := put(f.key, f.value); err != nil {
			return nil, err
		}
	}
	for _, key := range slices.Sorted(maps.Keys(m.rest)) {
		if err := put(key, m.rest[key]); err != nil {
			return nil, err
		}
	}
	b.WriteByte('}')
	var out bytes.Buffer
	if err := json.Indent(&out, b.Bytes(), "", "  "); err != nil {
		return nil, err
	}
	out.WriteByte('\n')
	return out.Bytes(), nil
}
