package home

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"andon/internal/board"
	"andon/internal/store"
	"andon/internal/store/storetest"
	"andon/kanban"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// homes runs the test in a home whose boards are files, and in one whose boards
// are on a server.
func homes(t *testing.T, test func(t *testing.T, h Home)) {
	t.Run("files", func(t *testing.T) { test(t, find(t, Flags{Home: t.TempDir()}, nil, "")) })
	t.Run("postgres", func(t *testing.T) {
		storetest.Server(t)
		dsn, err := storetest.Database("")
		if err != nil {
			t.Fatal(err)
		}
		test(t, find(t, Flags{Home: t.TempDir(), DB: dsn}, nil, ""))
	})
}

// on does something with the open board.
func on(t *testing.T, b Board, do func(ctx context.Context, b *board.Board) error) {
	t.Helper()
	db, err := b.Open(t.Context(), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(do(t.Context(), board.New(db)), db.Close()); err != nil {
		t.Fatal(err)
	}
}

func create(t *testing.T, h Home, slug Slug) Board {
	t.Helper()
	b, existed, err := h.Create(t.Context(), slug, noon, func(*Meta) {}, store.Options{})
	if err != nil || existed {
		t.Fatalf("Create(%s): existed %t, %v", slug, existed, err)
	}
	return b
}

// add makes a card, and has it running if it is claimed.
func add(t *testing.T, b Board, claim bool) {
	t.Helper()
	on(t, b, func(ctx context.Context, b *board.Board) error {
		c, _, err := b.Create(ctx, kanban.Draft{Title: "x"})
		if err == nil && claim {
			_, err = b.Claim(ctx, c.ID, kanban.Claimant{Lock: "host:1", TTL: time.Hour})
		}
		return err
	})
}

func total(t *testing.T, b Board) (n int) {
	t.Helper()
	on(t, b, func(ctx context.Context, b *board.Board) error {
		counts, err := b.Counts(ctx)
		for _, c := range counts {
			n += c
		}
		return err
	})
	return n
}

func here(t *testing.T, h Home) (slugs []Slug, shelved []string) {
	t.Helper()
	boards, err := h.Here(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range boards {
		slugs = append(slugs, b.Slug)
	}
	shelf, err := h.Shelf(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range shelf {
		shelved = append(shelved, s.Name)
	}
	return slugs, shelved
}

// Whoever remembers a board that is gone must not take a new one of its name for
// it: the new one gets its schema, and has nothing of the old one.
func TestTrap3ABoardMadeAgainIsWhole(t *testing.T) {
	homes(t, func(t *testing.T, h Home) {
		for _, how := range []Removal{{Delete: true}, {}} {
			b := create(t, h, "ops")
			add(t, b, false)
			if _, err := h.Remove(t.Context(), "ops", noon, how, store.Options{}); err != nil {
				t.Fatal(err)
			}
			if slugs, _ := here(t, h); len(slugs) != 1 {
				t.Errorf("after the removal there are the boards %v", slugs)
			}
			if n := total(t, create(t, h, "ops")); n != 0 {
				t.Errorf("made again, the board has %d cards", n)
			}
			add(t, b, false)
			if n := total(t, b); n != 1 {
				t.Errorf("the board made again has %d cards, want the new one", n)
			}
			if _, err := h.Remove(t.Context(), "ops", noon, Removal{Delete: true}, store.Options{}); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// Hermes leaves an empty file where it failed; opening it makes it a board.
func TestTrap3AnEmptyFileGetsItsSchema(t *testing.T) {
	h := find(t, Flags{Home: t.TempDir()}, nil, "")
	b := create(t, h, "ops")
	if _, err := h.Remove(t.Context(), "ops", noon, Removal{Delete: true}, store.Options{}); err != nil {
		t.Fatal(err)
	}
	touch(t, b.DB, "")
	add(t, b, false)
	if n := total(t, b); n != 1 {
		t.Errorf("the board has %d cards, want 1", n)
	}
}

func TestArchiveAndRestore(t *testing.T) {
	homes(t, func(t *testing.T, h Home) {
		b := create(t, h, "ops")
		add(t, b, false)
		first, err := h.Remove(t.Context(), "ops", noon, Removal{}, store.Options{})
		if err != nil {
			t.Fatal(err)
		}
		add(t, create(t, h, "ops"), false)
		add(t, b, false)
		second, err := h.Remove(t.Context(), "ops", noon, Removal{}, store.Options{}) // in the same second
		if err != nil {
			t.Fatal(err)
		}
		slugs, shelved := here(t, h)
		if diff := cmp.Diff([]Slug{Default}, slugs); diff != "" {
			t.Errorf("boards (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff([]string{"ops-1772366400-1", "ops-1772366400"}, shelved); diff != "" {
			t.Fatalf("put away (-want +got):\n%s", diff)
		}
		if first.Name != shelved[1] || second.Name != shelved[0] {
			t.Errorf("Remove said %s and %s", first.Name, second.Name)
		}
		restore := func(name string, cards int) {
			t.Helper()
			b, err := h.Restore(t.Context(), name, noon, store.Options{})
			if err != nil {
				t.Fatal(err)
			}
			if n := total(t, b); b.Slug != "ops" || n != cards {
				t.Errorf("restored %s with %d cards, want ops with %d", b.Slug, n, cards)
			}
		}
		restore("ops", 2) // the latest
		for _, name := range []string{"ops", "ops-1772366400"} {
			if _, err := h.Restore(t.Context(), name, noon, store.Options{}); name != "ops" && kanban.CodeOf(err) != kanban.Conflict || err == nil {
				t.Errorf("Restore(%s) over a board: %v", name, err)
			}
		}
		if n := total(t, b); n != 2 {
			t.Errorf("after a refused restore the board has %d cards", n)
		}
		if _, err := h.Remove(t.Context(), "ops", noon, Removal{Delete: true}, store.Options{}); err != nil {
			t.Fatal(err)
		}
		restore("OPS-1772366400", 1)
		if _, shelved := here(t, h); len(shelved) != 0 {
			t.Errorf("there are still %v", shelved)
		}
		if _, err := h.Restore(t.Context(), "nope", noon, store.Options{}); kanban.CodeOf(err) != kanban.NotFound {
			t.Errorf("Restore(nope): %v", err)
		}
	})
}

func TestRemoveRefuses(t *testing.T) {
	homes(t, func(t *testing.T, h Home) {
		if _, err := h.Remove(t.Context(), Default, noon, Removal{}, store.Options{}); kanban.CodeOf(err) != kanban.Conflict {
			t.Errorf("Remove(default): %v", err)
		}
		if _, err := h.Remove(t.Context(), "nope", noon, Removal{Force: true}, store.Options{}); kanban.CodeOf(err) != kanban.NotFound {
			t.Errorf("Remove(nope): %v", err)
		}
		b := create(t, h, "ops")
		add(t, b, true)
		for _, how := range []Removal{{}, {Delete: true}} {
			_, err := h.Remove(t.Context(), "ops", noon, how, store.Options{})
			if kanban.CodeOf(err) != kanban.Conflict || !strings.Contains(err.Error(), "1 card is running") || !strings.Contains(err.Error(), "--force") {
				t.Errorf("Remove of a board with a running card: %v", err)
			}
			if n := total(t, b); n != 1 {
				t.Errorf("after the refusal the board has %d cards", n)
			}
		}
		if _, err := h.Remove(t.Context(), "ops", noon, Removal{Force: true}, store.Options{}); err != nil {
			t.Errorf("Remove by force: %v", err)
		}
	})
}

// A file that anybody has open stays where it is, whatever force is used.
func TestRemoveOfABoardInUse(t *testing.T) {
	h := find(t, Flags{Home: t.TempDir()}, nil, "")
	b := create(t, h, "ops")
	db, err := b.Open(t.Context(), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := board.New(db).Counts(t.Context()); err != nil {
		t.Fatal(err)
	}
	_, err = h.Remove(t.Context(), "ops", noon, Removal{Delete: true, Force: true}, store.Options{})
	if kanban.CodeOf(err) != kanban.Busy || !strings.Contains(err.Error(), "is in use") {
		t.Errorf("Remove of an open board: %v", err)
	}
	if _, err := os.Stat(b.DB); err != nil {
		t.Error(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err = h.Remove(t.Context(), "ops", noon, Removal{Delete: true}, store.Options{}); err != nil {
		t.Errorf("Remove after it was closed: %v", err)
	}
	if _, err := os.Stat(b.Dir); !os.IsNotExist(err) {
		t.Errorf("the folder is still there: %v", err)
	}
}

func TestRemoveOfADamagedBoard(t *testing.T) {
	h := find(t, Flags{Home: t.TempDir()}, nil, "")
	b := create(t, h, "ops")
	touch(t, b.DB, strings.Repeat("no database ", 1000))
	to, err := h.Remove(t.Context(), "ops", noon, Removal{}, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(filepath.Join(to.Dir, "kanban.db")); err != nil || !strings.HasPrefix(string(text), "no database") {
		t.Errorf("the file was not kept as it was: %q, %v", text, err)
	}
}

// A deletion that was cut short leaves no board, and the next one goes on with it.
func TestDeletionThatWasCutShort(t *testing.T) {
	h := find(t, Flags{Home: t.TempDir()}, nil, "")
	create(t, h, "ops")
	left := filepath.Join(h.shelf(), doomed+"web-1772366400")
	touch(t, filepath.Join(left, "kanban.db"), "half of it")
	if slugs, shelved := here(t, h); len(slugs) != 2 || len(shelved) != 0 {
		t.Errorf("boards %v, and put away %v", slugs, shelved)
	}
	if _, err := h.Remove(t.Context(), "ops", noon, Removal{Delete: true}, store.Options{}); err != nil {
		t.Fatal(err)
	}
	if entries, err := os.ReadDir(h.shelf()); err != nil || len(entries) != 0 {
		t.Errorf("left: %v, %v", entries, err)
	}
}

func TestRestoreWhereSomethingElseIs(t *testing.T) {
	h := find(t, Flags{Home: t.TempDir()}, nil, "")
	b := create(t, h, "ops")
	if _, err := h.Remove(t.Context(), "ops", noon, Removal{}, store.Options{}); err != nil {
		t.Fatal(err)
	}
	touch(t, filepath.Join(b.Dir, "notes"), "")
	if _, err := h.Restore(t.Context(), "ops", noon, store.Options{}); kanban.CodeOf(err) != kanban.Conflict || !strings.Contains(err.Error(), "in the way") {
		t.Errorf("Restore: %v", err)
	}
	if _, shelved := here(t, h); len(shelved) != 1 {
		t.Errorf("put away: %v", shelved)
	}
}

// Of many who make and remove one board at once, each is told what became of it,
// and in the end there is a whole board, or none.
func TestManyAtOnce(t *testing.T) {
	homes(t, func(t *testing.T, h Home) {
		var wg sync.WaitGroup
		for i := range 4 {
			wg.Go(func() {
				for range 3 {
					var err error
					if i%2 == 0 {
						_, _, err = h.Create(t.Context(), "ops", noon, func(*Meta) {}, store.Options{})
					} else {
						_, err = h.Remove(t.Context(), "ops", noon, Removal{Delete: i == 1}, store.Options{})
					}
					if err != nil && kanban.CodeOf(err) != kanban.NotFound {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		if slugs, _ := here(t, h); len(slugs) == 2 {
			add(t, h.Board("ops"), false)
		}
	})
}

func TestRemovingTheCurrentBoard(t *testing.T) {
	h := find(t, Flags{Home: t.TempDir()}, nil, "")
	for _, slug := range []Slug{"ops", "web"} {
		create(t, h, slug)
	}
	current := func() Slug {
		t.Helper()
		b, err := h.Current()
		if err != nil {
			t.Fatal(err)
		}
		return b.Slug
	}
	if err := h.Switch(t.Context(), "ops"); err != nil || current() != "ops" {
		t.Errorf("Switch: %v, the current board is %s", err, current())
	}
	if err := h.Switch(t.Context(), "nope"); kanban.CodeOf(err) != kanban.NotFound || current() != "ops" {
		t.Errorf("Switch(nope): %v, the current board is %s", err, current())
	}
	if _, err := h.Remove(t.Context(), "web", noon, Removal{}, store.Options{}); err != nil || current() != "ops" {
		t.Errorf("Remove of another board: %v, the current board is %s", err, current())
	}
	if _, err := h.Remove(t.Context(), "ops", noon, Removal{}, store.Options{}); err != nil || current() != Default {
		t.Errorf("Remove: %v, the current board is %s", err, current())
	}
	create(t, h, "ops")
	if current() != Default {
		t.Errorf("a new board of an old name is the current one")
	}
}

// A board of a server is made when it is asked for, and not because a name has a
// slip in it; the default one is.
func TestOpenMakesNoBoardOfATypo(t *testing.T) {
	homes(t, func(t *testing.T, h Home) {
		if !h.remote() {
			return // a file's board is found out before it is opened: TestCurrent
		}
		_, err := h.Board("tpyo").Open(t.Context(), store.Options{})
		if kanban.CodeOf(err) != kanban.NotFound || !strings.Contains(err.Error(), "andon boards create tpyo") {
			t.Errorf("Open(tpyo): %v", err)
		}
		total(t, h.Board(Default))
		if slugs, _ := here(t, h); len(slugs) != 1 {
			t.Errorf("boards: %v", slugs)
		}
		long := Slug(strings.Repeat("a", 64))
		create(t, h, long)
		if slugs, _ := here(t, h); len(slugs) != 2 || slugs[1] != long {
			t.Errorf("boards: %v, want the long one too", slugs)
		}
		if to, err := h.Remove(t.Context(), long, noon, Removal{}, store.Options{}); err != nil || to.Name != string(long)+"-1772366400" {
			t.Errorf("Remove: %+v, %v", to, err)
		}
		if b, err := h.Restore(t.Context(), string(long), noon, store.Options{}); err != nil || b.Slug != long {
			t.Errorf("Restore: %v, %v", b.Slug, err)
		}
	})
}

// A name from outside leads to no folder but one of the home's boards.
func FuzzShelfName(f *testing.F) {
	for _, s := range []string{"ops-1772366400", "a-123456789-2", "a-1234567890-1234567890", "../x-1772366400", "..-1772366400", "A-1772366400"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, name string) {
		slug, at, n, ok := parseShelfName(name)
		if !ok {
			return
		}
		if again, err := ParseSlug(string(slug)); err != nil || again != slug {
			t.Errorf("parseShelfName(%q) = %q, which is no slug", name, slug)
		}
		if !filepath.IsLocal(name) || filepath.Base(name) != name || at < 0 || n < 0 {
			t.Errorf("parseShelfName(%q) = %q, %d, %d", name, slug, at, n)
		}
	})
}

// Every place of a board lies below the home, whatever it is called.
func FuzzBoardStaysInTheHome(f *testing.F) {
	f.Add("ops")
	f.Add("../../etc")
	h, err := Find(Flags{Home: f.TempDir()}, func(string) string { return "" }, "")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, name string) {
		slug, err := ParseSlug(name)
		if err != nil {
			return
		}
		b := h.Board(slug)
		for _, path := range []string{b.DB, b.Dir, b.Workspaces, b.Logs, b.Runs, b.Attachments, b.Trash, b.Metadata, b.Sidecar(".lock")} {
			if rel, err := filepath.Rel(h.Root, path); err != nil || !filepath.IsLocal(rel) {
				t.Errorf("%q: %s lies outside of %s", name, path, h.Root)
			}
		}
	})
}
