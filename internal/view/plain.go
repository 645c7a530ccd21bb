package view

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Plain makes text safe to show on one line of a terminal: control characters,
// which could move the cursor or change what was shown before, become visible,
// and so do the signs that reorder text. Line ends and tabs become spaces. What
// is no UTF-8 is marked, for a lone byte can be a control character, too.
func Plain(s string) string { return clean(s, false) }

// PlainLines is [Plain] for text of several lines: it keeps line ends and tabs.
func PlainLines(s string) string { return clean(strings.ReplaceAll(s, "\r\n", "\n"), true) }

func clean(s string, lines bool) string {
	if utf8.ValidString(s) && strings.IndexFunc(s, func(r rune) bool { return hidden(r, lines) }) < 0 {
		return s
	}
	return strings.Map(func(r rune) rune {
		switch {
		case !hidden(r, lines):
			return r // for a byte that is no UTF-8, r is U+FFFD
		case strings.ContainsRune("\n\t\r\u2028\u2029", r):
			return ' '
		case r < 0x20:
			return '␀' + r // the picture of the control character
		case r == 0x7f:
			return '␡'
		}
		return utf8.RuneError
	}, s)
}

func hidden(r rune, lines bool) bool {
	if lines && (r == '\n' || r == '\t') {
		return false
	}
	return unicode.In(r, unicode.Cc, unicode.Zl, unicode.Zp, unicode.Bidi_Control)
}
