package doctor

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"andon/internal/fsx"
	"andon/internal/home"
	"andon/internal/lock"
	"andon/internal/store"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func TestClock(t *testing.T) {
	for _, tt := range []struct {
		name                string
		now, newest, server time.Time
		want                Status
		says                string
	}{
		{"well", noon, noon.Add(-time.Hour), time.Time{}, OK, "2026-03-01 12:00:00 UTC"},
		{"nothing has happened", noon, time.Time{}, time.Time{}, OK, ""},
		{"an event of this moment", noon, noon.Add(time.Second), time.Time{}, OK, ""},
		{"an event of the future", noon, noon.Add(3 * time.Hour), time.Time{}, Warn, "an event from 3 h later"},
		{"the server agrees", noon, noon, noon.Add(-30 * time.Second), OK, ""},
		{"the server is ahead", noon, noon, noon.Add(10 * time.Minute), Warn, "off by 10 min"},
		{"the server is behind", noon, noon.Add(-time.Hour), noon.Add(-10 * time.Minute), Warn, "off by 10 min"},
		{"never set", time.Unix(0, 0), time.Time{}, time.Time{}, Fail, "1970"},
	} {
		c := clock(tt.now, tt.newest, tt.server)
		if c.Status != tt.want || !strings.Contains(c.Detail, tt.says) || (c.Status != OK) != (c.Hint != "") {
			t.Errorf("%s: %+v, want %s with %q", tt.name, c, tt.want, tt.says)
		}
	}
}

func TestIntegrity(t *testing.T) {
	for _, tt := range []struct {
		whole time.Time
		want  Status
		says  string
	}{
		{noon, OK, "0 s ago"},
		{noon.Add(-23 * time.Hour), OK, "23 h ago"},
		{noon.Add(-72 * time.Hour), Warn, "3 days ago"},
		{noon.Add(time.Hour), Warn, "in the future, 1 h from now"},
		{time.Time{}, Warn, "nobody"},
	} {
		if c := integrity(tt.whole, noon); c.Status != tt.want || !strings.Contains(c.Detail, tt.says) {
			t.Errorf("integrity(%s): %+v, want %s with %q", tt.whole, c, tt.want, tt.says)
		}
	}
}

func TestSpaceAndFileSystem(t *testing.T) {
	for free, want := range map[uint64]Status{10 << 30: OK, 500 << 20: Warn, 1 << 20: Fail, 0: Fail} {
		if c := space(fsx.Disk{Free: free, Total: 100 << 30}); c.Status != want || (want != OK) != (c.Hint != "") {
			t.Errorf("space with %d bytes: %+v, want %s", free, c, want)
		}
	}
	nfs := fsx.Disk{Kind: "nfs", Shared: true}
	for _, tt := range []struct {
		d        fsx.Disk
		onServer bool
		want     Status
	}{{fsx.Disk{}, false, OK}, {nfs, false, Warn}, {nfs, true, OK}} {
		if c := fileSystem(tt.d, "/h", tt.onServer); c.Status != tt.want {
			t.Errorf("fileSystem(%+v, %t): %+v, want %s", tt.d, tt.onServer, c, tt.want)
		}
	}
	d, err := fsx.DiskOf(t.TempDir())
	if err != nil || d.Total == 0 || d.Free > d.Total {
		t.Errorf("of a real folder: %+v, %v", d, err)
	}
}

func TestHermes(t *testing.T) {
	for _, tt := range []struct {
		name string
		s    situation
		want Status
		says string
	}{
		{"none", situation{dir: "/u/.hermes", root: "/u/.andon", db: "/u/.andon/kanban.db"}, OK, "none in /u/.hermes"},
		{"beside", situation{dir: "/u/.hermes", root: "/u/.andon", db: "/u/.andon/kanban.db", there: true}, OK, "its own, and not touched"},
		{"beside and alive", situation{dir: "/u/.hermes", root: "/u/.andon", db: "/u/.andon/kanban.db", there: true, alive: true}, OK, "its dispatcher is alive"},
		{"the same", situation{dir: "/u/.hermes", root: "/u/.hermes", db: "/u/.hermes/kanban.db", there: true}, OK, "the boards are shared"},
		{"the same and alive", situation{dir: "/u/.hermes", root: "/u/.hermes", db: "/u/.hermes/kanban.db", there: true, alive: true}, OK, "a dispatcher is alive"},
		{"two homes and one file", situation{dir: "/u/.hermes", root: "/u/.andon", db: "/u/.hermes/kanban.db", there: true}, Warn, "two would serve one file"},
		{"two homes and one board's file", situation{dir: "/u/.hermes", root: "/u/.andon", db: "/u/.hermes/kanban/boards/ops/kanban.db", there: true}, Warn, "two would serve one file"},
	} {
		if c := hermes(tt.s); c.Status != tt.want || !strings.Contains(c.Detail, tt.says) {
			t.Errorf("%s: %+v, want %s with %q", tt.name, c, tt.want, tt.says)
		}
	}
}

