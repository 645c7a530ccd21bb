package kanban

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Place is where in a card a word occurs, the most telling place first.
type Place int

// The places, in the order in which hits are ranked.
const (
	InID Place = iota
	InTitle
	InBody
	InResults // of the card, and the summaries of its runs
	InComments
)

var placeNames = []string{"id", "title", "body", "results", "comments"}

func (p Place) String() string { return placeNames[p] }

// Places lists where a search may look; the id is looked at always.
func Places() []string { return placeNames[InTitle:] }

// Query is what is sought. It is made by [ParseQuery].
type Query struct {
	Words []string // folded; all must occur, in whichever places
	Not   []string // folded; none may occur
	In    []Place  // the places looked at, in order; without the id
}

// What a query may have at most: beyond it the databases refuse the statement.
const (
	maxWords  = 16
	maxSought = 1000 // characters
)

// ParseQuery reads words, "phrases in quotes" and -words that must not occur;
// not has more of those, as they are. in names the places; none are all.
func ParseQuery(text string, not, in []string) (Query, error) {
	var q Query
	if err := cleanText("the search", text+strings.Join(not, "")); err != nil {
		return q, err
	}
	if n := utf8.RuneCountInString(text + strings.Join(not, "")); n > maxSought {
		return q, Invalidf("the search has %d characters, and %d is the most", n, maxSought)
	}
	add := func(list *[]string, word string) {
		if word = Fold(strings.Join(strings.Fields(word), " ")); word != "" && !slices.Contains(*list, word) {
			*list = append(*list, word)
		}
	}
	for rest := strings.TrimSpace(text); rest != ""; rest = strings.TrimSpace(rest) {
		list := &q.Words
		if after, minus := strings.CutPrefix(rest, "-"); minus && after != "" && after[0] != ' ' {
			list, rest = &q.Not, after
		}
		var word string
		if after, quoted := strings.CutPrefix(rest, `"`); quoted {
			word, rest, _ = strings.Cut(after, `"`) // one that is left open goes to the end
		} else if end := strings.IndexFunc(rest, unicode.IsSpace); end >= 0 {
			word, rest = rest[:end], rest[end:]
		} else {
			word, rest = rest, ""
		}
		add(list, word)
	}
	for _, w := range not {
		add(&q.Not, w)
	}
	switch {
	case len(q.Words) == 0:
		return q, &Error{Code: Invalid, Msg: "nothing is sought: name a word that shall occur", Hint: `words, "a phrase", and -words that must not occur`}
	case len(q.Words)+len(q.Not) > maxWords:
		return q, Invalidf("the search has %d words, and %d is the most", len(q.Words)+len(q.Not), maxWords)
	}
	for i, name := range placeNames[InTitle:] {
		if len(in) == 0 || slices.Contains(in, name) {
			q.In = append(q.In, InTitle+Place(i))
		}
	}
	for _, name := range in {
		if !slices.Contains(Places(), name) {
			return q, Invalidf("there is no place %q to search in; it is one of %s", name, strings.Join(Places(), ", "))
		}
	}
	return q, nil
}

// Document is all of a card that can be searched.
type Document struct {
	Task      Task
	Summaries []string // of its runs
	Comments  []string
}

// texts are those at a place.
func (d Document) texts(p Place) []string {
	switch p {
	case InTitle:
		return []string{d.Task.Title}
	case InBody:
		return []string{d.Task.Body}
	case InResults:
		return append([]string{d.Task.Result}, d.Summaries...)
	case InComments:
		return d.Comments
	}
	return []string{string(d.Task.ID)}
}

