// Package view holds the shapes that the surfaces share: the JSON that scripts
// were promised, the text rows that people read, and the one table from error to
// exit status. It shows and decides nothing.
package view

import (
	"bytes"
	"encoding/json"
	"io"
	"time"
)

// JSON writes v as scripts expect it: indented by two spaces, letters beyond
// ASCII as they are.
func JSON(w io.Writer, v any) error {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(v); err != nil {
		return err
	}
	_, err := w.Write(b.Bytes())
	return err
}

// JSONLine writes v on a line of its own, for streams.
func JSONLine(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	return e.Encode(v)
}

// opt is null for the zero value.
func opt[T comparable](v T) *T {
	var zero T
	if v == zero {
		return nil
	}
	return &v
}

// epoch is whole seconds, null for the zero time.
func epoch(t time.Time) *int64 {
	if t.IsZero() {
		return nil
	}
	s := t.Unix()
	return &s
}

// Clock shows a time to a person, in loc.
func Clock(t time.Time, loc *time.Location) string { return t.In(loc).Format("2006-01-02 15:04") }
