// Package yamlx reads small YAML files strictly: every field is known, given
// once and of its type. The first thing wrong with a file is one line that names
// the place and the field.
package yamlx

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// The parser's work grows with the square of the nesting, and a file of nothing
// but brackets must not take the memory of a host.
const maxDepth = 32 // within one line or one pair of brackets

// Decoder walks the syntax tree itself instead of unmarshalling, so that each
// refusal knows its field and its place.
type Decoder struct {
	at map[string]*token.Position // where each field stands, by dotted path
}

// Read parses the text of a file of at most limit bytes and hands its one
// document to decode; a file without one gives a nil node. What is refused, by
// the parser or by decode, comes back as an [*Error] bearing name; one of decode
// that knows its field only gets the place of that field.
func Read(name string, data []byte, limit int, decode func(*Decoder, ast.Node) error) error {
	d := &Decoder{at: map[string]*token.Position{}}
	err := d.document(data, limit, decode)
	if err == nil {
		return nil
	}
	var e *Error
	if !errors.As(err, &e) {
		return fmt.Errorf("%s: %w", name, err)
	}
	e.File = name
	if pos := d.position(e.Field); e.Line == 0 && pos != nil {
		e.Line, e.Col = pos.Line, pos.Column
	}
	return e
}

// Mark notes that the field at path stands where n does.
func (d *Decoder) Mark(path string, n ast.Node) { d.at[path] = n.GetToken().Position }

// position is where the field stands, or else the nearest field around it.
func (d *Decoder) position(field string) *token.Position {
	for {
		if pos := d.at[field]; pos != nil || field == "" {
			return pos
		}
		field = field[:max(strings.LastIndexAny(field, ".["), 0)]
	}
}

func (d *Decoder) document(data []byte, limit int, decode func(*Decoder, ast.Node) error) (err error) {
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	switch {
	case len(data) > limit:
		return Invalid("", "the file is too long; at most %d bytes are allowed", limit)
	case !utf8.Valid(data):
		return Invalid("", "the file is not UTF-8 text; save it as UTF-8")
	case bytes.IndexByte(data, 0) >= 0:
		return Invalid("", "the file has a NUL in line %d; leave it out", 1+bytes.Count(data[:bytes.IndexByte(data, 0)], []byte("\n")))
	}
	// A malformed file must never end a dispatcher that reads it again while
	// it runs, whatever the parser makes of it.
	defer func() {
		if r := recover(); r != nil {
			err = Invalid("", "the file is no readable YAML (%v)", r)
		}
	}()
	tokens := lexer.Tokenize(string(data))
	if t := tooDeep(tokens); t != nil {
		return &Error{Line: t.Position.Line, Col: t.Position.Column, Msg: fmt.Sprintf("nested more than %d deep", maxDepth)}
	}
	file, err := parser.Parse(tokens, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		return syntaxError(err, data)
	}
	var body ast.Node
	for _, doc := range file.Docs {
		switch {
		case doc.Body == nil:
		case body != nil:
			return Placed(doc.Body, "", "a second document; one file holds one")
		default:
			body = doc.Body
		}
	}
	return decode(d, body)
}

// tooDeep is the first token that opens more than maxDepth levels, or nil. What
// is nested by indentation needs a longer line for each level, and so is
// bounded by the size of the file.
func tooDeep(tokens token.Tokens) *token.Token {
	brackets, dashes, line := 0, 0, 0
	for _, t := range tokens {
		if t.Position.Line != line {
			dashes, line = 0, t.Position.Line
		}
		switch t.Type {
		case token.MappingStartType, token.SequenceStartType:
			brackets++
		case token.MappingEndType, token.SequenceEndType:
			brackets--
		case token.SequenceEntryType:
			dashes++
		}
		if brackets+dashes > maxDepth {
			return t
		}
	}
	return nil
}

// syntaxError takes the one line of substance out of the parser's error, which
// prints itself as a page with an excerpt.
func syntaxError(err error, data []byte) error {
	var y interface {
		GetToken() *token.Token
		GetMessage() string
	}
	if !errors.As(err, &y) {
		return Invalid("", "%s", OneLine(err.Error()))
	}
	e := Invalid("", "%s", OneLine(y.GetMessage()))
	if t := y.GetToken(); t != nil && t.Position != nil {
		e.Line, e.Col = t.Position.Line, t.Position.Column
	}
	// The parser shows the tab itself, which nobody can see.
	if lines := bytes.Split(data, []byte("\n")); 0 < e.Line && e.Line <= len(lines) {
		line := lines[e.Line-1]
		indent := line[:len(line)-len(bytes.TrimLeft(line, " \t"))]
		if i := bytes.IndexByte(indent, '\t'); i >= 0 {
			e.Col, e.Msg = i+1, "a tab in the indentation; YAML takes spaces only"
		}
	}
	return e
}

// OneLine makes every run of white space one space.
func OneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
