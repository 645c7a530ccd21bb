package tui

import "testing"

func TestFieldEdits(t *testing.T) {
	for _, tt := range []struct {
		name  string
		lines int
		start string
		keys  []string
		want  string
	}{
		{"at the end", 0, "ab", []string{"c"}, "abc"},
		{"in the middle", 0, "ac", []string{"left", "b"}, "abc"},
		{"at the start", 0, "bc", []string{"home", "a"}, "abc"},
		{"backwards", 0, "abc", []string{"left", "backspace"}, "ac"},
		{"forwards", 0, "abc", []string{"home", "delete"}, "bc"},
		{"a word", 0, "one two  ", []string{"ctrl+w"}, "one "},
		{"up to here", 0, "one two", []string{"left", "ctrl+u"}, "o"},
		{"from here", 0, "one", []string{"home", "right", "ctrl+k"}, "o"},
		{"nothing to remove", 0, "", []string{"backspace", "delete", "ctrl+w", "ctrl+u", "ctrl+k", "left", "right"}, ""},
		{"signs beyond ASCII", 0, "漢字", []string{"backspace", "🚀"}, "漢🚀"},
		{"a line has no line ends", 0, "a\nb\r\nc\n", nil, "a b c"},
		{"nor control characters", 0, "a\x1b[2Jb\x00", nil, "a[2Jb"},
		{"an area has", 3, "a\r\nb", []string{"enter", "c"}, "a\nb\nc"},
		{"a line up", 3, "long\nb", []string{"up", "x"}, "lxong\nb"},
		{"a line down", 3, "a\nlong", []string{"up", "home", "down", "x"}, "a\nxlong"},
		{"a line that is shorter", 3, "a\nlong", []string{"up", "x"}, "ax\nlong"},
		{"the start of a line", 3, "one\ntwo", []string{"ctrl+u"}, "one\n"},
		{"the end of a line", 3, "one\ntwo", []string{"up", "home", "ctrl+k"}, "\ntwo"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := &field{lines: tt.lines}
			f.set(tt.start)
			for _, k := range tt.keys {
				f.key(keyOf(t, k))
			}
			if got := f.text(); got != tt.want {
				t.Errorf("%q, want %q", got, tt.want)
			}
		})
	}
}

// An area shows every sign of its text once, and the cursor wherever it is.
func TestAreaShowsItsCursor(t *testing.T) {
	d := newDrive(t, 80, 24, nil)
	f := &field{lines: 5}
	f.set("A line that is much longer than the area is wide, so that it is broken.\n\n漢字漢字漢字漢字漢字漢字 and\nthe end")
	for f.pos = len(f.runes); f.pos >= 0; f.pos-- {
		rows := f.area(d.m, 20, true)
		if len(rows) != f.lines {
			t.Fatalf("%d rows at %d", len(rows), f.pos)
		}
		cursors := 0
		for _, r := range rows {
			if w := d.m.wide(r); w != 20 {
				t.Errorf("at %d a row has %d columns: %q", f.pos, w, r)
			}
			if r != bare(r) {
				cursors++
			}
		}
		if cursors != 1 {
			t.Errorf("at %d there are %d cursors: %q", f.pos, cursors, rows)
		}
	}
}
