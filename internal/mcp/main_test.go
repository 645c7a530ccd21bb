package mcp_test

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/jsonschema-go/jsonschema"
	"github.com/modelcontextprotocol/go-sdk/mcp"

	"andon/internal/cli"
)

var update = flag.Bool("update", false, "rewrite the documents that are printed from the program")

// asAndon makes a process of this binary the command. Workers inherit it: its name
// is not one of those that are kept from them.
const asAndon = "TEST_BINARY_IS"

// roles are the agents that this binary may be.
var roles = map[string]func() error{"agent": agent, "agent by command": agentByCommand, "agent over HTTP": agentOverHTTP}

func TestMain(m *testing.M) {
	role := os.Getenv(asAndon)
	if role == "andon" {
		os.Exit(cli.Run())
	}
	if do := roles[role]; do != nil {
		os.Exit(agentMain(do))
	}
	os.Exit(m.Run())
}

// house is a home with processes that work in it.
type house struct {
	t    testing.TB
	root string
	self string
}

func newHouse(t testing.TB) *house {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	root := filepath.Join(t.TempDir(), "home")
	t.Cleanup(func() { // a supervisor whose card is done may be at it still
		for until := time.Now().Add(time.Minute); os.RemoveAll(root) != nil && time.Now().Before(until); {
		}
	})
	return &house{t: t, root: root, self: self}
}

// command is a call of andon, with more of an environment.
func (h *house) command(env []string, args ...string) *exec.Cmd {
	cmd := exec.Command(h.self, args...)
	for _, e := range os.Environ() {
		if !strings.HasPrefix(e, "ANDON_") && !strings.HasPrefix(e, "HERMES_") {
			cmd.Env = append(cmd.Env, e)
		}
	}
	cmd.Env = append(append(cmd.Env, asAndon+"=andon", "ANDON_HOME="+h.root, "TZ=UTC", "GORACE=atexit_sleep_ms=50"), env...)
	return cmd
}

// andon runs a command that must succeed, and returns what it printed.
func (h *house) andon(args ...string) string {
	h.t.Helper()
	cmd := h.command(nil, args...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		h.t.Fatalf("andon %q: %v\n%s", args, err, stderr.Bytes())
	}
	return string(out)
}

// json runs a command and reads what it printed.
func (h *house) json(v any, args ...string) {
	h.t.Helper()
	if err := json.Unmarshal([]byte(h.andon(append(args, "--json")...)), v); err != nil {
		h.t.Fatalf("andon %q: %v", args, err)
	}
}

// card makes a card.
func (h *house) card(args ...string) string {
	h.t.Helper()
	var card struct{ ID string }
	h.json(&card, append([]string{"create"}, args...)...)
	return card.ID
}

// claim makes the card somebody's, and returns the run.
func (h *house) claim(id string) string {
	h.t.Helper()
	h.andon("claim", id)
	return h.lastRun(id)
}

// lastRun is the newest run of a card.
func (h *house) lastRun(id string) string {
	h.t.Helper()
	var card struct {
		Runs []struct{ ID int64 }
	}
	h.json(&card, "show", id)
	return fmt.Sprint(card.Runs[len(card.Runs)-1].ID)
}

// picture is all that there is to see of the board, but for what only looks.
func (h *house) picture() string {
	h.t.Helper()
	return h.andon("export", "-")
}

// session is an agent at the board, over the standard streams of a real process.
type session struct {
	*mcp.ClientSession
	t     testing.TB
	tools map[string]*mcp.Tool
}

// sit starts `andon mcp` and speaks to it.
func (h *house) sit(env []string, opts *mcp.ClientOptions, args ...string) *session {
	h.t.Helper()
	s, err := connect(h.t.Context(), h.command(env, append([]string{"mcp"}, args...)...), opts)
	if err != nil {
		h.t.Fatalf("andon mcp %q: %v", args, err)
	}
	s.t = h.t
	h.t.Cleanup(func() {
		if err := s.Close(); err != nil {
			h.t.Errorf("andon mcp %q: %v", args, err)
		}
	})
	return s
}

