package yamlx

import "fmt"

// Error is one refusal of a file. Its text is a single line:
//
//	andon.yaml:7:5: profiles.writer.comand: unknown field; did you mean "command"?
type Error struct {
	File      string // "" if what is refused came from no file
	Line, Col int    // from 1; 0 if unknown
	Field     string // dotted path; "" where the file is no YAML at all
	Msg       string
	Err       error // what to find with errors.Is and errors.As; may be nil
}

func (e *Error) Error() string {
	s := e.Msg
	if e.Field != "" {
		s = e.Field + ": " + s
	}
	switch {
	case e.File == "":
		return s
	case e.Line == 0:
		return e.File + ": " + s
	}
	return fmt.Sprintf("%s:%d:%d: %s", e.File, e.Line, e.Col, s)
}

func (e *Error) Unwrap() error { return e.Err }

// Invalid is a refusal of the field at a dotted path, whose place in the file
// [Read] adds.
func Invalid(field, format string, args ...any) *Error {
	return &Error{Field: field, Msg: fmt.Sprintf(format, args...)}
}

// Nearest is the candidate within two edits of word, or "". A word of two
// letters is within two edits of anything as short, so at least half must stay.
func Nearest(word string, candidates []string) string {
	best, least := "", 3
	for _, c := range candidates {
		if d := distance(word, c); d < least && 2*d <= len(c) {
			best, least = c, d
		}
	}
	return best
}

// distance counts the letters to insert, delete, replace or swap with their
// neighbour to make b of a.
func distance(a, b string) int {
	if len(a)-len(b) > 2 || len(b)-len(a) > 2 {
		return 3 // farther than anyone asks
	}
	two, one := make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range one {
		one[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row := make([]int, len(b)+1)
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(one[j]+1, row[j-1]+1, one[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], two[j-2]+1)
			}
		}
		two, one = one, row
	}
	return one[len(b)]
}
