package view

import (
	"bytes"
	"io"
	"strings"
	"unicode/utf8"
)

// Screen writes what a program has printed to a terminal, piece by piece, as
// [PlainLines] does. Of what steers a terminal it lets through colours alone, and those
// only if it is told to; a return to the start of a line begins a new one, so that
// nothing is written over. Close puts the colours back.
func Screen(w io.Writer, colours bool) io.WriteCloser { return &screen{w: w, colours: colours} }

type screen struct {
	w       io.Writer
	colours bool
	painted bool   // and not put back
	rest    []byte // the beginning of something that the next piece goes on with
}

func (s *screen) Write(p []byte) (int, error) {
	text := append(s.rest, p...)
	whole := len(text) - unfinished(text)
	text, s.rest = text[:whole:whole], bytes.Clone(text[whole:])
	if _, err := io.WriteString(s.w, s.shown(text)); err != nil {
		return 0, err
	}
	return len(p), nil
}

// shown is what of text goes to the terminal.
func (s *screen) shown(text []byte) string {
	var b strings.Builder
	for len(text) > 0 {
		plain, n := text, 0 // up to the next sequence that sets colours, and how long that is
		for from := 0; ; {
			i := bytes.IndexByte(text[from:], 0x1b)
			if i < 0 {
				break
			}
			from += i
			if n, _ = colouring(text[from:]); n > 0 {
				plain = text[:from]
				break
			}
			from++
		}
		b.WriteString(PlainLines(strings.ReplaceAll(strings.ReplaceAll(string(plain), "\r\n", "\n"), "\r", "\n")))
		if sequence := text[len(plain) : len(plain)+n]; s.colours && n > 0 && legible(sequence) {
			b.Write(sequence)
			s.painted = string(sequence) != reset
		}
		text = text[len(plain)+n:]
	}
	return b.String()
}

// reset puts a terminal's colours back.
const reset = "\x1b[0m"

// Close puts the colours back, and writes what was held back. It does not close what is
// below.
func (s *screen) Close() error {
	text := PlainLines(string(s.rest))
	if s.rest = nil; s.painted {
		text += reset
	}
	_, err := io.WriteString(s.w, text)
	return err
}

// legible reports whether what a sequence sets leaves text to be read: it neither
// conceals it nor lets it blink.
func legible(sequence []byte) bool {
	params := strings.Split(strings.Trim(string(sequence), "\x1b[m"), ";")
	for i := 0; i < len(params); i++ {
		switch name, _, whole := strings.Cut(params[i], ":"); strings.TrimLeft(name, "0") {
		case "5", "6", "8":
			return false
		case "38", "48", "58": // a colour by its number or its parts, which follow
			switch {
			case whole || i+1 == len(params):
			case params[i+1] == "5":
				i += 2
			case params[i+1] == "2":
				i += 4
			}
		}
	}
	return true
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

// Anew goes back to the start of a log that a long run has begun anew: it is shorter
// than what was read of it.
func Anew(file io.Seeker) error {
	at, err := file.Seek(0, io.SeekCurrent)
	if err != nil {
		return err
	}
	if end, err := file.Seek(0, io.SeekEnd); err != nil || end < at {
		at = 0
	}
	_, err = file.Seek(at, io.SeekStart)
	return err
}
