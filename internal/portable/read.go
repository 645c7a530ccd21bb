package portable

import (
	"archive/tar"
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"

	"andon/internal/store"
	"andon/kanban"
)

// sink takes what an archive has, in its order. A nil function takes nothing.
type sink struct {
	board func(text []byte) error
	row   func(t store.Table, row []any) error
	file  func(name string, r io.Reader) error // reads all of r
}

// read reads an archive from its first byte to its last, and checks all of it:
// the manifest, every size and hash, every line and what it refers to. What a
// sink got before an error was not checked to the end.
func read(ctx context.Context, r io.Reader, s sink) (*checker, Manifest, error) {
	in := bufio.NewReaderSize(r, 1<<16)
	if magic, _ := in.Peek(2); bytes.Equal(magic, []byte{0x1f, 0x8b}) {
		z, err := gzip.NewReader(in)
		if err != nil {
			return nil, Manifest{}, damaged("%v", err)
		}
		z.Multistream(false)
		c, m, err := readTar(ctx, z, s)
		if err != nil {
			return nil, Manifest{}, err
		}
		if _, err := in.ReadByte(); err != io.EOF {
			return nil, Manifest{}, damaged("something follows its end")
		}
		return c, m, nil
	}
	return readTar(ctx, in, s)
}

func readTar(ctx context.Context, r io.Reader, s sink) (*checker, Manifest, error) {
	a := &archive{ctx: ctx, sink: s, check: newChecker(), was: sha256.New(), again: sha256.New()}
	a.in = io.TeeReader(r, a.was)
	a.tar, a.out = tar.NewReader(a.in), tar.NewWriter(a.again)
	if err := a.read(); err != nil {
		return nil, Manifest{}, err
	}
	return a.check, a.manifest, nil
}

// taken is an error of the sink's own, which says nothing about the archive.
type taken struct{ error }

func (t taken) Unwrap() error { return t.error }

type archive struct {
	ctx      context.Context
	sink     sink
	check    *checker
	manifest Manifest
	in       io.Reader
	tar      *tar.Reader
	out      *tar.Writer

	// The bytes that were read, and those that Export would write for the same
	// entries: what a tar file has besides its entries is checked thus.
	was, again hash.Hash
}

func (a *archive) read() error {
	var manifest bytes.Buffer
	if err := a.entry(manifestName, -1, maxManifest, "", func(r io.Reader) error {
		_, err := io.Copy(&manifest, r)
		return err
	}); err != nil {
		return err
	}
	var err error
	if a.manifest, err = parseManifest(manifest.Bytes()); err != nil {
		return err
	}
	for i, e := range a.manifest.Entries {
		limit, take := int64(1<<62), a.file(e.Name)
		switch {
		case i == 0:
			limit, take = maxBoard, a.board
		case i <= len(tableFiles):
			take = a.table(store.Travelling[i-1], e)
		case !a.check.files[e.Name]:
			return damaged("no row names %s", e.Name)
		}
		if err := a.entry(e.Name, e.Size, limit, e.SHA256, take); err != nil {
			return err
		}
	}
	if named, there := len(a.check.files), len(a.manifest.Entries)-1-len(tableFiles); named != there {
		return damaged("its rows name %d attachments, and it has %d", named, there)
	}
	return a.end()
}

// entry reads the next entry, which must be the one that is said.
func (a *archive) entry(name string, size, limit int64, sum string, take func(io.Reader) error) error {
	if err := a.ctx.Err(); err != nil {
		return err
	}
	h, err := a.tar.Next()
	switch {
	case err == io.EOF:
		return damaged("it ends before %s", name)
	case err != nil:
		return unread(name, err)
	case h.Name != name || h.Typeflag != tar.TypeReg:
		if name == manifestName {
			return &kanban.Error{Code: kanban.Invalid, Msg: fmt.Sprintf("the file is no archive of a board: it begins with %q", h.Name),
				Hint: "`andon export` makes one; a database file is what `andon restore` takes"}
		}
		return damaged("%q (type %q) stands where the file %s must be", h.Name, h.Typeflag, name)
	case size >= 0 && h.Size != size:
		return damaged("%s has %d bytes, and its manifest says %d", name, h.Size, size)
	case h.Size > limit:
		return damaged("%s has %d bytes, and %d is the most", name, h.Size, limit)
	}
	if err := a.out.WriteHeader(header(name, h.Size, h.ModTime)); err != nil {
		return damaged("%s: %v", name, err)
	}
	hash := sha256.New()
	content := io.TeeReader(a.tar, io.MultiWriter(hash, a.out))
	if err := take(content); err != nil {
		return unread(name, err)
	}
	if _, err := io.Copy(io.Discard, content); err != nil {
		return unread(name, err)
	}
	if sum != "" && hex.EncodeToString(hash.Sum(nil)) != sum {
		return damaged("%s is not what its manifest says (sha256)", name)
	}
	return nil
}

