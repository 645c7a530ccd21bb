// Package view holds the shapes that the surfaces share: the JSON that scripts
// were promised, the text rows that people read, and the one table from error to
// exit status. It shows and decides nothing.
package view

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"time"
	"unicode/utf8"
)

// JSON writes v as scripts expect it: indented by two spaces, letters beyond
// ASCII as they are, and what could steer a terminal as its number.
func JSON(w io.Writer, v any) error { return encode(w, v, "  ") }

// JSONLine writes v on a line of its own, for streams.
func JSONLine(w io.Writer, v any) error { return encode(w, v, "") }

func encode(w io.Writer, v any, indent string) error {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", indent)
	if err := e.Encode(v); err != nil {
		return err
	}
	text := b.Bytes()
	// Those below U+0020 are numbers already, but for the ends of lines.
	if bytes.IndexFunc(text, func(r rune) bool { return r >= 0x7f && hidden(r, false) }) >= 0 {
		var safe []byte
		for _, r := range string(text) {
			if r >= 0x7f && hidden(r, false) {
				safe = fmt.Appendf(safe, `\u%04x`, r)
			} else {
				safe = utf8.AppendRune(safe, r)
			}
		}
		text = safe
	}
	_, err := w.Write(text)
	return err
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
