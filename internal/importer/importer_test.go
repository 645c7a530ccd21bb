package importer

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"andon/kanban"
)

func sample(t testing.TB, format string) (files []File) {
	t.Helper()
	pattern := map[string]string{"beads": "issues.jsonl", "task-master": "tasks.json", "github-json": "issues.json", "backlog": "backlog/tasks/*.md"}[format]
	names, err := filepath.Glob(filepath.Join("testdata", pattern))
	if err != nil || len(names) == 0 {
		t.Fatalf("no samples of %s: %v", format, err)
	}
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, File{filepath.Base(name), data})
	}
	return files
}

// told is a bundle as one line per card.
func told(b kanban.Bundle) (lines []string) {
	for _, c := range b.Cards {
		s := c.Status
		if s == "" {
			s = "-"
		}
		lines = append(lines, fmt.Sprintf("%s %s %d @%s %q <- %s", c.ID, s, c.Draft.Priority, c.Draft.Assignee, c.Draft.Title, strings.Join(c.After, " ")))
	}
	return lines
}

func TestSamples(t *testing.T) {
	for format, want := range map[string][]string{
		"beads": {
			`bd-b2 done 1 @ "Measure the cart" <- `,
			`bd-a1 - 2 @ada "Checkout is slow" <- bd-b2`,
			`bd-c3 blocked 0 @ "Choose a cache" <- `,
			`bd-d4 - 0 @ "Write the cache" <- bd-c3`,
			`bd-e5 blocked -2 @ "A faster shop" <- `,
			`bd-f6 done 0 @ "Ship it" <- bd-d4`,
		},
		"task-master": {
			`docs/1 - 0 @ "Write the manual" <- `,
			`master/1 done 1 @ "Set the project up" <- `,
			`master/2.1 - 0 @ "Hash passwords" <- master/1`,
			`master/2.2 - 0 @ "The form" <- master/1 master/2.1`,
			`master/2.3 archived 0 @ "Forget the form" <- master/1 master/2.2`,
			`master/2 - 2 @ "Sign in" <- master/1 master/2.1 master/2.2 master/2.3`,
			`master/3 review -1 @ "Sign out" <- master/2.1`,
			`master/4 blocked 0 @ "Single sign-on" <- master/2`,
		},
		"backlog": {
			`task-1 done 1 @ada "Set it up: all of it" <- `,
			`task-2 - 0 @ada "Sign in" <- task-1`,
			`task-2.1 - -1 @ "The form" <- task-2`,
		},
		"github-json": {
			`ada/letters#12 - 0 @ada "Crash on start" <- `,
			`ada/letters#9 archived 0 @ "Old idea" <- `,
			`3 done 0 @ "First letter" <- `,
		},
	} {
		b, err := Convert(format, sample(t, format))
		if err == nil {
			b, err = b.Clean()
		}
		if err != nil {
			t.Errorf("%s: %v", format, err)
			continue
		}
		if diff := cmp.Diff(want, told(b)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", format, diff)
		}
	}
}

// What andon has no field for stands in the body, and comments keep their day.
func TestNothingIsLost(t *testing.T) {
	for format, words := range map[string][]string{
		"beads":       {"Pages take 4 s.", "## Design\n\nCache the cart.", "under 1 s", "labels perf, shop", "type bug", "part of bd-e5", "created 2026-01-05", "imported from beads: bd-a1"},
		"task-master": {"With a password.", "## Details\n\nUse Go.", "## Test strategy\n\nCI is green.", "imported from task-master: master/2.1"},
		"backlog":     {"A repository.", "- [x] #1 It builds", "labels auth, web", "also assigned to @bob", "milestone m-0", "part of task-2", "created 2026-04-03"},
		"github-json": {"It crashes.\r\n\r\n```", "labels bug", "milestone v1", "also assigned to bob", "see https://github.com/ada/letters/issues/12"},
	} {
		b, err := Convert(format, sample(t, format))
		if err != nil {
			t.Fatal(err)
		}
		var all strings.Builder
		for _, c := range b.Cards {
			all.WriteString(c.Draft.Body + "\n")
			for _, r := range c.Remarks {
				fmt.Fprintf(&all, "%s: %s\n", r.Author, r.Body)
			}
		}
		for _, w := range words {
			if !strings.Contains(all.String(), w) {
				t.Errorf("%s: %q is lost in\n%s", format, w, all.String())
			}
		}
	}
	b, err := Convert("github-json", sample(t, "github-json"))
	if err != nil || !slices.Equal(b.Cards[0].Remarks, []kanban.Remark{{Author: "bob", Body: "[2026-03-02] Here too."}}) {
		t.Errorf("comments %v, %v", b.Cards[0].Remarks, err)
	}
	if b.Key("12") != "github-json:12" {
		t.Error(b.Key("12"))
	}
}

