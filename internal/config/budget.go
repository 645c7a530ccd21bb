package config

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"andon/internal/yamlx"
	"andon/kanban"
)

func (d decoder) budgets(c *Config, path string, n ast.Node) error {
	return d.List(path, n, "a list of budgets, such as [{profile: ada, usd: 5, per: day}]", func(path string, n ast.Node) error {
		var b kanban.Budget
		err := d.Fields(path, n, map[string]yamlx.Setter{
			"profile": yamlx.Text(&b.Profile),
			"tenant":  yamlx.Text(&b.Tenant),
			"board":   yamlx.Text(&b.Board),
			"usd":     yamlx.Parsed(&b.Cost, "a number of dollars", dollars),
			"tokens":  yamlx.Parsed(&b.Tokens, "a number of tokens", tokens),
			"per":     yamlx.Text(&b.Per),
		})
		b.Profile, b.Board = kanban.CanonicalAssignee(b.Profile), kanban.CanonicalAssignee(b.Board)
		c.Budgets = append(c.Budgets, b)
		return err
	})
}

func dollars(s string) (kanban.Money, error) {
	d, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return 0, fmt.Errorf("%q is no number of dollars; give one such as 5 or 0.50", yamlx.Shorten(s))
	}
	return kanban.Dollars(d)
}

// mostTokens is more than anybody can pay.
const mostTokens = 1e15

func tokens(s string) (int64, error) {
	n, err := strconv.ParseInt(strings.ReplaceAll(s, "_", ""), 10, 64)
	if err != nil || n < 0 || n > mostTokens {
		return 0, fmt.Errorf("%q is no number of tokens; give 0 (no bound) or more, such as 2000000", yamlx.Shorten(s))
	}
	return n, nil
}

func (c Config) validateBudget(at string, b kanban.Budget) error {
	_, known := c.Profiles[b.Profile]
	switch {
	case b.Cost < 0 || b.Cost > kanban.MostCost:
		return invalid(at+".usd", "%s is not allowed; give 0 (no bound) to a million", b.Cost)
	case b.Tokens < 0:
		return invalid(at+".tokens", "%d is not allowed; give 0 (no bound) or more", b.Tokens)
	case b.Cost == 0 && b.Tokens == 0:
		return invalid(at, "it bounds nothing; give usd, tokens or both, more than 0, or leave it out")
	case b.Per == "":
		return invalid(at, "it has no period; give per: day, week or month")
	case !slices.Contains(kanban.Periods, b.Per):
		return invalid(at+".per", "%q is not allowed; give day, week or month", b.Per)
	case b.Profile != "" && !known: // it would hold nobody, and its author would think that it did
		names := strings.Join(slices.Sorted(maps.Keys(c.Profiles)), ", ")
		if names == "" {
			names = "none"
		}
		return invalid(at+".profile", "there is no profile %q; those defined are %s", b.Profile, names)
	}
	return nil
}
