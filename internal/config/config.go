// Package config reads andon.yaml and the few environment variables that tune
// the kernel. Reading is pure: the caller hands in the environment and the way
// to read a file. A file that is accepted is whole: every field is known, of
// its type and within its bounds, and every command can be rendered safely.
package config

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode"

	"andon/kanban"
)

// Config is what andon.yaml says. [Default] is its value when there is no file.
type Config struct {
	Dispatch    Dispatch
	Profiles    map[string]Profile // by canonical name, see [ParseProfileName]
	Boards      map[string]Board   // by slug; a board that is not here has nothing of its own
	Resources   map[string]int     // how much there is on this host of what running cards take up, by name
	Budgets     []kanban.Budget    // each bounds what the dispatcher starts
	Notify      Notify
	Diagnostics Diagnostics
	Planner     Planner
}

// Board is what is set for one board.
type Board struct {
	MaxInProgress int // running cards of the board; 0 sets no limit of its own
}

// Dispatch tunes the dispatcher of this host.
type Dispatch struct {
	MaxInProgress int      // running cards on this host; 0 sets no limit
	FailureLimit  int      // failures in a row before a card is given up; at least 1
	Interval      Duration // the slow safety tick; at least one second
	StaleTimeout  Duration // a running card this long without a sign of life is taken back; 0 is off

	// DefaultAssignee is the profile that gets the ready cards of nobody; empty: none
	// does. One that is not among the profiles gets none.
	DefaultAssignee string
	Backoff         Backoff
}

// Backoff sets the delays after failures, see [kanban.Backoff]. A delay of 0 is
// none.
type Backoff struct {
	Spawn, Crash, Protocol, Timeout Duration // first delays
	Max                             Duration // of any delay
}

// Rule is the delays as the rules take them.
func (b Backoff) Rule() kanban.Backoff {
	return kanban.Backoff{Spawn: time.Duration(b.Spawn), Crash: time.Duration(b.Crash), Protocol: time.Duration(b.Protocol),
		Timeout: time.Duration(b.Timeout), Max: time.Duration(b.Max)}
}

func (b Backoff) validate(at string) error {
	for _, f := range []struct {
		name  string
		delay Duration
	}{{"spawn", b.Spawn}, {"crash", b.Crash}, {"protocol", b.Protocol}, {"timeout", b.Timeout}} {
		switch {
		case f.delay < 0:
			return invalid(at+"."+f.name, "%s is not allowed; give 0 (no delay) or more", f.delay)
		case f.delay > b.Max:
			return invalid(at+"."+f.name, "%s is more than max, which is %s; give less, or raise max", f.delay, b.Max)
		}
	}
	if b.Max <= 0 {
		return invalid(at+".max", "%s is not allowed; give more than 0", b.Max)
	}
	return nil
}

// Profile says how one kind of worker is started and judged.
type Profile struct {
	Description   string
	Preset        Preset   // what follows the command; empty: nothing
	Command       []string // templates over Card, see [Profile.Argv]
	Env           map[string]string
	OnExit        kanban.OnExit
	MaxInProgress int      // running cards of this profile; 0 sets no limit of its own
	MaxRuntime    Duration // 0 sets no limit
	MaxRetries    int      // this profile's failure limit; 0 leaves it to Dispatch.FailureLimit
	Stdin         Stdin
	Resources     []string // of Config.Resources, what each of its running cards takes one of
	Account       string   // profiles of one account rest together after a rate limit; empty: the profile's name

	// Check judges a report before the card is done: a command like Command. Empty:
	// none. A card's own check goes before it, within the same bounds.
	Check        []string
	CheckTimeout Duration // after which a check has failed; 0 is [kanban.DefaultCheckTimeout]
	CheckBudget  int      // refused reports on a card after which a person is asked; 0 is [kanban.DefaultCheckBudget]
}

// Checking is how the profile's reports are judged.
func (p Profile) Checking() kanban.Checking {
	return kanban.Checking{Profile: len(p.Check) > 0, Timeout: time.Duration(p.CheckTimeout), Budget: int64(p.CheckBudget)}
}

// Stdin says what the agent reads on its standard input.
type Stdin string

const (
	StdinNone   Stdin = ""       // nothing: the null device
	StdinPrompt Stdin = "prompt" // the card's prompt
)

