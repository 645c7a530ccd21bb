package kanban_test

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"andon/kanban"
)

func TestParseQuery(t *testing.T) {
	for _, tt := range []struct {
		text      string
		words, no []string
	}{
		{"letter", []string{"letter"}, nil},
		{" Letter  STAMP letter ", []string{"letter", "stamp"}, nil},
		{`"to the  Editor" -draft`, []string{"to the editor"}, []string{"draft"}},
		{`x -"not this"`, []string{"x"}, []string{"not this"}},
		{`"left open`, []string{"left open"}, nil},
		{`well-known - x`, []string{"well-known", "-", "x"}, nil},
		{`Ärger ΣΊΣΥΦΟΣ`, []string{kanban.Fold("ärger"), kanban.Fold("σίσυφος")}, nil},
	} {
		q, err := kanban.ParseQuery(tt.text, nil, nil)
		if err != nil || !slices.Equal(q.Words, tt.words) || !slices.Equal(q.Not, tt.no) {
			t.Errorf("%q: words %q, not %q, error %v", tt.text, q.Words, q.Not, err)
		}
	}
	for _, tt := range []struct {
		text string
		in   []string
		want string
	}{
		{"", nil, "nothing is sought"},
		{`-x ""`, nil, "nothing is sought"},
		{"a\x00b", nil, "NUL"},
		{"\xff", nil, "UTF-8"},
		{strings.Repeat("x", 1001), nil, "1001 characters"},
		{"a b c d e f g h i j k l m n o p q", nil, "17 words"},
		{"x", []string{"title", "margin"}, `no place "margin"`},
	} {
		if _, err := kanban.ParseQuery(tt.text, nil, tt.in); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%.20q in %v: %v, want %s", tt.text, tt.in, err, tt.want)
		}
	}
}

func TestMatch(t *testing.T) {
	d := kanban.Document{
		Task:      kanban.Task{ID: "t_1a2b3c4d", Title: "Write the Letter", Body: "To the\neditor.", Result: "Posted"},
		Summaries: []string{"wrote a draft", "wrote it and posted it"},
		Comments:  []string{"Is it ÜBER-urgent?"},
	}
	for _, tt := range []struct {
		query string
		in    []string
		place kanban.Place
		text  string
		ok    bool
	}{
		{"letter", nil, kanban.InTitle, "Write the Letter", true},
		{"letter EDITOR", nil, kanban.InBody, d.Task.Body, true},
		{`"the editor"`, nil, kanban.InBody, d.Task.Body, true},
		{"posted", nil, kanban.InResults, "Posted", true},
		{"wrote posted", nil, kanban.InResults, "wrote it and posted it", true},
		{"über", nil, kanban.InComments, d.Comments[0], true},
		{"letter über", []string{"title"}, 0, "", false},
		{"letter -draft", nil, 0, "", false},
		{"letter -draft", []string{"title", "body"}, kanban.InTitle, "Write the Letter", true},
		{"t_1a2", nil, kanban.InID, "t_1a2b3c4d", true},
		{"t_1a2 letter", nil, kanban.InTitle, "Write the Letter", true},
		{"t_", nil, 0, "", false},
		{"1a2b", nil, 0, "", false},
		{"zebra", nil, 0, "", false},
	} {
		q, err := kanban.ParseQuery(tt.query, nil, tt.in)
		if err != nil {
			t.Fatal(err)
		}
		if place, text, ok := q.Match(d); place != tt.place || text != tt.text || ok != tt.ok {
			t.Errorf("%s in %v: %v %q %t", tt.query, tt.in, place, text, ok)
		}
	}
}

// What is marked is what was found: the marked characters are the words, whatever
// stands before them, and they lie apart.
func TestSpans(t *testing.T) {
	letters := rapid.StringOfN(rapid.SampledFrom([]rune("abAB ßẞσςΣéÉ語\xff")), 0, 30, -1)
	rapid.Check(t, func(t *rapid.T) {
		s, word := letters.Draw(t, "text"), kanban.Fold(letters.Draw(t, "word"))
		if strings.TrimSpace(word) == "" {
			return
		}
		q := kanban.Query{Words: []string{word}}
		spans := q.Spans(s)
		if kanban.Contains(s, word) != (len(spans) > 0) {
			t.Fatalf("%q in %q: %v", word, s, spans)
		}
		all, at := []rune(s), -1
		for _, span := range spans {
			if span[0] <= at || span[1] > len(all) {
				t.Fatalf("%q in %q: %v", word, s, spans)
			}
			at = span[1]
			if marked := kanban.Fold(string(all[span[0]:span[1]])); !strings.HasPrefix(marked, word) || !strings.HasSuffix(marked, word) {
				t.Fatalf("%q in %q: %q is marked", word, s, marked)
			}
		}
	})
}

// Folding keeps the number of characters, which marks are counted in, and is done
// once.
func TestFold(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.String().Draw(t, "text")
		f := kanban.Fold(s)
		if utf8.RuneCountInString(f) != utf8.RuneCountInString(s) || kanban.Fold(f) != f {
			t.Fatalf("%q is folded to %q", s, f)
		}
		if kanban.Fold(strings.ToUpper(f)) != f && !slices.ContainsFunc([]rune(s), oddlyCased) {
			t.Fatalf("%q is %q in upper case, which is folded to %q", s, strings.ToUpper(f), kanban.Fold(strings.ToUpper(f)))
		}
	})
}

// oddlyCased are the few letters whose upper case is another letter's as well.
func oddlyCased(r rune) bool {
	up := []rune(strings.ToUpper(string(r)))
	return len(up) != 1 || kanban.FoldRune(up[0]) != kanban.FoldRune(r)
}
