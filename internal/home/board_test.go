package home

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestCurrent(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	touch(t, filepath.Join(root, "kanban", "boards", "ops", "board.json"), "{}")
	touch(t, filepath.Join(root, "kanban", "boards", "web", "kanban.db"), "")
	touch(t, filepath.Join(root, "kanban", "boards", "bare", "notes"), "")
	opsDB := filepath.Join(root, "kanban", "boards", "ops", "kanban.db")
	other := filepath.Join(root, "other.db")
	const server = "postgres://ada:s3cret@db.example/team"
	pointer := func(text string) string {
		// Each pointer lives in a root of its own, beside the same two boards.
		root := t.TempDir()
		touch(t, filepath.Join(root, "kanban", "boards", "ops", "board.json"), "{}")
		touch(t, filepath.Join(root, "kanban", "boards", "web", "kanban.db"), "")
		touch(t, filepath.Join(root, "kanban", "current"), text)
		return root
	}
	tests := []struct {
		name  string
		flags Flags
		env   map[string]string
		want  Slug
		db    string // "" for the board's own
		err   error
	}{
		{"nothing said", Flags{Home: root}, nil, Default, "", nil},
		{"by metadata", Flags{Home: root, Board: " OPS "}, nil, "ops", "", nil},
		{"by database", Flags{Home: root, Board: "web"}, nil, "web", "", nil},
		{"malformed", Flags{Home: root, Board: "a b"}, nil, "", "", ErrSlug},
		{"absent", Flags{Home: root, Board: "nope"}, nil, "", "", ErrNoBoard},
		{"a folder is no board", Flags{Home: root, Board: "bare"}, nil, "", "", ErrNoBoard},
		{"default needs nothing", Flags{Home: root, Board: "default"}, nil, Default, "", nil},
		{"environment", Flags{Home: root}, map[string]string{"ANDON_BOARD": "ops", "HERMES_KANBAN_BOARD": "web"}, "ops", "", nil},
		{"Hermes' environment", Flags{Home: root}, map[string]string{"HERMES_KANBAN_BOARD": "web"}, "web", "", nil},
		{"flag over environment", Flags{Home: root, Board: "web"}, map[string]string{"ANDON_BOARD": "ops"}, "web", "", nil},
		{"environment stale", Flags{Home: root}, map[string]string{"ANDON_BOARD": "nope"}, Default, "", nil},
		{"environment malformed", Flags{Home: root}, map[string]string{"ANDON_BOARD": "a b"}, Default, "", nil},
		{"pointer", Flags{Home: pointer("web\n")}, nil, "web", "", nil},
		{"pointer stale", Flags{Home: pointer("nope\n")}, nil, Default, "", nil},
		{"pointer malformed", Flags{Home: pointer("../x\n")}, nil, Default, "", nil},
		{"environment over pointer", Flags{Home: pointer("web\n")}, map[string]string{"ANDON_BOARD": "ops"}, "ops", "", nil},
		{"environment stale, pointer good", Flags{Home: pointer("web\n")}, map[string]string{"ANDON_BOARD": "nope"}, "web", "", nil},
		{"file", Flags{Home: root, DB: other}, nil, Default, other, nil},
		{"file and board", Flags{Home: root, DB: other, Board: "web"}, nil, "web", other, nil},
		{"file and a board without folder", Flags{Home: root, DB: other, Board: "nope"}, nil, "nope", other, nil},
		{"file and a malformed board", Flags{Home: root, DB: other, Board: "a b"}, nil, "", "", ErrSlug},
		{"address", Flags{Home: root, DB: server}, nil, Default, server + "#default", nil},
		{"address and board", Flags{Home: root, DB: server + "#web", Board: "nope"}, nil, "nope", server + "#nope", nil},
		{"address of a board", Flags{Home: root, DB: server + "#nope"}, map[string]string{"ANDON_BOARD": "ops"}, "nope", server + "#nope", nil},
		{"address of no board", Flags{Home: root, DB: server + "#a b"}, nil, "", "", ErrSlug},
		{"address and environment", Flags{Home: root, DB: server}, map[string]string{"ANDON_BOARD": "nope"}, "nope", server + "#nope", nil},
		{"address and pointer", Flags{Home: pointer("web"), DB: server}, nil, Default, server + "#default", nil},
		{"file of a board", Flags{}, map[string]string{"ANDON_DB": opsDB, "ANDON_BOARD": "web", "ANDON_HOME": root}, "ops", "", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := find(t, tt.flags, tt.env, "")
			got, err := h.Current()
			if !errors.Is(err, tt.err) {
				t.Fatalf("Current: %v, want %v", err, tt.err)
			}
			if tt.err != nil {
				return
			}
			want := h.layout(tt.want)
			if tt.db != "" {
				want.DB = tt.db
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("Current (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(got, h.Board(got.Slug)); diff != "" {
				t.Errorf("Board(%s) is not Current (-current +board):\n%s", got.Slug, diff)
			}
		})
	}
}

