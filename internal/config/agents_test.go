package config

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"
)

func none(string) string { return "" }

// Each agent is called as it is documented to be called without a person. The title
// and the prompt are in no argument, and no secret is.
func TestPresetsArgv(t *testing.T) {
	t.Parallel()
	server := Server{File: "/run/mcp.json", Command: []string{"/bin/andon", "mcp"}, Env: []string{"ANDON_TOKEN"}}
	card := Card{ID: "t_1", Title: `x"; rm -rf /`, Prompt: "a prompt", PromptFile: "/run/prompt.md", Profile: "ada", Server: server}
	all := card
	all.Model, all.Provider, all.Effort = "--yolo", `p"q`, "high"
	claude := []string{"-p", "--output-format", "stream-json", "--verbose", "--mcp-config", "/run/mcp.json", "--strict-mcp-config", "--allowedTools=mcp__andon,Bash(andon:*)"}
	wire := []string{"-c", `mcp_servers.andon.command="/bin/andon"`, "-c", `mcp_servers.andon.args=["mcp"]`, "-c", `mcp_servers.andon.env_vars=["ANDON_TOKEN"]`}
	for name, tt := range map[string]struct {
		p    Profile
		c    Card
		want []string
		left string
	}{
		"claude": {Profile{Preset: PresetClaudeCode}, card, slices.Concat([]string{"claude"}, claude, []string{"--permission-mode=acceptEdits"}), ""},
		"claude with all": {Profile{Preset: PresetClaudeCode, Command: []string{"/opt/claude", "--permission-mode=plan"}}, all,
			slices.Concat([]string{"/opt/claude", "--permission-mode=plan"}, claude, []string{"--model=--yolo", "--effort=high"}), "provider"},
		"codex": {Profile{Preset: PresetCodex}, card,
			slices.Concat([]string{"codex", "exec", "--json", "--skip-git-repo-check", "--sandbox=workspace-write"}, wire, []string{"-"}), ""},
		"codex with all": {Profile{Preset: PresetCodex, Command: []string{"codex", "--yolo"}}, all,
			slices.Concat([]string{"codex", "--yolo", "exec", "--json", "--skip-git-repo-check"}, wire,
				[]string{"--model=--yolo", "-c", `model_provider="p\"q"`, "-c", `model_reasoning_effort="high"`, "-"}), ""},
		"gemini": {Profile{Preset: PresetGemini}, card,
			[]string{"gemini", "--output-format=stream-json", "--approval-mode=auto_edit", "--prompt=Do what the text above asks for."}, ""},
		"gemini with all": {Profile{Preset: PresetGemini, Command: []string{"gemini", "-y"}}, all,
			[]string{"gemini", "-y", "--output-format=stream-json", "--model=--yolo", "--prompt=Do what the text above asks for."}, "provider effort"},
		"opencode": {Profile{Preset: PresetOpenCode}, card,
			[]string{"opencode", "run", "Do what the attached file asks for.", "--format=json", "--file=/run/prompt.md"}, ""},
		"opencode with all": {Profile{Preset: PresetOpenCode}, all,
			[]string{"opencode", "run", "Do what the attached file asks for.", "--format=json", `--model=p"q/--yolo`, "--variant=high", "--file=/run/prompt.md"}, ""},
		"shell": {Profile{Preset: PresetShell, Command: []string{"wc {{.ID}}"}}, all, Shell("wc t_1"), "model provider effort"},
	} {
		t.Run(name, func(t *testing.T) {
			p := tt.p.Resolve(none)
			got, err := p.Argv(tt.c)
			if err != nil || !slices.Equal(got, tt.want) {
				t.Errorf("Argv = %q, %v; want %q", got, err, tt.want)
			}
			if left := strings.Join(p.Unheeded(tt.c), " "); left != tt.left {
				t.Errorf("unheeded: %q, want %q", left, tt.left)
			}
			if w := p.Wiring(server); w.File != "" && !json.Valid([]byte(w.File)) {
				t.Errorf("the file is no JSON: %s", w.File)
			}
		})
	}
}