// What is amiss is named, with its place.
func TestWrong(t *testing.T) {
	for _, tt := range []struct{ format, text, words string }{
		{"beads", "{\"id\":\"a\",\"title\":\"x\"}\n{", "f line 2: "},
		{"beads", `{"title":"x"}`, "f line 1: an issue without an id"},
		{"beads", `{"id":"a","title":"x","priority":"high"}`, "f line 1: "},
		{"beads", `{"id":"a"}`, `card "a": a card needs a title`},
		{"beads", "{\"id\":\"a\",\"title\":\"x\"}\n{\"id\":\"a\",\"title\":\"x\"}", `two cards are named "a"`},
		{"beads", `{"id":"a","title":"x","dependencies":[{"depends_on_id":"b","type":"blocks"}]}`, `card "a" waits for "b"`},
		{"beads", `{"id":"a","title":"x","dependencies":[{"depends_on_id":"a","type":"blocks"}]}`, `a`},
		{"beads", "{\"id\":\"a\",\"title\":\"x\",\"dependencies\":[{\"depends_on_id\":\"b\",\"type\":\"blocks\"}]}\n" +
			"{\"id\":\"b\",\"title\":\"x\",\"dependencies\":[{\"depends_on_id\":\"a\",\"type\":\"blocks\"}]}", "circle"},
		{"beads", `{"id":"a","title":"x\u0000y"}`, "NUL"},
		{"beads", "{\"id\":\"a\",\"title\":\"\xff\"}", "UTF-8"},
		{"task-master", `[]`, "f: "},
		{"task-master", `{"tasks":[{"title":"x"}]}`, "a task without an id"},
		{"task-master", `{"tasks":[{"id":{},"title":"x"}]}`, "is no id"},
		{"task-master", `{"a":{"tasks":[{"id":1,"title":"x","dependencies":[7]}]}}`, `card "a/1" waits for "a/7"`},
		{"task-master", `{"a":7}`, "tag a"},
		{"backlog", "# no front matter", "no front matter"},
		{"backlog", "---\nid: task-1\n", "no front matter"},
		{"backlog", "---\ntitle: x\n---\n", "no id"},
		{"backlog", "---\nid: [\n---\n", "front matter: "},
		{"backlog", "---\n" + strings.Repeat("a: b\n", 20000) + "---\n", "is the most"},
		{"github-json", `{}`, "f: "},
		{"github-json", `[{"title":"x"}]`, "issue 1 of the list: it has no number"},
		{"jira", ``, "unknown format"},
	} {
		b, err := Convert(tt.format, []File{{"f", []byte(tt.text)}})
		if err == nil {
			_, err = b.Clean()
		}
		if err == nil || !strings.Contains(err.Error(), tt.words) || strings.Contains(err.Error(), "\n") || kanban.CodeOf(err) == kanban.Internal {
			t.Errorf("%s %.80q: %v, want %q", tt.format, tt.text, err, tt.words)
		}
	}
	if b, err := Convert("beads", []File{{"f", []byte(`{"id":"a","title":"` + strings.Repeat("é", 600) + `"}`)}}); err != nil || len(b.Warnings) != 1 || !strings.Contains(b.Cards[0].Draft.Body, strings.Repeat("é", 600)) {
		t.Errorf("a long title: %v, %v", b.Warnings, err)
	}
}

func FuzzConvert(f *testing.F) {
	for i, format := range Formats {
		for _, file := range sample(f, format) {
			f.Add(i, file.Data)
		}
	}
	f.Fuzz(func(t *testing.T, format int, data []byte) {
		b, err := Convert(Formats[uint(format)%uint(len(Formats))], []File{{"f", data}})
		if err == nil {
			_, err = b.Clean()
		}
		if err != nil && kanban.CodeOf(err) == kanban.Internal {
			t.Errorf("an error without a class: %v", err)
		}
	})
}
