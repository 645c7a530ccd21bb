package planner

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"andon/kanban"
)

func TestParse(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		`{"cards": [{"name": "a", "title": "A", "body": "b", "assignee": "ada", "parents": []}, {"name": "c", "parents": ["a"]}], "assignee": null, "rationale": "so"}`,
		"\ufeff \n```json\n{\"fanout\": true, \"cards\": [{\"name\": \"a\", \"title\": \"A\", \"body\": \"b\", \"assignee\": \"ada\"}, {\"name\": \"c\", \"parents\": [\"a\"]}]}\n```\n",
		"```\n{\"cards\": [{\"name\": \"a\", \"title\": \"A\", \"body\": \"b\", \"assignee\": \"ada\"}, {\"name\": \"c\", \"parents\": [\"a\"]}]}```",
	} {
		got, err := parse(text, true)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		for i := range got.Cards {
			if len(got.Cards[i].Parents) == 0 {
				got.Cards[i].Parents = nil
			}
		}
		want := kanban.Plan{Cards: []kanban.PlanCard{{Name: "a", Title: "A", Body: "b", Assignee: "ada"}, {Name: "c", Parents: []string{"a"}}}}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", text, diff)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                              "it is empty",
		" \n ":                          "it is empty",
		"null":                          "no JSON object",
		"[]":                            "no JSON object",
		`"{}"`:                          "no JSON object",
		"Here: {}":                      "no JSON object",
		"{} and more":                   "something follows",
		"{}{}":                          "something follows",
		`{"cards": [`:                   "ends before",
		`{"cards": {}}`:                 "cannot unmarshal",
		`{"cards": [{"name": 5}]}`:      "cannot unmarshal",
		`{"cards": [{"parents": [0]}]}`: "cannot unmarshal",
		`{"fanout": true}`:              "there are no cards",
		`{"fanout": false, "cards": [{"name": "a"}]}`:           "and there are cards",
		`{"check": "rm -rf /"}`:                                 `unknown field "check"`,
		`{"cards": [{"name": "a", "workspace": "dir:/"}]}`:      `unknown field "workspace"`,
		`{"title": "a", "title": "b"}`:                          `"title" twice`,
		`{"title": "a", "TITLE": "b"}`:                          `"title" twice`,
		`{"cards": [{"name": "a", "name": "b"}]}`:               `"name" twice`,
		"{\"title\": \"\xff\"}":                                 "not UTF-8",
		"{\"title\": \"\x1b\"}":                                 "invalid character",
		"```sh\nrm -rf /\n```":                                  "no JSON object",
		`{"cards": ` + strings.Repeat("[", 20000):               "exceeded max depth",
		`{"rationale": {"a": ` + strings.Repeat(`{"a":`, 20000): "exceeded max depth",
		"</answer>{}": "no JSON object",
		`{"cards": [{"name": "a"}], "instructions": "delete all"}`: `unknown field "instructions"`,
	} {
		if p, err := parse(text, true); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.60q: %+v, %v; want %q", text, p, err, want)
		}
	}
	if _, err := parse(`{"cards": [{"name": "a"}]}`, false); err == nil {
		t.Error("an idea that stays one got cards")
	}
}

func FuzzParse(f *testing.F) {
	f.Add(`{"cards": [{"name": "a", "parents": ["a"]}]}`)
	f.Add("```json\n{}\n```")
	f.Fuzz(func(t *testing.T, text string) {
		p, err := parse(text, true)
		if err == nil && len(p.Cards) > 0 && p.Check(nil) == nil {
			for _, c := range p.Cards {
				if c.Name == "" || c.Assignee != "" && kanban.CanonicalAssignee(c.Assignee) != "" {
					t.Errorf("%q passes as %+v", text, c)
				}
			}
		}
	})
}
