package config

import (
	"errors"
	"io/fs"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"andon/kanban"
)

func TestParse(t *testing.T) {
	t.Parallel()
	with := func(p Profile) Config {
		c := Default()
		c.Profiles["writer"] = p
		return c
	}
	tests := []struct {
		name, in string
		want     Config
	}{
		{"empty", "", Default()},
		{"comments only", "# nothing\n", Default()},
		{"byte order mark", "\ufeffdispatch: {}\n", Default()},
		{"sections left empty", "dispatch:\nprofiles:\n  # none yet\n", Default()},
		{"dispatch", "dispatch:\n  max_in_progress: 0\n  failure_limit: 5\n  interval: 90\n  stale_timeout: 0\n", Config{
			Dispatch: Dispatch{FailureLimit: 5, Interval: Duration(90 * time.Second), Backoff: Default().Dispatch.Backoff},
			Profiles: map[string]Profile{}, Boards: map[string]Board{}, Resources: map[string]int{}, Notify: Notify{Targets: map[string]Target{}}, Diagnostics: Default().Diagnostics, Planner: Default().Planner,
		}},
		{"planner that is a program", "planner: {command: [plan-it, 5], timeout: 30s, auto: true}\n", func() Config {
			c := Default()
			c.Planner = Planner{Command: []string{"plan-it", "5"}, Timeout: Duration(30 * time.Second), Auto: true}
			return c
		}()},
		{"planner behind an endpoint", "planner: {endpoint: \"http://[::1]:8080/v1\", model: m, key_env: KEY}\n", func() Config {
			c := Default()
			c.Planner = Planner{Endpoint: "http://[::1]:8080/v1", Model: "m", KeyEnv: "KEY", Timeout: Duration(2 * time.Minute)}
			return c
		}()},
		{"delays and the default assignee", "dispatch:\n  default_assignee: \" Ada \"\n  backoff: {spawn: 0, crash: 3s, timeout: 1m, max: 1h}\n", func() Config {
			c := Default()
			c.Dispatch.DefaultAssignee = "ada"
			c.Dispatch.Backoff = Backoff{Crash: Duration(3 * time.Second), Protocol: Duration(2 * time.Second), Timeout: Duration(time.Minute), Max: Duration(time.Hour)}
			return c
		}()},
		{"thresholds", "diagnostics: {failure_threshold: 4, crash_threshold: 3, blocked_stale_hours: 1, stranded_threshold_seconds: 60, block_cycle_threshold: 2, block_cycle_window_seconds: 600}\n", func() Config {
			c := Default()
			c.Diagnostics = Diagnostics{4, 3, 1, 60, 2, 600}
			return c
		}()},
		{"least profile", "profiles:\n  Writer:\n    command: [agent]\n", with(Profile{Command: []string{"agent"}, OnExit: kanban.OnExitProtocol})},
		{"whole profile", `
profiles:
  " WRITER ":
    description: writes letters
    command: [agent, "--title={{.Title}}", 5, 1.10, true]
    env: {PORT: 8080, A: "", Greeting: héllo}
    on_exit: complete
    max_in_progress: 2
    max_runtime: 1h30m
    max_retries: 3
    stdin: prompt
`, with(Profile{
			Description: "writes letters", Command: []string{"agent", "--title={{.Title}}", "5", "1.10", "true"},
			Env:    map[string]string{"PORT": "8080", "A": "", "Greeting": "héllo"},
			OnExit: kanban.OnExitComplete, MaxInProgress: 2, MaxRuntime: Duration(90 * time.Minute), MaxRetries: 3, Stdin: StdinPrompt,
		})},
		{"check as a script", "profiles:\n  writer:\n    command: [agent]\n    " + ("check: |\n      go vet ./... &&\n      go test {{.Workspace}}"), with(Profile{Command: []string{"agent"}, OnExit: kanban.OnExitProtocol,
			Check: Shell("go vet ./... &&\ngo test {{.Workspace}}")})},
		{"check as a list", "profiles:\n  writer:\n    command: [agent]\n    " + ("check: [ci, \"{{.Title}}\"]\n    check_timeout: 90\n    check_budget: 5"), with(Profile{Command: []string{"agent"}, OnExit: kanban.OnExitProtocol,
			Check: []string{"ci", "{{.Title}}"}, CheckTimeout: Duration(90 * time.Second), CheckBudget: 5})},
		{"budgets", "budgets: [{profile: Writer, usd: 0.5, per: day}, {tenant: t, board: ops, tokens: 2_000_000, per: week}]\nprofiles: {writer: {command: [a]}}\n", func() Config {
			c := with(Profile{Command: []string{"a"}, OnExit: kanban.OnExitProtocol})
			c.Budgets = []kanban.Budget{{Profile: "writer", Cost: kanban.Dollar / 2, Per: kanban.PerDay}, {Tenant: "t", Board: "ops", Tokens: 2_000_000, Per: kanban.PerWeek}}
			return c
		}()},
		{"boards, resources and accounts", "boards: {ops: {max_in_progress: 2}, lab: }\nresources: {gpu: 1, phone: 2}\nprofiles: {writer: {command: [a], resources: [gpu], account: me}}\n", func() Config {
			c := with(Profile{Command: []string{"a"}, OnExit: kanban.OnExitProtocol, Resources: []string{"gpu"}, Account: "me"})
			c.Boards, c.Resources = map[string]Board{"ops": {2}, "lab": {}}, map[string]int{"gpu": 1, "phone": 2}
			return c
		}()},
		{"block of text", "profiles:\n  writer:\n    command:\n      - sh\n      - -c\n      - |\n        echo {{.ID}}\n        date\n",
			with(Profile{Command: []string{"sh", "-c", "echo {{.ID}}\ndate\n"}, OnExit: kanban.OnExitProtocol})},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := Parse("andon.yaml", []byte(tt.in))
			if err != nil {
				t.Fatalf("Parse: %v", err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("Parse (-want +got):\n%s", diff)
			}
		})
	}
}

