// Package arch holds the shape of the module as a test.
package arch

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const module = "andon"

// allowed lists every package of the module and those of its packages that it
// may import. A package or an arrow that is not here is a decision that nobody
// took: take it here. A package that does not exist yet may stand in the table.
var allowed = map[string][]string{
	"kanban": {}, // what the board is: the standard library and nothing else

	"internal/arch":  {},
	"internal/fsx":   {},
	"internal/lock":  {},
	"internal/proc":  {},
	"internal/yamlx": {},

	"internal/netguard": {},
	"internal/token":    {"kanban"}, // who a worker is

	// How the board is kept.
	"internal/store":           {"kanban"},
	"internal/store/sqlite":    {"internal/fsx", "internal/lock", "internal/store", "kanban"},
	"internal/store/postgres":  {"internal/store", "kanban"},
	"internal/store/storetest": {"internal/store", "internal/store/postgres", "internal/store/sqlite", "kanban"},

	// Where boards are, and of which kind: it opens them.
	"internal/home": {"internal/fsx", "internal/lock", "internal/proc", "internal/store", "internal/store/postgres", "internal/store/sqlite", "kanban"},

	// What may be done with it, and the shapes in which it is told.
	"internal/board":  {"internal/store", "kanban"},
	"internal/config": {"internal/yamlx", "kanban"},
	"internal/view":   {"kanban"},

	"internal/attach": {"internal/board", "internal/fsx", "internal/home", "kanban"},
	"internal/trash":  {"internal/board", "internal/fsx", "internal/home", "kanban"},

	// A board as a file, and other tools' files as cards.
	"internal/portable": {"internal/fsx", "internal/home", "internal/store", "kanban"},
	"internal/importer": {"kanban"},

	// Who works on it.
	"internal/workspace": {"internal/fsx", "internal/proc", "kanban"},
	"internal/worker": {"internal/attach", "internal/board", "internal/config", "internal/fsx", "internal/home", "internal/proc",
		"internal/store", "internal/token", "internal/workspace", "kanban"},
	"internal/dispatch": {"internal/board", "internal/config", "internal/home", "internal/lock", "internal/proc",
		"internal/store", "internal/worker", "kanban"},
	"internal/gc": {"internal/attach", "internal/board", "internal/home", "internal/store", "internal/trash", "internal/worker", "internal/workspace", "kanban"},
	"internal/notify": {"internal/board", "internal/config", "internal/fsx", "internal/home", "internal/lock", "internal/proc",
		"internal/store", "internal/view", "kanban"},
	"internal/planner": {"internal/config", "internal/proc", "kanban"}, // who says what an idea is made of: a value for the rules
	"internal/bench":   {"internal/board", "internal/home", "internal/store", "kanban"},
	"internal/demo": {"internal/board", "internal/fsx", "internal/home", "internal/proc", "internal/store", "internal/view",
		"internal/worker", "kanban"},

	// What all of it stands on, looked over.
	"internal/doctor": {"internal/config", "internal/fsx", "internal/home", "internal/lock", "internal/store", "kanban"},

	// Surfaces. They do not import one another; cli wires them all.
	"internal/tui": {"internal/board", "internal/store", "internal/view", "kanban"},
	"internal/mcp": {"internal/attach", "internal/board", "internal/config", "internal/netguard", "internal/store", "internal/view", "kanban"},
	"internal/cli": {"internal/attach", "internal/bench", "internal/board", "internal/config", "internal/demo", "internal/dispatch", "internal/doctor",
		"internal/fsx", "internal/gc", "internal/home", "internal/importer", "internal/lock", "internal/mcp", "internal/netguard", "internal/notify",
		"internal/planner", "internal/portable", "internal/proc", "internal/store", "internal/token", "internal/trash", "internal/tui", "internal/view", "internal/worker", "internal/workspace", "internal/yamlx", "kanban"},
	"cmd/andon": {"internal/cli"},
}

