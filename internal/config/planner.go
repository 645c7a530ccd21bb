package config

import (
	"net/netip"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"

	"andon/internal/yamlx"
)

// Planner is who makes plans of ideas in triage: a program or a model. With neither
// a command nor an endpoint there is none.
type Planner struct {
	Command  []string // a program, which gets the idea on its standard input
	Endpoint string   // or the address of a model's API, as OpenAI's is, such as https://host/v1
	Model    string   // of the endpoint
	KeyEnv   string   // the variable of the environment that has the endpoint's key; empty: it needs none
	Timeout  Duration // an answer that takes longer is no answer
	Auto     bool     // a dispatcher has ideas in triage planned by itself
}

// Configured reports whether there is one.
func (p Planner) Configured() bool { return len(p.Command) > 0 || p.Endpoint != "" }

var variable = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

const maxPlanning = Duration(time.Hour)

func (p Planner) validate(at string) error {
	switch {
	case len(p.Command) > 0 && p.Endpoint != "":
		return invalid(at, "command and endpoint are both given; leave one")
	case p.Endpoint == "" && p.Model != "":
		return invalid(at+".model", "a model belongs to an endpoint, and there is none; give the endpoint, or leave it out")
	case p.Endpoint == "" && p.KeyEnv != "":
		return invalid(at+".key_env", "a key belongs to an endpoint, and there is none; give the endpoint, or leave it out")
	case p.Endpoint != "" && strings.TrimSpace(p.Model) == "":
		return invalid(at, "no model; give the one that the endpoint shall use")
	case p.KeyEnv != "" && !variable.MatchString(p.KeyEnv):
		return invalid(at+".key_env", "it is no name of a variable of the environment; give the name, such as OPENAI_API_KEY, and not the key") // the key is not shown
	case p.Timeout < Duration(time.Second) || p.Timeout > maxPlanning:
		return invalid(at+".timeout", "%s is not allowed; give 1s to %s", p.Timeout, maxPlanning)
	case p.Auto && !p.Configured():
		return invalid(at+".auto", "there is no planner to do it; give a command or an endpoint")
	}
	for i, arg := range p.Command {
		if strings.Contains(arg, "\x00") || i == 0 && strings.TrimSpace(arg) == "" {
			return invalid(at+".command["+strconv.Itoa(i)+"]", "%q is not allowed; give a program and its arguments without NUL", yamlx.Shorten(arg))
		}
	}
	if p.Endpoint == "" {
		return nil
	}
	u, err := url.Parse(p.Endpoint)
	switch {
	case err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "":
		return invalid(at+".endpoint", "it is no http or https URL; give one such as http://127.0.0.1:8080/v1")
	case u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return invalid(at+".endpoint", "it holds more than a host and a path; a key is named by key_env")
	case p.KeyEnv != "" && u.Scheme == "http" && !loopback(u.Hostname()):
		return invalid(at+".endpoint", "a key goes over https alone, except to this host; write https")
	}
	return nil
}

// loopback reports whether a host's name means this host, without asking anybody.
func loopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	a, err := netip.ParseAddr(host)
	return err == nil && a.Unmap().IsLoopback()
}

func (d decoder) planner(to *Planner, path string, n ast.Node) error {
	return d.Fields(path, n, map[string]yamlx.Setter{
		"command":  d.Texts(&to.Command, "a list of texts, one for each argument"),
		"endpoint": yamlx.Text(&to.Endpoint),
		"model":    yamlx.Text(&to.Model),
		"key_env":  yamlx.Text(&to.KeyEnv),
		"timeout":  duration(&to.Timeout),
		"auto":     yamlx.Bool(&to.Auto),
	})
}
