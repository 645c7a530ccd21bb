package config

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// entry is one line of a mapping.
type entry struct {
	key     string
	keyNode ast.Node
	path    string
	value   ast.Node
}

// entries calls f for each line of the mapping n in order, with its place
// noted. A mapping left empty, as by a key with only comments below it, is none.
func (d *decoder) entries(path string, n ast.Node, f func(entry) error) error {
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
		key, err := scalar(path, v.Key)
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
			d.at[at] = v.Key.GetToken().Position
		}
		if err := f(entry{key, v.Key, at, v.Value}); err != nil {
			return err
		}
	}
	return nil
}

// scalar is the text of n as it was written: in a command or an environment
// 8080, 1.10 and true are texts like any other.
func scalar(path string, n ast.Node) (string, error) {
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

func text[T ~string](to *T) setter {
	return func(path string, n ast.Node) error {
		s, err := scalar(path, n)
		*to = T(s)
		return err
	}
}

func integer(to *int) setter {
	return func(path string, n ast.Node) error {
		node, ok := n.(*ast.IntegerNode)
		if !ok {
			return wrong(path, n, "a whole number")
		}
		switch v := node.Value.(type) {
		case int64:
			if math.MinInt32 <= v && v <= math.MaxInt32 {
				*to = int(v)
				return nil
			}
		case uint64:
			if v <= math.MaxInt32 {
				*to = int(v)
				return nil
			}
		}
		return placed(n, path, "%s is too large; give at most %d", node.GetToken().Value, math.MaxInt32)
	}
}

func duration(to *Duration) setter {
	return func(path string, n ast.Node) error {
		switch n.(type) {
		case *ast.IntegerNode, *ast.FloatNode, *ast.StringNode:
		default:
			return wrong(path, n, "a duration such as 90, 1.5h or 1h30m")
		}
		s, err := scalar(path, n)
		if err != nil {
			return err
		}
		v, err := ParseDuration(s)
		if err != nil {
			return placed(n, path, "%s", err)
		}
		*to = Duration(v)
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
		return placed(n, path, "anchors, aliases and merges are not used in andon.yaml; write the value out")
	case *ast.TagNode:
		return placed(n, path, "tags are not used in andon.yaml; leave out %q", n.Start.Value)
	case *ast.MappingNode, *ast.MappingValueNode:
		got = "a mapping"
	case *ast.SequenceNode:
		got = "a list"
	case *ast.StringNode:
		got = fmt.Sprintf("the text %q", shorten(n.Value))
	case *ast.LiteralNode:
		got = "a block of text"
	case *ast.MappingKeyNode:
		got = "a compound key"
	default:
		got = shorten(oneLine(n.GetToken().Value))
	}
	return placed(n, path, "%s is not allowed; give %s", got, want)
}

// placed is a refusal at the node's own place.
func placed(n ast.Node, field, format string, args ...any) *Error {
	e := invalid(field, format, args...)
	if n == nil {
		return e
	}
	if t := n.GetToken(); t != nil && t.Position != nil {
		e.Line, e.Col = t.Position.Line, t.Position.Column
	}
	return e
}

func shorten(s string) string {
	if r := []rune(s); len(r) > 40 {
		return string(r[:40]) + "…"
	}
	return s
}