// Match reports whether the card is one that is sought. place is where the last
// of the words was found, each word counting where it is first found, and text
// is what stands there and has the most of them.
func (q Query) Match(d Document) (place Place, text string, ok bool) {
	has := func(p Place, w string) bool {
		if p == InID {
			return NamesID(w, d.Task.ID)
		}
		return slices.ContainsFunc(d.texts(p), func(s string) bool { return Contains(s, w) })
	}
	in := append([]Place{InID}, q.In...)
	for _, w := range q.Words {
		i := slices.IndexFunc(in, func(p Place) bool { return has(p, w) })
		if i < 0 {
			return 0, "", false
		}
		place = max(place, in[i])
	}
	for _, w := range q.Not {
		if slices.ContainsFunc(in, func(p Place) bool { return has(p, w) }) {
			return 0, "", false
		}
	}
	most := -1
	for _, s := range d.texts(place) {
		n := 0
		for _, w := range q.Words {
			if Contains(s, w) {
				n++
			}
		}
		if n > most {
			most, text = n, s
		}
	}
	return place, text, true
}

// Spans are where in s the words stand, in characters, from and to, in order and
// apart from each other.
func (q Query) Spans(s string) [][2]int {
	var all [][2]int
	folded := Fold(s)
	for _, w := range q.Words {
		for from := 0; ; {
			i := strings.Index(folded[from:], w)
			if i < 0 {
				break
			}
			at := utf8.RuneCountInString(folded[:from+i])
			all = append(all, [2]int{at, at + utf8.RuneCountInString(w)})
			from += i + len(w)
		}
	}
	slices.SortFunc(all, func(a, b [2]int) int { return a[0] - b[0] })
	var apart [][2]int
	for _, s := range all {
		if n := len(apart); n > 0 && s[0] <= apart[n-1][1] {
			apart[n-1][1] = max(apart[n-1][1], s[1])
		} else {
			apart = append(apart, s)
		}
	}
	return apart
}

// NamesID reports whether a folded word names a card: by the beginning of its id
// or, if it is another program's, by the whole of it.
func NamesID(word string, id TaskID) bool {
	if IDPrefix(word) {
		return strings.HasPrefix(string(id), word)
	}
	return word == string(id)
}

// IDPrefix reports whether a folded word can be the beginning of an id. A bare
// "t_" begins every one.
func IDPrefix(word string) bool { return len(word) >= 3 && strings.HasPrefix(word, "t_") }

// Contains reports whether the folded word occurs in s, whatever its case.
func Contains(s, word string) bool { return strings.Contains(Fold(s), word) }

// Fold makes texts the same that differ in case alone, or in where their lines
// end, one character for one. The letters of ASCII are the same as each other only, and not as the Kelvin
// sign and the long s: so each database can tell alike.
func Fold(s string) string {
	for i := range len(s) {
		if c := s[i]; c >= utf8.RuneSelf || 'A' <= c && c <= 'Z' || c < ' ' {
			return string(AppendFold(make([]byte, 0, len(s)+8), s))
		}
	}
	return s
}

// AppendFold is [Fold] for who has a place for the answer.
func AppendFold[S ~string | ~[]byte](to []byte, s S) []byte {
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c >= utf8.RuneSelf {
			return appendFoldRunes(to, string(s[i:]))
		}
		to = append(to, byte(FoldRune(rune(c))))
	}
	return to
}

func appendFoldRunes(to []byte, s string) []byte {
	for _, r := range s {
		to = utf8.AppendRune(to, FoldRune(r))
	}
	return to
}

// FoldRune is one for all characters that differ from r in case alone, or are
// spaces of ASCII as r is.
func FoldRune(r rune) rune {
	if r < utf8.RuneSelf {
		switch {
		case 'A' <= r && r <= 'Z':
			r += 'a' - 'A'
		case '\t' <= r && r <= '\r':
			r = ' '
		}
		return r
	}
	least := r
	for f := unicode.SimpleFold(r); f != r; f = unicode.SimpleFold(f) {
		if f >= utf8.RuneSelf {
			least = min(least, f)
		}
	}
	return least
}

// Cased reports whether other characters differ from r in case alone.
func Cased(r rune) bool { return unicode.SimpleFold(r) != r }
