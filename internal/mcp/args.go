package mcp

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"andon/kanban"
)

// param is one of the words that a tool takes.
type param struct {
	name     string
	kind     kind
	about    string
	required bool
	among    []string // the values that a text may have; nil: any
	min, max int64    // bounds of a number, where they differ; max of a text: of its bytes, if not 0
}

// kind is what sort of JSON a parameter is. Some take more than their name says,
// because models give it: a text where a list has one, and a yes where true is.
type kind int

const (
	text kind = iota
	number
	yesno
	texts
	object
	ignored // it is taken, and means nothing
)

// Bounds of texts, in bytes, that errors repeat or that name something. What is
// stored, the board bounds.
const (
	maxName = 1000
	maxURL  = 8192
)

// boardParam is taken by every tool.
var boardParam = param{name: "board", max: maxName, about: "board to work on; by default the one of this session"}

func (t tool) all() []param { return append(slices.Clone(t.params), boardParam) }

// args are what a tool was given: by the names of its parameters, a string, an
// int64, a bool, a []string or a json.RawMessage. A parameter that is null or was
// left out is not there.
type args struct {
	params []param
	values map[string]any
}

func (a args) has(name string) bool { _, ok := a.values[name]; return ok }

func (a args) takes(name string) bool {
	return slices.ContainsFunc(a.params, func(p param) bool { return p.name == name })
}

func (a args) text(name string) string { s, _ := a.values[name].(string); return s }

func (a args) number(name string) int64 { n, _ := a.values[name].(int64); return n }

func (a args) yes(name string) bool { b, _ := a.values[name].(bool); return b }

func (a args) texts(name string) []string { l, _ := a.values[name].([]string); return l }

func (a args) object(name string) json.RawMessage {
	o, _ := a.values[name].(json.RawMessage)
	return o
}

// ptr is nil for a parameter that was not given.
func ptr[T any](a args, name string) *T {
	if v, ok := a.values[name].(T); ok {
		return &v
	}
	return nil
}

// maxID bounds what is looked up as an id: those of other programs may be longer
// than ours.
const maxID = 200

func checkID(name, s string) (kanban.TaskID, error) {
	s = strings.TrimSpace(s)
	switch {
	case s == "":
		return "", kanban.Invalidf("%s is missing; name the id of a card, such as t_1a2b3c4d", name)
	case len(s) > maxID || strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f }):
		return "", kanban.Invalidf("%s %q is no id of a card; it is like t_1a2b3c4d", name, kanban.TitleOf(s))
	}
	return kanban.TaskID(s), nil
}

// id is the id of a card; none is an error.
func (a args) id(name string) (kanban.TaskID, error) { return checkID(name, a.text(name)) }

// ids are the ids of cards, of which there may be none.
func (a args) ids(name string) (ids []kanban.TaskID, err error) {
	for _, s := range a.texts(name) {
		id, err := checkID(name, s)
		if err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	return ids, nil
}

// read makes the words of a call of what came, or says which of them is wrong.
func (t tool) read(raw json.RawMessage) (args, error) {
	a := args{params: t.all(), values: map[string]any{}}
	given := map[string]json.RawMessage{}
	if len(bytes.TrimSpace(raw)) > 0 {
		if err := json.Unmarshal(raw, &given); err != nil {
			return a, kanban.Invalidf("the arguments are not a JSON object: %v", err)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(given)) {
		i := slices.IndexFunc(a.params, func(p param) bool { return p.name == name })
		if i < 0 {
			return a, kanban.Invalidf("there is no parameter %q; there are %s", kanban.TitleOf(name), t.names())
		}
		v, err := a.params[i].parse(given[name])
		if err != nil {
			return a, err
		}
		if v != nil {
			a.values[name] = v
		}
	}
	for _, p := range a.params {
		if p.required && !a.has(p.name) {
			return a, kanban.Invalidf("the parameter %s is missing: %s", p.name, p.about)
		}
	}
	return a, nil
}

func (t tool) names() string {
	var names []string
	for _, p := range t.all() {
		if p.kind != ignored {
			names = append(names, p.name)
		}
	}
	return strings.Join(names, ", ")
}

// parse reads a value; null is nil.
func (p param) parse(raw json.RawMessage) (any, error) {
	if string(raw) == "null" || p.kind == ignored {
		return nil, nil
	}
	wrong := func(want string) error {
		return kanban.Invalidf("%s must be %s, and it is %s", p.name, want, kanban.TitleOf(string(raw)))
	}
	switch p.kind {
	case number:
		return p.parseNumber(raw, wrong)
	case yesno:
		switch strings.ToLower(strings.Trim(string(raw), `"`)) {
		case "true", "1", "yes":
			return true, nil
		case "false", "0", "no":
			return false, nil
		}
		return nil, wrong("true or false")
	case texts:
		return p.parseTexts(raw, wrong)
	case object:
		var o map[string]any
		if err := json.Unmarshal(raw, &o); err != nil || o == nil {
			return nil, wrong(`a JSON object such as {"tests": 12}`)
		}
		return raw, nil
	}
	var s string
	if err := json.Unmarshal(raw, &s); err != nil {
		return nil, wrong("a text")
	}
	if strings.ContainsRune(s, 0) {
		return nil, kanban.Invalidf("%s contains a NUL character", p.name)
	}
	if p.max > 0 && int64(len(s)) > p.max {
		return nil, kanban.Invalidf("%s has %d bytes, and %d is the most", p.name, len(s), p.max)
	}
	if p.among != nil && !slices.Contains(p.among, s) {
		return nil, kanban.Invalidf("%s %q is none of %s", p.name, kanban.TitleOf(s), strings.Join(p.among, ", "))
	}
	return s, nil
}

func (p param) parseNumber(raw json.RawMessage, wrong func(string) error) (any, error) {
	n, err := strconv.ParseInt(string(raw), 10, 64)
	if err != nil {
		// 5.0 and 5e0 are whole numbers to most who write JSON.
		f, ferr := strconv.ParseFloat(string(raw), 64)
		if ferr != nil || f != math.Trunc(f) || math.Abs(f) > 1<<53 {
			return nil, wrong("a whole number")
		}
		n = int64(f)
	}
	if p.min != p.max && (n < p.min || n > p.max) {
		return nil, wrong(fmt.Sprintf("a whole number from %d to %d", p.min, p.max))
	}
	return n, nil
}

func (p param) parseTexts(raw json.RawMessage, wrong func(string) error) (any, error) {
	var one string
	var list []*string
	switch {
	case json.Unmarshal(raw, &one) == nil:
		list = []*string{&one}
	case json.Unmarshal(raw, &list) != nil:
		return nil, wrong("a list of texts")
	}
	out := []string{}
	for _, s := range list {
		if s == nil {
			return nil, wrong("a list of texts without null")
		}
		if strings.ContainsRune(*s, 0) {
			return nil, kanban.Invalidf("%s contains a NUL character", p.name)
		}
		out = append(out, *s)
	}
	return out, nil
}

func checkText(name, s string) (string, error) {
	if strings.TrimSpace(s) == "" {
		return "", kanban.Invalidf("%s is missing", name)
	}
	return s, nil
}
