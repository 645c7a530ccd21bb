package planner

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"andon/kanban"
)

// reply is the JSON of an answer.
type reply struct {
	Fanout    *bool       `json:"fanout"`
	Cards     []replyCard `json:"cards"`
	Title     string      `json:"title"`
	Body      string      `json:"body"`
	Assignee  string      `json:"assignee"`
	Rationale string      `json:"rationale"` // for who reads along
}

type replyCard struct {
	Name     string   `json:"name"`
	Title    string   `json:"title"`
	Body     string   `json:"body"`
	Assignee string   `json:"assignee"`
	Parents  []string `json:"parents"`
}

// parse reads an answer: one JSON object, of known fields, each given once.
func parse(answer string, decompose bool) (kanban.Plan, error) {
	var r reply
	if err := decode(unfence(answer), &r); err != nil {
		return kanban.Plan{}, err
	}
	fanout := len(r.Cards) > 0
	switch {
	case !decompose && fanout:
		return kanban.Plan{}, errors.New("it has cards, and the idea was to stay one; decompose breaks one up")
	case r.Fanout != nil && *r.Fanout && !fanout:
		return kanban.Plan{}, errors.New("fanout is true, and there are no cards")
	case r.Fanout != nil && !*r.Fanout && fanout:
		return kanban.Plan{}, errors.New("fanout is false, and there are cards")
	}
	p := kanban.Plan{Title: r.Title, Body: r.Body, Assignee: r.Assignee}
	for _, c := range r.Cards {
		p.Cards = append(p.Cards, kanban.PlanCard(c))
	}
	return p, nil
}

// unfence takes off the fence of Markdown that models like to put around all of
// what they answer.
func unfence(s string) string {
	s = strings.TrimSpace(strings.TrimPrefix(s, "\ufeff"))
	inner, opened := strings.CutPrefix(s, "```")
	inner, closed := strings.CutSuffix(inner, "```")
	first, rest, _ := strings.Cut(inner, "\n")
	if word := strings.TrimSpace(first); opened && closed && (word == "" || word == "json") {
		return strings.TrimSpace(rest)
	}
	return s
}

func decode(text string, to *reply) error {
	switch {
	case text == "":
		return errors.New("it is empty")
	case !utf8.ValidString(text):
		return errors.New("it is not UTF-8 text")
	case text[0] != '{':
		return errors.New("it is no JSON object, which is all that it may be")
	}
	d := json.NewDecoder(strings.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(to); err != nil {
		if errors.Is(err, io.ErrUnexpectedEOF) {
			err = errors.New("it ends before its JSON does")
		}
		return fmt.Errorf("%s", strings.TrimPrefix(err.Error(), "json: "))
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("something follows its JSON object")
	}
	// Its depth is bounded: that was found out above.
	return once(json.NewDecoder(bytes.NewReader([]byte(text))))
}

// once refuses an object that has a field twice, of which one could hide the other.
func once(d *json.Decoder) error {
	t, err := d.Token()
	if err != nil {
		return err
	}
	open, ok := t.(json.Delim)
	if !ok {
		return nil
	}
	seen := map[string]bool{}
	for d.More() {
		if open == '{' {
			t, err := d.Token()
			if err != nil {
				return err
			}
			name, _ := t.(string)
			if name = strings.ToLower(name); seen[name] {
				return fmt.Errorf("it has the field %q twice", name)
			}
			seen[name] = true
		}
		if err := once(d); err != nil {
			return err
		}
	}
	_, err = d.Token()
	return err
}