// unread says what kept an entry from being read, unless it is said already.
func unread(name string, err error) error {
	if mine, ok := errors.AsType[taken](err); ok {
		return mine.error
	}
	if kanban.CodeOf(err) != kanban.Internal || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	if name == manifestName {
		return &kanban.Error{Code: kanban.Damaged, Err: err, Msg: fmt.Sprintf("the file is no archive of a board, or a damaged one: %v", err),
			Hint: "`andon export` makes one"}
	}
	return damaged("%s: %v", name, err)
}

func (a *archive) end() error {
	if _, err := a.tar.Next(); err != io.EOF {
		return damaged("something follows its last entry")
	}
	if n, err := io.Copy(io.Discard, io.LimitReader(a.in, 1<<20)); err != nil {
		return damaged("%v", err)
	} else if n == 1<<20 {
		return damaged("something follows its end")
	}
	if err := a.out.Close(); err != nil {
		return damaged("%v", err)
	}
	if !bytes.Equal(a.was.Sum(nil), a.again.Sum(nil)) {
		return damaged("it is not written as andon writes it")
	}
	return nil
}

func (a *archive) board(r io.Reader) error {
	text, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	if again, err := encodeMetadata(parseMetadata(text)); err != nil || !bytes.Equal(again, text) {
		return errors.New("it is not written as andon writes it")
	}
	if a.sink.board == nil {
		return nil
	}
	if err := a.sink.board(text); err != nil {
		return taken{err}
	}
	return nil
}

func (a *archive) file(name string) func(io.Reader) error {
	return func(r io.Reader) error {
		if a.sink.file == nil {
			return nil
		}
		if err := a.sink.file(name, r); err != nil {
			return taken{err}
		}
		return nil
	}
}

func (a *archive) table(t store.Table, e Entry) func(io.Reader) error {
	return func(r io.Reader) error {
		lines, n := &lines{r: bufio.NewReaderSize(r, 1<<16)}, int64(0)
		for {
			line, err := lines.next()
			if err == io.EOF {
				break
			}
			n++
			if err == nil {
				err = a.line(t, line)
			}
			if mine, ok := errors.AsType[taken](err); ok {
				return taken{fmt.Errorf("%s line %d: %w", e.Name, n, mine.error)}
			}
			if err != nil {
				return damaged("%s line %d: %v", e.Name, n, err)
			}
			if n%1024 == 0 && a.ctx.Err() != nil {
				return a.ctx.Err()
			}
		}
		if n != *e.Rows {
			return fmt.Errorf("it has %d lines, and its manifest says %d", n, *e.Rows)
		}
		return nil
	}
}

func (a *archive) line(t store.Table, line []byte) error {
	row, err := t.ParseRow(line)
	if err != nil {
		return err
	}
	if err := a.check.row(t, row); err != nil {
		return err
	}
	if a.sink.row == nil {
		return nil
	}
	if err := a.sink.row(t, row); err != nil {
		return taken{err}
	}
	return nil
}

// lines reads lines that end with a line feed, none of them beyond measure.
type lines struct {
	r   *bufio.Reader
	buf []byte
}

func (l *lines) next() ([]byte, error) {
	l.buf = l.buf[:0]
	for {
		part, err := l.r.ReadSlice('\n')
		l.buf = append(l.buf, part...)
		switch {
		case err == nil:
			return l.buf[:len(l.buf)-1], nil
		case len(l.buf) > maxLine:
			return nil, fmt.Errorf("it has more than %d bytes", maxLine)
		case err == io.EOF && len(l.buf) == 0:
			return nil, io.EOF
		case err == io.EOF:
			return nil, io.ErrUnexpectedEOF
		case err != bufio.ErrBufferFull:
			return nil, err
		}
	}
}