func connect(ctx context.Context, cmd *exec.Cmd, opts *mcp.ClientOptions) (*session, error) {
	if cmd.Stderr == nil {
		cmd.Stderr = os.Stderr
	}
	client := mcp.NewClient(&mcp.Implementation{Name: "test", Version: "1"}, opts)
	return begun(ctx, client, &mcp.CommandTransport{Command: cmd, TerminateDuration: 30 * time.Second})
}

// begun begins a session, and learns what it is offered.
func begun(ctx context.Context, client *mcp.Client, transport mcp.Transport) (*session, error) {
	cs, err := client.Connect(ctx, transport, nil)
	if err != nil {
		return nil, err
	}
	s := &session{ClientSession: cs, tools: map[string]*mcp.Tool{}}
	for tool, err := range cs.Tools(ctx, nil) {
		if err != nil {
			return nil, err
		}
		s.tools[tool.Name] = tool
	}
	return s, nil
}

// args are those of a call.
type args = map[string]any

// try calls a tool: what it answers is an object, and goes with its schema, or an
// error that says which tool it is of.
func (s *session) try(name string, a any) (result map[string]any, refusal string, err error) {
	r, err := s.CallTool(context.Background(), &mcp.CallToolParams{Name: name, Arguments: a})
	if err != nil {
		return nil, "", err
	}
	return s.judge(name, r)
}

// judge reads an answer.
func (s *session) judge(name string, r *mcp.CallToolResult) (result map[string]any, refusal string, err error) {
	text := r.Content[0].(*mcp.TextContent).Text
	if err := json.Unmarshal([]byte(text), &result); err != nil {
		return nil, "", fmt.Errorf("%s answers %q: %w", name, text, err)
	}
	if r.IsError {
		refusal, _ = result["error"].(string)
		if rest, ok := strings.CutPrefix(refusal, name+": "); !ok || strings.TrimSpace(rest) == "" || len(result) != 1 {
			return nil, "", fmt.Errorf("%s refuses with %q", name, text)
		}
		return nil, refusal, nil
	}
	return result, "", s.fits(name, r.StructuredContent, result)
}

// fits checks an answer against the schema that was promised.
func (s *session) fits(name string, structured any, text map[string]any) error {
	raw, err := json.Marshal(s.tools[name].OutputSchema)
	if err != nil {
		return err
	}
	var schema jsonschema.Schema
	if err := json.Unmarshal(raw, &schema); err != nil {
		return err
	}
	resolved, err := schema.Resolve(nil)
	if err == nil {
		err = resolved.Validate(structured)
	}
	if err != nil {
		return fmt.Errorf("%s does not answer as it promised: %w", name, err)
	}
	a, _ := json.Marshal(structured)
	b, _ := json.Marshal(text)
	if !bytes.Equal(a, b) {
		return fmt.Errorf("%s answers %s as text and %s as structure", name, b, a)
	}
	return nil
}

// call calls a tool that must do it.
func (s *session) call(name string, a args) map[string]any {
	s.t.Helper()
	result, refusal, err := s.try(name, a)
	if err != nil || refusal != "" {
		s.t.Fatalf("%s %v: %s %v", name, a, refusal, err)
	}
	return result
}

// refused calls a tool that must refuse, with words that contain want.
func (s *session) refused(want, name string, a args) {
	s.t.Helper()
	result, refusal, err := s.try(name, a)
	switch {
	case err != nil:
		s.t.Errorf("%s %v: %v", name, a, err)
	case refusal == "":
		s.t.Errorf("%s %v was done: %v", name, a, result)
	case !strings.Contains(refusal, want):
		s.t.Errorf("%s %v is refused with %q, want words of %q", name, a, refusal, want)
	}
}