func TestParseRefusesInOneLine(t *testing.T) {
	t.Parallel()
	profile := func(line string) string { return "profiles:\n  writer:\n    command: [agent]\n    " + line + "\n" }
	tests := []struct{ name, in, want string }{
		{"unknown field with a likeness", "profiles:\n  writer:\n    comand: [x]\n", `andon.yaml:3:5: profiles.writer.comand: unknown field; did you mean "command"?`},
		{"unknown field", "colour: red\n", `andon.yaml:1:1: colour: unknown field; known here: boards, budgets, diagnostics, dispatch, notify, planner, profiles, resources`},
		{"budgets no list", "budgets: {usd: 5}\n", "budgets: a mapping is not allowed; give a list of budgets, such as [{profile: ada, usd: 5, per: day}]"},
		{"budget of nothing", "budgets: [{usd: 0, per: day}]\n", "andon.yaml:1:11: budgets[0]: it bounds nothing; give usd, tokens or both"},
		{"budget without a period", "budgets: [{usd: 5}]\n", "budgets[0]: it has no period; give per: day, week or month"},
		{"budget for a year", "budgets: [{usd: 5, per: year}]\n", `budgets[0].per: "year" is not allowed; give day, week or month`},
		{"budget less than nothing", "budgets: [{usd: -5, per: day}]\n", "budgets[0].usd: -5 dollars are less than none"},
		{"budget of NaN", "budgets: [{usd: NaN, per: day}]\n", "budgets[0].usd: NaN is no amount of dollars"},
		{"budget of words", "budgets: [{usd: many, per: day}]\n", `budgets[0].usd: "many" is no number of dollars`},
		{"budget of half tokens", "budgets: [{tokens: 1.5, per: day}]\n", `budgets[0].tokens: "1.5" is no number of tokens`},
		{"budget of nobody", "budgets: [{profile: ada, usd: 5, per: day}]\n", `budgets[0].profile: there is no profile "ada"; those defined are none`},
		{"budget in another currency", "budgets: [{eur: 5, per: day}]\n", "budgets[0].eur: unknown field; known here: board, per, profile, tenant, tokens, usd"},
		{"unknown section", "profile:\n  a: 1\n", `andon.yaml:1:1: profile: unknown field; did you mean "profiles"?`},
		{"letters swapped", "dispatch: {intreval: 3}\n", `did you mean "interval"?`},
		{"short name has no likeness", profile("x: 1"), "profiles.writer.x: unknown field; known here: account, check, check_budget, check_timeout"},
		{"repeated field", "dispatch:\n  interval: 30\n  interval: 40\n", "andon.yaml:3:3: dispatch.interval: set twice"},
		{"repeated section", "dispatch:\n  interval: 30\ndispatch:\n  interval: 40\n", "andon.yaml:3:1: dispatch: set twice"},
		{"repeated variable", profile("env: {A: 1, A: 2}"), "andon.yaml:4:17: profiles.writer.env.A: set twice"},
		{"repeated profile", "profiles:\n  Ada: {command: [x]}\n  ada: {command: [x]}\n", `andon.yaml:3:3: profiles: profile "ada" is the same as the one in line 2`},
		{"profile's name", "profiles:\n  a b: {command: [x]}\n", `andon.yaml:2:3: profiles: "a b" is no profile name`},
		{"profile's name too long", "profiles:\n  " + strings.Repeat("a", 65) + ": {command: [x]}\n", "1 to 64"},
		{"profile's name reserved", "profiles:\n  None: {command: [x]}\n", "reserved"},
		{"number for a section", "dispatch: 3\n", `andon.yaml:1:11: dispatch: 3 is not allowed; give fields, each as "name: value"`},
		{"top is a list", "- a\n", `andon.yaml:1:1: a list is not allowed`},
		{"text for a number", "dispatch:\n  failure_limit: two\n", `andon.yaml:2:18: dispatch.failure_limit: the text "two" is not allowed; give a whole number`},
		{"quoted number", "dispatch:\n  failure_limit: \"2\"\n", "give a whole number"},
		{"fraction for a number", "dispatch:\n  failure_limit: 1.5\n", "1.5 is not allowed; give a whole number"},
		{"number too large", "dispatch:\n  failure_limit: 99999999999\n", "too large"},
		{"no value", "dispatch:\n  failure_limit:\n", "dispatch.failure_limit: no value is not allowed"},
		{"negative duration", "dispatch:\n  interval: -5s\n", `andon.yaml:2:13: dispatch.interval: "-5s" is no duration: it is negative`},
		{"fraction lacks its unit", "dispatch:\n  interval: 1.5\n", `"1.5" is no duration`},
		{"interval too short", "dispatch:\n  interval: 0\n", "andon.yaml:2:3: dispatch.interval: 0s is not allowed; give 1s or more"},
		{"failure limit", "dispatch:\n  failure_limit: 0\n", "andon.yaml:2:3: dispatch.failure_limit: 0 is not allowed; give 1 or more"},
		{"default assignee", "dispatch:\n  default_assignee: a b\n", `andon.yaml:2:3: dispatch.default_assignee: "a b" is no profile name`},
		{"default assignee of nobody", "dispatch: {default_assignee: none}\n", "reserved"},
		{"delay beyond the greatest", "dispatch:\n  backoff:\n    crash: 11m\n", "andon.yaml:3:5: dispatch.backoff.crash: 11m is more than max, which is 10m; give less, or raise max"},
		{"no greatest delay", "dispatch: {backoff: {spawn: 0, crash: 0, protocol: 0, timeout: 0, max: 0}}\n", "dispatch.backoff.max: 0s is not allowed; give more than 0"},
		{"unknown delay", "dispatch: {backoff: {time_out: 1}}\n", "did you mean \"timeout\"?"},
		{"no failures for a diagnosis", "diagnostics:\n  crash_threshold: 0\n", "andon.yaml:2:3: diagnostics.crash_threshold: 0 is not allowed; give 1 or more"},
		{"failures for a diagnosis", "diagnostics: {failure_threshold: -1}\n", "-1 is not allowed; give 1 or more, or 0 for the card's own failure limit"},
		{"cap", profile("max_in_progress: -1"), "andon.yaml:4:5: profiles.writer.max_in_progress: -1 is not allowed"},
		{"retries", profile("max_retries: -1"), "profiles.writer.max_retries: -1"},
		{"check of a title", profile("check: 'test {{.Title}}'"), "profiles.writer.check[2]: {{.Title}} is not allowed where it could run as code"},
		{"check of a prompt", profile("check: [ci, '{{.PromptFile}}']"), "profiles.writer.check[1]: {{.PromptFile}} is not known to a check"},
		{"blank check", profile("check: ' '"), "profiles.writer.check: the script is blank"},
		{"empty check", profile("check: []"), "profiles.writer.check: no command"},
		{"check without a program", profile("check: ['', x]"), `profiles.writer.check[0]: "" is no program`},
		{"check of something else", profile("check: {a: b}"), "profiles.writer.check: a mapping is not allowed; give the text of a shell script, or a list of texts"},
		{"check time-out", profile("check_timeout: -1"), "is negative"},
		{"check budget", profile("check_budget: -1"), "profiles.writer.check_budget: -1 is not allowed; give 1 or more, or 0 for 3"},
		{"on_exit", profile("on_exit: finish"), `andon.yaml:4:5: profiles.writer.on_exit: "finish" is not allowed; give "protocol" or "complete"`},
		{"stdin", profile("stdin: title"), `profiles.writer.stdin: "title" is not allowed; give "prompt"`},
		{"stdin of a shell", "profiles: {a: {command: [sh], stdin: prompt}}\n", `would be run as a program by sh`},
		{"no command", "profiles:\n  writer:\n    description: x\n", "andon.yaml:2:3: profiles.writer.command: no command"},
		{"profile without anything", "profiles:\n  writer:\n", "andon.yaml:2:3: profiles.writer.command: no command"},
		{"empty command", "profiles:\n  writer:\n    command: []\n", "andon.yaml:3:5: profiles.writer.command: no command"},
		{"empty program", "profiles: {w: {command: [\" \"]}}\n", `profiles.w.command[0]: " " is no program`},
		{"command is a text", "profiles: {w: {command: agent -x}}\n", `profiles.w.command: the text "agent -x" is not allowed; give a list of texts`},
		{"list within a command", "profiles: {w: {command: [a, [b]]}}\n", `profiles.w.command[1]: a list is not allowed; give a text`},
		{"template field", "profiles:\n  w:\n    command:\n      - a\n      - '{{.Titel}}'\n", `andon.yaml:5:9: profiles.w.command[1]: {{.Titel}} is no field of a card; did you mean {{.Title}}?`},
		{"variable's name", profile(`env: {"A=B": x}`), `"A=B" is no name of a variable`},
		{"variable's value", profile(`env: {A: "x\0y"}`), `NUL`},
		{"null in a command", "profiles: {w: {command: [a, ~]}}\n", "no value is not allowed"},
		{"two planners", "planner: {command: [x], endpoint: \"http://h/v1\", model: m}\n", "planner: command and endpoint are both given; leave one"},
		{"endpoint without a model", "planner: {endpoint: \"http://h/v1\"}\n", "planner: no model"},
		{"model without an endpoint", "planner: {command: [x], model: m}\n", "planner.model: a model belongs to an endpoint"},
		{"key instead of its name", "planner: {endpoint: \"http://h/v1\", model: m, key_env: sk-secret}\n", "planner.key_env: it is no name of a variable"},
		{"key over http", "planner: {endpoint: \"http://models.example/v1\", model: m, key_env: KEY}\n", "planner.endpoint: a key goes over https alone"},
		{"key in an endpoint", "planner: {endpoint: \"https://me:secret@h/v1\", model: m}\n", "planner.endpoint: it holds more than a host and a path"},
		{"endpoint that is no URL", "planner: {endpoint: \"h:80\", model: m}\n", "planner.endpoint: it is no http or https URL"},
		{"planner's program", "planner: {command: [\"\"]}\n", `planner.command[0]: "" is not allowed`},
		{"planner's time", "planner: {timeout: 2h}\n", "planner.timeout: 2h is not allowed; give 1s to 1h"},
		{"automatic planner that is none", "planner: {auto: true}\n", "planner.auto: there is no planner to do it"},
		{"tab", "dispatch:\n\tinterval: 30s\n", "andon.yaml:2:1: a tab in the indentation; YAML takes spaces only"},
		{"unclosed", "profiles: {w: [\n", "andon.yaml:1:"},
		{"anchor", "dispatch: &d {interval: 30}\n", "anchors, aliases and merges are not used"},
		{"alias", "profiles: *d\n", "andon.yaml:1:"},
		{"tag", "dispatch: {interval: !!str 30}\n", "tags are not used"},
		{"two documents", "dispatch: {}\n---\ndispatch: {}\n", "a second document"},
		{"no UTF-8", "dispatch: \xff\n", "andon.yaml: the file is not UTF-8"},
		{"NUL", "a\nb\x00", "NUL in line 2"},
		{"too long", strings.Repeat("#", maxFile+1), "at most"},
		{"deep brackets", strings.Repeat("[", maxFile), "andon.yaml:1:33: nested more than 32 deep"},
		{"deep dashes", strings.Repeat("- ", maxFile/2), "nested more than 32 deep"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := Parse("andon.yaml", []byte(tt.in))
			if err == nil {
				t.Fatalf("Parse accepted it, want a refusal with %q", tt.want)
			}
			var e *Error
			if !errors.As(err, &e) {
				t.Errorf("Parse error is a %T, want *Error", err)
			}
			if got := err.Error(); !strings.Contains(got, tt.want) || strings.Contains(got, "\n") || !strings.HasPrefix(got, "andon.yaml:") {
				t.Errorf("Parse: %q, want one line with %q", got, tt.want)
			}
		})
	}
}

