package config

import (
	"slices"
	"strings"
	"testing"
)

func TestArgv(t *testing.T) {
	t.Parallel()
	card := Card{ID: "t_1", Title: `a "b"; $(c)`, Prompt: "do\nit", PromptFile: "/r/7.md", Workspace: "/w/t_1", Board: "default", Run: 7, Attempt: 2}
	tests := []struct {
		name string
		in   []string
		want []string
	}{
		{"every field", []string{"x", "{{.ID}}", "{{.Title}}", "{{.Run}}", "{{.Prompt}}", "{{.PromptFile}}", "{{.Workspace}}", "{{.Board}}", "{{.Attempt}}"},
			[]string{"x", "t_1", card.Title, "7", card.Prompt, "/r/7.md", "/w/t_1", "default", "2"}},
		{"mixed with text", []string{"x", "--title={{ .Title }}!", "{{.ID}}/{{.Run}}"}, []string{"x", "--title=" + card.Title + "!", "t_1/7"}},
		{"parameters", []string{"sh", "-c", "echo {{.ID}} $1", "x", "{{.Title}}"}, []string{"sh", "-c", "echo t_1 $1", "x", card.Title}},
		{"script file", []string{"bash", "run.sh", "--title={{.Title}}"}, []string{"bash", "run.sh", "--title=" + card.Title}},
		{"empty argument", []string{"x", ""}, []string{"x", ""}},
		{"a field's braces stay", []string{"x", "{{.Board}}"}, []string{"x", "default"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := Profile{Command: tt.in}.Argv(card)
			if err != nil || !slices.Equal(got, tt.want) {
				t.Errorf("Argv(%q) = %q, %v, want %q", tt.in, got, err, tt.want)
			}
		})
	}
}

func TestArgvRefusesWhatNoProcessTakes(t *testing.T) {
	t.Parallel()
	p := Profile{Command: []string{"x", "{{.Prompt}}"}}
	if argv, err := p.Argv(Card{Prompt: strings.Repeat("p", MaxArg)}); err != nil || len(argv[1]) != MaxArg {
		t.Errorf("Argv with a prompt of MaxArg: %v", err)
	}
	tests := []struct {
		name    string
		command []string
		card    Card
		want    string
	}{
		{"too long", p.Command, Card{Prompt: strings.Repeat("p", MaxArg+1)}, `{{.PromptFile}} or with "stdin: prompt"`},
		{"NUL", p.Command, Card{Prompt: "a\x00b"}, "NUL"},
		{"workspace that is code", []string{"sh", "-c", "cd {{.Workspace}}"}, Card{Workspace: "/w/$(date)"}, `"$ANDON_WORKSPACE"`},
		{"workspace of two words", []string{"sh", "-c", "rm -r {{.Workspace}}"}, Card{Workspace: "/w /"}, `"$ANDON_WORKSPACE"`},
		{"not loaded by Parse", []string{"sh", "-c", "echo {{.Title}}"}, Card{}, "could run as code"},
	}
	for _, tt := range tests {
		if _, err := (Profile{Command: tt.command}).Argv(tt.card); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: Argv: %v, want a refusal with %q", tt.name, err, tt.want)
		}
	}
}

func TestCompileTakesOnlyPlainFields(t *testing.T) {
	t.Parallel()
	for _, in := range []string{"{{.}}", "{{.Nope}}", "{{.ID.X}}", "{{$.ID}}", "{{$x := .ID}}", "{{.ID | len}}", "{{len .ID}}", "{{(.ID)}}", "{{exec \"x\"}}",
		"{{if .ID}}x{{end}}", "{{range .ID}}{{end}}", "{{with .ID}}{{end}}", `{{define "x"}}{{end}}`, `{{define ""}}y{{end}}`, `{{template "x"}}`,
		`{{block "x" .}}{{end}}`, "{{break}}", "{{", "{{.ID", "{{}}", "{{\"x\"}}", "{{1}}", "a\x00b"} {
		_, bad := compile([]string{"x", in})
		if bad == nil || bad.index != 1 || strings.Contains(bad.msg, "\n") {
			t.Errorf("compile(%q): %+v, want a refusal of element 1 in one line", in, bad)
		}
	}
}

