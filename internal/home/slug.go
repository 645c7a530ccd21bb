package home

import (
	"errors"
	"fmt"
	"strings"
)

// Slug is the name of a board: 1 to 64 of a-z, 0-9, "-" and "_", beginning with
// a letter or a digit. It is made by [ParseSlug].
type Slug string

// Default is the board that always exists and cannot be removed.
const Default Slug = "default"

// ErrSlug is the error for a text that can name no board.
var ErrSlug = errors.New("malformed board name")

// ParseSlug gives the canonical form of a board's name, trimmed and in lower
// case, or [ErrSlug].
func ParseSlug(s string) (Slug, error) {
	slug := strings.ToLower(strings.TrimSpace(s))
	ok := slug != "" && len(slug) <= 64
	for i, r := range slug {
		alnum := 'a' <= r && r <= 'z' || '0' <= r && r <= '9'
		ok = ok && (alnum || i > 0 && (r == '-' || r == '_'))
	}
	if !ok {
		return "", fmt.Errorf("%w %q: give 1 to 64 of a-z, 0-9, \"-\" and \"_\", beginning with a letter or a digit", ErrSlug, s)
	}
	return Slug(slug), nil
}

// String is the slug as written.
func (s Slug) String() string { return string(s) }