// Default is the configuration of a home without andon.yaml: no profiles, and
// the only place where a setting's default is written.
func Default() Config {
	b := kanban.DefaultBackoff
	return Config{
		Dispatch: Dispatch{
			MaxInProgress: 4,
			FailureLimit:  2,
			Interval:      Duration(30 * time.Second),
			StaleTimeout:  Duration(4 * time.Hour),
			Backoff: Backoff{
				Spawn: Duration(b.Spawn), Crash: Duration(b.Crash), Protocol: Duration(b.Protocol), Timeout: Duration(b.Timeout), Max: Duration(b.Max),
			},
		},
		Profiles:    map[string]Profile{},
		Boards:      map[string]Board{},
		Resources:   map[string]int{},
		Notify:      Notify{Targets: map[string]Target{}},
		Diagnostics: Diagnostics{CrashThreshold: 2, BlockedStaleHours: 24, StrandedThresholdSeconds: 1800, BlockCycleThreshold: 3, BlockCycleWindowSeconds: 86400},
		Planner:     Planner{Timeout: Duration(2 * time.Minute)},
	}
}

// Policy is how failures of a profile's cards are judged. cooldown is the rest
// after a quota; see [RateLimitCooldown].
func (c Config) Policy(cooldown time.Duration) func(profile string) kanban.Policy {
	return func(profile string) kanban.Policy {
		return kanban.Policy{
			ProfileLimit: int64(c.Profiles[profile].MaxRetries),
			BoardLimit:   int64(c.Dispatch.FailureLimit),
			Cooldown:     cooldown,
			Backoff:      c.Dispatch.Backoff.Rule(),
		}
	}
}

func defaultProfile() Profile { return Profile{OnExit: kanban.OnExitProtocol} }

// Load reads the file at path. An absent file gives [Default]; one which cannot
// be read or is not accepted is an error, never a partial configuration.
func Load(path string, readFile func(string) ([]byte, error)) (Config, error) {
	data, err := readFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return Default(), nil
	}
	if err != nil {
		return Config{}, fmt.Errorf("read configuration: %w", err)
	}
	return Parse(path, data)
}

