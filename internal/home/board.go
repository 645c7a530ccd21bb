package home

import (
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

const (
	dbName       = "kanban.db"
	metadataName = "board.json"
)

// Board is where one board keeps its things. None of them need exist.
type Board struct {
	Slug        Slug
	DB          string // the database: a file, or an address with what is secret
	Dir         string // the board's own folder
	Workspaces  string // a folder for each card
	Logs        string // a file for each card
	Runs        string // andon's own: the prompt files of runs
	Attachments string // a folder for each card
	Trash       string // andon's own: a folder for each card that was deleted of late
	Metadata    string // board.json
}

// ErrNoBoard is the error for a board that was asked for by name and does not
// exist.
var ErrNoBoard = errors.New("no such board")

// Board is the place of a board, whether it exists or not. The slug is one from
// [ParseSlug]. A database file that was named is the file of the current board
// only; a server's database has them all.
func (h Home) Board(slug Slug) Board {
	if h.remote() {
		return h.pinned(slug)
	}
	if h.db != "" {
		if current, err := h.currentSlug(); err == nil && current == slug {
			return h.pinned(slug)
		}
	}
	return h.layout(slug)
}

// Current is the board which is meant when a command names none: --board, else
// the board whose file was named, else the environment's, else the one in
// [Home.CurrentFile], else [Default]. An address names its board behind "#". A board asked for by --board must be well
// formed ([ErrSlug]) and must exist ([ErrNoBoard]) unless its file was named
// too; what the others say is passed over where it names no board.
func (h Home) Current() (Board, error) {
	slug, err := h.currentSlug()
	if err != nil {
		return Board{}, err
	}
	return h.pinned(slug), nil
}

// Boards are all boards there are, the default one first and the others by the
// names of their folders. Where a database file was named it is the only one.
func (h Home) Boards() ([]Board, error) {
	if h.db != "" {
		b, err := h.Current()
		if err != nil {
			return nil, err
		}
		return []Board{b}, nil
	}
	boards := []Board{h.layout(Default)}
	entries, err := os.ReadDir(h.boardsDir())
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("list boards: %w", err)
	}
	slices.SortStableFunc(entries, func(a, b fs.DirEntry) int {
		return strings.Compare(strings.ToLower(a.Name()), strings.ToLower(b.Name()))
	})
	for _, e := range entries {
		slug, err := ParseSlug(e.Name())
		// Two folders may differ by case alone; only one of them is the board's.
		known := func(b Board) bool { return b.Slug == slug }
		if err == nil && h.Exists(slug) && !slices.ContainsFunc(boards, known) {
			boards = append(boards, h.layout(slug))
		}
	}
	return boards, nil
}

// Exists says whether there is such a board: the default one always, another if
// its folder has a database or metadata.
func (h Home) Exists(slug Slug) bool {
	if slug == Default {
		return true
	}
	b := h.layout(slug)
	return isThere(b.Metadata) || isThere(b.DB)
}

func isThere(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func (h Home) currentSlug() (Slug, error) {
	if h.asked != "" {
		slug, err := ParseSlug(h.asked)
		if err != nil {
			return "", err
		}
		if h.db == "" && !h.Exists(slug) {
			return "", fmt.Errorf("%w: %q in %s; `andon boards create %s` makes it, and without --board the current one is meant", ErrNoBoard, slug, h.Root, slug)
		}
		return slug, nil
	}
	if h.remote() {
		// Which boards a server has is not known here; the pointer and the folders are
		// of those in files.
		if u, err := url.Parse(h.db); err == nil && u.Fragment != "" {
			return ParseSlug(u.Fragment)
		}
		if slug, err := ParseSlug(h.preset); err == nil {
			return slug, nil
		}
		return Default, nil
	}
	if h.db != "" {
		if h.layout(Default).DB == h.db {
			return Default, nil
		}
		// The file's place says more than a pointer that someone moves meanwhile.
		slug, err := ParseSlug(filepath.Base(filepath.Dir(h.db)))
		if err == nil && h.layout(slug).DB == h.db {
			return slug, nil
		}
	}
	if slug, err := ParseSlug(h.preset); err == nil && h.Exists(slug) {
		return slug, nil
	}
	// Unreadable is as good as absent: the pointer is a convenience.
	pointer, _ := os.ReadFile(h.CurrentFile())
	if slug, err := ParseSlug(string(pointer)); err == nil && h.Exists(slug) {
		return slug, nil
	}
	return Default, nil
}

func (h Home) pinned(slug Slug) Board {
	b := h.layout(slug)
	switch {
	case h.remote(): // workers are told it, and must not take another board of the server's for theirs
		address, _, _ := strings.Cut(h.db, "#")
		b.DB = address + "#" + string(slug)
	case h.db != "":
		b.DB = h.db
	}
	return b
}

// layout is where Hermes, too, looks for a board: the default one lies in the
// root, as it did before there were others, but for its metadata.
func (h Home) layout(slug Slug) Board {
	dir := filepath.Join(h.boardsDir(), string(slug))
	db, base := filepath.Join(dir, dbName), dir
	if slug == Default {
		db, base = filepath.Join(h.Root, dbName), filepath.Join(h.Root, "kanban")
	}
	b := Board{
		Slug:        slug,
		DB:          db,
		Dir:         dir,
		Workspaces:  filepath.Join(base, "workspaces"),
		Logs:        filepath.Join(base, "logs"),
		Runs:        filepath.Join(base, "runs"),
		Attachments: filepath.Join(base, "attachments"),
		Trash:       filepath.Join(base, "trash"),
		Metadata:    filepath.Join(dir, metadataName),
	}
	if h.workspaces != "" {
		b.Workspaces = h.workspaces
	}
	if h.attachments != "" {
		b.Attachments = h.attachments
	}
	return b
}
