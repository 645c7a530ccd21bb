package portable

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"andon/internal/fsx"
	"andon/internal/home"
	"andon/internal/store"
	"andon/kanban"
)

// Importing is how to import. Its zero value is the ordinary case.
type Importing struct {
	DryRun  bool // only check
	Running bool // take cards that are running as they are
}

// Imported is what an archive had.
type Imported struct {
	Cards, Runs, Events, Comments, Files, Running int64
	Checks                                        int64 // unfinished cards with a command that judges them

	Findings []string // what contradicts itself on the board now, as it did where it was exported
}

// Import gives the board, which must have no cards, the content of an archive: its
// rows with all their ids, its files, and what board.json says. The archive is
// checked to its last byte before anything is written. Files are written before
// the rows, which come in one transaction, and are removed if that fails. Without
// a database it only checks.
func Import(ctx context.Context, db *store.DB, place home.Board, in io.ReadSeeker, o Importing) (x Imported, err error) {
	if db == nil {
		o.DryRun = true
	}
	i := &importing{ctx: ctx, db: db, place: place, in: in}
	check, m, err := i.read(sink{row: i.fits})
	if err != nil {
		return x, err
	}
	n := func(name string) int64 { return *m.Entries[1+slices.Index(tableFiles, name)].Rows }
	x = Imported{Cards: n(cardsFile), Runs: n("runs.jsonl"), Events: n(eventsFile), Comments: n("comments.jsonl"), Files: int64(len(check.files)), Running: int64(check.running), Checks: int64(check.checks)}
	if check.running > 0 && !o.Running {
		return x, &kanban.Error{Code: kanban.Conflict,
			Msg:  fmt.Sprintf("%s in the archive: the workers belong to the board that was exported", plural(check.running, "card is running", "cards are running")),
			Hint: "export it when nothing runs, or take such cards as they are with --running: they go back to ready when their lease has ended"}
	}
	if db == nil {
		return x, nil
	}
	if err := db.View(ctx, i.empty); err != nil || o.DryRun {
		return x, err
	}
	return x, i.do(check, &x)
}

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

type importing struct {
	ctx   context.Context
	db    *store.DB
	place home.Board
	in    io.ReadSeeker
	undo  []func() error // what was written to disk, in order
}

// read reads the archive from its beginning.
func (i *importing) read(s sink) (*checker, Manifest, error) {
	if _, err := i.in.Seek(0, io.SeekStart); err != nil {
		return nil, Manifest{}, err
	}
	return read(i.ctx, i.in, s)
}

// fits refuses what this board's database cannot hold.
func (i *importing) fits(t store.Table, row []any) error {
	if i.db == nil {
		return nil
	}
	for n, c := range t.Columns {
		if err := i.db.Fits(c, row[n]); err != nil {
			return err
		}
	}
	return nil
}

// empty refuses a board that has anything.
func (i *importing) empty(tx *store.Tx) error {
	for _, t := range store.Travelling {
		n, err := tx.Occupied(i.ctx, t)
		if err != nil {
			return err
		}
		if n > 0 {
			what := fmt.Sprintf("%d rows of %s", n, t.Name)
			if t.Name == "tasks" {
				what = plural(int(n), "card", "cards")
			}
			return &kanban.Error{Code: kanban.Conflict, Msg: fmt.Sprintf("the board %s has %s already, and an archive goes into an empty one only: its ids are kept", i.place.Slug, what),
				Hint: "name an empty board with --board, or another home with --home"}
		}
	}
	return nil
}

