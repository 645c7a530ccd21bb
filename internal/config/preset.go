package config

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Preset is a kind of agent whose command line andon knows.
type Preset string

// The presets. Each has a file of its own, and a row in the table below.
const (
	PresetHermes     Preset = "hermes"
	PresetClaudeCode Preset = "claude-code"
	PresetCodex      Preset = "codex"
	PresetGemini     Preset = "gemini"
	PresetOpenCode   Preset = "opencode"
	PresetShell      Preset = "shell"
)

// agent is what is known of a preset's program. Functions that are nil are for what
// it has not.
type agent struct {
	name    Preset
	program string   // by which name the PATH has it; empty: there is none of that name
	chosen  string   // the variable that names another program
	stdin   bool     // it reads its prompt there
	lacks   []string // what a card may ask for and its command line has no flag for

	args   func(Profile, Card) []string // which follow the command
	wiring func(Server) Wiring          // how it is told of andon's tools
	limit  func(event) word             // what a line that it prints says of a quota
	toll   toll                         // how what it prints tells of its usage
}

var agents = []agent{
	{name: PresetHermes, program: "hermes", chosen: "HERMES_BIN", args: hermesArgs},
	{name: PresetClaudeCode, program: "claude", stdin: true, lacks: []string{"provider"}, args: claudeArgs, wiring: claudeWiring, limit: claudeLimit,
		toll: toll{mark: `"result"`, read: claudeToll}},
	// Codex tells of its quota in words alone, so a run that it ends is a crash.
	{name: PresetCodex, program: "codex", stdin: true, args: codexArgs, wiring: codexWiring, toll: toll{mark: `"turn.completed"`, read: codexToll}},
	{name: PresetGemini, program: "gemini", stdin: true, lacks: []string{"provider", "effort"}, args: geminiArgs, wiring: geminiWiring, limit: geminiLimit,
		toll: toll{mark: `"result"`, read: geminiToll}},
	{name: PresetOpenCode, program: "opencode", args: openCodeArgs, wiring: openCodeWiring, limit: openCodeLimit,
		toll: toll{mark: `"step_finish"`, steps: true, read: openCodeToll}},
	{name: PresetShell, stdin: true, lacks: []string{"model", "provider", "effort"}},
}

func (p Preset) agent() agent {
	for _, a := range agents {
		if a.name == p {
			return a
		}
	}
	return agent{}
}

// Presets are all of them.
func Presets() []Preset {
	names := make([]Preset, len(agents))
	for i, a := range agents {
		names[i] = a.name
	}
	return names
}

// Program is the name by which the PATH has the preset's agent; empty if it has none.
func (p Preset) Program() string { return p.agent().program }

// Server is andon as an agent is told to start it for its tools.
type Server struct {
	File    string   // the file that [Wiring] is written to, of this run alone
	Command []string // the program and its arguments
	Env     []string // names of the variables that it needs; their values stand in no file
}

// Wiring is how an agent is told of the server besides by its arguments.
type Wiring struct {
	File string            // what to write to Server.File; empty: nothing
	Env  map[string]string // what it finds in its environment
}

// Wired says whether the profile's agent is given andon's tools.
func (p Profile) Wired() bool { return p.Preset.agent().wiring != nil }

// Wiring is what the profile's agent is told of the server.
func (p Profile) Wiring(s Server) Wiring {
	if wiring := p.Preset.agent().wiring; wiring != nil {
		return wiring(s)
	}
	return Wiring{}
}

// ReadsPrompt says whether the agent finds the prompt on its standard input.
func (p Profile) ReadsPrompt() bool { return p.Stdin == StdinPrompt || p.Preset.agent().stdin }

// Unheeded are the wishes of a card that the profile's agent has no flag for.
func (p Profile) Unheeded(c Card) []string {
	wishes := map[string]string{"model": c.Model, "provider": c.Provider, "effort": c.Effort}
	return slices.DeleteFunc(slices.Clone(p.Preset.agent().lacks), func(name string) bool { return wishes[name] == "" })
}

func (p Profile) presetArgs(c Card) []string {
	if args := p.Preset.agent().args; args != nil {
		return args(p, c)
	}
	return nil
}

// says reports whether the profile's own command has one of some options already:
// then the preset says nothing of the same matter.
func (p Profile) says(options ...string) bool {
	return slices.ContainsFunc(p.Command, func(word string) bool {
		option, _, _ := strings.Cut(word, "=")
		return slices.Contains(options, option)
	})
}

func (p Profile) validatePreset(at string) error {
	switch {
	case p.Preset == "":
		return nil
	case !slices.Contains(Presets(), p.Preset):
		return invalid(at+".preset", "%q is not known; give one of %s, or a command of your own", p.Preset, presetNames())
	case p.Stdin != StdinNone && p.Preset.agent().stdin:
		return invalid(at+".stdin", "%q is not for the preset %s, which reads its prompt there anyway; leave it out", p.Stdin, p.Preset)
	case p.Stdin != StdinNone:
		return invalid(at+".stdin", "%q is not for the preset %s, which reads nothing there; leave it out", p.Stdin, p.Preset)
	case p.Preset == PresetShell && len(p.Command) != 1:
		return invalid(at+".command", "the preset shell runs one script, and there are %d elements; give [SCRIPT], or leave the preset out", len(p.Command))
	}
	return nil
}

func presetNames() string {
	var names []string
	for _, name := range Presets() {
		names = append(names, fmt.Sprintf("%q", name))
	}
	return strings.Join(names, ", ")
}

// Resolve returns the profile with the program that its preset is started with on
// this host, if it names none.
func (p Profile) Resolve(getenv func(string) string) Profile {
	a := p.Preset.agent()
	if len(p.Command) > 0 || a.program == "" {
		return p
	}
	p.Command = []string{a.program}
	if a.chosen != "" && getenv(a.chosen) != "" {
		p.Command = []string{getenv(a.chosen)}
	}
	return p
}

// Quota is a limit that an agent ran into.
type Quota struct {
	Until time.Time // when it is lifted; zero if that was not said
}

// word is what one line says of a quota.
type word struct {
	kind  int
	until time.Time
}

const (
	silent  = iota
	limited // it stands before a limit
	through // it got on after all
)

// event is a line of JSON that an agent prints.
type event []byte

// read decodes the event; what has another shape leaves v as it is.
func (e event) read(v any) bool { return json.Unmarshal(e, v) == nil }

// Quota reports whether a quota stopped the agent that printed this. Only lines
// that are JSON objects count, and of those only fields that are codes: a model may
// have written any words into the others.
func (p Preset) Quota(output []byte) (q Quota, stopped bool) {
	limit := p.agent().limit
	if limit == nil {
		return q, false
	}
	for line := range bytes.Lines(output) {
		line = bytes.TrimSpace(line)
		if len(line) == 0 || line[0] != '{' {
			continue
		}
		switch w := limit(line); w.kind {
		case limited:
			stopped = true
			if !w.until.IsZero() {
				q.Until = w.until
			}
		case through:
			q, stopped = Quota{}, false
		}
	}
	return q, stopped
}

// plainJSON is v for a file or an argument that people may look at.
func plainJSON(v any) string {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		panic("config: what is made of texts alone has no JSON: " + err.Error())
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// passed is an environment by which variables are handed on: each name with the
// reference that the agent replaces by the variable's value.
func passed(names []string, before, after string) map[string]string {
	env := map[string]string{}
	for _, name := range names {
		env[name] = before + name + after
	}
	return env
}
