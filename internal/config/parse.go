package config

import (
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"

	"andon/internal/yamlx"
	"andon/kanban"
)

// maxFile bounds andon.yaml, in bytes.
const maxFile = 256 << 10

// Error is one refusal of a configuration.
type Error = yamlx.Error

// Parse reads the text of andon.yaml over [Default]. The first thing wrong with
// it, be it the syntax, an unknown or repeated field, a wrong type or a value
// out of bounds, is returned as an [*Error] bearing name, line and column.
func Parse(name string, data []byte) (Config, error) {
	c := Default()
	err := yamlx.Read(name, data, maxFile, func(y *yamlx.Decoder, n ast.Node) error {
		d := decoder{y}
		if n != nil {
			if err := d.root(&c, n); err != nil {
				return err
			}
		}
		return c.Validate()
	})
	if err != nil {
		return Config{}, err
	}
	return c, nil
}

type decoder struct{ *yamlx.Decoder }

func (d decoder) root(c *Config, n ast.Node) error {
	return d.Fields("", n, map[string]yamlx.Setter{
		"dispatch": func(path string, n ast.Node) error { return d.dispatch(&c.Dispatch, path, n) },
		"profiles": func(path string, n ast.Node) error { return d.profiles(c, path, n) },
		"boards":   func(path string, n ast.Node) error { return d.boards(c, path, n) },
		"resources": func(path string, n ast.Node) error {
			return d.Entries(path, n, func(e yamlx.Entry) error {
				if _, twice := c.Resources[e.Key]; twice {
					return yamlx.Placed(e.KeyNode, e.Path, "set twice; leave one")
				}
				d.Mark(e.Path, e.KeyNode)
				var n int
				err := yamlx.Integer(&n)(e.Path, e.Value)
				c.Resources[e.Key] = n
				return err
			})
		},
		"planner": func(path string, n ast.Node) error { return d.planner(&c.Planner, path, n) },
		"budgets": func(path string, n ast.Node) error { return d.budgets(c, path, n) },
		"notify":  func(path string, n ast.Node) error { return d.notify(c, path, n) },
		"diagnostics": func(path string, n ast.Node) error {
			g := &c.Diagnostics
			return d.Fields(path, n, map[string]yamlx.Setter{
				"failure_threshold":          yamlx.Integer(&g.FailureThreshold),
				"crash_threshold":            yamlx.Integer(&g.CrashThreshold),
				"blocked_stale_hours":        yamlx.Integer(&g.BlockedStaleHours),
				"stranded_threshold_seconds": yamlx.Integer(&g.StrandedThresholdSeconds),
				"block_cycle_threshold":      yamlx.Integer(&g.BlockCycleThreshold),
				"block_cycle_window_seconds": yamlx.Integer(&g.BlockCycleWindowSeconds),
			})
		},
	})
}

func (d decoder) boards(c *Config, path string, n ast.Node) error {
	return d.Entries(path, n, func(e yamlx.Entry) error {
		// The names of boards are a matter of the home; here they only have to be
		// written as there.
		if e.Key != kanban.CanonicalAssignee(e.Key) || e.Key == "" {
			return yamlx.Placed(e.KeyNode, path, "%q is no board's name; write it as `andon boards list` shows it", e.Key)
		}
		if _, twice := c.Boards[e.Key]; twice {
			return yamlx.Placed(e.KeyNode, e.Path, "set twice; leave one")
		}
		d.Mark(e.Path, e.KeyNode)
		var b Board
		err := d.Fields(e.Path, e.Value, map[string]yamlx.Setter{"max_in_progress": yamlx.Integer(&b.MaxInProgress)})
		c.Boards[e.Key] = b
		return err
	})
}

