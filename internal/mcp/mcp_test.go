package mcp_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// Each tool once, as it is meant; answers are checked against their schemas.
func TestOrchestrator(t *testing.T) {
	h := newHouse(t)
	s := h.sit([]string{"HERMES_PROFILE=olga"}, nil)

	first := s.call("kanban_create", args{"title": "Write", "assignee": "Ada", "body": "a letter", "priority": 3, "skills": "prose", "goal_mode": "no"})
	id := first["task_id"]
	want := map[string]any{"ok": true, "task_id": id, "status": "ready", "workspace_kind": "scratch", "workspace_path": nil, "project_id": nil, "subscribed": false}
	if diff := cmp.Diff(want, first); diff != "" {
		t.Errorf("kanban_create (-want +got):\n%s", diff)
	}
	second := s.call("kanban_create", args{"title": "Post", "assignee": "bob", "parents": id, "max_runtime_seconds": 60, "board": "default"})["task_id"]
	s.call("kanban_comment", args{"task_id": id, "body": "in ink", "author": "the boss"})
	card := s.call("kanban_show", args{"task_id": id})
	if got := card["comments"].([]any)[0].(map[string]any)["author"]; got != "olga" {
		t.Errorf("the author of the comment is %v, want olga: it is not the caller's to choose", got)
	}
	if text := card["worker_context"].(string); !strings.Contains(text, "a letter") || !strings.Contains(text, "> in ink") {
		t.Errorf("worker_context = %q", text)
	}
	list := s.call("kanban_list", args{"limit": 1})
	if list["truncated"] != true || list["next_limit"] != 2.0 || list["count"] != 1.0 || list["promoted"] != 0.0 {
		t.Errorf("kanban_list of 1 = %v", list)
	}
	top := s.call("kanban_list", args{"assignee": "ADA"})["tasks"].([]any)[0].(map[string]any)
	if diff := cmp.Diff([]any{second}, top["children"]); diff != "" || top["child_count"] != 1.0 {
		t.Errorf("children in the list: %s", diff)
	}
	if hits := s.call("kanban_search", args{"query": `letter -stamp`})["hits"].([]any); len(hits) != 1 {
		t.Errorf("kanban_search found %v", hits)
	}
	if why := s.call("kanban_why", args{"task_id": second})["reasons"].([]any); len(why) == 0 {
		t.Error("kanban_why gives no reason for a card with an unfinished parent")
	}
	if n := s.call("kanban_stats", args{})["by_status"].(map[string]any); n["ready"] != 1.0 || n["todo"] != 1.0 {
		t.Errorf("kanban_stats = %v", n)
	}

	s.refused("circle", "kanban_link", args{"parent_id": second, "child_id": id})
	s.call("kanban_unlink", args{"parent_id": id, "child_id": second})
	s.call("kanban_link", args{"parent_id": id, "child_id": second})
	s.call("kanban_edit", args{"task_id": id, "title": "Write two", "priority": 1.0})
	s.call("kanban_assign", args{"task_id": id, "assignee": "none"})
	s.call("kanban_schedule", args{"task_id": id, "at": "+2h", "reason": "later"})
	if got := s.call("kanban_unblock", args{"task_id": id, "reason": "now"})["status"]; got != "ready" {
		t.Errorf("unblocked to %v, want ready", got)
	}
	blocked := s.call("kanban_block", args{"task_id": id, "reason": "which ink?", "kind": "needs_input"})
	if blocked["status"] != "blocked" || blocked["block_kind"] != "needs_input" || blocked["run_id"] == nil {
		t.Errorf("kanban_block = %v", blocked)
	}
	s.call("kanban_promote", args{"task_id": id, "force": "yes"})
	kept := s.call("kanban_attach", args{"task_id": id, "filename": "../a.txt", "content_base64": base64.StdEncoding.EncodeToString([]byte("hello"))})
	if kept["size"] != 5.0 {
		t.Errorf("kanban_attach = %v", kept)
	}
	file := s.call("kanban_attachments", args{"task_id": id})["attachments"].([]any)[0].(map[string]any)
	if text, err := os.ReadFile(file["stored_path"].(string)); err != nil || string(text) != "hello" || file["filename"] != "a.txt" || file["content_type"] != "text/plain" {
		t.Errorf("the file that was kept: %q, %v, %v", text, err, file)
	}
	s.refused("loopback", "kanban_attach_url", args{"task_id": id, "url": "http://127.0.0.1:1/a.txt"})
	s.call("kanban_request_review", args{"task_id": id, "summary": "two letters", "reviewer": "eve"})
	s.refused("not made in the course", "kanban_complete", args{"task_id": id, "summary": "done", "created_cards": "t_00000000"})
	s.refused(`no field "dollars"`, "kanban_complete", args{"task_id": id, "summary": "done", "usage": args{"dollars": 5}})
	s.refused("less than none", "kanban_complete", args{"task_id": id, "summary": "done", "usage": args{"cost_usd": -5}})
	s.call("kanban_complete", args{"task_id": id, "summary": "done", "metadata": args{"tests": 12}, "usage": args{"input_tokens": 1200, "cost_usd": 0.5}})
	runs := s.call("kanban_show", args{"task_id": id})["runs"].([]any)
	if u, _ := runs[len(runs)-1].(map[string]any)["usage"].(map[string]any); u["tokens"] != 1200.0 || u["cost_usd"] != 0.5 || u["source"] != "worker" {
		t.Errorf("the run took %v", u)
	}
	s.call("kanban_archive", args{"task_id": id})
	if got := s.call("kanban_show", args{"task_id": second})["task"].(map[string]any)["status"]; got != "ready" {
		t.Errorf("the card that waited is %v, want ready", got)
	}
	s.refused("no such board", "kanban_list", args{"board": "nowhere"})
	s.refused("malformed board name", "kanban_list", args{"board": "../etc"})
	s.refused("only one in running", "kanban_heartbeat", args{"task_id": second})

	// What an agent did, its profile can take back.
	if out, err := h.command([]string{"HERMES_PROFILE=olga"}, "undo").CombinedOutput(); err != nil || !strings.Contains(string(out), "archive") {
		t.Errorf("undo of the last change: %v\n%s", err, out)
	}
}

