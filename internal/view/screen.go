package view

import (
	"bytes"
	"io"
	"unicode/utf8"
)

// Screen writes what a program has printed to a terminal, piece by piece, as
// [PlainLines] does. Colours are taken off, and a return to the start of a line
// begins a new one, so that nothing is written over.
func Screen(w io.Writer) io.Writer { return &screen{w: w} }

type screen struct {
	w    io.Writer
	rest []byte // the beginning of something that the next piece goes on with
}

func (s *screen) Write(p []byte) (int, error) {
	text := append(s.rest, p...)
	whole := len(text) - unfinished(text)
	text, s.rest = text[:whole:whole], bytes.Clone(text[whole:])
	text = bytes.ReplaceAll(uncoloured(text), []byte("\r\n"), []byte("\n"))
	text = bytes.ReplaceAll(text, []byte("\r"), []byte("\n"))
	if _, err := io.WriteString(s.w, PlainLines(string(text))); err != nil {
		return 0, err
	}
	return len(p), nil
}

// longest is how long a sequence that sets colours is at most. What goes on for
// longer is none.
const longest = 64

// colouring is how long the sequence at the start of text is that sets colours, and
// whether it may go on behind text. Zero and false: there is none.
func colouring(text []byte) (n int, goesOn bool) {
	for i, c := range text[:min(len(text), longest)] {
		switch {
		case i == 0 && c == 0x1b, i == 1 && c == '[', i > 1 && (c >= '0' && c <= '9' || c == ';' || c == ':'):
		case i > 1 && c == 'm':
			return i + 1, false
		default:
			return 0, false
		}
	}
	return 0, len(text) < longest
}

// unfinished is how many bytes at the end can only be judged with what follows.
func unfinished(text []byte) int {
	if n := len(text); n > 0 && text[n-1] == '\r' {
		return 1
	}
	if i := bytes.LastIndexByte(text, 0x1b); i >= 0 {
		if _, goesOn := colouring(text[i:]); goesOn {
			return len(text) - i
		}
	}
	for n := 1; n < utf8.UTFMax && n <= len(text); n++ {
		if c := text[len(text)-n]; utf8.RuneStart(c) {
			if c >= utf8.RuneSelf && !utf8.FullRune(text[len(text)-n:]) {
				return n
			}
			break
		}
	}
	return 0
}

func uncoloured(text []byte) []byte {
	var kept []byte
	for {
		i := bytes.IndexByte(text, 0x1b)
		if i < 0 {
			return append(kept, text...)
		}
		kept = append(kept, text[:i]...)
		n, _ := colouring(text[i:])
		if n == 0 {
			kept, n = append(kept, 0x1b), 1
		}
		text = text[i+n:]
	}
}
