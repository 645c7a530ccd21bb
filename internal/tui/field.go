package tui

import (
	"slices"
	"strings"
	"unicode"

	tea "charm.land/bubbletea/v2"

	"andon/internal/view"
)

// field is a place to write in: a line, an area of several lines, or a choice of
// given words. The usual library for this looks for clipboard programs whenever
// a process starts, which every call of andon would pay for.
type field struct {
	label   string
	lines   int      // how many an area shows; zero: a line
	options []string // of a choice
	hint    string   // shown while it is empty

	runes []rune
	pos   int
	pick  int
}

func (f *field) text() string {
	if f.options != nil {
		return f.options[f.pick]
	}
	return string(f.runes)
}

func (f *field) set(s string) { f.runes, f.pos = nil, 0; f.insert(s) }

// insert writes at the cursor. What a terminal cannot show is left out, and a
// line has no line ends.
func (f *field) insert(s string) {
	if f.options != nil {
		return
	}
	s = strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(s)
	if f.lines == 0 {
		s = strings.ReplaceAll(strings.TrimRight(s, "\n"), "\n", " ")
	}
	var in []rune
	for _, r := range s {
		if r == '\n' || r == '\t' || !unicode.IsControl(r) {
			in = append(in, r)
		}
	}
	f.runes = slices.Insert(f.runes, f.pos, in...)
	f.pos += len(in)
}

// key edits; ok is false for a key that means nothing here.
func (f *field) key(k tea.KeyPressMsg) (ok bool) {
	if f.options != nil {
		switch k.String() {
		case "left", "h":
			f.pick = (f.pick + len(f.options) - 1) % len(f.options)
		case "right", "l", "space":
			f.pick = (f.pick + 1) % len(f.options)
		default:
			return false
		}
		return true
	}
	switch s := k.String(); s {
	case "left", "ctrl+b":
		f.pos = max(0, f.pos-1)
	case "right", "ctrl+f":
		f.pos = min(len(f.runes), f.pos+1)
	case "home", "ctrl+a":
		f.pos = f.bol()
	case "end":
		f.pos = f.eol(f.pos)
	case "up":
		return f.vertical(-1)
	case "down":
		return f.vertical(1)
	case "enter":
		if f.lines == 0 {
			return false
		}
		f.insert("\n")
	case "backspace", "ctrl+h":
		f.remove(f.pos-1, f.pos)
	case "delete", "ctrl+d":
		f.remove(f.pos, f.pos+1)
	case "ctrl+u":
		f.remove(f.bol(), f.pos)
	case "ctrl+k":
		f.remove(f.pos, f.eol(f.pos))
	case "ctrl+w", "alt+backspace":
		from := f.pos
		for from > 0 && unicode.IsSpace(f.runes[from-1]) {
			from--
		}
		for from > 0 && !unicode.IsSpace(f.runes[from-1]) {
			from--
		}
		f.remove(from, f.pos)
	default:
		if k.Text == "" {
			return false
		}
		f.insert(k.Text)
	}
	return true
}

func (f *field) remove(from, to int) {
	from, to = max(0, from), min(to, len(f.runes))
	if from < to {
		f.runes = slices.Delete(f.runes, from, to)
		f.pos = from
	}
}

// bol and eol are the ends of the cursor's line.
func (f *field) bol() int {
	return strings.LastIndexByte(string(asMarks(f.runes[:f.pos])), '\n') + 1
}

func (f *field) eol(from int) int {
	if i := slices.Index(f.runes[from:], '\n'); i >= 0 {
		return from + i
	}
	return len(f.runes)
}

// asMarks keeps line ends and makes all else one byte, so that places are equal.
func asMarks(r []rune) []byte {
	b := make([]byte, len(r))
	for i, c := range r {
		if b[i] = 'x'; c == '\n' {
			b[i] = '\n'
		}
	}
	return b
}

// vertical moves the cursor by a line; there may be none.
func (f *field) vertical(by int) bool {
	from := f.bol()
	column := f.pos - from
	if by < 0 {
		if from == 0 {
			return false
		}
		f.pos = from - 1
		start := f.bol()
		f.pos = start + min(column, from-1-start)
		return true
	}
	end := f.eol(f.pos)
	if end == len(f.runes) {
		return false
	}
	f.pos = end + 1 + min(column, f.eol(end+1)-end-1)
	return true
}

// line shows a line of text with its cursor, scrolled so that it can be seen.
func (f *field) line(m *model, w int, focus bool) string {
	if f.options != nil {
		var all []string
		for i, o := range f.options {
			switch {
			case i == f.pick && focus:
				all = append(all, m.look.chosen.Render(" "+o+" "))
			case i == f.pick:
				all = append(all, m.look.bold.Render("["+o+"]"))
			default:
				all = append(all, m.look.faint.Render(" "+o+" "))
			}
		}
		return m.fit(strings.Join(all, ""), w)
	}
	if len(f.runes) == 0 && !focus {
		return m.fit(m.look.faint.Render(f.hint), w)
	}
	from := 0
	for from < f.pos && m.wide(view.Plain(string(f.runes[from:f.pos]))) > w-2 {
		from++
	}
	return m.fit(f.shown(m, f.runes[from:], f.pos-from, focus), w)
}

// shown is text with a cursor in it.
func (f *field) shown(m *model, r []rune, pos int, focus bool) string {
	if !focus || pos < 0 || pos > len(r) {
		return view.Plain(string(r))
	}
	at, rest := " ", ""
	if pos < len(r) {
		at, rest = view.Plain(string(r[pos])), view.Plain(string(r[pos+1:]))
	}
	hint := ""
	if len(r) == 0 {
		hint = m.look.faint.Render(f.hint)
	}
	return view.Plain(string(r[:pos])) + m.look.plain.Reverse(true).Render(at) + rest + hint
}

// area shows several lines, those around the cursor. Long ones are broken where
// they reach the width: what is written is prose.
func (f *field) area(m *model, w int, focus bool) []string {
	var rows []string
	cursor := 0
	for start := 0; ; {
		end := f.eol(start)
		for first := true; first || start < end; first = false {
			n := 0 // signs that fit the row
			for start+n < end && m.wide(view.Plain(string(f.runes[start:start+n+1]))) < w {
				n++
			}
			if start+n < end && n > 0 { // at a space if there is one
				for k := n; k > n/2; k-- {
					if f.runes[start+k-1] == ' ' {
						n = k
						break
					}
				}
			}
			n = max(n, min(1, end-start))
			here := f.pos >= start && (f.pos < start+n || f.pos == end && start+n == end)
			if here {
				cursor = len(rows)
			}
			pos := -1
			if here {
				pos = f.pos - start
			}
			rows = append(rows, m.fit(f.shown(m, f.runes[start:start+n], pos, focus && here), w))
			start += n
		}
		if start = end + 1; end == len(f.runes) {
			break
		}
	}
	if len(f.runes) == 0 && !focus {
		rows = []string{m.fit(m.look.faint.Render(f.hint), w)}
	}
	top := max(0, min(cursor-f.lines/2, len(rows)-f.lines))
	rows = rows[top:min(len(rows), top+f.lines)]
	for len(rows) < f.lines {
		rows = append(rows, strings.Repeat(" ", w))
	}
	return rows
}
