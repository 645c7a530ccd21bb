package workspace

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// ErrUnmanaged is the error for a folder that is not andon's to remove.
var ErrUnmanaged = errors.New("not below a folder of workspaces")

// Folder is a scratch folder that may be removed: a folder, and no link, that
// lies strictly below a managed root whichever way it is reached.
type Folder struct {
	Path string // with every link in it followed
	root string
	rel  string
}

// Managed finds the folder at path. Roots are the folders that hold scratch
// folders. It is [fs.ErrNotExist] where there is none, and [ErrUnmanaged] where it
// is anything but one of andon's: a card's path is text, which others may have
// written.
func Managed(path string, roots []string) (Folder, error) {
	refuse := func(why string) (Folder, error) {
		return Folder{}, fmt.Errorf("%s is left alone: %w: %s", path, ErrUnmanaged, why)
	}
	if !filepath.IsAbs(path) {
		return refuse("its path is not absolute")
	}
	info, err := os.Lstat(path)
	if err != nil {
		return Folder{}, err
	}
	if !info.IsDir() {
		return refuse("it is a link or a file, and no folder")
	}
	path, err = filepath.EvalSymlinks(path)
	if err != nil {
		return Folder{}, err
	}
	var found Folder
	for _, root := range roots {
		if root, err = filepath.EvalSymlinks(root); err != nil {
			continue // not made yet: nothing is below it
		}
		switch {
		case path == root || below(root, path):
			return refuse("it holds the workspaces of others")
		case below(path, root) && found.root == "":
			rel, err := filepath.Rel(root, path)
			if err != nil {
				return Folder{}, err
			}
			found = Folder{Path: path, root: root, rel: rel}
		}
	}
	if found.root == "" {
		return refuse("those are " + strings.Join(roots, ", "))
	}
	return found, nil
}

// below reports whether path lies strictly below dir. Both are clean and absolute.
func below(path, dir string) bool {
	rel, err := filepath.Rel(dir, path)
	return err == nil && rel != "." && filepath.IsLocal(rel)
}

// Within reports whether a path is, or lies below, a folder.
func Within(path, dir string) bool {
	path, dir = actual(path), actual(dir)
	return path == dir || below(path, dir)
}

// actual is the path with the links in it followed, as far as it is there.
func actual(path string) string {
	path = filepath.Clean(path)
	if p, err := filepath.EvalSymlinks(path); err == nil {
		return p
	}
	if dir := filepath.Dir(path); dir != path {
		return filepath.Join(actual(dir), filepath.Base(path))
	}
	return path
}

// Remove removes the folder with all that is in it. It works from the root that
// it was found below, so that a link which was put in the way meanwhile leads
// nowhere else.
func (f Folder) Remove() (err error) {
	root, err := os.OpenRoot(f.root)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, root.Close()) }()
	if err = root.RemoveAll(f.rel); !errors.Is(err, fs.ErrPermission) {
		return err
	}
	// Caches of build tools are full of folders that nobody may write to.
	_ = fs.WalkDir(root.FS(), filepath.ToSlash(f.rel), func(path string, d fs.DirEntry, err error) error {
		if d != nil && d.IsDir() {
			_ = root.Chmod(path, 0o700) // if that does not help, removing says why
		}
		return nil
	})
	return root.RemoveAll(f.rel)
}
