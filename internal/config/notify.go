package config

import (
	"encoding/base64"
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"andon/internal/yamlx"
	"andon/kanban"
)

// TargetKind is a way in which andon itself delivers notifications. It is the
// platform of a subscription.
type TargetKind string

const (
	Webhook  TargetKind = "webhook"  // a signed POST
	Command  TargetKind = "command"  // a program, with the message on its standard input
	Desktop  TargetKind = "desktop"  // the desktop of who runs andon
	Shoutrrr TargetKind = "shoutrrr" // one of the many services of the shoutrrr library
)

// TargetKinds are all of them. Subscriptions of other platforms belong to other
// programs.
var TargetKinds = []TargetKind{Webhook, Command, Desktop, Shoutrrr}

// Notify is how people and programs hear of what happens to cards.
type Notify struct {
	Targets map[string]Target // by name
}

// Target is whom to notify, and how. URL and Secrets may refer to variables of
// the environment, see [Target.Resolve].
type Target struct {
	Kind    TargetKind
	URL     string   // webhook, shoutrrr
	Secrets []string // webhook: whsec_..., one or, while they are changed, several
	Argv    []string // command
	Follow  []kanban.EventKind
}

// reference is how a setting names a variable of the environment.
var reference = regexp.MustCompile(`\$\{([A-Za-z_][A-Za-z0-9_]*)\}`)

// Resolve returns the target with the variables that its URL and its secrets name,
// as ${NAME}, in their places. Only who delivers needs them: a worker on the same
// host has not got them, and its andon works all the same. No error shows a secret.
func (t Target) Resolve(name string, getenv func(string) string) (Target, error) {
	at := "notify.targets." + name
	fill := func(field, text string) (_ string, err error) {
		filled := reference.ReplaceAllStringFunc(text, func(ref string) string {
			variable := ref[2 : len(ref)-1]
			value := strings.TrimSpace(getenv(variable))
			if value == "" && err == nil {
				err = invalid(field, "the variable %s is not set in the environment of this process", variable)
			}
			return value
		})
		return filled, err
	}
	var err error
	if t.URL, err = fill(at+".url", t.URL); err != nil {
		return t, err
	}
	t.Secrets = slices.Clone(t.Secrets)
	for i, s := range t.Secrets {
		if t.Secrets[i], err = fill(at+".secret", s); err != nil {
			return t, err
		}
	}
	return t, t.validate(at)
}

// ParseSecret reads a secret of a webhook: whsec_ and then base64 of 24 to 64
// bytes.
func ParseSecret(s string) ([]byte, error) {
	text, ok := strings.CutPrefix(s, "whsec_")
	key, err := base64.StdEncoding.DecodeString(text)
	if !ok || err != nil || len(key) < 24 || len(key) > 64 {
		return nil, fmt.Errorf("it is no secret of a webhook; give whsec_ and 24 to 64 random bytes in base64, or ${NAME} for a variable of the environment that has it")
	}
	return key, nil
}

func (t Target) validate(at string) error {
	if !slices.Contains(TargetKinds, t.Kind) {
		kinds := make([]string, len(TargetKinds))
		for i, k := range TargetKinds {
			kinds[i] = string(k)
		}
		if t.Kind == "" {
			return invalid(at+".kind", "no kind; give one of %s", strings.Join(kinds, ", "))
		}
		return invalid(at+".kind", "%q is not allowed; give one of %s", t.Kind, strings.Join(kinds, ", "))
	}
	for _, f := range []struct {
		name    string
		given   bool
		allowed []TargetKind
		needed  string
	}{
		{"url", t.URL != "", []TargetKind{Webhook, Shoutrrr}, "no url; give where to send it"},
		{"secret", len(t.Secrets) > 0, []TargetKind{Webhook}, "no secret; a webhook is signed: give whsec_ and 24 to 64 random bytes in base64, or ${NAME}"},
		{"argv", len(t.Argv) > 0, []TargetKind{Command}, "no argv; give the program and its arguments, such as [notify-me, --from, andon]"},
	} {
		switch mine := slices.Contains(f.allowed, t.Kind); {
		case f.given && !mine:
			return invalid(at+"."+f.name, "a %s target has none; leave it out", t.Kind)
		case mine && !f.given:
			return invalid(at, "%s", f.needed)
		}
	}
	if err := t.validateURL(at + ".url"); err != nil {
		return err
	}
	for _, s := range t.Secrets {
		if _, err := ParseSecret(s); err != nil && !reference.MatchString(s) {
			return invalid(at+".secret", "%s", err)
		}
	}
	for i, arg := range t.Argv {
		if strings.Contains(arg, "\x00") || i == 0 && strings.TrimSpace(arg) == "" {
			return invalid(fmt.Sprintf("%s.argv[%d]", at, i), "%q is not allowed; give a program and its arguments without NUL", yamlx.Shorten(arg))
		}
	}
	for i, k := range t.Follow {
		if !slices.Contains(kanban.Tellable(), k) {
			return invalid(fmt.Sprintf("%s.follow[%d]", at, i), "%q is no event that is told; give some of %s", yamlx.Shorten(string(k)), kinds())
		}
	}
	return nil
}