func (d decoder) dispatch(to *Dispatch, path string, n ast.Node) error {
	return d.Fields(path, n, map[string]yamlx.Setter{
		"max_in_progress": yamlx.Integer(&to.MaxInProgress),
		"failure_limit":   yamlx.Integer(&to.FailureLimit),
		"interval":        duration(&to.Interval),
		"stale_timeout":   duration(&to.StaleTimeout),
		"default_assignee": func(path string, n ast.Node) error {
			err := yamlx.Text(&to.DefaultAssignee)(path, n)
			to.DefaultAssignee = kanban.CanonicalAssignee(to.DefaultAssignee)
			return err
		},
		"backoff": func(path string, n ast.Node) error {
			b := &to.Backoff
			return d.Fields(path, n, map[string]yamlx.Setter{
				"spawn": duration(&b.Spawn), "crash": duration(&b.Crash), "protocol": duration(&b.Protocol),
				"timeout": duration(&b.Timeout), "max": duration(&b.Max),
			})
		},
	})
}

func (d decoder) profiles(c *Config, path string, n ast.Node) error {
	lines := map[string]int{}
	return d.Entries(path, n, func(e yamlx.Entry) error {
		name, err := ParseProfileName(e.Key)
		if err != nil {
			return yamlx.Placed(e.KeyNode, path, "%s", err)
		}
		if line := lines[name]; line > 0 {
			return yamlx.Placed(e.KeyNode, path, "profile %q is the same as the one in line %d; names differ neither by case nor by outer spaces", e.Key, line)
		}
		lines[name] = e.KeyNode.GetToken().Position.Line
		e.Path = path + "." + name
		d.Mark(e.Path, e.KeyNode)
		p := defaultProfile()
		err = d.Fields(e.Path, e.Value, map[string]yamlx.Setter{
			"description":     yamlx.Text(&p.Description),
			"preset":          yamlx.Text(&p.Preset),
			"command":         d.Texts(&p.Command, "a list of texts, one for each argument"),
			"env":             d.env(&p.Env),
			"on_exit":         yamlx.Text(&p.OnExit),
			"max_in_progress": yamlx.Integer(&p.MaxInProgress),
			"max_runtime":     duration(&p.MaxRuntime),
			"max_retries":     yamlx.Integer(&p.MaxRetries),
			"stdin":           yamlx.Text(&p.Stdin),
			"check":           d.check(&p.Check),
			"check_timeout":   duration(&p.CheckTimeout),
			"check_budget":    yamlx.Integer(&p.CheckBudget),
			"resources":       d.Texts(&p.Resources, "a list of names of resources"),
			"account":         yamlx.Text(&p.Account),
		})
		c.Profiles[name] = p
		return err
	})
}

// check reads a command: a list like that of a worker, or the text of a script.
func (d decoder) check(to *[]string) yamlx.Setter {
	list := d.Texts(to, "the text of a shell script, or a list of texts, one for each argument")
	return func(path string, n ast.Node) error {
		text, err := yamlx.Scalar(path, n)
		if err != nil {
			if err := list(path, n); err != nil {
				return err
			}
			if len(*to) == 0 {
				return yamlx.Placed(n, path, "no command; give the program and its arguments, or leave it out")
			}
			return nil
		}
		if strings.TrimSpace(text) == "" {
			return yamlx.Placed(n, path, "the script is blank; give one, or leave it out")
		}
		*to = Shell(text)
		return nil
	}
}

func (d decoder) env(to *map[string]string) yamlx.Setter {
	return func(path string, n ast.Node) error {
		*to = map[string]string{}
		return d.Entries(path, n, func(e yamlx.Entry) error {
			if _, twice := (*to)[e.Key]; twice {
				return yamlx.Placed(e.KeyNode, e.Path, "set twice; leave one")
			}
			s, err := yamlx.Scalar(e.Path, e.Value)
			(*to)[e.Key] = s
			return err
		})
	}
}

func duration(to *Duration) yamlx.Setter { return DurationField((*time.Duration)(to)) }

// DurationField stores a length of time as [ParseDuration] reads it.
func DurationField(to *time.Duration) yamlx.Setter {
	return yamlx.Parsed(to, "a duration such as 90, 1.5h or 1h30m", ParseDuration)
}

func invalid(field, format string, args ...any) *Error { return yamlx.Invalid(field, format, args...) }
