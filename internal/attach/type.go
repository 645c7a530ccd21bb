package attach

import (
	"mime"
	"path/filepath"
	"strings"
)

// types are those of endings which not every system knows.
var types = map[string]string{
	".txt": "text/plain", ".log": "text/plain", ".md": "text/markdown", ".csv": "text/csv",
	".yaml": "application/yaml", ".yml": "application/yaml", ".diff": "text/x-diff", ".patch": "text/x-diff",
}

// TypeOf guesses a media type from a name; empty if the ending says nothing.
func TypeOf(name string) string {
	ending := strings.ToLower(filepath.Ext(name))
	if t := types[ending]; t != "" {
		return t
	}
	t, _, _ := strings.Cut(mime.TypeByExtension(ending), ";")
	return t
}
