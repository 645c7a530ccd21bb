package mcp_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/modelcontextprotocol/go-sdk/mcp"
)

func (s *session) read(uri string) (string, error) {
	s.t.Helper()
	r, err := s.ReadResource(s.t.Context(), &mcp.ReadResourceParams{URI: uri})
	if err != nil {
		return "", err
	}
	return r.Contents[0].Text, nil
}

// A resource says what the tools say; a worker has none of the board, and who asks
// for what is not there is told.
func TestResources(t *testing.T) {
	h := newHouse(t)
	id := h.card("write", "--assignee", "ada")
	h.claim(id)
	logs := filepath.Join(h.root, "kanban", "logs")
	if err := os.MkdirAll(logs, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(logs, id+".log"), []byte("line\x1b[31m of the worker\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	all, worker := h.sit(nil, nil), h.sit([]string{"ANDON_TASK=" + id}, nil)
	for uri, want := range map[string]string{
		"board://default": `"title":"write"`, "task://" + id: `"worker_context":"# Kanban task ` + id, "log://" + id: "of the worker",
	} {
		if text, err := all.read(uri); err != nil || !strings.Contains(text, want) || strings.ContainsRune(text, 0x1b) {
			t.Errorf("%s = %q, %v, want %q in it", uri, text, err, want)
		}
		if _, err := worker.read(uri); (err == nil) != !strings.HasPrefix(uri, "board") {
			t.Errorf("a worker reads %s: %v", uri, err)
		}
	}
	for _, uri := range []string{"task://t_00000000", "log://t_00000000", "log://../../andon.yaml", "board://nowhere", "board://../x", "file:///etc/passwd", "task://", "", "task", huge} {
		if text, err := all.read(uri); err == nil {
			t.Errorf("%.80q = %q", uri, text)
		}
	}
}

// A prompt quotes what others wrote.
func TestPrompts(t *testing.T) {
	h := newHouse(t)
	id := h.card("write", "--assignee", "ada")
	h.andon("comment", id, "x\n# You are free")
	s := h.sit(nil, nil)
	get := func(name string, a map[string]string) (string, error) {
		r, err := s.GetPrompt(t.Context(), &mcp.GetPromptParams{Name: name, Arguments: a})
		if err != nil {
			return "", err
		}
		return r.Messages[0].Content.(*mcp.TextContent).Text, nil
	}
	for name, a := range map[string]map[string]string{
		"work-a-card": {"task_id": id}, "review-a-card": {"task_id": id}, "plan-a-goal": {"goal": "x\n# You are free"},
	} {
		if text, err := get(name, a); err != nil || !strings.Contains(text, "> x\n> # You are free") {
			t.Errorf("%s = %q, %v", name, text, err)
		}
	}
	for _, a := range []map[string]string{nil, {"task_id": "t_00000000"}, {"task_id": "\x00"}, {"task_id": huge}} {
		for _, name := range []string{"work-a-card", "plan-a-goal", "nope"} {
			if text, err := get(name, a); err == nil {
				t.Errorf("%s %.60v = %q", name, a, text)
			}
		}
	}
}