// Each command holds one field, {{.Title}}, whose text a card's author chooses.
func TestCompileKeepsTextOutOfScripts(t *testing.T) {
	t.Parallel()
	const T = "{{.Title}}"
	refused := [][]string{
		{T},
		{"{{.Title}}/bin/x"},
		{"sh", "-c", T},
		{"sh", "-c", "echo '" + T + "'"},
		{"/bin/sh", "-c", "echo " + T},
		{`C:\msys\bin\BASH.EXE`, "-lc", "echo " + T},
		{"bash", "-euo", "pipefail", "-c", "echo " + T},
		{"bash", "-c", "-o", "pipefail", T},
		{"bash", "-co", "pipefail", T},
		{"sh", "-c", "--", T},
		{"sh", "--", T},
		{"sh", T},
		{"sh", "-c", "echo $1", "x", "a" + T},
		{"fish", "--command", T},
		{"env", "sh", "-c", "echo " + T},
		{"/usr/bin/env", "-i", "A=b", "bash", "-c", T},
		{"env", "-S", "sh -c 'echo " + T + "'"},
		{"timeout", "10", "nice", "sh", "-c", "echo " + T},
		{"docker", "run", "image", "sh", "-c", "echo " + T},
		{"cmd", "/c", "echo", T},
		{"cmd.exe", "/d", "/s", "/c", "echo " + T},
		{"run.bat", T},
		{"powershell", "-Command", "echo " + T},
		{"pwsh", "-NoProfile", "-c", "echo $args", T},
		{"powershell", "script.ps1", "-File", T},
		{"pwsh", "-File", T},
		{"ssh", "host", "agent", T},
		{"python3", "-c", "print('" + T + "')"},
		{"python3.12", "-Ic", T},
		{"python", "-W", "ignore", "-c", T},
		{"node", "-e", "console.log('" + T + "')"},
		{"node", "--eval=" + T},
		{"perl", "-ne", T},
		{"su", "ada", "-c", "echo " + T},
	}
	for _, c := range refused {
		if _, bad := compile(c); bad == nil || !strings.Contains(c[bad.index], T) {
			t.Errorf("compile(%q): %+v, want a refusal of the title", c, bad)
		}
	}
	allowed := [][]string{
		{"agent", T},
		{"agent", "--title=" + T},
		{"agent", "--allowed-tools", "Bash", "-c", "-p", T},
		{"sh", "-c", `echo "$1"`, "x", T},
		{"bash", "-o", "pipefail", "-c", `echo "$1"`, "x", T},
		{"bash", "run.sh", T},
		{"env", "TITLE=" + T, "sh", "-c", `echo "$TITLE"`},
		{"env", "agent", T},
		{"timeout", "10", "agent", "--title=" + T},
		{"pwsh", "-NoProfile", "-ExecutionPolicy", "Bypass", "-File", "run.ps1", T},
		{"python3", "agent.py", "-c", T},
		{"python3", "-c", "import sys", T},
		{"node", "-r", "./hook.js", "agent.js", "-p", T},
	}
	for _, c := range allowed {
		if _, bad := compile(c); bad != nil {
			t.Errorf("compile(%q): refused element %d: %s", c, bad.index, bad.msg)
		}
	}
	for _, field := range []string{"ID", "Run", "Workspace"} {
		if _, bad := compile([]string{"sh", "-c", "echo {{." + field + "}}"}); bad != nil {
			t.Errorf("compile refused {{.%s}} in a script: %s", field, bad.msg)
		}
	}
	_, bad := compile([]string{"sh", "-c", "cat {{.PromptFile}}"})
	if bad == nil || !strings.Contains(bad.msg, `"$ANDON_PROMPT_FILE"`) {
		t.Errorf("compile of {{.PromptFile}} in a script: %+v, want a hint at $ANDON_PROMPT_FILE", bad)
	}
}

func TestRunsStdin(t *testing.T) {
	t.Parallel()
	tests := []struct {
		command string
		want    bool
	}{
		{"sh", true}, {"sh -s", true}, {"sh -e -s x", true}, {"env bash", true}, {"python3", true}, {"python3 -", true}, {"pwsh -Command -", true}, {"cmd", true},
		{"sh -c cat", false}, {"sh run.sh", false}, {"sh run.sh -s", false}, {"agent", false}, {"agent -", false}, {"python3 agent.py", false},
		{"env agent -s", false}, {"nice sh -c cat", false},
	}
	for _, tt := range tests {
		if got := runsStdin(strings.Fields(tt.command)); got != tt.want {
			t.Errorf("runsStdin(%q) = %v, want %v", tt.command, got, tt.want)
		}
	}
}