// A quota is known by codes that stand in the agent's own lines, and never by what
// anybody has written: not by a model, not by a file that a tool shows.
func TestPresetsQuota(t *testing.T) {
	t.Parallel()
	words := `{"type":"assistant","message":{"content":[{"type":"text","text":"rate_limit 429 quota \"error\":\"rate_limit\""}]}}
{"type":"text","part":{"text":"{\"type\":\"error\",\"error\":{\"data\":{\"statusCode\":429}}}"}}
{"type":"result","status":"error","error":{"type":"Error","message":"TerminalQuotaError 429: quota exceeded"}}
{"type":"turn.failed","error":{"message":"You've hit your usage limit. 429 Too Many Requests"}}
429 rate limit: usage limit reached, quota exceeded
{"type":"rate_limit_event"
`
	rejected := `{"type":"rate_limit_event","rate_limit_info":{"status":"rejected","resetsAt":1900000000}}` + "\n"
	for name, tt := range map[string]struct {
		preset Preset
		output string
		want   bool
		until  int64
	}{
		"claude rejected":       {PresetClaudeCode, rejected + `{"type":"assistant","error":"rate_limit"}` + "\n" + `{"type":"result","is_error":true,"result":"no"}`, true, 1900000000},
		"claude class":          {PresetClaudeCode, `{"type":"assistant","error":"rate_limit"}`, true, 0},
		"claude got on":         {PresetClaudeCode, rejected + `{"type":"result","is_error":false}` + "\n", false, 0},
		"claude warned":         {PresetClaudeCode, `{"type":"rate_limit_event","rate_limit_info":{"status":"allowed_warning","resetsAt":1900000000}}`, false, 0},
		"claude other class":    {PresetClaudeCode, `{"type":"assistant","error":"billing_error"}`, false, 0},
		"gemini":                {PresetGemini, "loading\n" + `{"type":"result","status":"error","error":{"type":"TerminalQuotaError","message":"x"}}`, true, 0},
		"gemini by code":        {PresetGemini, `{"type":"result","status":"error","error":{"type":"ApiError","code":429}}`, true, 0},
		"gemini otherwise":      {PresetGemini, `{"type":"result","status":"error","error":{"type":"ApiError","code":500}}`, false, 0},
		"opencode":              {PresetOpenCode, `{"type":"error","error":{"name":"APIError","data":{"statusCode":429}}}`, true, 0},
		"opencode got on":       {PresetOpenCode, `{"type":"error","error":{"data":{"statusCode":429}}}` + "\n" + `{"type":"step_finish"}`, false, 0},
		"codex has words alone": {PresetCodex, words, false, 0},
	} {
		q, stopped := tt.preset.Quota([]byte(tt.output))
		var until time.Time
		if tt.until != 0 {
			until = time.Unix(tt.until, 0)
		}
		if stopped != tt.want || !q.Until.Equal(until) {
			t.Errorf("%s: %v until %v, want %v until %v", name, stopped, q.Until, tt.want, until)
		}
	}
	for _, p := range Presets() {
		if _, stopped := p.Quota([]byte(words)); stopped {
			t.Errorf("%s takes words for a quota", p)
		}
	}
}

func FuzzQuota(f *testing.F) {
	f.Add([]byte(`{"type":"rate_limit_event","rate_limit_info":{"status":"rejected","resetsAt":9e99}}`))
	f.Fuzz(func(t *testing.T, output []byte) {
		for _, p := range Presets() {
			p.Quota(output)
		}
	})
}

func TestPresetsAreRefusedWhatTheyCannotDo(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"profiles: {a: {preset: apollo}}\n":                                `give one of "hermes", "claude-code", "codex", "gemini", "opencode", "shell", or a command`,
		"profiles: {a: {preset: codex, stdin: prompt}}\n":                  "which reads its prompt there anyway",
		"profiles: {a: {preset: opencode, stdin: prompt}}\n":               "which reads nothing there",
		"profiles: {a: {preset: shell}}\n":                                 "runs one script, and there are 0 elements",
		"profiles: {a: {preset: shell, command: [echo, a]}}\n":             "runs one script, and there are 2 elements",
		"profiles: {a: {preset: shell, command: [\"echo {{.Title}}\"]}}\n": "profiles.a.command[0]: {{.Title}} is not allowed where it could run as code",
	} {
		if _, err := Parse("andon.yaml", []byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want words of %q", text, err, want)
		}
	}
}
