package home

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func environment(env map[string]string) func(string) string {
	return func(name string) string { return env[name] }
}

// touch makes an empty file, and the folders to it.
func touch(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func find(t *testing.T, f Flags, env map[string]string, userHome string) Home {
	t.Helper()
	h, err := Find(f, environment(env), userHome)
	if err != nil {
		t.Fatalf("Find(%+v, %v): %v", f, env, err)
	}
	return h
}

func TestFind(t *testing.T) {
	t.Parallel()
	tmp := t.TempDir()
	at := func(parts ...string) string { return filepath.Join(append([]string{tmp}, parts...)...) }
	own := at("me", ".andon")
	ownDB := filepath.Join(own, "kanban.db")
	tests := []struct {
		name     string
		flags    Flags
		env      map[string]string
		root, db string
	}{
		{"nothing said", Flags{}, nil, own, ownDB},
		{"blank is not said", Flags{Home: " ", DB: "\t"}, map[string]string{"ANDON_HOME": "  ", "HERMES_KANBAN_DB": " "}, own, ownDB},
		{"HERMES_HOME is another program's", Flags{}, map[string]string{"HERMES_HOME": at("h")}, own, ownDB},
		{"Hermes' name", Flags{}, map[string]string{"HERMES_KANBAN_HOME": at("h")}, at("h"), at("h", "kanban.db")},
		{"ANDON_HOME over Hermes'", Flags{}, map[string]string{"HERMES_KANBAN_HOME": at("h"), "ANDON_HOME": at("a")}, at("a"), at("a", "kanban.db")},
		{"--home over ANDON_HOME", Flags{Home: at("f")}, map[string]string{"ANDON_HOME": at("a")}, at("f"), at("f", "kanban.db")},
		{"tilde", Flags{Home: "~/x"}, nil, at("me", "x"), at("me", "x", "kanban.db")},
		{"tilde alone", Flags{}, map[string]string{"ANDON_HOME": "~"}, at("me"), at("me", "kanban.db")},
		{"--db", Flags{DB: at("d", "b.db")}, nil, at("d"), at("d", "b.db")},
		{"--db and a home", Flags{DB: at("d", "b.db")}, map[string]string{"ANDON_HOME": at("a")}, at("a"), at("d", "b.db")},
		{"--db over ANDON_DB", Flags{DB: at("d", "b.db")}, map[string]string{"ANDON_DB": at("e.db")}, at("d"), at("d", "b.db")},
		{"ANDON_DB over Hermes'", Flags{}, map[string]string{"ANDON_DB": at("a.db"), "HERMES_KANBAN_DB": at("h.db")}, tmp, at("a.db")},
		{"--home over ANDON_DB", Flags{Home: at("f")}, map[string]string{"ANDON_DB": at("a.db")}, at("f"), at("f", "kanban.db")},
		{"--board over ANDON_DB", Flags{Board: "default"}, map[string]string{"ANDON_DB": at("a.db")}, own, ownDB},
		{"ANDON_HOME over HERMES_KANBAN_DB", Flags{}, map[string]string{"ANDON_HOME": at("a"), "HERMES_KANBAN_DB": at("h.db")}, at("a"), at("a", "kanban.db")},
		{"ANDON_BOARD over HERMES_KANBAN_DB", Flags{}, map[string]string{"ANDON_BOARD": "default", "HERMES_KANBAN_DB": at("h.db")}, own, ownDB},
		{"a named board's file in a layout", Flags{}, map[string]string{"HERMES_KANBAN_DB": at("h", "kanban", "boards", "b", "kanban.db")}, at("h"), at("h", "kanban", "boards", "b", "kanban.db")},
		{"the default board's file in a layout", Flags{}, map[string]string{"HERMES_KANBAN_DB": at("h", "kanban.db")}, at("h"), at("h", "kanban.db")},
		{"an address", Flags{DB: " postgres://u:p@h/d?x=y "}, nil, own, "postgres://u:p@h/d?x=y#default"},
		{"an address and a home", Flags{}, map[string]string{"ANDON_DB": "postgresql://h/d#ops", "ANDON_HOME": at("a")}, at("a"), "postgresql://h/d#ops"},
		{"a board of an address", Flags{Board: "ops"}, map[string]string{"HERMES_KANBAN_DB": "postgres://h/d"}, own, "postgres://h/d#ops"},
		{"--home over an address", Flags{Home: at("f")}, map[string]string{"ANDON_DB": "postgres://h/d"}, at("f"), at("f", "kanban.db")},
		{"--board over a file that hides an address", Flags{Board: "default"}, map[string]string{"ANDON_DB": at("a.db"), "HERMES_KANBAN_DB": "postgres://h/d"}, own, ownDB},
		{"likeness of a layout", Flags{DB: at("kanban", "boards", "b", "other.db")}, nil, at("kanban", "boards", "b"), at("kanban", "boards", "b", "other.db")},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := find(t, tt.flags, tt.env, at("me"))
			if h.Root != tt.root {
				t.Errorf("Root = %s, want %s", h.Root, tt.root)
			}
			b, err := h.Current()
			if err != nil || b.DB != tt.db {
				t.Errorf("Current = %s, %v, want %s", b.DB, err, tt.db)
			}
		})
	}
}