func TestBoards(t *testing.T) {
	h := newHouse(t)
	h.andon("boards", "create", "site")
	s := h.sit(nil, nil)
	id := s.call("kanban_create", args{"title": "There", "assignee": "ada", "board": "site"})["task_id"]
	s.refused("no card", "kanban_show", args{"task_id": id})
	s.call("kanban_show", args{"task_id": id, "board": "site"})
	s.call("kanban_show", args{"task_id": id, "board": "SITE"})
}

func TestReadOnly(t *testing.T) {
	h := newHouse(t)
	h.card("a", "--assignee", "ada")
	s := h.sit(nil, nil, "--read-only")
	for name, tool := range s.tools {
		if !tool.Annotations.ReadOnlyHint {
			t.Errorf("%s is offered to who may only look", name)
		}
	}
	if len(s.call("kanban_list", args{})["tasks"].([]any)) != 1 {
		t.Error("the list is not what the board has")
	}
	if _, _, err := s.try("kanban_create", args{"title": "b", "assignee": "ada"}); err == nil {
		t.Error("kanban_create can be called by who may only look")
	}
}

// A worker's rights are those of its card and run, however it is known.
func TestWorker(t *testing.T) {
	ways := map[string]func(h *house, id, run string) []string{
		"card and run": func(h *house, id, run string) []string { return []string{"ANDON_TASK=" + id, "ANDON_RUN_ID=" + run} },
		"Hermes' card": func(h *house, id, run string) []string { return []string{"HERMES_KANBAN_TASK=" + id} },
		"token": func(h *house, id, run string) []string {
			return []string{"ANDON_TOKEN=" + h.token(id, run, time.Time{})}
		},
	}
	for name, env := range ways {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			id, other := h.card("mine", "--assignee", "ada"), h.card("theirs", "--assignee", "bob")
			run := h.claim(id)
			h.claim(other)
			s := h.sit(append(env(h, id, run), "HERMES_PROFILE=mallory"), nil)
			for _, tool := range []string{"kanban_list", "kanban_unblock", "kanban_archive", "kanban_edit", "kanban_assign", "kanban_promote"} {
				if s.tools[tool] != nil {
					t.Errorf("%s is offered to a worker", tool)
				}
			}
			if got := s.call("kanban_show", nil)["task"].(map[string]any)["id"]; got != id {
				t.Errorf("kanban_show without an id shows %v, want %s", got, id)
			}
			s.call("kanban_show", args{"task_id": other})
			s.call("kanban_comment", args{"task_id": other, "body": "look at mine"})
			child := s.call("kanban_create", args{"title": "more", "assignee": "bob", "parents": []string{id}})["task_id"]
			s.call("kanban_link", args{"parent_id": other, "child_id": child})
			was := h.picture()
			for _, tool := range []string{"kanban_complete", "kanban_block", "kanban_request_review", "kanban_heartbeat", "kanban_schedule"} {
				s.refused("comment on the other card, or create a card", tool, s.only(tool, args{"task_id": other, "summary": "x", "reason": "x"}))
			}
			s.refused("comment on the other card", "kanban_attach", args{"task_id": other, "filename": "a", "content_base64": "aGk="})
			s.refused("may not go to the board", "kanban_show", args{"board": "site"})
			if is := h.picture(); is != was {
				t.Error("something that was refused changed the board")
			}
			if got := h.show(id, "comments"); len(got.([]any)) != 0 {
				t.Errorf("comments = %v", got)
			}
			if got := h.show(other, "comments").([]any)[0].(map[string]any)["author"]; got != "ada" {
				t.Errorf("the author of a worker's comment is %v, want ada, the profile of its run", got)
			}

			// Another has the card now.
			h.andon("reclaim", id)
			h.claim(id)
			was = h.picture()
			for _, c := range []struct {
				tool string
				args args
			}{
				{"kanban_complete", args{"summary": "done"}}, {"kanban_comment", args{"task_id": id, "body": "x"}}, {"kanban_heartbeat", args{}},
				{"kanban_create", args{"title": "x", "assignee": "ada"}}, {"kanban_link", args{"parent_id": other, "child_id": id}},
				{"kanban_attach", args{"filename": "a", "content_base64": "aGk="}}, {"kanban_block", args{"reason": "x"}},
			} {
				s.refused("no longer the c", c.tool, c.args)
			}
			if is := h.picture(); is != was {
				t.Error("a superseded worker changed the board")
			}
			if name == "token" {
				s.refused("no longer the c", "kanban_show", nil)
			}
		})
	}
}