func TestNoBoardSaysTheRemedy(t *testing.T) {
	t.Parallel()
	_, err := find(t, Flags{Home: t.TempDir(), Board: "nope"}, nil, "").Current()
	if err == nil || !strings.Contains(err.Error(), "without --board") {
		t.Errorf("Current: %v, want the command that makes the board", err)
	}
}

func TestBoards(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	h := find(t, Flags{Home: root}, nil, "")
	slugs := func(h Home) (got []Slug) {
		t.Helper()
		boards, err := h.Boards()
		if err != nil {
			t.Fatal(err)
		}
		for _, b := range boards {
			got = append(got, b.Slug)
		}
		return got
	}
	if diff := cmp.Diff([]Slug{Default}, slugs(h)); diff != "" {
		t.Errorf("Boards of an empty root (-want +got):\n%s", diff)
	}
	in := func(parts ...string) string {
		return filepath.Join(append([]string{root, "kanban", "boards"}, parts...)...)
	}
	touch(t, in("web", "kanban.db"), "")
	touch(t, in("default", "board.json"), "{}")
	touch(t, in("ops", "board.json"), "{}")
	touch(t, in("alpha", "board.json"), "{}")
	touch(t, in("bare", "notes"), "")
	touch(t, in("_archived", "old-1", "kanban.db"), "")
	touch(t, in("_archived", "board.json"), "{}")
	touch(t, in("file"), "")
	if diff := cmp.Diff([]Slug{Default, "alpha", "ops", "web"}, slugs(h)); diff != "" {
		t.Errorf("Boards (-want +got):\n%s", diff)
	}
	// A flag chooses among the boards; it does not hide the others.
	if diff := cmp.Diff([]Slug{Default, "alpha", "ops", "web"}, slugs(find(t, Flags{Home: root, Board: "ops"}, nil, ""))); diff != "" {
		t.Errorf("Boards with --board (-want +got):\n%s", diff)
	}

	named := find(t, Flags{DB: filepath.Join(root, "one.db"), Board: "ops", Home: root}, nil, "")
	boards, err := named.Boards()
	if err != nil || len(boards) != 1 || boards[0].Slug != "ops" || boards[0].DB != filepath.Join(root, "one.db") {
		t.Errorf("Boards with a named file = %+v, %v, want that one alone", boards, err)
	}
	if got := named.Board("web").DB; got != in("web", "kanban.db") {
		t.Errorf("Board(web) with a named file has %s, want its own", got)
	}
}

func TestBoardsThatCannotBeListed(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	touch(t, filepath.Join(root, "kanban", "boards"), "a file")
	if boards, err := find(t, Flags{Home: root}, nil, "").Boards(); err == nil || !strings.Contains(err.Error(), "list boards: ") {
		t.Errorf("Boards = %v, %v, want an error", boards, err)
	}
}

// What a board keeps on this host has a place of its own for each database, and
// no name of it tells a password.
func TestBoardOnAServer(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	at := func(db string, slug Slug) Board {
		return find(t, Flags{DB: db, Home: root}, nil, "").Board(slug)
	}
	b := at("postgres://ada:s3cret@db/team", "ops")
	if got := b.Address(); got != "postgres://ada@db/team#ops" {
		t.Errorf("Address = %s", got)
	}
	if b.Logs != filepath.Join(root, "kanban", "boards", "ops", "logs") {
		t.Errorf("Logs = %s, want them below the home", b.Logs)
	}
	side := b.Sidecar(".lock")
	if filepath.Dir(side) != b.Dir || !strings.HasSuffix(side, ".lock") {
		t.Errorf("Sidecar = %s, want one in %s", side, b.Dir)
	}
	if got := at("postgres://ada:other@db/team", "ops").Sidecar(".lock"); got != side {
		t.Errorf("with another password Sidecar = %s, want %s", got, side)
	}
	if got := at("postgres://ada@db/teams", "ops").Sidecar(".lock"); got == side {
		t.Errorf("of another database Sidecar = %s, too", got)
	}
	if file := at(filepath.Join(root, "x.db"), Default); file.Sidecar(".lock") != file.DB+".lock" || file.Address() != file.DB {
		t.Errorf("of a file: Sidecar = %s, Address = %s", file.Sidecar(".lock"), file.Address())
	}
}
