package cli

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

var update = flag.Bool("update", false, "rewrite the documents that are printed from the program")

// docs/verbs.md is what the tree of commands says. After a change of it: -update.
func TestVerbsDocument(t *testing.T) {
	path := filepath.Join("..", "..", "docs", "verbs.md")
	text := verbsDocument()
	if *update {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	old, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if strings.ReplaceAll(string(old), "\r\n", "\n") != text {
		t.Errorf("%s is not what the commands say; write it anew with: go test ./internal/cli -run TestVerbsDocument -update", path)
	}
}

func verbsDocument() string {
	root := (&app{}).root()
	var b strings.Builder
	b.WriteString(`# The verbs

Printed from the commands in ` + "`internal/cli`" + ` by a test; do not edit. ` + "`andon VERB --help`" + ` tells more of each.

Every verb takes ` + flags(root.PersistentFlags()) + `.
`)
	for _, g := range root.Groups() {
		fmt.Fprintf(&b, "\n## %s\n\n| verb | also | what it does | flags |\n|---|---|---|---|\n", strings.TrimSuffix(g.Title, ":"))
		for _, cmd := range root.Commands() {
			if cmd.GroupID == g.ID {
				rows(&b, cmd)
			}
		}
	}
	return b.String()
}

// rows writes the row of a command, and those of the commands below it.
func rows(b *strings.Builder, cmd *cobra.Command) {
	if cmd.Hidden {
		return
	}
	cell := strings.NewReplacer("|", `\|`)
	use := strings.TrimPrefix(cmd.CommandPath(), "andon ") + strings.TrimPrefix(cmd.Use, cmd.Name())
	var aliases []string
	for _, a := range cmd.Aliases {
		aliases = append(aliases, "`"+a+"`")
	}
	fmt.Fprintf(b, "| `%s` | %s | %s | %s |\n", cell.Replace(use), strings.Join(aliases, " "), cell.Replace(cmd.Short), flags(cmd.LocalNonPersistentFlags()))
	for _, sub := range cmd.Commands() {
		rows(b, sub)
	}
}

func flags(set *pflag.FlagSet) string {
	var names []string
	set.VisitAll(func(f *pflag.Flag) {
		if !f.Hidden && f.Name != "help" {
			names = append(names, "`--"+f.Name+"`")
		}
	})
	return strings.Join(names, " ")
}

// Each verb's help has an example that names it, and what its exit statuses mean.
func TestHelpHasExamplesAndStatuses(t *testing.T) {
	var visit func(cmd *cobra.Command)
	visit = func(cmd *cobra.Command) {
		for _, sub := range cmd.Commands() {
			visit(sub)
		}
		if !cmd.Runnable() || cmd.Hidden || cmd.Name() == "help" || !cmd.HasParent() {
			return
		}
		if !strings.Contains(cmd.Example, cmd.CommandPath()) && !slices.ContainsFunc(cmd.Aliases, func(a string) bool { return strings.Contains(cmd.Example, a) }) {
			t.Errorf("%s has no example", cmd.CommandPath())
		}
		if !strings.Contains(cmd.Long, "Exit status") {
			t.Errorf("%s does not say what its exit statuses mean", cmd.CommandPath())
		}
	}
	visit((&app{}).root())
}