// Validate reports the first setting out of bounds as an [*Error]: the field,
// the value given and the values allowed.
func (c Config) Validate() error {
	d := c.Dispatch
	switch {
	case d.MaxInProgress < 0:
		return invalid("dispatch.max_in_progress", "%d is not allowed; give 0 (no limit) or more", d.MaxInProgress)
	case d.FailureLimit < 1:
		return invalid("dispatch.failure_limit", "%d is not allowed; give 1 or more", d.FailureLimit)
	case d.Interval < Duration(time.Second):
		return invalid("dispatch.interval", "%s is not allowed; give 1s or more", d.Interval)
	case d.StaleTimeout < 0:
		return invalid("dispatch.stale_timeout", "%s is not allowed; give 0 (off) or more", d.StaleTimeout)
	}
	if d.DefaultAssignee != "" {
		canonical, err := ParseProfileName(d.DefaultAssignee)
		if err == nil && canonical != d.DefaultAssignee {
			err = fmt.Errorf("profile name %q is not canonical; write %q", d.DefaultAssignee, canonical)
		}
		if err != nil {
			return invalid("dispatch.default_assignee", "%s", err)
		}
	}
	if err := d.Backoff.validate("dispatch.backoff"); err != nil {
		return err
	}
	if err := c.Diagnostics.validate("diagnostics"); err != nil {
		return err
	}
	if err := c.Planner.validate("planner"); err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(c.Boards)) {
		if n := c.Boards[name].MaxInProgress; n < 0 {
			return invalid("boards."+name+".max_in_progress", "%d is not allowed; give 0 (no limit of its own) or more", n)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(c.Resources)) {
		if err := kanban.CheckResource(name); err != nil {
			return invalid("resources", "%s", err)
		}
		if n := c.Resources[name]; n < 1 {
			return invalid("resources."+name, "%d is not allowed; give 1 or more, or leave the resource out", n)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(c.Profiles)) {
		if err := c.known("profiles."+name+".resources", c.Profiles[name].Resources); err != nil {
			return err
		}
		canonical, err := ParseProfileName(name)
		if err == nil && canonical != name {
			err = fmt.Errorf("profile name %q is not canonical; write %q", name, canonical)
		}
		if err != nil {
			return invalid("profiles", "%s", err)
		}
		if err := c.Profiles[name].validate("profiles." + name); err != nil {
			return err
		}
	}
	for i, b := range c.Budgets {
		if err := c.validateBudget(fmt.Sprintf("budgets[%d]", i), b); err != nil {
			return err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(c.Notify.Targets)) {
		if err := c.Notify.Targets[name].validate("notify.targets." + name); err != nil {
			return err
		}
	}
	return nil
}

// known reports the first of some resources that is not defined.
func (c Config) known(at string, resources []string) error {
	for i, r := range resources {
		if _, ok := c.Resources[r]; !ok {
			return invalid(fmt.Sprintf("%s[%d]", at, i), "%s", c.NoResource(r))
		}
		if slices.Contains(resources[:i], r) {
			return invalid(fmt.Sprintf("%s[%d]", at, i), "%q is named twice; a card takes one of each", r)
		}
	}
	return nil
}

// NoResource says that a resource is not defined, and which are.
func (c Config) NoResource(name string) string {
	if len(c.Resources) == 0 {
		return fmt.Sprintf("there is no resource %q: none are defined; define it under resources, such as {%s: 1}", name, name)
	}
	return fmt.Sprintf("there is no resource %q; those defined are %s", name, strings.Join(slices.Sorted(maps.Keys(c.Resources)), ", "))
}

func (p Profile) validate(at string) error {
	if err := p.validatePreset(at); err != nil {
		return err
	}
	switch {
	case p.OnExit != kanban.OnExitProtocol && p.OnExit != kanban.OnExitComplete:
		return invalid(at+".on_exit", "%q is not allowed; give %q or %q", p.OnExit, kanban.OnExitProtocol, kanban.OnExitComplete)
	case p.Stdin != StdinNone && p.Stdin != StdinPrompt:
		return invalid(at+".stdin", "%q is not allowed; give %q, or leave it out", p.Stdin, StdinPrompt)
	case p.Account != strings.TrimSpace(p.Account) || strings.ContainsFunc(p.Account, unicode.IsControl):
		return invalid(at+".account", "%q begins or ends with a space, or has a sign that cannot be seen; give a plain name", p.Account)
	case p.MaxInProgress < 0:
		return invalid(at+".max_in_progress", "%d is not allowed; give 0 (no limit of its own) or more", p.MaxInProgress)
	case p.MaxRuntime < 0:
		return invalid(at+".max_runtime", "%s is not allowed; give 0 (no limit) or more", p.MaxRuntime)
	case p.MaxRetries < 0:
		return invalid(at+".max_retries", "%d is not allowed; give 1 or more, or 0 for dispatch.failure_limit", p.MaxRetries)
	case p.CheckTimeout < 0:
		return invalid(at+".check_timeout", "%s is not allowed; give more than 0, or 0 for 10m", p.CheckTimeout)
	case p.CheckBudget < 0:
		return invalid(at+".check_budget", "%d is not allowed; give 1 or more, or 0 for 3", p.CheckBudget)
	case len(p.Check) > 0 && strings.TrimSpace(p.Check[0]) == "":
		return invalid(at+".check[0]", "%q is no program; give its name or path", p.Check[0])
	case len(p.Command) == 0 && p.Preset != "":
	case len(p.Command) == 0:
		return invalid(at+".command", "no command; give the program and its arguments, such as [my-agent, --prompt-file, \"{{.PromptFile}}\"]")
	case strings.TrimSpace(p.Command[0]) == "":
		return invalid(at+".command[0]", "%q is no program; give its name or path", p.Command[0])
	}
	for _, key := range slices.Sorted(maps.Keys(p.Env)) {
		if key == "" || strings.ContainsAny(key, "=\x00") {
			return invalid(at+".env", "%q is no name of a variable; give one without \"=\" and NUL", key)
		}
		if strings.Contains(p.Env[key], "\x00") {
			return invalid(at+".env."+key, "the value has a NUL, which no environment can hold; leave it out")
		}
	}
	if _, bad := compile(p.command()); bad != nil {
		if p.Preset == PresetShell {
			bad.index = 0 // the shell is not in the file
		}
		return invalid(fmt.Sprintf("%s.command[%d]", at, bad.index), "%s", bad.msg)
	}
	if _, bad := compileCheck(p.Check); bad != nil {
		return invalid(fmt.Sprintf("%s.check[%d]", at, bad.index), "%s", bad.msg)
	}
	if p.Stdin == StdinPrompt && runsStdin(p.Command) {
		return invalid(at+".stdin", "%q would be run as a program by %s; name a script before it, or use a command that only reads its input", p.Stdin, p.Command[0])
	}
	return nil
}

// ParseProfileName gives the canonical form of a profile's name, trimmed and in
// lower case as a card's assignee is.
func ParseProfileName(s string) (string, error) {
	name := strings.ToLower(strings.TrimSpace(s))
	ok := name != "" && len(name) <= 64
	for i, r := range name {
		alnum := 'a' <= r && r <= 'z' || '0' <= r && r <= '9'
		ok = ok && (alnum || i > 0 && strings.ContainsRune("._-", r))
	}
	if !ok {
		return "", fmt.Errorf("%q is no profile name; give 1 to 64 of a-z, 0-9, \".\", \"_\" and \"-\", beginning with a letter or a digit", s)
	}
	if name == "none" || name == "null" {
		return "", fmt.Errorf("profile name %q is reserved: as an assignee it means nobody; give another", name)
	}
	return name, nil
}