// Build constraints are not regarded: an arrow that exists on Windows alone is
// an arrow.
func TestImports(t *testing.T) {
	imports := map[string]map[string]bool{}
	for _, s := range sources(t) {
		if imports[s.pkg] == nil {
			imports[s.pkg] = map[string]bool{}
		}
		for _, i := range s.file.Imports {
			imports[s.pkg][strings.Trim(i.Path.Value, `"`)] = true
		}
	}
	if len(imports["kanban"]) == 0 || len(imports["cmd/andon"]) == 0 {
		t.Fatalf("found the packages %q, which cannot be the whole module", slices.Sorted(maps.Keys(imports)))
	}
	for _, pkg := range slices.Sorted(maps.Keys(imports)) {
		may, known := allowed[pkg]
		if !known {
			t.Errorf("package %s is not in the table", pkg)
			continue
		}
		for _, i := range slices.Sorted(maps.Keys(imports[pkg])) {
			if to, ours := strings.CutPrefix(i, module+"/"); ours && !slices.Contains(may, to) {
				t.Errorf("%s imports %s, an arrow that is not in the table", pkg, to)
			}
		}
	}
}

func TestAllowedNamesOnlyKnownPackages(t *testing.T) {
	for pkg, may := range allowed {
		for _, to := range may {
			if _, known := allowed[to]; !known {
				t.Errorf("%s may import %s, which is not in the table itself", pkg, to)
			}
		}
	}
}

// The rules decide with values: they reach neither the system, nor the network,
// nor a database.
func TestRulesImportOnlyPureStandardLibrary(t *testing.T) {
	for _, s := range sources(t) {
		if s.pkg != "kanban" {
			continue
		}
		for _, i := range s.file.Imports {
			p := strings.Trim(i.Path.Value, `"`)
			first, _, _ := strings.Cut(p, "/")
			switch {
			case strings.Contains(first, ".") || first == module:
				t.Errorf("%s imports %s, which is not of the standard library", s.path, p)
			case first == "os" || first == "net" || p == "database/sql" || p == "syscall":
				t.Errorf("%s imports %s: a rule does no I/O", s.path, p)
			}
		}
	}
}

// plainly says which files of the package that has the database may open, move or
// remove one without SQLite, and when. What is not here may not.
var plainly = map[string]string{
	"internal/store/sqlite/header.go":     "reads the header, alone with the file",
	"internal/store/sqlite/quarantine.go": "copies a damaged file, alone with it",
	"internal/store/sqlite/restore.go":    "exchanges a file that cannot be opened, alone with it",
	"internal/store/sqlite/backup.go":     "removes what it made itself and nobody else knows",
	"internal/store/sqlite/stamp.go":      "the stamp is a file beside the database",
}

// Closing a plainly opened database file cancels, on POSIX, the locks that the
// process holds upon it, and a log that is moved or removed is commits lost. Few
// places may do that, and only while the process has no connection to the file.
func TestNobodyOpensDatabaseFilesPlainly(t *testing.T) {
	used := map[string]bool{}
	for _, s := range sources(t) {
		calls := plainOpens(s.file, s.text, s.pkg == "internal/store/sqlite")
		if plainly[s.path] != "" && len(calls) > 0 {
			used[s.path] = true
			continue
		}
		for _, call := range calls {
			t.Errorf("%s: %s opens, moves or removes a database file plainly", s.path, call)
		}
	}
	for path := range plainly {
		if !used[path] {
			t.Errorf("%s is allowed what it does not do", path)
		}
	}
}

// One SQLite library, and one package that uses it: two of them in a process do
// not know of each other's locks.
func TestOnePackageHasSQLite(t *testing.T) {
	for _, s := range sources(t) {
		for _, i := range s.file.Imports {
			p := strings.Trim(i.Path.Value, `"`)
			ours := strings.HasPrefix(p, "github.com/ncruces/go-sqlite3")
			if ours && s.pkg != "internal/store/sqlite" && s.pkg != "internal/store/storetest" {
				t.Errorf("%s imports %s", s.path, p)
			}
			if !ours && strings.Contains(p, "sqlite") && !strings.HasPrefix(p, module+"/") {
				t.Errorf("%s imports %s, a second SQLite", s.path, p)
			}
		}
	}
}