func TestProgram(t *testing.T) {
	dir := t.TempDir()
	tool, text := filepath.Join(dir, "tool.exe"), filepath.Join(dir, "text")
	for file, perm := range map[string]os.FileMode{tool: 0o755, text: 0o644} {
		if err := os.WriteFile(file, nil, perm); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(dir, "sub"), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]Status{
		"tool.exe": OK, tool: OK, "nosuch": Fail, filepath.Join(dir, "nosuch"): Fail, text: Fail, "text": Fail, "sub": Fail, dir: Fail,
		filepath.Join(".", "x", "run"): Warn, "{{.Workspace}}/run": OK,
	} {
		if c := program(name, dir); c.Status != want {
			t.Errorf("program(%q): %+v, want %s", name, c, want)
		}
	}
	if c := program("tool.exe", "."+string(filepath.ListSeparator)); c.Status != Fail {
		t.Errorf("program in today's folder: %+v, want it not to be found", c)
	}
}

func find(t *testing.T, root string) (home.Home, home.Board) {
	t.Helper()
	h, err := home.Find(home.Flags{Home: root}, func(string) string { return "" }, "")
	if err != nil {
		t.Fatal(err)
	}
	b, err := h.Current()
	if err != nil {
		t.Fatal(err)
	}
	return h, b
}

func statuses(checks []Check) map[string]Status {
	all := map[string]Status{}
	for _, c := range checks {
		all[c.Name] = c.Status
	}
	return all
}

// files lists everything below a folder with its size and time.
func files(t *testing.T, root string) string {
	t.Helper()
	var b strings.Builder
	err := filepath.WalkDir(root, func(path string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err == nil && !d.IsDir() {
			b.WriteString(path + " " + info.ModTime().String() + "\n")
		} else {
			b.WriteString(path + "\n")
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// It only looks: no file is made, gone or written to.
func TestExamineLeavesNoTrace(t *testing.T) {
	parent := t.TempDir()
	root := filepath.Join(parent, "home")
	h, b := find(t, root)
	look := func() map[string]Status {
		t.Helper()
		before := files(t, parent)
		checks := Examine(t.Context(), Patient{Home: h, Board: b, Hermes: filepath.Join(parent, "hermes"), Path: os.Getenv("PATH"), Now: time.Now()})
		if after := files(t, parent); after != before {
			t.Errorf("there was\n%s\nand now\n%s", before, after)
		}
		for _, c := range checks {
			if c.Detail == "" || strings.Contains(c.Detail+c.Hint, "\n") {
				t.Errorf("%+v is no line", c)
			}
			if c.Status == Fail {
				t.Errorf("%+v", c)
			}
		}
		return statuses(checks)
	}
	if got := look(); got["home"] != Warn || got["board"] != Warn || got["settings"] != Warn {
		t.Errorf("of no home: %v", got)
	}
	db, err := b.Open(t.Context(), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if got := look(); got["home"] != OK || got["board"] != OK || got["integrity"] != OK || got["locks"] != OK {
		t.Errorf("of a home: %v", got)
	}
}

func TestExamineFinds(t *testing.T) {
	root := t.TempDir()
	h, b := find(t, root)
	put := func(name, text string) {
		t.Helper()
		file := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	examine := func() map[string]Status {
		return statuses(Examine(t.Context(), Patient{Home: h, Board: b, Path: "/nowhere", Now: time.Now()}))
	}
	put("andon.yaml", "profiles: {ada: {command: [nosuch]}}\n")
	put("kanban.db", strings.Repeat("this is a letter ", 100))
	if got := examine(); got["profile ada"] != Fail || got["board"] != Fail || got["settings"] != OK || got["dispatcher"] != Warn {
		t.Errorf("%v", got)
	}
	put("andon.yaml", "profils: {}\n")
	put("kanban/.dispatcher.lock", "")
	guard, held, err := lock.Try(h.DispatcherLock())
	if err != nil || !held {
		t.Fatal(err)
	}
	got := examine()
	if err := guard.Unlock(); err != nil {
		t.Fatal(err)
	}
	if got["settings"] != Fail || got["dispatcher"] != OK || got["locks"] != OK {
		t.Errorf("%v", got)
	}
	if runtime.GOOS != "windows" {
		if err := os.Chmod(root, 0o777); err != nil {
			t.Fatal(err)
		}
		if got := examine(); got["home"] != Warn {
			t.Errorf("of a home that is open to everybody: %v", got)
		}
	}
	if err := os.Remove(h.DispatcherLock()); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(h.DispatcherLock(), 0o755); err != nil {
		t.Fatal(err)
	}
	if got := examine(); got["locks"] != Fail {
		t.Errorf("of a lock that cannot be had: %v", got)
	}
}
