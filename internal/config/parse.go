package config

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// The parser's work grows with the square of the nesting, and a file of nothing
// but brackets must not take the memory of a host.
const (
	maxFile  = 256 << 10
	maxDepth = 32 // within one line or one pair of brackets
)

// Parse reads the text of andon.yaml over [Default]. The first thing wrong with
// it, be it the syntax, an unknown or repeated field, a wrong type or a value
// out of bounds, is returned as an [*Error] bearing name, line and column.
func Parse(name string, data []byte) (Config, error) {
	d := decoder{at: map[string]*token.Position{}}
	c, err := d.document(data)
	if err == nil {
		err = c.Validate()
	}
	if err == nil {
		return c, nil
	}
	var e *Error
	if !errors.As(err, &e) {
		return Config{}, fmt.Errorf("%s: %w", name, err)
	}
	e.File = name
	if pos := d.position(e.Field); e.Line == 0 && pos != nil {
		e.Line, e.Col = pos.Line, pos.Column
	}
	return Config{}, e
}

// decoder walks the syntax tree itself instead of unmarshalling, so that each
// refusal knows its field and its place.
type decoder struct {
	at map[string]*token.Position // where each field stands, by dotted path
}

// position is where the field stands, or else the nearest field around it.
func (d *decoder) position(field string) *token.Position {
	for {
		if pos := d.at[field]; pos != nil || field == "" {
			return pos
		}
		field = field[:max(strings.LastIndexAny(field, ".["), 0)]
	}
}

func (d *decoder) document(data []byte) (c Config, err error) {
	c = Default()
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	switch {
	case len(data) > maxFile:
		return c, invalid("", "the file has %d bytes; at most %d are allowed", len(data), maxFile)
	case !utf8.Valid(data):
		return c, invalid("", "the file is not UTF-8 text; save it as UTF-8")
	case bytes.IndexByte(data, 0) >= 0:
		return c, invalid("", "the file has a NUL in line %d; leave it out", 1+bytes.Count(data[:bytes.IndexByte(data, 0)], []byte("\n")))
	}
	// A malformed file must never end a dispatcher that reads it again while
	// it runs, whatever the parser makes of it.
	defer func() {
		if r := recover(); r != nil {
			err = invalid("", "the file is no readable YAML (%v)", r)
		}
	}()
	tokens := lexer.Tokenize(string(data))
	if t := tooDeep(tokens); t != nil {
		return c, &Error{Line: t.Position.Line, Col: t.Position.Column, Msg: fmt.Sprintf("nested more than %d deep", maxDepth)}
	}
	file, err := parser.Parse(tokens, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		return c, syntaxError(err, data)
	}
	var docs []*ast.DocumentNode
	for _, doc := range file.Docs {
		if doc.Body != nil {
			docs = append(docs, doc)
		}
	}
	if len(docs) == 0 {
		return c, nil
	}
	if len(docs) > 1 {
		return c, placed(docs[1].Body, "", "a second document; andon.yaml holds one")
	}
	return c, d.root(&c, docs[0].Body)
}

// tooDeep is the first token that opens more than maxDepth levels, or nil. What
// is nested by indentation needs a longer line for each level, and so is
// bounded by maxFile.
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

func (d *decoder) root(c *Config, n ast.Node) error {
	return d.fields("", n, map[string]setter{
		"dispatch": func(path string, n ast.Node) error { return d.dispatch(&c.Dispatch, path, n) },
		"profiles": func(path string, n ast.Node) error { return d.profiles(c, path, n) },
	})
}

func (d *decoder) dispatch(to *Dispatch, path string, n ast.Node) error {
	return d.fields(path, n, map[string]setter{
		"max_in_progress": integer(&to.MaxInProgress),
		"failure_limit":   integer(&to.FailureLimit),
		"interval":        duration(&to.Interval),
		"stale_timeout":   duration(&to.StaleTimeout),
	})
}

func (d *decoder) profiles(c *Config, path string, n ast.Node) error {
	lines := map[string]int{}
	return d.entries(path, n, func(e entry) error {
		name, err := ParseProfileName(e.key)
		if err != nil {
			return placed(e.keyNode, path, "%s", err)
		}
		if line := lines[name]; line > 0 {
			return placed(e.keyNode, path, "profile %q is the same as the one in line %d; names differ neither by case nor by outer spaces", e.key, line)
		}
		lines[name] = e.keyNode.GetToken().Position.Line
		e.path = path + "." + name
		d.at[e.path] = e.keyNode.GetToken().Position
		p := defaultProfile()
		err = d.fields(e.path, e.value, map[string]setter{
			"description":     text(&p.Description),
			"command":         d.list(&p.Command),
			"env":             d.env(&p.Env),
			"on_exit":         text(&p.OnExit),
			"max_in_progress": integer(&p.MaxInProgress),
			"max_runtime":     duration(&p.MaxRuntime),
			"max_retries":     integer(&p.MaxRetries),
			"stdin":           text(&p.Stdin),
		})
		c.Profiles[name] = p
		return err
	})
}

func (d *decoder) env(to *map[string]string) setter {
	return func(path string, n ast.Node) error {
		*to = map[string]string{}
		return d.entries(path, n, func(e entry) error {
			if _, twice := (*to)[e.key]; twice {
				return placed(e.keyNode, e.path, "set twice; leave one")
			}
			s, err := scalar(e.path, e.value)
			(*to)[e.key] = s
			return err
		})
	}
}

func (d *decoder) list(to *[]string) setter {
	return func(path string, n ast.Node) error {
		seq, ok := n.(*ast.SequenceNode)
		if !ok {
			return wrong(path, n, "a list of texts, one for each argument")
		}
		for i, v := range seq.Values {
			at := fmt.Sprintf("%s[%d]", path, i)
			d.at[at] = v.GetToken().Position
			s, err := scalar(at, v)
			if err != nil {
				return err
			}
			*to = append(*to, s)
		}
		return nil
	}
}

// setter stores the value of the field at path.
type setter func(path string, n ast.Node) error

// fields stores a mapping whose keys are known beforehand.
func (d *decoder) fields(path string, n ast.Node, known map[string]setter) error {
	seen := map[string]bool{}
	return d.entries(path, n, func(e entry) error {
		set := known[e.key]
		if set == nil {
			names := slices.Sorted(maps.Keys(known))
			if near := nearest(strings.ToLower(e.key), names); near != "" {
				return placed(e.keyNode, e.path, "unknown field; did you mean %q?", near)
			}
			return placed(e.keyNode, e.path, "unknown field; known here: %s", strings.Join(names, ", "))
		}
		if seen[e.key] {
			return placed(e.keyNode, e.path, "set twice; leave one")
		}
		seen[e.key] = true
		return set(e.path, e.value)
	})
}

// syntaxError takes the one line of substance out of the parser's error, which
// prints itself as a page with an excerpt.
func syntaxError(err error, data []byte) error {
	var y interface {
		GetToken() *token.Token
		GetMessage() string
	}
	if !errors.As(err, &y) {
		return invalid("", "%s", oneLine(err.Error()))
	}
	e := invalid("", "%s", oneLine(y.GetMessage()))
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

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
