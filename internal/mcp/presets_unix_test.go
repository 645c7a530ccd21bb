//go:build unix

package mcp_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func init() { roles["stand-in"] = standIn }

// described is a server as the settings of an agent describe it.
type described struct {
	Command []string
	Env     map[string]string
}

// standIn is called by the name of an agent, reads its arguments, prompt and
// settings as that agent is documented to, and works by the tools it finds there.
func standIn() error {
	name := filepath.Base(os.Args[0])
	prompt, err := promptOf(name)
	if err != nil {
		return err
	}
	record, err := json.Marshal(map[string]any{"argv": os.Args, "prompt": prompt})
	if err == nil {
		err = os.WriteFile(os.Getenv("RECORD"), record, 0o600)
	}
	if err != nil {
		return err
	}
	if line := os.Getenv("SAYS"); line != "" {
		fmt.Println(line)
		return errors.New("exceeded your quota, 429")
	}
	d, err := serverOf(name)
	if err != nil {
		return err
	}
	cmd := exec.Command(d.Command[0], d.Command[1:]...)
	cmd.Env = []string{asAndon + "=andon", "TZ=UTC", "PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME")}
	for name, value := range d.Env {
		value = regexp.MustCompile(`\$\{(\w+)(:-)?\}|\{env:(\w+)\}`).ReplaceAllStringFunc(value, func(s string) string {
			return os.Getenv(regexp.MustCompile(`[A-Z]\w*`).FindString(s))
		})
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	return agentAt(cmd)
}

func flagOf(name string) string {
	for i, arg := range os.Args {
		if value, ok := strings.CutPrefix(arg, name+"="); ok {
			return value
		}
		if arg == name && i+1 < len(os.Args) {
			return os.Args[i+1]
		}
	}
	return ""
}

func promptOf(name string) (string, error) {
	if name == "opencode" {
		text, err := os.ReadFile(flagOf("--file"))
		return string(text), err
	}
	text, err := io.ReadAll(os.Stdin)
	return string(text), err
}

func serverOf(name string) (d described, err error) {
	var file struct {
		MCPServers map[string]struct {
			Command string
			Args    []string
			Env     map[string]string
		}
	}
	path := flagOf("--mcp-config")
	switch name {
	case "codex":
		d.Env = map[string]string{}
		for i, arg := range os.Args {
			key, value, _ := strings.Cut(arg, "=")
			var names []string
			if os.Args[max(i-1, 0)] != "-c" {
				continue
			}
			switch key {
			case "mcp_servers.andon.command":
				d.Command = append(d.Command, "")
				err = json.Unmarshal([]byte(value), &d.Command[0])
			case "mcp_servers.andon.args":
				err = json.Unmarshal([]byte(value), &names)
				d.Command = append(d.Command, names...)
			case "mcp_servers.andon.env_vars":
				err = json.Unmarshal([]byte(value), &names)
				for _, name := range names {
					d.Env[name] = os.Getenv(name)
				}
			}
			if err != nil {
				return d, err
			}
		}
		return d, nil
	case "opencode":
		var all struct {
			MCP map[string]struct {
				Command     []string
				Environment map[string]string
			}
		}
		err = json.Unmarshal([]byte(os.Getenv("OPENCODE_CONFIG_CONTENT")), &all)
		return described{all.MCP["andon"].Command, all.MCP["andon"].Environment}, err
	case "gemini":
		path = os.Getenv("GEMINI_CLI_SYSTEM_DEFAULTS_PATH")
	}
	text, err := os.ReadFile(path)
	if err == nil {
		err = json.Unmarshal(text, &file)
	}
	s := file.MCPServers["andon"]
	return described{append([]string{s.Command}, s.Args...), s.Env}, err
}

// onPath makes stand-ins for all agents, and returns the PATH that has them.
func (h *house) onPath() string {
	h.t.Helper()
	dir := h.t.TempDir()
	for _, name := range []string{"claude", "codex", "gemini", "opencode"} {
		if err := os.Symlink(h.self, filepath.Join(dir, name)); err != nil {
			h.t.Fatal(err)
		}
	}
	return dir + ":" + os.Getenv("PATH")
}

func (h *house) preset(name, more string) (settings, record string) {
	record = filepath.Join(h.t.TempDir(), "record")
	return fmt.Sprintf("preset: %s\n    max_retries: 1\n    env: {%s: stand-in, PATH: %q, RECORD: %q, SAYS: '%s'}", name, asAndon, h.onPath(), record, more), record
}

// Every preset's agent gets its prompt and finds andon's tools where it looks for
// them, and takes a card from spawn to done as any other worker does.
func TestPresetsFromSpawnToDone(t *testing.T) {
	h := newHouse(t)
	want := h.spawnToDone(fmt.Sprintf("command: [%q]\n    env: {%s: agent}", h.self, asAndon))
	for _, name := range []string{"claude-code", "codex", "gemini", "opencode"} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			settings, record := h.preset(name, "")
			if diff := cmp.Diff(want, h.spawnToDone(settings)); diff != "" {
				t.Errorf("the histories differ (-agent +%s):\n%s", name, diff)
			}
			text, err := os.ReadFile(record)
			if err != nil {
				t.Fatal(err)
			}
			var told struct {
				Argv   []string
				Prompt string
			}
			if err := json.Unmarshal(text, &told); err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(told.Prompt, "You work on one card") || !strings.Contains(told.Prompt, "kanban_complete") {
				t.Errorf("the prompt is %q", told.Prompt)
			}
			if args := strings.Join(told.Argv, "\n"); strings.Contains(args, "You work on") || strings.Contains(args, "andon1.") {
				t.Errorf("the prompt or a token is among the arguments: %q", told.Argv)
			}
		})
	}
}

// An agent that says by a code that a quota stopped it is not to blame; one that
// says so in words alone has crashed.
func TestPresetsQuota(t *testing.T) {
	for _, c := range []struct{ preset, says, event string }{
		{"claude-code", `{"type":"assistant","error":"rate_limit"}`, "rate_limited"},
		{"gemini", `{"type":"result","status":"error","error":{"type":"TerminalQuotaError"}}`, "rate_limited"},
		{"opencode", `{"type":"error","error":{"data":{"statusCode":429}}}`, "rate_limited"},
		{"codex", `{"type":"turn.failed","error":{"message":"429 rate limit"}}`, "gave_up"},
		{"claude-code", `{"type":"result","is_error":true,"result":"429 rate limit"}`, "gave_up"},
	} {
		t.Run(c.preset+" "+c.event, func(t *testing.T) {
			h := newHouse(t)
			settings, _ := h.preset(c.preset, c.says)
			h.profile(settings)
			id := h.run("write", "completed,rate_limited,gave_up,spawn_failed")
			if history := h.andon("events", id, "--json"); !strings.Contains(history, `"`+c.event+`"`) {
				t.Errorf("the history has no %s:\n%s\n%s", c.event, history, h.andon("log", id))
			}
		})
	}
}
