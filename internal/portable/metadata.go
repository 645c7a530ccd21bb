package portable

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"andon/internal/fsx"
	"andon/internal/home"
)

// parseMetadata reads the text of a board.json, keys of other programs included.
func parseMetadata(text []byte) map[string]any {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	about := map[string]any{}
	if d.Decode(&about) != nil || about == nil {
		return map[string]any{}
	}
	return about
}

func encodeMetadata(about map[string]any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	err := e.Encode(about)
	return b.Bytes(), err
}

// metadata writes a board.json and returns how to have the old one back.
func metadata(place home.Board, text []byte) (undo func() error, err error) {
	nothing := func() error { return nil }
	old, err := os.ReadFile(place.Metadata)
	there := err == nil
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nothing, err
	}
	about := parseMetadata(text)
	if len(about) == 0 && !there {
		return nothing, nil
	}
	about["slug"] = place.Slug
	if text, err = encodeMetadata(about); err != nil {
		return nothing, err
	}
	undo = func() error {
		if there {
			return fsx.WriteFile(place.Metadata, old, 0o644)
		}
		return os.Remove(place.Metadata)
	}
	if err := os.MkdirAll(filepath.Dir(place.Metadata), 0o755); err != nil {
		return nothing, err
	}
	return undo, fsx.WriteFile(place.Metadata, text, 0o644)
}
