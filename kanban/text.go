package kanban

import (
	"strings"
	"unicode/utf8"
)

// The longest texts that are taken, in characters and bytes.
const (
	MaxTitle = 500     // characters
	MaxBody  = 1 << 20 // bytes; comments, summaries and results too
)

// cleanText is the door every text passes: valid UTF-8 without NUL (Postgres
// stores neither), and not longer than MaxBody.
func cleanText(what, s string) error {
	switch {
	case !utf8.ValidString(s):
		return Invalidf("%s is not valid UTF-8", what)
	case strings.ContainsRune(s, 0):
		return Invalidf("%s contains a NUL character", what)
	case len(s) > MaxBody:
		return &Error{Code: Invalid, Msg: sprintf("%s has %d bytes, and %d (1 MiB) is the most", what, len(s), MaxBody),
			Hint: "keep long material in a file and name its path"}
	}
	return nil
}

// mended makes text of the system's own fit to be stored: to refuse it would lose
// what it tells.
func mended(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD")
}

func cleanTexts(pairs ...string) error {
	for i := 0; i < len(pairs); i += 2 {
		if err := cleanText(pairs[i], pairs[i+1]); err != nil {
			return err
		}
	}
	return nil
}

// firstLine is the first line of the trimmed text, cut to limit characters.
func firstLine(s string, limit int) string {
	s, _, _ = strings.Cut(strings.TrimSpace(s), "\n")
	return cut(strings.TrimRight(s, "\r"), limit)
}

// cut keeps the first limit characters of s.
func cut(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	for i := range s {
		if limit == 0 {
			return s[:i]
		}
		limit--
	}
	return s
}

// TitleOf makes a title of a text that may be longer: its first line, cut.
func TitleOf(text string) string { return firstLine(text, 80) }