func (i *importing) do(check *checker, x *Imported) (err error) {
	defer func() {
		if err == nil || errors.Is(err, kanban.ErrUnknown) {
			return // the rows may be there, and then these are their files
		}
		for n := len(i.undo) - 1; n >= 0; n-- {
			err = errors.Join(err, i.undo[n]())
		}
	}()
	if _, _, err := i.read(sink{board: i.board, file: i.file}); err != nil {
		return err
	}
	err = i.db.Update(i.ctx, func(tx *store.Tx) error {
		if err := i.empty(tx); err != nil {
			return err
		}
		l := loader{ctx: i.ctx, tx: tx, place: i.place}
		// A server ends a writer who asks nothing for long, and the files are only read.
		awake := func(string, io.Reader) error { _, err := tx.Exists(i.ctx, ""); return err }
		if _, _, err := i.read(sink{row: l.row, file: awake}); err != nil {
			return err
		}
		if err := l.flush(); err != nil {
			return err
		}
		for _, t := range store.Travelling {
			if err := tx.Advance(i.ctx, t, check.numbers[t.Name]); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	// They came with the archive, and are no reason to do without the rest.
	x.Findings, _ = i.db.Contradictions(i.ctx)
	return nil
}

func (i *importing) board(text []byte) error {
	undo, err := metadata(i.place, text)
	i.undo = append(i.undo, undo)
	return denied(err)
}

func denied(err error) error {
	if err == nil || kanban.CodeOf(err) != kanban.Internal {
		return err
	}
	return &kanban.Error{Code: kanban.Denied, Err: err, Msg: err.Error()}
}

// file writes an attachment. One that an import which was killed left behind is
// taken; another file of that name is in the way.
func (i *importing) file(name string, r io.Reader) error {
	local := filepath.FromSlash(strings.TrimPrefix(name, filesDir+"/"))
	dir := filepath.Join(i.place.Attachments, filepath.Dir(local))
	if err := i.folder(i.place.Attachments, 0o755); err != nil {
		return denied(err)
	}
	if err := i.folder(dir, 0o755); err != nil {
		return denied(err)
	}
	path := filepath.Join(i.place.Attachments, local)
	if info, err := os.Lstat(path); err == nil {
		if !info.Mode().IsRegular() {
			return &kanban.Error{Code: kanban.Denied, Msg: path + " is in the way of an attachment, and is no file", Hint: "move it away"}
		}
		same, err := equal(path, r)
		if err == nil && !same {
			return &kanban.Error{Code: kanban.Denied, Msg: path + " is in the way of an attachment of the same name", Hint: "move it away"}
		}
		return denied(err)
	}
	err := fsx.WriteStream(path, 0o644, false, func(w io.Writer) error {
		_, err := io.Copy(w, r)
		return err
	})
	if !errors.Is(err, fs.ErrExist) {
		i.undo = append(i.undo, func() error {
			if err := os.Remove(path); !errors.Is(err, fs.ErrNotExist) {
				return err
			}
			return nil
		})
	}
	return denied(err)
}

// equal reports whether the file has what r has.
func equal(path string, r io.Reader) (bool, error) {
	f, err := os.Open(path)
	if err != nil {
		return false, err
	}
	defer f.Close()
	a, b := make([]byte, 1<<16), make([]byte, 1<<16)
	for {
		n, readErr := io.ReadFull(r, a)
		m, fileErr := io.ReadFull(f, b)
		if n != m || !bytes.Equal(a[:n], b[:m]) {
			return false, nil
		}
		if readErr != nil || fileErr != nil {
			done := func(err error) bool { return err == io.EOF || err == io.ErrUnexpectedEOF }
			if done(readErr) && done(fileErr) {
				return true, nil
			}
			return false, errors.Join(readErr, fileErr)
		}
	}
}

// folder makes a folder, which may not be a link to another place.
func (i *importing) folder(dir string, perm os.FileMode) error {
	info, err := os.Lstat(dir)
	if err == nil {
		if !info.IsDir() && dir != i.place.Attachments {
			return &kanban.Error{Code: kanban.Denied, Msg: dir + " is in the way of a card's attachments, and is no folder", Hint: "move it away"}
		}
		return nil
	}
	i.undo = append(i.undo, func() error {
		_ = os.Remove(dir) // unless somebody put something into it
		return nil
	})
	return os.MkdirAll(dir, perm)
}

// loader gathers rows, so that one statement writes many.
type loader struct {
	ctx   context.Context
	tx    *store.Tx
	place home.Board
	table store.Table
	rows  [][]any
	size  int
}

func (l *loader) row(t store.Table, row []any) error {
	if t.Name != l.table.Name || len(l.rows) == 200 || l.size > 1<<20 {
		if err := l.flush(); err != nil {
			return err
		}
		l.table = t
	}
	if t.Name == "task_attachments" {
		at := t.Index("stored_path")
		if name, _ := row[at].(string); name != "" {
			row[at] = filepath.Join(l.place.Attachments, filepath.FromSlash(strings.TrimPrefix(name, filesDir+"/")))
		}
	}
	l.rows = append(l.rows, row)
	for _, v := range row {
		if s, ok := v.(string); ok {
			l.size += len(s)
		}
	}
	return nil
}

func (l *loader) flush() error {
	if len(l.rows) == 0 {
		return nil
	}
	err := l.tx.Load(l.ctx, l.table, l.rows)
	l.rows, l.size = l.rows[:0], 0
	return err
}
