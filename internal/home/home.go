// Package home knows where the things of andon lie: the root folder, its boards
// and their files, laid out as Hermes lays them out. It reads names, folders and
// the pointer to the current board, and opens boards; a database file is opened
// by SQLite alone, for closing it again could cancel SQLite's locks.
package home

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"andon/internal/store/postgres"
)

// Flags are what the command line says of places. An empty or blank one is not
// given.
type Flags struct{ DB, Home, Board string }

// Home is the folder that holds the boards, and what was said of which board is
// meant. It is made by [Find].
type Home struct {
	Root string // absolute

	asked       string // --board; wins, and must name a board
	preset      string // the board of the environment; passed over if there is none
	db          string // the one database that was named, a file or an address; "" if none
	workspaces  string // instead of every board's own folder; "" if not said
	attachments string
}

// Find tells where things are. Flags win over ANDON_DB, ANDON_HOME and
// ANDON_BOARD, which win over the same with HERMES_KANBAN_, and ~/.andon is the
// home that nobody need name. Of these three ranks a database file stands only
// where no higher one names a home or a board: "--board x" is not overruled by
// an ANDON_DB. The postgres:// address of a database, which may stand wherever a
// file may, has many boards, and a board that is named is one of those.
//
// Where a database file is named and no home at all, the root is the one whose
// layout the file fits, else the file's own folder. userHome is needed for "~"
// and for the last resort only.
func Find(f Flags, getenv func(string) string, userHome string) (Home, error) {
	place := func(source, path string) (string, error) {
		path, err := absolute(path, userHome)
		if err != nil {
			return "", fmt.Errorf("%s: %w", source, err)
		}
		return path, nil
	}
	env := func(name string) (source, value string) {
		for _, family := range families {
			if v := strings.TrimSpace(getenv(family + name)); v != "" {
				return family + name, v
			}
		}
		return "", ""
	}

	h := Home{asked: strings.TrimSpace(f.Board)}
	_, h.preset = env("BOARD")
	var err error
	if source, path := namedDB(f, getenv); postgres.IsAddress(path) {
		h.db = path
	} else if scheme, _, is := strings.Cut(path, "://"); is && len(scheme) > 1 && !strings.ContainsAny(scheme, `/\`) { // not C://
		// Else a folder of that name were made here. The rest of it may have a password.
		return Home{}, fmt.Errorf("%s: %s:// is no kind of database; give a file, or postgres://USER@HOST/DATABASE", source, scheme)
	} else if path != "" {
		if h.db, err = place(source, path); err != nil {
			return Home{}, err
		}
	}
	for name, to := range map[string]*string{"WORKSPACES_ROOT": &h.workspaces, "ATTACHMENTS_ROOT": &h.attachments} {
		if source, path := env(name); path != "" {
			if *to, err = place(source, path); err != nil {
				return Home{}, err
			}
		}
	}

	source, root := "--home", strings.TrimSpace(f.Home)
	if root == "" {
		source, root = env("HOME")
	}
	switch {
	case root != "":
	case h.db != "" && !h.remote():
		h.Root = rootOf(h.db)
		return h, nil
	case strings.TrimSpace(userHome) == "":
		return Home{}, errors.New("find the home of the boards: the user's home folder is not known; name a folder with --home or ANDON_HOME")
	default:
		source, root = "home", filepath.Join(userHome, ".andon")
	}
	if h.Root, err = place(source, root); err != nil {
		return Home{}, err
	}
	return h, nil
}

// families are the two beginnings of a variable's name, the stronger first.
var families = []string{"ANDON_", "HERMES_KANBAN_"}

// namedDB is the database which the highest rank to name anything names.
func namedDB(f Flags, getenv func(string) string) (source, db string) {
	given := func(value string) bool { return strings.TrimSpace(value) != "" }
	board := false // a higher rank named one
	for i := -1; i < len(families); i++ {
		source, r := "--db", f
		if i >= 0 {
			family := families[i]
			source, r = family+"DB", Flags{getenv(family + "DB"), getenv(family + "HOME"), getenv(family + "BOARD")}
		}
		switch db := strings.TrimSpace(r.DB); {
		case db != "" && (!board || postgres.IsAddress(db)):
			return source, db
		case db != "", given(r.Home):
			return "", ""
		}
		board = board || given(r.Board)
	}
	return "", ""
}

// remote reports whether the database that was named is on a server.
func (h Home) remote() bool { return postgres.IsAddress(h.db) }

// rootOf is the root in whose layout the database file lies: a Hermes worker is
// told its board's file, and not the home it belongs to.
func rootOf(db string) string {
	dir := filepath.Dir(db)
	boards := filepath.Dir(dir)
	kanban := filepath.Dir(boards)
	slug, err := ParseSlug(filepath.Base(dir))
	if err == nil && string(slug) == filepath.Base(dir) && filepath.Base(db) == dbName &&
		filepath.Base(boards) == "boards" && filepath.Base(kanban) == "kanban" {
		return filepath.Dir(kanban)
	}
	return dir
}

// absolute expands a leading "~" and makes the path independent of the folder
// the process happens to be in: workers are told it, and run elsewhere.
func absolute(path, userHome string) (string, error) {
	if path == "~" || strings.HasPrefix(path, "~/") || strings.HasPrefix(path, "~"+string(filepath.Separator)) {
		if strings.TrimSpace(userHome) == "" {
			return "", fmt.Errorf("expand %q: the user's home folder is not known; write the path out", path)
		}
		path = filepath.Join(userHome, path[1:])
	} else if first, _, _ := strings.Cut(filepath.ToSlash(path), "/"); strings.HasPrefix(first, "~") {
		return "", fmt.Errorf("expand %q: only one's own home folder has a short form; write the path out", path)
	}
	if strings.Contains(path, "\x00") {
		return "", fmt.Errorf("%q is no path: it has a NUL; leave it out", path)
	}
	abs, err := filepath.Abs(path)
	if err != nil {
		return "", fmt.Errorf("make %q absolute: %w; give a whole path", path, err)
	}
	return abs, nil
}

// ConfigFile is where andon.yaml lies.
func (h Home) ConfigFile() string { return filepath.Join(h.Root, "andon.yaml") }

// DispatcherLock is the lock file of the one dispatcher that serves this root.
func (h Home) DispatcherLock() string { return filepath.Join(h.Root, "kanban", ".dispatcher.lock") }

// PassLock is the lock file by which dispatchers of this root, be it one that stays
// or one that does a single pass, take turns at starting cards.
func (h Home) PassLock() string { return filepath.Join(h.Root, "kanban", ".pass.lock") }

// NotifierLock is the lock file of the one process that delivers notifications of
// this root's boards.
func (h Home) NotifierLock() string { return filepath.Join(h.Root, "kanban", ".notifier.lock") }

// CurrentFile is the pointer to the current board: one line, its slug.
func (h Home) CurrentFile() string { return filepath.Join(h.Root, "kanban", "current") }

func (h Home) boardsDir() string { return filepath.Join(h.Root, "kanban", "boards") }
