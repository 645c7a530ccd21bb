package yamlx

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// Setter stores the value of the field at path.
type Setter func(path string, n ast.Node) error

// Fields stores a mapping whose keys are known beforehand.
func (d *Decoder) Fields(path string, n ast.Node, known map[string]Setter) error {
	seen := map[string]bool{}
	return d.Entries(path, n, func(e Entry) error {
		set := known[e.Key]
		if set == nil {
			names := slices.Sorted(maps.Keys(known))
			if near := Nearest(strings.ToLower(e.Key), names); near != "" {
				return Placed(e.KeyNode, e.Path, "unknown field; did you mean %q?", near)
			}
			return Placed(e.KeyNode, e.Path, "unknown field; known here: %s", strings.Join(names, ", "))
		}
		if seen[e.Key] {
			return Placed(e.KeyNode, e.Path, "set twice; leave one")
		}
		seen[e.Key] = true
		return set(e.Path, e.Value)
	})
}

// Entry is one line of a mapping.
type Entry struct {
	Key     string
	KeyNode ast.Node
	Path    string
	Value   ast.Node
}

// Entries calls f for each line of the mapping n in order, with its place
// noted. A mapping left empty, as by a key with only comments below it, is none.
func (d *Decoder) Entries(path string, n ast.Node, f func(Entry) error) error {
	var values []*ast.MappingValueNode
	switch n := n.(type) {
	case *ast.MappingNode:
		values = n.Values
	case *ast.MappingValueNode:
		values = []*ast.MappingValueNode{n}
	case *ast.NullNode:
		return nil
	default:
		return wrong(path, n, "fields, each as \"name: value\"")
	}
	for _, v := range values {
		key, err := Scalar(path, v.Key)
		if err != nil {
			return err
		}
		at := strconv.Quote(key)
		if key != "" && strings.Trim(key, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") == "" {
			at = key
		}
		if path != "" {
			at = path + "." + at
		}
		if d.at[at] == nil {
			d.Mark(at, v.Key)
		}
		if err := f(Entry{key, v.Key, at, v.Value}); err != nil {
			return err
		}
	}
	return nil
}

// List calls f for each element of the list n in order, with its place noted.
// want says what n should be, to someone who wrote no list.
func (d *Decoder) List(path string, n ast.Node, want string, f Setter) error {
	seq, ok := n.(*ast.SequenceNode)
	if !ok {
		return wrong(path, n, want)
	}
	for i, v := range seq.Values {
		at := fmt.Sprintf("%s[%d]", path, i)
		d.Mark(at, v)
		if err := f(at, v); err != nil {
			return err
		}
	}
	return nil
}

// Texts stores a list of texts.
func (d *Decoder) Texts(to *[]string, want string) Setter {
	return func(path string, n ast.Node) error {
		*to = []string{}
		return d.List(path, n, want, func(path string, n ast.Node) error {
			s, err := Scalar(path, n)
			*to = append(*to, s)
			return err
		})
	}
}

// Scalar is the text of n as it was written: in a command or an environment
// 8080, 1.10 and true are texts like any other.
func Scalar(path string, n ast.Node) (string, error) {
	switch n := n.(type) {
	case *ast.StringNode:
		return n.Value, nil
	case *ast.LiteralNode:
		return n.Value.Value, nil
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.InfinityNode, *ast.NanNode:
		return strings.TrimSpace(n.GetToken().Value), nil
	}
	return "", wrong(path, n, "a text")
}

// Text stores a text.
func Text[T ~string](to *T) Setter {
	return func(path string, n ast.Node) error {
		s, err := Scalar(path, n)
		*to = T(s)
		return err
	}
}

// Bool stores true or false.
func Bool(to *bool) Setter {
	return func(path string, n ast.Node) error {
		node, ok := n.(*ast.BoolNode)
		if !ok {
			return wrong(path, n, "true or false")
		}
		*to = node.Value
		return nil
	}
}

// Integer stores a whole number of at most 32 bits.
func Integer[T ~int | ~int64](to *T) Setter {
	return func(path string, n ast.Node) error {
		node, ok := n.(*ast.IntegerNode)
		if !ok {
			return wrong(path, n, "a whole number")
		}
		switch v := node.Value.(type) {
		case int64:
			if math.MinInt32 <= v && v <= math.MaxInt32 {
				*to = T(v)
				return nil
			}
		case uint64:
			if v <= math.MaxInt32 {
				*to = T(v)
				return nil
			}
		}
		return Placed(n, path, "%s is too large; give at most %d", node.GetToken().Value, math.MaxInt32)
	}
}

// Parsed stores what parse makes of a number or a text. want is said to someone
// who wrote neither.
func Parsed[T any](to *T, want string, parse func(string) (T, error)) Setter {
	return func(path string, n ast.Node) error {
		switch n.(type) {
		case *ast.IntegerNode, *ast.FloatNode, *ast.StringNode:
		default:
			return wrong(path, n, want)
		}
		s, err := Scalar(path, n)
		if err != nil {
			return err
		}
		v, err := parse(s)
		if err != nil {
			return Placed(n, path, "%s", err)
		}
		*to = v
		return nil
	}
}

// wrong refuses a node of the wrong type.
func wrong(path string, n ast.Node, want string) error {
	got := ""
	switch n := n.(type) {
	case nil:
		got = "nothing"
	case *ast.NullNode:
		got = "no value"
	case *ast.AnchorNode, *ast.AliasNode, *ast.MergeKeyNode:
		return Placed(n, path, "anchors, aliases and merges are not used here; write the value out")
	case *ast.TagNode:
		return Placed(n, path, "tags are not used here; leave out %q", n.Start.Value)
	case *ast.MappingNode, *ast.MappingValueNode:
		got = "a mapping"
	case *ast.SequenceNode:
		got = "a list"
	case *ast.StringNode:
		got = fmt.Sprintf("the text %q", Shorten(n.Value))
	case *ast.LiteralNode:
		got = "a block of text"
	case *ast.MappingKeyNode:
		got = "a compound key"
	default:
		got = Shorten(OneLine(n.GetToken().Value))
	}
	return Placed(n, path, "%s is not allowed; give %s", got, want)
}

// Placed is a refusal at the node's own place.
func Placed(n ast.Node, field, format string, args ...any) *Error {
	e := Invalid(field, format, args...)
	if n == nil {
		return e
	}
	if t := n.GetToken(); t != nil && t.Position != nil {
		e.Line, e.Col = t.Position.Line, t.Position.Column
	}
	return e
}

// Shorten keeps the first 40 characters, for a text that is quoted in an error.
func Shorten(s string) string {
	if r := []rune(s); len(r) > 40 {
		return string(r[:40]) + "…"
	}
	return s
}