func TestExampleIsTheDefault(t *testing.T) {
	t.Parallel()
	got, err := Parse("andon.yaml", Example())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(Default(), got); diff != "" {
		t.Errorf("Example (-default +got):\n%s", diff)
	}
}

func TestExampleProfilesWorkWhenUncommented(t *testing.T) {
	t.Parallel()
	profiles, _, _ := strings.Cut(string(Example()), "\n# Whom to notify")
	before, after, _ := strings.Cut(profiles, "profiles: {}")
	c, err := Parse("andon.yaml", []byte(before+"profiles:"+strings.ReplaceAll(after, "\n#   ", "\n  ")))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"counter", "coder"} {
		if _, err := c.Profiles[name].Argv(Card{ID: "t_1", Title: "$(date)", Run: 1}); err != nil {
			t.Errorf("Argv of %s: %v", name, err)
		}
	}
}

func TestLoad(t *testing.T) {
	t.Parallel()
	read := func(data string, err error) func(string) ([]byte, error) {
		return func(path string) ([]byte, error) {
			if path != "/h/andon.yaml" {
				t.Errorf("read %q", path)
			}
			return []byte(data), err
		}
	}
	if c, err := Load("/h/andon.yaml", read("", &fs.PathError{Op: "open", Path: "x", Err: fs.ErrNotExist})); err != nil || !cmp.Equal(c, Default()) {
		t.Errorf("Load of an absent file = %+v, %v, want the default", c, err)
	}
	if _, err := Load("/h/andon.yaml", read("", fs.ErrPermission)); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("Load of a forbidden file: %v, want fs.ErrPermission", err)
	}
	if _, err := Load("/h/andon.yaml", read("x: 1", nil)); err == nil || !strings.HasPrefix(err.Error(), "/h/andon.yaml:1:1: x: ") {
		t.Errorf("Load of a bad file: %v, want its whole path", err)
	}
}

