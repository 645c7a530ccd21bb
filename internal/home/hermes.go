package home

import (
	"path/filepath"
	"runtime"
	"strings"
)

// Hermes is the folder in which a Hermes of this user's keeps its boards, whether
// there is one or not: HERMES_KANBAN_HOME, else the root that all its profiles
// share. It is empty if it cannot be known.
func Hermes(getenv func(string) string, userHome string) string {
	if named := strings.TrimSpace(getenv("HERMES_KANBAN_HOME")); named != "" {
		path, err := absolute(named, userHome)
		if err != nil {
			return ""
		}
		return path
	}
	native := ""
	if userHome != "" {
		native = filepath.Join(userHome, ".hermes")
	}
	if local := getenv("LOCALAPPDATA"); runtime.GOOS == "windows" && local != "" {
		native = filepath.Join(local, "hermes")
	}
	named := strings.TrimSpace(getenv("HERMES_HOME"))
	if named == "" {
		return native
	}
	path, err := absolute(named, userHome)
	if err != nil {
		return native
	}
	if rel, err := filepath.Rel(native, path); native != "" && err == nil && filepath.IsLocal(rel) {
		return native
	}
	if filepath.Base(filepath.Dir(path)) == "profiles" {
		return filepath.Dir(filepath.Dir(path))
	}
	return path
}
