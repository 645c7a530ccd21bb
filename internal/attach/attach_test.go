package attach_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"andon/internal/attach"
	"andon/internal/board"
	"andon/internal/store"
	"andon/internal/store/storetest"
	"andon/kanban"
)

// desk is a board with its files.
type desk struct {
	t     *testing.T
	db    *store.DB
	board *board.Board
	files attach.Files
	work  string // the folder of the scratch folders
}

func each(t *testing.T, test func(t *testing.T, d desk)) {
	t.Helper()
	storetest.Each(t, func(t *testing.T, db *store.DB) { test(t, newDesk(t, db, t.TempDir())) })
}

func newDesk(t *testing.T, db *store.DB, root string) desk {
	d := desk{t: t, db: db, board: board.New(db), work: filepath.Join(root, "workspaces")}
	d.files = filesIn(root, db.Path())
	d.board.Deliver = d.files.Deliver
	return d
}

func filesIn(root, path string) attach.Files {
	f := attach.Files{Root: filepath.Join(root, "attachments"), Workspaces: func() []string { return []string{filepath.Join(root, "workspaces")} }}
	if !storetest.OnPostgres(path) {
		f.DB = path
	}
	return f
}

func (d desk) card() kanban.TaskID {
	d.t.Helper()
	t, _, err := d.board.Create(d.t.Context(), kanban.Draft{Title: "a card"})
	if err != nil {
		d.t.Fatal(err)
	}
	return t.ID
}

func (d desk) add(id kanban.TaskID, name, content string) kanban.Attachment {
	d.t.Helper()
	a, err := d.files.Add(d.t.Context(), d.board, id, attach.New{Name: name, By: "ada"}, strings.NewReader(content))
	if err != nil {
		d.t.Fatal(err)
	}
	return a
}

// names are those of the card's rows, oldest first; each has its file.
func (d desk) names(id kanban.TaskID) (names []string) {
	d.t.Helper()
	list, err := d.board.Attachments(d.t.Context(), id)
	if err != nil {
		d.t.Fatal(err)
	}
	for _, a := range list {
		names = append(names, a.Name)
		info, err := os.Stat(a.Path)
		if err != nil || info.Size() != a.Size || filepath.Dir(a.Path) != filepath.Join(d.files.Root, string(id)) || a.Task != id {
			d.t.Errorf("%+v: %v", a, err)
		}
	}
	return names
}

// onDisk lists every file below the root.
func (d desk) onDisk() (all []string) {
	d.t.Helper()
	paths, err := filepath.Glob(filepath.Join(d.files.Root, "*", "*"))
	hidden, err2 := filepath.Glob(filepath.Join(d.files.Root, "*", ".*"))
	if err := errors.Join(err, err2); err != nil {
		d.t.Fatal(err)
	}
	for _, p := range append(paths, hidden...) {
		all = append(all, filepath.Base(p))
	}
	slices.Sort(all)
	return all
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func same(t *testing.T, what string, got, want []string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s: got %q, want %q", what, got, want)
	}
}

func TestAddAndRemove(t *testing.T) {
	each(t, func(t *testing.T, d desk) {
		id := d.card()
		first := d.add(id, "../a.tar.gz", "one")
		second := d.add(id, "a.tar.gz", "two")
		same(t, "names", d.names(id), []string{"a.tar.gz", "a (1).tar.gz"})
		if got := read(t, second.Path); got != "two" || second.ID <= first.ID || second.By != "ada" {
			t.Errorf("second %+v holds %q", second, got)
		}
		if left, err := d.files.Remove(t.Context(), d.board, first, 0); left != nil || err != nil {
			t.Fatal(left, err)
		}
		same(t, "names", d.names(id), []string{"a (1).tar.gz"})
		same(t, "files", d.onDisk(), []string{"a (1).tar.gz"})
		if _, err := d.files.Remove(t.Context(), d.board, first, 0); kanban.CodeOf(err) != kanban.NotFound {
			t.Errorf("removed twice: %v", err)
		}
		if third := d.add(id, "a.tar.gz", "three"); third.ID <= second.ID || third.Name != "a.tar.gz" {
			t.Errorf("a name that is free again: %+v", third)
		}
		if err := os.Remove(second.Path); err != nil {
			t.Fatal(err)
		}
		if left, err := d.files.Remove(t.Context(), d.board, second, 0); left != nil || err != nil {
			t.Errorf("a file that is gone already: %v, %v", left, err)
		}
	})
}

