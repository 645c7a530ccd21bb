package portable

import (
	"archive/tar"
	"bufio"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"andon/internal/fsx"
	"andon/internal/home"
	"andon/internal/store"
	"andon/kanban"
)

// Exporting is how to export. Its zero value is the ordinary case.
type Exporting struct {
	Gzip     bool
	Force    bool // replace a file that is there
	Warn     func(string)
	Progress func(done, of int64) // bytes; may be nil
}

// Exported is what an archive has.
type Exported struct {
	Cards, Events, Files, Running, Bytes int64
}

// tries bounds how often an export begins anew because a file went away that its
// rows name: somebody deleted a card.
const tries = 5

// errVanished is the error for such a file.
var errVanished = errors.New("a file of the board changed while it was exported")

// ExportFile writes the board to a file, which gets its name when it is complete.
// See [Export].
func ExportFile(ctx context.Context, db *store.DB, place home.Board, file string, o Exporting) (x Exported, err error) {
	err = fsx.WriteStream(file, 0o644, o.Force, func(w io.Writer) error {
		x, err = export(ctx, db, place, filepath.Dir(file), w, o)
		return err
	})
	switch {
	case err != nil && kanban.CodeOf(err) == kanban.Internal && errors.As(err, new(*fs.PathError)) && !errors.Is(err, fs.ErrExist):
		return x, &kanban.Error{Code: kanban.Denied, Err: err, Msg: fmt.Sprintf("export to %s: %v", file, err), Hint: "name a file in a folder that can be written"}
	case errors.Is(err, fs.ErrExist):
		return x, &kanban.Error{Code: kanban.Denied, Err: err, Msg: file + " is there already", Hint: "name another file, or give --force"}
	}
	return x, err
}

// Export writes the board, as it is at one moment, to w. Others work on meanwhile;
// on disk it takes as much as the rows do, for a while, and little memory.
func Export(ctx context.Context, db *store.DB, place home.Board, w io.Writer, o Exporting) (Exported, error) {
	return export(ctx, db, place, os.TempDir(), w, o)
}

func export(ctx context.Context, db *store.DB, place home.Board, near string, w io.Writer, o Exporting) (Exported, error) {
	for try := 1; ; try++ {
		s, err := spool(ctx, db, place, near)
		if err == nil {
			err = s.hash(ctx)
		}
		if err != nil {
			s.remove()
			if errors.Is(err, errVanished) && try < tries {
				continue
			}
			return Exported{}, fmt.Errorf("export %s: %w", place.Address(), err)
		}
		defer s.remove()
		for _, warning := range s.warnings {
			o.Warn(warning)
		}
		x, err := s.write(ctx, w, o)
		if err != nil {
			err = fmt.Errorf("export %s: %w", place.Address(), err)
		}
		return x, err
	}
}

// spooled is a board on its way into an archive: its rows in files of their own,
// since the size of an entry stands before its content.
type spooled struct {
	place    home.Board
	dir      string
	check    *checker
	entries  []Entry
	board    []byte
	files    map[string]int64 // the attachments by name, and their seconds
	warnings []string
}

func (s *spooled) remove() {
	if s != nil && s.dir != "" {
		os.RemoveAll(s.dir)
	}
}

// spool writes the rows of the board, all as of one moment, into files.
func spool(ctx context.Context, db *store.DB, place home.Board, near string) (*spooled, error) {
	s := &spooled{place: place, check: newChecker(), files: map[string]int64{}}
	var err error
	if s.board, err = readMetadata(place.Metadata); err != nil {
		return s, err
	}
	s.entries = []Entry{entry(boardName, s.board)}
	if s.dir, err = os.MkdirTemp(near, ".andon-export-"); err != nil {
		return s, &kanban.Error{Code: kanban.Denied, Err: err, Msg: err.Error()}
	}
	return s, db.View(ctx, func(tx *store.Tx) error {
		for i, t := range store.Travelling {
			e, err := s.table(ctx, tx, t, tableFiles[i])
			if err != nil {
				return err
			}
			s.entries = append(s.entries, e)
			if n, err := tx.Strays(ctx, t); err != nil {
				return err
			} else if n > 0 {
				s.warn("%d rows of %s belong to cards that are gone; they are left out", n, t.Name)
			}
		}
		return nil
	})
}

func (s *spooled) warn(format string, args ...any) {
	s.warnings = append(s.warnings, fmt.Sprintf(format, args...))
}

func entry(name string, text []byte) Entry {
	sum := sha256.Sum256(text)
	return Entry{Name: name, Size: int64(len(text)), SHA256: hex.EncodeToString(sum[:])}
}

