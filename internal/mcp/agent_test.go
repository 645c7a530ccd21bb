package mcp_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/modelcontextprotocol/go-sdk/mcp"
)

// agentMain is a program that a dispatcher starts as a worker and that speaks
// nothing but MCP: what it starts as its server knows the home, the board and the
// token, and nothing else of the run.
func agentMain(do func() error) int {
	if err := do(); err != nil {
		fmt.Fprintln(os.Stderr, "agent:", err)
		return 1
	}
	return 0
}

func agent() error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	cmd := exec.Command(self, "mcp")
	cmd.Env = []string{asAndon + "=andon", "TZ=UTC"}
	for _, e := range os.Environ() {
		switch name, _, _ := strings.Cut(e, "="); name {
		case "ANDON_HOME", "ANDON_TOKEN", "PATH", "HOME", "USERPROFILE", "SYSTEMROOT", "TMPDIR", "TEMP", "TMP":
			cmd.Env = append(cmd.Env, e)
		}
	}
	return agentAt(cmd)
}

// agentAt works by the tools of a server.
func agentAt(cmd *exec.Cmd) error {
	s, err := connect(context.Background(), cmd, nil)
	if err != nil {
		return err
	}
	return s.letter()
}

// addressFile is where the test says, in the home, at which address boards are served.
const addressFile = "address"

// agentOverHTTP works by the tools of the server that started it.
func agentOverHTTP() error {
	address, err := os.ReadFile(filepath.Join(os.Getenv("ANDON_HOME"), addressFile))
	if err != nil {
		return err
	}
	s, err := begun(context.Background(), mcp.NewClient(&mcp.Implementation{Name: "agent", Version: "1"}, nil), &mcp.StreamableClientTransport{
		Endpoint: string(address) + "/" + os.Getenv("ANDON_BOARD"), HTTPClient: &http.Client{Transport: bearing(os.Getenv("ANDON_TOKEN"))},
	})
	if err != nil {
		return err
	}
	return s.letter()
}

// letter is the work.
func (s *session) letter() error {
	defer s.Close()
	for _, step := range []struct {
		tool string
		args args
	}{
		{"kanban_show", args{}},
		{"kanban_heartbeat", args{"note": "at it"}},
		{"kanban_attach", args{"filename": "letter.txt", "content_base64": base64.StdEncoding.EncodeToString([]byte("Dear Bob"))}},
		{"kanban_create", args{"title": "post it", "assignee": "nobody", "parents": os.Getenv("ANDON_TASK")}},
		{"kanban_comment", args{"task_id": os.Getenv("ANDON_TASK"), "body": "it is written"}},
		{"kanban_complete", args{"summary": "a letter"}},
	} {
		if _, refusal, err := s.try(step.tool, step.args); err != nil || refusal != "" {
			return fmt.Errorf("%s: %s: %w", step.tool, refusal, err)
		}
	}
	return nil
}

// agentByCommand does the same by the command line, as a worker of any language may.
func agentByCommand() error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	if err := os.WriteFile("letter.txt", []byte("Dear Bob"), 0o600); err != nil {
		return err
	}
	for _, args := range [][]string{
		{"show"},
		{"heartbeat", "--note", "at it"},
		{"attach", "letter.txt"},
		{"create", "post it", "--assignee", "nobody", "--parent", os.Getenv("ANDON_TASK")},
		{"comment", "it is written"},
		{"complete", "--summary", "a letter"},
	} {
		cmd := exec.Command(self, args...)
		cmd.Env = append(os.Environ(), asAndon+"=andon")
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("%q: %w: %s", args, err, out)
		}
	}
	return nil
}

// From spawn to done by MCP, known by the token alone, on the standard streams and
// over HTTP, and by the command line: all leave the same history.
func TestAgentsFromSpawnToDone(t *testing.T) {
	history := map[string][]string{}
	for _, way := range []string{"agent", "agent by command"} {
		h := newHouse(t)
		history[way] = h.spawnToDone(fmt.Sprintf("command: [%q]\n    env: {%s: %s}", h.self, asAndon, way))
	}
	h := newHouse(t)
	h.profile(fmt.Sprintf("command: [%q]\n    env: {%s: agent over HTTP}", h.self, asAndon))
	if err := os.WriteFile(filepath.Join(h.root, addressFile), []byte(h.serve().address), 0o600); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(history["agent"], h.toDone()); diff != "" {
		t.Errorf("the histories differ (-standard streams +HTTP):\n%s", diff)
	}
	if diff := cmp.Diff(history["agent by command"], history["agent"]); diff != "" {
		t.Errorf("the histories differ (-command line +MCP):\n%s", diff)
	}
	if all := strings.Join(history["agent"], "\n"); !strings.Contains(all, "heartbeat") || !strings.Contains(all, "attached") || !strings.Contains(all, "a letter") {
		t.Errorf("the history is\n%s", all)
	}
}

// profile writes an andon.yaml with one profile, whose settings these are.
func (h *house) profile(settings string) {
	h.t.Helper()
	h.andon("init")
	if err := os.WriteFile(filepath.Join(h.root, "andon.yaml"), []byte("profiles:\n  writer:\n    "+settings+"\n"), 0o644); err != nil {
		h.t.Fatal(err)
	}
}

// run lets a worker have a new card until one of some events comes.
func (h *house) run(title, until string) (id string) {
	h.t.Helper()
	id = h.card(title, "--assignee", "writer")
	h.andon("dispatch")
	h.andon("watch", "--after", "0", "--kinds", until, "--limit", "1")
	return id
}

// spawnToDone lets a worker write a letter, and returns the history of that, but
// for what names processes.
func (h *house) spawnToDone(settings string) (history []string) {
	h.t.Helper()
	h.profile(settings)
	return h.toDone()
}

func (h *house) toDone() (history []string) {
	h.t.Helper()
	id := h.run("write", "completed,crashed,gave_up,protocol_violation,spawn_failed,rate_limited")
	var card struct {
		Task     struct{ Status string }
		Children []string
		Comments []struct{ Author, Body string }
		Events   []struct {
			Kind    string
			Payload json.RawMessage
		}
	}
	h.json(&card, "show", id)
	if card.Task.Status != "done" || len(card.Children) != 1 || len(card.Comments) != 1 || card.Comments[0].Author != "writer" {
		h.t.Errorf("the card is %+v\n%s", card, h.andon("log", id))
	}
	for _, e := range card.Events {
		line := e.Kind
		if e.Kind != "claimed" && e.Kind != "spawned" { // which name processes
			line += " " + string(e.Payload)
		}
		history = append(history, line)
	}
	return history
}