func TestPlainOpensAreRecognised(t *testing.T) {
	for _, tt := range []struct {
		line string
		all  bool
		want bool
	}{
		{`os.Open(path + "-wal")`, false, true},
		{`os.ReadFile(b.dbPath())`, false, true},
		{`os.OpenFile(home.DB, os.O_RDWR, 0)`, false, true},
		{`os.Create(shm)`, false, true},
		{`os.WriteFile("kanban.db", nil, 0o644)`, false, true},
		{`os.Open(path)`, true, true},
		{`os.Open(path)`, false, false},
		{`os.ReadFile(feedback)`, false, false},
		{`os.Stat(db + "-wal")`, true, false},
		{`os.Remove(db + "-wal")`, false, true},
		{`os.Rename(path, kept)`, true, true},
		{`os.Rename(path, kept)`, false, false},
		{`os.Truncate("kanban.db", 0)`, false, true},
		{`syscall.Open(dbPath, 0, 0)`, false, true},
		{`unix.Open(place.DB, unix.O_RDONLY, 0)`, false, true},
		{`ioutil.ReadFile(place.DB)`, false, true},
		{`http.Open(place.DB)`, false, false},
	} {
		text := "package p\nfunc f() {\n" + tt.line + "\n}\n"
		f, err := parser.ParseFile(token.NewFileSet(), "p.go", text, 0)
		if err != nil {
			t.Fatal(err)
		}
		if got := len(plainOpens(f, text, tt.all)) > 0; got != tt.want {
			t.Errorf("%s (all: %t): recognised = %t, want %t", tt.line, tt.all, got, tt.want)
		}
	}
}

var (
	opens = []string{"Open", "OpenFile", "OpenInRoot", "ReadFile", "WriteFile", "Create", "Creat", "Openat",
		"Remove", "RemoveAll", "Unlink", "Rename", "Link", "Symlink", "Truncate"}
	openers = []string{"os", "syscall", "unix", "windows", "ioutil"}
	mention = regexp.MustCompile(`(?i)\b(db|wal|shm)|(DB|Db|Wal|WAL|Shm)\b|\.db\b|(db|wal|shm)"`)
)

// plainOpens lists the calls that open, move or remove a file by the system and whose
// arguments speak of a database, or, with all, every call that does. It judges
// by names; a path that hides what it names passes.
func plainOpens(f *ast.File, text string, all bool) (calls []string) {
	ast.Inspect(f, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok {
			return true
		}
		fun, ok := call.Fun.(*ast.SelectorExpr)
		if !ok || !slices.Contains(opens, fun.Sel.Name) {
			return true
		}
		pkg, ok := fun.X.(*ast.Ident)
		if !ok || !slices.Contains(openers, pkg.Name) {
			return true
		}
		if args := text[call.Lparen-f.FileStart : call.Rparen-f.FileStart+1]; all || mention.MatchString(args) {
			calls = append(calls, pkg.Name+"."+fun.Sel.Name+args)
		}
		return true
	})
	return calls
}

type source struct {
	pkg, path string // below the module's root, with slashes
	text      string
	file      *ast.File
}

// sources parses every file of the module that is not a test.
func sources(t *testing.T) (all []source) {
	t.Helper()
	root := filepath.Join("..", "..")
	err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if name := d.Name(); p != root && (name == "testdata" || name == "vendor" || strings.HasPrefix(name, ".")) {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(p, ".go") || strings.HasSuffix(p, "_test.go") {
			return nil
		}
		text, err := os.ReadFile(p)
		if err != nil {
			return err
		}
		f, err := parser.ParseFile(token.NewFileSet(), p, text, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, p)
		if err != nil {
			return err
		}
		rel = filepath.ToSlash(rel)
		all = append(all, source{pkg: path.Dir(rel), path: rel, text: string(text), file: f})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}