// Many who attach under one name at once get a name each, and nobody's content is
// lost.
func TestNamesAreGivenOnce(t *testing.T) {
	each(t, func(t *testing.T, d desk) {
		id := d.card()
		var wg sync.WaitGroup
		for i := range 12 {
			wg.Go(func() {
				if _, err := d.files.Add(t.Context(), d.board, id, attach.New{Name: "x.txt"}, strings.NewReader(fmt.Sprint(i))); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		names, content := d.names(id), map[string]bool{}
		for _, n := range names {
			content[read(t, filepath.Join(d.files.Root, string(id), n))] = true
		}
		if len(content) != 12 || len(names) != 12 || len(d.onDisk()) != 12 {
			t.Errorf("%d contents in %q", len(content), names)
		}
	})
}

// endless says nothing of its size and never ends by itself.
type endless struct{ read int64 }

func (e *endless) Read(p []byte) (int, error) {
	e.read += int64(len(p))
	return len(p), nil
}

// What is refused leaves neither row nor file, and nothing is read of what no
// card waits for.
func TestRefusalsKeepNothing(t *testing.T) {
	each(t, func(t *testing.T, d desk) {
		id := d.card()
		source := &endless{}
		_, err := d.files.Add(t.Context(), d.board, id, attach.New{Name: "big"}, source)
		if kanban.CodeOf(err) != kanban.Invalid || !strings.Contains(err.Error(), "25 MiB") {
			t.Errorf("an endless file: %v", err)
		}
		if source.read > kanban.MaxAttachment+1<<20 {
			t.Errorf("%d bytes were read of it", source.read)
		}
		untouched := &endless{}
		for what, try := range map[string]func() error{
			"no card": func() error {
				_, err := d.files.Add(t.Context(), d.board, "t_none", attach.New{Name: "a"}, untouched)
				return err
			},
			"no name": func() error {
				_, err := d.files.Add(t.Context(), d.board, id, attach.New{Name: "../.."}, untouched)
				return err
			},
			"another run": func() error {
				_, err := d.files.Add(t.Context(), d.board, id, attach.New{Name: "a", Run: 9}, untouched)
				return err
			},
			"a bad type": func() error {
				_, err := d.files.Add(t.Context(), d.board, id, attach.New{Name: "a", ContentType: "x\ny"}, untouched)
				return err
			},
		} {
			if err := try(); err == nil || kanban.CodeOf(err) == kanban.Internal {
				t.Errorf("%s: %v", what, err)
			}
		}
		if untouched.read > 0 {
			t.Errorf("%d bytes were read of what was refused anyway", untouched.read)
		}
		ctx, cancel := context.WithCancel(t.Context())
		gone := io.MultiReader(strings.NewReader("half"), readerFunc(func([]byte) (int, error) { cancel(); return 0, nil }))
		if _, err := d.files.Add(ctx, d.board, id, attach.New{Name: "a"}, gone); !errors.Is(err, context.Canceled) {
			t.Errorf("a caller that went away: %v", err)
		}
		broken := io.MultiReader(strings.NewReader("half"), readerFunc(func([]byte) (int, error) { return 0, errors.New("the line is cut") }))
		if _, err := d.files.Add(t.Context(), d.board, id, attach.New{Name: "a"}, broken); err == nil || !strings.Contains(err.Error(), "the line is cut") {
			t.Errorf("a source that broke: %v", err)
		}
		same(t, "rows", d.names(id), nil)
		same(t, "files", d.onDisk(), nil)
	})
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// A row that the database refuses takes its file with it.
func TestFileGoesWhenItsRowIsRefused(t *testing.T) {
	each(t, func(t *testing.T, d desk) {
		id := d.card()
		d.files.At = func(p attach.Point) {
			if p == attach.Named {
				same(t, "before the row", d.onDisk(), []string{"a"})
				if _, err := d.board.Delete(t.Context(), id, kanban.Deletion{}, nil); err != nil {
					t.Error(err)
				}
			}
		}
		if _, err := d.files.Add(t.Context(), d.board, id, attach.New{Name: "a"}, strings.NewReader("x")); kanban.CodeOf(err) != kanban.NotFound {
			t.Errorf("attached to a card that was deleted meanwhile: %v", err)
		}
		same(t, "files", d.onDisk(), nil)
	})
}

// No symbolic link leads a file out of the root, into another card's folder, or
// the removal of one to somewhere else.
func TestLinksLeadNowhere(t *testing.T) {
	each(t, func(t *testing.T, d desk) {
		id, other, outside := d.card(), d.card(), t.TempDir()
		d.add(other, "kept", "x")
		for _, to := range []string{outside, filepath.Join(d.files.Root, string(other)), string(other)} {
			link := filepath.Join(d.files.Root, string(id))
			if err := os.Symlink(to, link); err != nil {
				t.Fatal(err)
			}
			if _, err := d.files.Add(t.Context(), d.board, id, attach.New{Name: "a"}, strings.NewReader("x")); err == nil {
				t.Errorf("attached through a link to %s", to)
			}
			if err := os.Remove(link); err != nil {
				t.Fatal(err)
			}
		}
		if entries, _ := os.ReadDir(outside); len(entries) > 0 {
			t.Errorf("files %v came out of the root", entries)
		}
		same(t, "files of the other card", d.names(other), []string{"kept"})

		// A row that another program wrote names whatever it likes.
		victim := filepath.Join(outside, "victim")
		if err := os.WriteFile(victim, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		d.add(id, "a", "x")
		c, err := d.board.Attach(t.Context(), id, kanban.Attachment{Name: "victim", Path: victim}, 0)
		if err != nil {
			t.Fatal(err)
		}
		if left, err := d.files.Remove(t.Context(), d.board, c.Attachments[0], 0); left == nil || err != nil {
			t.Errorf("removed %s: %v, %v", victim, left, err)
		}
		if _, err := os.Stat(victim); err != nil {
			t.Error("a file outside of the root was removed")
		}
		// A link that lies in the place of a file is removed, and not what it leads to.
		if err := os.Symlink(victim, filepath.Join(d.files.Root, string(id), "link")); err != nil {
			t.Fatal(err)
		}
		c, err = d.board.Attach(t.Context(), id, kanban.Attachment{Name: "link", Path: filepath.Join(d.files.Root, string(id), "link")}, 0)
		if err != nil {
			t.Fatal(err)
		}
		if left, err := d.files.Remove(t.Context(), d.board, c.Attachments[0], 0); left != nil || err != nil {
			t.Errorf("a link: %v, %v", left, err)
		}
		if _, err := os.Stat(victim); err != nil {
			t.Error("what a link leads to was removed")
		}
	})
}

// Ids of other programs are any text.
func TestIDsLeadNowhere(t *testing.T) {
	each(t, func(t *testing.T, d desk) {
		for _, id := range []string{"../t_1", "..", "a/b", `a\b`, ""} {
			storetest.Exec(t, d.db, `INSERT INTO tasks (id, title, status, created_at) VALUES ('`+id+`', 'x', 'ready', 1)`)
			if _, err := d.files.Add(t.Context(), d.board, kanban.TaskID(id), attach.New{Name: "a"}, strings.NewReader("x")); err == nil {
				t.Errorf("attached to %q", id)
			}
		}
		same(t, "files", d.onDisk(), nil)
		storetest.Exec(t, d.db, `DELETE FROM tasks`)
	})
}

func TestSource(t *testing.T) {
	storetest.Files(t, func(t *testing.T, db *store.DB) {
		dir := t.TempDir()
		f := filesIn(dir, db.Path())
		for name, size := range map[string]int64{"ok": kanban.MaxAttachment, "big": kanban.MaxAttachment + 1} {
			file, err := os.Create(filepath.Join(dir, name))
			if err != nil {
				t.Fatal(err)
			}
			if err := errors.Join(file.Truncate(size), file.Close()); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.Link(db.Path(), filepath.Join(dir, "board")); err != nil {
			t.Fatal(err)
		}
		for name, want := range map[string]string{
			"missing": "no such file", "big": "25 MiB", ".": "it is a folder", "board": "it is the board itself", "ok": "",
		} {
			file, err := f.Source(filepath.Join(dir, name))
			if want == "" && err == nil {
				file.Close()
				continue
			}
			if want == "" || err == nil || !strings.Contains(err.Error(), want) || kanban.CodeOf(err) == kanban.Internal {
				t.Errorf("%s: %v, want %q", name, err, want)
			}
		}
		if _, err := f.Source(db.Path()); err == nil {
			t.Error("the database was opened as any file")
		}
	})
}

// A stray is a file that no row of any board names, and that is old enough not to
// be on its way to one.
func TestStrays(t *testing.T) {
	each(t, func(t *testing.T, d desk) {
		id := d.card()
		if got, err := attach.Strays(d.files.Root, nil, time.Now()); got != nil || err != nil {
			t.Errorf("without a root: %q, %v", got, err)
		}
		d.add(id, "known", "x")
		dir := filepath.Join(d.files.Root, string(id))
		for _, name := range []string{"stray", ".0123456789abcdef.tmp"} {
			if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if err := errors.Join(os.Mkdir(filepath.Join(dir, "folder"), 0o700), os.WriteFile(filepath.Join(d.files.Root, "note"), nil, 0o600)); err != nil {
			t.Fatal(err)
		}
		rows, err := d.board.AllAttachments(t.Context(), 0)
		if err != nil {
			t.Fatal(err)
		}
		rows[0].Path = filepath.Join("/elsewhere", string(id), "known") // the home was moved
		if got, err := attach.Strays(d.files.Root, rows, time.Now()); got != nil || err != nil {
			t.Errorf("young: %q, %v", got, err)
		}
		got, err := attach.Strays(d.files.Root, rows, time.Now().Add(attach.Young+time.Second))
		if err != nil {
			t.Fatal(err)
		}
		same(t, "strays", got, []string{filepath.Join(dir, ".0123456789abcdef.tmp"), filepath.Join(dir, "stray")})
	})
}

// A file is as young as its name, however long ago its last byte came: else it
// could be taken for a stray on its way to its row.
func TestFileIsYoungWhenItGetsItsName(t *testing.T) {
	each(t, func(t *testing.T, d desk) {
		id, long := d.card(), time.Now().Add(-2*attach.Young)
		late := readerFunc(func([]byte) (int, error) {
			temps, err := filepath.Glob(filepath.Join(d.files.Root, string(id), ".*.tmp"))
			if err != nil || len(temps) != 1 {
				t.Errorf("%q, %v", temps, err)
				return 0, io.EOF
			}
			return 0, errors.Join(os.Chtimes(temps[0], long, long), io.EOF)
		})
		d.files.At = func(p attach.Point) {
			if p != attach.Named {
				return
			}
			if strays, err := attach.Strays(d.files.Root, nil, time.Now()); len(strays) > 0 || err != nil {
				t.Errorf("taken for strays: %q, %v", strays, err)
			}
		}
		if _, err := d.files.Add(t.Context(), d.board, id, attach.New{Name: "a"}, io.MultiReader(strings.NewReader("x"), lastly(late))); err != nil {
			t.Fatal(err)
		}
	})
}

// lastly makes any end of a reader its end.
func lastly(r io.Reader) io.Reader {
	return readerFunc(func(p []byte) (int, error) {
		n, err := r.Read(p)
		if errors.Is(err, io.EOF) {
			err = io.EOF
		}
		return n, err
	})
}

// What was kept is what was given, as large as it may be.
func TestContentIsWhole(t *testing.T) {
	each(t, func(t *testing.T, d desk) {
		id := d.card()
		content := bytes.Repeat([]byte("0123456789abcdef"), kanban.MaxAttachment/16)
		a, err := d.files.Add(t.Context(), d.board, id, attach.New{Name: "a"}, bytes.NewReader(content))
		if err != nil || a.Size != kanban.MaxAttachment {
			t.Fatalf("%+v, %v", a, err)
		}
		if got := read(t, a.Path); got != string(content) {
			t.Error("the content is another one")
		}
	})
}
