package attach

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"andon/kanban"
)

// keeper is who keeps the artifacts of a finished card (Hermes).
const keeper = "kanban_complete"

// Deliver copies the artifacts that a report names and that lie in the card's
// scratch folder to where they last: those that it declares, and the files of the
// folder that stand in its words. It is a board's Deliver. What lies elsewhere
// stays there. One that is missing, no regular file, too large or not to be read
// refuses the report, and nothing is kept.
func (f Files) Deliver(ctx context.Context, t kanban.Task, r kanban.Report) (_ kanban.Report, discard func(), err error) {
	var done []kept
	discard = func() {
		for _, k := range done {
			_ = k.remove() // what cannot be removed is a stray, and found as one
		}
	}
	declared, err := r.Declared()
	if err != nil {
		return r, discard, err
	}
	w := f.scratch(t)
	if w == nil {
		for i, path := range declared {
			declared[i] = absolute(t.WorkspacePath, path)
		}
		return r.Delivered(declared, nil), discard, nil
	}
	defer w.close()
	for _, path := range append(r.Mentioned(w.path), r.Mentioned(w.real)...) {
		if info, err := w.stat(w.local(path)); err == nil && info.Mode().IsRegular() && !slices.Contains(declared, path) {
			declared = append(declared, path)
		}
	}
	var paths []string
	var files []kanban.Attachment
	copies := map[string]string{}
	for _, path := range declared {
		path = absolute(w.path, path)
		local := w.local(path)
		if local == "" {
			paths = append(paths, path)
			continue
		}
		if copies[local] == "" {
			k, err := f.deliver(ctx, w, t.ID, local)
			if err != nil {
				discard()
				done = nil
				return r, discard, undelivered(t.ID, path, err)
			}
			done, copies[local] = append(done, k), k.path
			files = append(files, kanban.Attachment{Name: k.name, Path: k.path, Size: k.size, By: keeper})
		}
		if !slices.Contains(paths, copies[local]) {
			paths = append(paths, copies[local])
		}
	}
	if len(done) > 0 {
		f.at(Named)
	}
	return r.Delivered(paths, files), discard, nil
}

func undelivered(id kanban.TaskID, path string, err error) error {
	return &kanban.Error{Code: kanban.Invalid, Err: err,
		Msg:  fmt.Sprintf("complete %s: the artifact %s cannot be kept: %v", id, path, plain(err)),
		Hint: "the card stays as it is: mend the file, or leave it out, and complete it again"}
}

// plain is an error without the names that are told already.
func plain(err error) error {
	if pe, ok := errors.AsType[*fs.PathError](err); ok {
		return pe.Err
	}
	return err
}

// scratch is a card's scratch folder below a folder of the board's.
type scratch struct {
	files Files
	path  string   // as the worker was told it
	real  string   // without symbolic links
	root  *os.Root // nil: the folder is not there
}

// scratch opens the card's scratch folder. It is nil where the card has another
// kind of workspace, or one that lies where nobody removes it.
func (f Files) scratch(t kanban.Task) *scratch {
	if t.WorkspaceKind != kanban.Scratch || f.Workspaces == nil {
		return nil
	}
	for _, managed := range f.Workspaces() {
		path := t.WorkspacePath
		if name := string(t.ID); path == "" && filepath.Base(name) == name && filepath.IsLocal(name) {
			path = filepath.Join(managed, name)
		}
		w := &scratch{files: f, path: filepath.Clean(path), real: real(path)}
		if inside := below(real(managed), w.real); filepath.IsAbs(path) && inside != "" && inside != "." {
			w.root, _ = os.OpenRoot(w.real)
			return w
		}
	}
	return nil
}

// real is a path without symbolic links as far as it is there.
func real(path string) string {
	path = filepath.Clean(path)
	if real, err := filepath.EvalSymlinks(path); err == nil {
		return real
	}
	above := filepath.Dir(path)
	if above == path {
		return path
	}
	return filepath.Join(real(above), filepath.Base(path))
}

func (w *scratch) close() {
	if w.root != nil {
		w.root.Close()
	}
}

// local is an absolute path within the scratch folder, empty for one that lies
// elsewhere. What it names need not be there.
func (w *scratch) local(path string) string {
	for _, dir := range []string{w.path, w.real} {
		if local := below(dir, path); local != "" {
			return local
		}
	}
	return below(w.real, real(path))
}

// below is path relative to dir, "." for dir itself, and empty if it lies
// elsewhere.
func below(dir, path string) string {
	rel, err := filepath.Rel(dir, path)
	if err != nil || !filepath.IsLocal(rel) {
		return ""
	}
	return rel
}

// stat follows links within the folder. One that leads out of it is an error.
func (w *scratch) stat(local string) (fs.FileInfo, error) {
	if w.root == nil {
		return nil, fmt.Errorf("the card's folder %s is not there", w.path)
	}
	info, err := w.root.Stat(local)
	if err != nil && below(w.real, real(filepath.Join(w.real, local))) == "" {
		err = errors.New("it leads out of the card's folder")
	}
	return info, err
}

// deliver copies one file of the scratch folder.
func (f Files) deliver(ctx context.Context, w *scratch, id kanban.TaskID, local string) (kept, error) {
	info, err := w.stat(local)
	if err == nil {
		err = f.regular(info)
	}
	if err != nil {
		return kept{}, err
	}
	file, err := w.root.Open(local)
	if err != nil {
		return kept{}, err
	}
	defer file.Close()
	name, err := kanban.AttachmentName(filepath.Base(local))
	if err != nil {
		return kept{}, err
	}
	return f.put(ctx, id, name, kanban.ArtifactAgain, file)
}

// absolute makes a path in the folder mean the same to everybody who reads it
// later. Where something is on the web stays as it is.
func absolute(dir, path string) string {
	if filepath.IsAbs(path) || !filepath.IsAbs(dir) || strings.Contains(path, "://") {
		return path
	}
	return filepath.Join(dir, path)
}