func TestFindMakesPathsAbsolute(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	wd, err := os.Getwd() // the temporary folder may be reached through a link
	if err != nil {
		t.Fatal(err)
	}
	if got := find(t, Flags{Home: "x/../y"}, nil, "").Root; got != filepath.Join(wd, "y") {
		t.Errorf("Root = %s, want %s", got, filepath.Join(wd, "y"))
	}
}

func TestFindRefuses(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, want string
		flags      Flags
		env        map[string]string
		userHome   string
	}{
		{"no home folder", "--home or ANDON_HOME", Flags{}, nil, ""},
		{"tilde without home folder", `ANDON_HOME: expand "~/x"`, Flags{}, map[string]string{"ANDON_HOME": "~/x"}, ""},
		{"someone's home folder", `--home: expand "~ada/x"`, Flags{Home: "~ada/x"}, nil, "/u"},
		{"NUL", "HERMES_KANBAN_DB: ", Flags{}, map[string]string{"HERMES_KANBAN_DB": "a\x00b"}, "/u"},
		{"another kind of database", "--db: mysql:// is no kind of database; ", Flags{DB: "mysql://ada:s3cret@host/x"}, nil, "/u"},
		{"a capital", "ANDON_DB: Postgres:// is no kind of database; ", Flags{}, map[string]string{"ANDON_DB": "Postgres://ada:s3cret@host/x"}, "/u"},
		{"workspaces", "ANDON_WORKSPACES_ROOT: ", Flags{}, map[string]string{"ANDON_WORKSPACES_ROOT": "~x"}, "/u"},
	}
	for _, tt := range tests {
		if _, err := Find(tt.flags, environment(tt.env), tt.userHome); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: Find: %v, want an error with %q", tt.name, err, tt.want)
		} else if strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s: Find: %v, which tells a password", tt.name, err)
		}
	}
}

func TestPaths(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	at := func(parts ...string) string { return filepath.Join(append([]string{root}, parts...)...) }
	h := find(t, Flags{Home: root}, nil, "")
	for got, want := range map[string]string{
		h.ConfigFile():     at("andon.yaml"),
		h.DispatcherLock(): at("kanban", ".dispatcher.lock"),
		h.CurrentFile():    at("kanban", "current"),
	} {
		if got != want {
			t.Errorf("path = %s, want %s", got, want)
		}
	}
	want := Board{
		Slug: Default, DB: at("kanban.db"), Dir: at("kanban", "boards", "default"), Metadata: at("kanban", "boards", "default", "board.json"),
		Workspaces: at("kanban", "workspaces"), Logs: at("kanban", "logs"), Runs: at("kanban", "runs"), Attachments: at("kanban", "attachments"), Trash: at("kanban", "trash"),
	}
	if diff := cmp.Diff(want, h.Board(Default)); diff != "" {
		t.Errorf("Board(default) (-want +got):\n%s", diff)
	}
	dir := at("kanban", "boards", "ops")
	want = Board{
		Slug: "ops", DB: filepath.Join(dir, "kanban.db"), Dir: dir, Metadata: filepath.Join(dir, "board.json"),
		Workspaces: filepath.Join(dir, "workspaces"), Logs: filepath.Join(dir, "logs"), Runs: filepath.Join(dir, "runs"), Attachments: filepath.Join(dir, "attachments"), Trash: filepath.Join(dir, "trash"),
	}
	if diff := cmp.Diff(want, h.Board("ops")); diff != "" {
		t.Errorf("Board(ops) (-want +got):\n%s", diff)
	}

	h = find(t, Flags{Home: root}, map[string]string{
		"ANDON_WORKSPACES_ROOT": at("w"), "HERMES_KANBAN_WORKSPACES_ROOT": at("hw"), "HERMES_KANBAN_ATTACHMENTS_ROOT": at("ha"),
	}, "")
	want.Workspaces, want.Attachments = at("w"), at("ha")
	if diff := cmp.Diff(want, h.Board("ops")); diff != "" {
		t.Errorf("Board(ops) with roots (-want +got):\n%s", diff)
	}
	if entries, err := os.ReadDir(root); err != nil || len(entries) > 0 {
		t.Errorf("looking made %v, %v in the root, want nothing", entries, err)
	}
}

func TestParseSlug(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("a", 64)
	for in, want := range map[string]Slug{"ops": "ops", " Ops-2_x\n": "ops-2_x", "0": "0", long: Slug(long)} {
		if got, err := ParseSlug(in); err != nil || got != want {
			t.Errorf("ParseSlug(%q) = %q, %v, want %q", in, got, err, want)
		}
	}
	for _, in := range []string{"", " ", "-a", "_archived", "a b", "a.b", "a/b", "..", "é", long + "a", "a\x00"} {
		if got, err := ParseSlug(in); !errors.Is(err, ErrSlug) {
			t.Errorf("ParseSlug(%q) = %q, %v, want ErrSlug", in, got, err)
		}
	}
}

func FuzzParseSlug(f *testing.F) {
	f.Add(" Ops-2_x\n")
	f.Add("../a")
	f.Fuzz(func(t *testing.T, s string) {
		slug, err := ParseSlug(s)
		if err != nil {
			return
		}
		if again, err := ParseSlug(slug.String()); err != nil || again != slug {
			t.Errorf("ParseSlug(%q) = %q, %v", slug, again, err)
		}
		if !filepath.IsLocal(slug.String()) && slug != "" && os.PathSeparator == '/' {
			t.Errorf("ParseSlug(%q) = %q leaves its folder", s, slug)
		}
	})
}
