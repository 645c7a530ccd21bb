package sqlite

import (
	"path/filepath"
	"sync"
)

// files counts the connections of this process by the file they are open on.
// Every connection is counted before its file is opened and counted off after it
// is closed, and whoever reads the bytes of a file otherwise than through SQLite
// does so in [alone], which keeps new connections out meanwhile. That is why
// doing it in this process is safe, and no helper process is needed.
var files = struct {
	sync.Mutex
	conns map[string]int
}{conns: map[string]int{}}

func enter(file string) {
	files.Lock()
	defer files.Unlock()
	files.conns[file]++
}

func leave(file string) {
	files.Lock()
	defer files.Unlock()
	if files.conns[file]--; files.conns[file] == 0 {
		delete(files.conns, file)
	}
}

// alone calls do if this process has no connection to the file, and lets nobody
// make one before do has returned. Otherwise it reports false.
func alone(file string, do func() error) (bool, error) {
	files.Lock()
	defer files.Unlock()
	if files.conns[file] > 0 {
		return false, nil
	}
	return true, do()
}

// resolve follows symbolic links, as SQLite does, so that one file has one name.
// A file that does not exist yet is named by its folder.
func resolve(path string) string {
	if real, err := filepath.EvalSymlinks(path); err == nil {
		return real
	}
	if dir, err := filepath.EvalSymlinks(filepath.Dir(path)); err == nil {
		return filepath.Join(dir, filepath.Base(path))
	}
	return path
}