func (s *spooled) table(ctx context.Context, tx *store.Tx, t store.Table, name string) (e Entry, err error) {
	f, err := os.Create(filepath.Join(s.dir, name))
	if err != nil {
		return e, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	hash, rows, line := sha256.New(), int64(0), []byte(nil)
	out := bufio.NewWriterSize(io.MultiWriter(f, hash), 1<<16)
	size := &tally{w: out}
	err = tx.Each(ctx, t, func(row []any) error {
		if t.Name == "task_attachments" {
			s.attachment(t, row)
		}
		rows++
		if err := s.check.row(t, row); err != nil {
			return fmt.Errorf("row %d of %s: %w", rows, t.Name, err)
		}
		if line, err = t.AppendRow(line[:0], row); err != nil {
			return fmt.Errorf("row %d of %s: %w", rows, t.Name, err)
		}
		if len(line) > maxLine {
			return fmt.Errorf("row %d of %s has %d bytes, and %d is the most", rows, t.Name, len(line), maxLine)
		}
		_, err = size.Write(line)
		return err
	})
	if err == nil {
		err = out.Flush()
	}
	return Entry{Name: name, Rows: &rows, Size: size.size, SHA256: hex.EncodeToString(hash.Sum(nil))}, err
}

// attachment names the row's file as the archive does, which knows no host; by no
// name if the board's folder has no such file.
func (s *spooled) attachment(t store.Table, row []any) {
	task, _ := row[t.Index("task_id")].(string)
	stored, _ := row[t.Index("stored_path")].(string)
	row[t.Index("stored_path")] = ""
	if stored == "" {
		return // nor had it one when it was imported
	}
	name, ok := fileName(task, filepath.Base(stored))
	if ok {
		// Wherever the row points: only what lies in the board's folder is the board's.
		info, err := os.Lstat(s.file(name))
		ok = err == nil && info.Mode().IsRegular()
	}
	if !ok {
		s.warn("attachment %v of %s: there is no file %s in %s; the archive has its row only", row[t.Index("filename")], task, filepath.Base(stored), filepath.Join(s.place.Attachments, task))
		return
	}
	row[t.Index("stored_path")] = name
	at, _ := row[t.Index("created_at")].(int64)
	s.files[name] = max(at, s.files[name])
}

// file is where an attachment lies.
func (s *spooled) file(name string) string {
	return filepath.Join(s.place.Attachments, filepath.FromSlash(strings.TrimPrefix(name, filesDir+"/")))
}

// hash adds the attachments to the entries.
func (s *spooled) hash(ctx context.Context) error {
	for _, name := range slices.Sorted(maps.Keys(s.files)) {
		hash := sha256.New()
		size, err := s.copyFile(ctx, name, hash)
		if err != nil {
			return err
		}
		s.entries = append(s.entries, Entry{Name: name, Size: size, SHA256: hex.EncodeToString(hash.Sum(nil))})
	}
	return nil
}

func (s *spooled) copyFile(ctx context.Context, name string, w io.Writer) (int64, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	// No link in between may lead out of the folder.
	root, err := os.OpenRoot(s.place.Attachments)
	if err != nil {
		return 0, vanished(err)
	}
	defer root.Close()
	local := filepath.FromSlash(strings.TrimPrefix(name, filesDir+"/"))
	if info, err := root.Lstat(local); err != nil || !info.Mode().IsRegular() {
		return 0, vanished(err)
	}
	f, err := root.Open(local)
	if err != nil {
		return 0, vanished(err)
	}
	defer f.Close()
	return io.Copy(w, f)
}

func vanished(err error) error {
	if err == nil || errors.Is(err, fs.ErrNotExist) {
		return errors.Join(errVanished, err)
	}
	return err
}

// write writes the archive.
func (s *spooled) write(ctx context.Context, w io.Writer, o Exporting) (x Exported, err error) {
	out := &tally{w: w}
	if !o.Gzip {
		x, err = s.tar(ctx, out, o)
	} else {
		z := gzip.NewWriter(out) // whose header names no file and no hour
		x, err = s.tar(ctx, z, o)
		if err == nil {
			err = z.Close()
		}
	}
	x.Bytes = out.size
	return x, err
}

func (s *spooled) tar(ctx context.Context, w io.Writer, o Exporting) (x Exported, err error) {
	manifest, err := Manifest{formatName, formatVersion, s.entries}.encode()
	if err != nil {
		return x, err
	}
	if len(manifest) > maxManifest {
		return x, fmt.Errorf("the board has too many attachments: their names alone take %d bytes, and %d is the most", len(manifest), maxManifest)
	}
	var of, done int64
	for _, e := range s.entries {
		of += e.Size
	}
	t, at := tar.NewWriter(w), hour(s.check.newest)
	for _, e := range append([]Entry{entry(manifestName, manifest)}, s.entries...) {
		when := at
		if seconds, ok := s.files[e.Name]; ok {
			when = hour(seconds)
		}
		if err := t.WriteHeader(header(e.Name, e.Size, when)); err != nil {
			return x, fmt.Errorf("%s: %w", e.Name, err)
		}
		hash := sha256.New()
		if err := s.content(ctx, e.Name, manifest, io.MultiWriter(t, hash)); err != nil {
			return x, fmt.Errorf("%s: %w", e.Name, err)
		}
		if hex.EncodeToString(hash.Sum(nil)) != e.SHA256 {
			return x, fmt.Errorf("%s: %w", e.Name, errVanished)
		}
		if done += e.Size; o.Progress != nil && e.Name != manifestName {
			o.Progress(done, of)
		}
		switch e.Name {
		case cardsFile:
			x.Cards = *e.Rows
		case eventsFile:
			x.Events = *e.Rows
		}
	}
	x.Files, x.Running = int64(len(s.files)), int64(s.check.running)
	return x, t.Close()
}

func (s *spooled) content(ctx context.Context, name string, manifest []byte, w io.Writer) (err error) {
	switch {
	case name == manifestName:
		_, err = w.Write(manifest)
	case name == boardName:
		_, err = w.Write(s.board)
	case path.Dir(name) != ".":
		_, err = s.copyFile(ctx, name, w)
	default:
		f, err := os.Open(filepath.Join(s.dir, name))
		if err != nil {
			return err
		}
		defer f.Close()
		_, err = io.Copy(w, f)
		return err
	}
	return err
}

// readMetadata reads what board.json says of the board wherever it is: its name,
// but not where it lies. One that is missing or no JSON says nothing.
func readMetadata(file string) ([]byte, error) {
	text, err := os.ReadFile(file)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	about := parseMetadata(text)
	delete(about, "slug")
	delete(about, "db_path")
	return encodeMetadata(about)
}
