package cli

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// What is written into a form is read back from it, whatever the words are.
func TestFormIsReadBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		words := rapid.StringOfN(rapid.SampledFrom([]rune("ab:#-é語\"' \n")), 0, 20, -1)
		f := form{
			Title:    strings.TrimSpace(strings.ReplaceAll(words.Draw(t, "title"), "\n", " ")),
			Assignee: rapid.SampledFrom([]string{"", "ada", "bob.2"}).Draw(t, "assignee"),
			Priority: rapid.Int64().Draw(t, "priority"),
			Body:     strings.TrimRight(rapid.SampledFrom([]string{"", "---\n", "# A heading\n", "---\ntitle: no\n---\n"}).Draw(t, "start")+words.Draw(t, "body"), "\n"),
		}
		text := f.text("a note", "title: another note")
		if rapid.Bool().Draw(t, "windows") {
			text = "\ufeff" + strings.ReplaceAll(text, "\n", "\r\n")
		}
		if got, err := parseForm(text); err != nil || got != f {
			t.Fatalf("%q\nis read as %+v (%v)\nand was %+v", text, got, err, f)
		}
	})
}

func TestFormRefuses(t *testing.T) {
	for _, tt := range []struct{ text, want string }{
		{"Write the letter", "the head must begin and end"},
		{"---\ntitle: x", "the head must begin and end"},
		{"title: x\n---\n", "the head must begin and end"},
		{"---\n# note\nWrite the letter\n---\n", `line 3: "Write the letter" has no colon`},
		{"---\ncolour: red\n---\n", `line 2: there is no field "colour"`},
		{"---\npriority: high\n---\n", `line 2: the priority is "high"`},
		{"---\ntitle: a\nTitle: b\n---\n", "line 3: title is there twice"},
	} {
		if _, err := parseForm(tt.text); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%q: %v, want %s", tt.text, err, tt.want)
		}
	}
	for text, want := range map[string]form{
		"":                                {},
		" \n\n":                           {},
		"---\n---":                        {},
		"---\ntitle: x\n---":              {Title: "x"},
		"\n\n---\n\ntitle:x\n---\nbody\n": {Title: "x", Body: "body"},
	} {
		if got, err := parseForm(text); err != nil || got != want {
			t.Errorf("%q: %+v, %v", text, got, err)
		}
	}
}