func kinds() string {
	var names []string
	for _, k := range kanban.Tellable() {
		names = append(names, string(k))
	}
	return strings.Join(names, ", ")
}

func (t Target) validateURL(at string) error {
	if t.URL == "" {
		return nil
	}
	whole := !reference.MatchString(t.URL)
	u, err := url.Parse(reference.ReplaceAllString(t.URL, "x"))
	switch {
	case err != nil && whole: // the error would show it
		return invalid(at, "it is no URL")
	case err != nil || !whole && reference.FindStringIndex(t.URL)[0] == 0:
		return nil // the variable has the beginning
	case t.Kind == Webhook && (u.Scheme != "http" && u.Scheme != "https" || u.Host == ""):
		return invalid(at, "it is no http or https URL")
	case t.Kind == Shoutrrr && u.Scheme == "":
		return invalid(at, "it is no URL of a service, such as slack://token@channel")
	}
	return nil
}

func (d decoder) notify(c *Config, path string, n ast.Node) error {
	return d.Fields(path, n, map[string]yamlx.Setter{
		"targets": func(path string, n ast.Node) error { return d.targets(c, path, n) },
	})
}

func (d decoder) targets(c *Config, path string, n ast.Node) error {
	return d.Entries(path, n, func(e yamlx.Entry) error {
		name, err := ParseProfileName(e.Key)
		if err != nil || name != e.Key {
			return yamlx.Placed(e.KeyNode, path, "%q is no name of a target; give 1 to 64 of a-z, 0-9, \".\", \"_\" and \"-\", beginning with a letter or a digit", e.Key)
		}
		if _, twice := c.Notify.Targets[name]; twice {
			return yamlx.Placed(e.KeyNode, e.Path, "set twice; leave one")
		}
		e.Path = path + "." + name
		d.Mark(e.Path, e.KeyNode)
		var t Target
		one, many := "", []string(nil)
		var follow []string
		err = d.Fields(e.Path, e.Value, map[string]yamlx.Setter{
			"kind":    yamlx.Text(&t.Kind),
			"url":     yamlx.Text(&t.URL),
			"secret":  yamlx.Text(&one),
			"secrets": d.Texts(&many, "a list of secrets, the newest first"),
			"argv":    d.Texts(&t.Argv, "a list of texts, one for each argument"),
			"follow":  d.Texts(&follow, "a list of kinds of events, such as [blocked, gave_up]"),
		})
		switch {
		case err != nil:
			return err
		case one != "" && many != nil:
			return yamlx.Placed(e.KeyNode, e.Path, "secret and secrets are both given; leave one")
		case one != "":
			many = []string{one}
		}
		t.Secrets = many
		for _, k := range follow {
			t.Follow = append(t.Follow, kanban.EventKind(k))
		}
		c.Notify.Targets[name] = t
		return nil
	})
}

// TargetNames lists the names of all targets.
func (c Config) TargetNames() []string { return slices.Sorted(maps.Keys(c.Notify.Targets)) }