// only keeps those of the arguments that the tool takes.
func (s *session) only(tool string, a args) args {
	s.t.Helper()
	taken := asSchema(s.t, s.tools[tool].InputSchema).Properties
	kept := args{}
	for name, v := range a {
		if taken[name] != nil {
			kept[name] = v
		}
	}
	return kept
}

func (h *house) show(id, key string) any {
	h.t.Helper()
	var card map[string]any
	h.json(&card, "show", id)
	return card[key]
}

// The tools, resources and prompts are a contract: docs/mcp.md has them.
func TestDocument(t *testing.T) {
	h := newHouse(t)
	id := h.card("a", "--assignee", "ada")
	h.claim(id)
	everybody, worker := h.sit(nil, nil), h.sit([]string{"ANDON_TASK=" + id}, nil)
	var b strings.Builder
	head, err := os.ReadFile(filepath.Join("testdata", "head.md"))
	if err != nil {
		t.Fatal(err)
	}
	b.Write(head)
	for i, block := range strings.Split(string(head), "```json\n")[1:] {
		sample, _, _ := strings.Cut(block, "```")
		if !json.Valid([]byte(sample)) {
			t.Errorf("the %dth sample of settings is no JSON: %s", i+1, sample)
		}
	}
	for _, name := range toolOrder(t, everybody) {
		tool := everybody.tools[name]
		var marks []string
		if tool.Annotations.ReadOnlyHint {
			marks = append(marks, "only reads")
		}
		if *tool.Annotations.DestructiveHint {
			marks = append(marks, "takes something away")
		}
		if tool.Annotations.IdempotentHint && !tool.Annotations.ReadOnlyHint {
			marks = append(marks, "twice is as once")
		}
		if worker.tools[name] == nil {
			marks = append(marks, "not for workers")
		}
		fmt.Fprintf(&b, "\n### %s\n\n%s", name, tool.Description)
		if len(marks) > 0 {
			fmt.Fprintf(&b, " (%s)", strings.Join(marks, "; "))
		}
		b.WriteString("\n\n")
		schema := asSchema(t, tool.InputSchema)
		for _, p := range schema.order() {
			v := schema.Properties[p]
			kind := fmt.Sprint(v.Type)
			if v.Items != nil {
				kind += " of " + fmt.Sprint(v.Items.Type)
			}
			if v.Enum != nil {
				kind = strings.Trim(fmt.Sprint(v.Enum), "[]")
				kind = strings.ReplaceAll(kind, " ", " or ")
			}
			mark := ""
			if slices.Contains(schema.Required, p) {
				mark = ", needed"
			}
			fmt.Fprintf(&b, "- `%s` (%s%s): %s\n", p, kind, mark, v.Description)
		}
		var out struct{ Properties map[string]any }
		raw, err := json.Marshal(tool.OutputSchema)
		if err == nil {
			err = json.Unmarshal(raw, &out)
		}
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&b, "\nAnswers `%s`.\n", strings.Join(slices.Sorted(maps.Keys(out.Properties)), "`, `"))
	}
	b.WriteString("\n## Resources\n\n")
	for r, err := range everybody.ResourceTemplates(t.Context(), nil) {
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&b, "- `%s` (%s): %s\n", r.URITemplate, r.MIMEType, r.Description)
	}
	b.WriteString("\nWho subscribes to one is told when something happens to it.\n\n## Prompts\n\n")
	for p, err := range everybody.Prompts(t.Context(), nil) {
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&b, "- `%s` (`%s`): %s\n", p.Name, p.Arguments[0].Name, p.Description)
	}
	path := filepath.Join("..", "..", "docs", "mcp.md")
	if *update {
		if err := os.WriteFile(path, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(text), b.String()); diff != "" {
		t.Errorf("%s is not what the server offers; write it anew with: go test ./internal/mcp -run TestDocument -update\n%s", path, diff)
	}
}

type schema struct {
	Type        any
	Description string
	Enum        []any
	Required    []string
	Items       *schema
	Properties  map[string]*schema
}

// order is the properties as a reader wants them: what is needed first.
func (s schema) order() []string {
	var names []string
	for name := range s.Properties {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int {
		rank := func(n string) string {
			switch {
			case slices.Contains(s.Required, n):
				return "0" + n
			case n == "board":
				return "2"
			}
			return "1" + n
		}
		return strings.Compare(rank(a), rank(b))
	})
	return names
}

func asSchema(t testing.TB, v any) (s schema) {
	t.Helper()
	raw, err := json.Marshal(v)
	if err == nil {
		err = json.Unmarshal(raw, &s)
	}
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func toolOrder(t *testing.T, s *session) []string {
	var names []string
	for tool, err := range s.Tools(t.Context(), nil) {
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, tool.Name)
	}
	return names
}