func TestValidateWithoutFile(t *testing.T) {
	t.Parallel()
	c := Default()
	c.Profiles["Ada"] = Profile{Command: []string{"x"}, OnExit: kanban.OnExitProtocol}
	err := c.Validate()
	if want := `profiles: profile name "Ada" is not canonical; write "ada"`; err == nil || err.Error() != want {
		t.Errorf("Validate: %v, want %s", err, want)
	}
}

func FuzzParse(f *testing.F) {
	f.Add(Example())
	f.Add([]byte("profiles:\n  a:\n    command: [sh, -c, \"{{.ID}}\", x]\n    env: {A: 1}\n"))
	f.Add([]byte("? {a: b}\n: &x [*x, !!t |-\n  z\n]\n---\n<<: 3\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := Parse("f", data)
		if err != nil {
			if s := err.Error(); strings.Contains(s, "\n") {
				t.Errorf("Parse error in several lines: %q", s)
			}
			return
		}
		if err := c.Validate(); err != nil {
			t.Errorf("Parse accepted what Validate refuses: %v", err)
		}
		for name, p := range c.Profiles {
			argv, err := p.Argv(Card{ID: "t_1", Title: "; date", Run: 1})
			if err == nil && len(argv) != len(p.Command) {
				t.Errorf("Argv of %s has %d elements of %d", name, len(argv), len(p.Command))
			}
		}
	})
}
