package view

import (
	"strings"
	"unicode"
)

// Plain makes text safe to show on one line of a terminal: control characters,
// which could move the cursor or change what was shown before, become visible,
// and so do the signs that reorder text.
func Plain(s string) string { return clean(s, false) }

// PlainLines is [Plain] for text of several lines.
func PlainLines(s string) string { return clean(s, true) }

func clean(s string, lines bool) string {
	if strings.IndexFunc(s, func(r rune) bool { return hidden(r, lines) }) < 0 {
		return s
	}
	return strings.Map(func(r rune) rune {
		switch {
		case !hidden(r, lines):
			return r
		case r == '\n' || r == '\t' || r == '\r':
			return ' '
		case r < 0x20:
			return '␀' + r // the picture of the control character
		}
		return '�'
	}, s)
}

func hidden(r rune, lines bool) bool {
	if lines && (r == '\n' || r == '\t') {
		return false
	}
	return unicode.IsControl(r) || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069
}
