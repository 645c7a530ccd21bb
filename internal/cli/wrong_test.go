package cli

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"

	"andon/kanban"
)

// forever is how long a verb may take that should have been refused at once.
const forever = 20 * time.Second

// Every verb, and every verb below one, refuses what no verb takes: in one line
// that names it, with the status of a wrong call or of a refusal, and nothing
// changes: no row, no file.
func TestWrongInputOfEveryVerb(t *testing.T) {
	p := newPlace(t)
	card := p.create(t, kanban.Draft{Title: "the only card"})
	before := p.everything(t, card.ID)
	var leaves []*cobra.Command
	var walk func(*cobra.Command)
	walk = func(cmd *cobra.Command) {
		if cmd.Runnable() && cmd.HasParent() {
			leaves = append(leaves, cmd)
		}
		for _, sub := range cmd.Commands() {
			walk(sub)
		}
	}
	walk((&app{}).root())
	if len(leaves) < 70 {
		t.Fatalf("only %d verbs", len(leaves))
	}
	for _, cmd := range leaves {
		path := strings.Fields(cmd.CommandPath())[1:]
		name := strings.Join(path, " ")
		t.Run(name, func(t *testing.T) {
			refused := func(names string, statuses []int, more ...string) {
				t.Helper()
				args := append(slices.Clone(path), more...)
				ctx, cancel := context.WithTimeout(t.Context(), forever)
				defer cancel()
				var out, errs bytes.Buffer
				io := p.io(&out, &errs)
				io.In = strings.NewReader("")
				code := Main(ctx, args, io)
				if ctx.Err() != nil {
					t.Fatalf("%q went on", args)
				}
				said := errs.String()
				if !slices.Contains(statuses, code) || strings.Count(said, "\n") != 1 || !strings.HasPrefix(said, "andon: ") || !strings.Contains(said, names) {
					t.Errorf("%q: status %d, %q; want one of %d and one line that names %q", args, code, said, statuses, names)
				}
			}
			wrong := []int{2}
			refused("--no-such-flag", wrong, "--no-such-flag")
			words := strings.Fields(cmd.Use)[1:]
			if !strings.Contains(cmd.Use, "...") {
				refused("", wrong, "a", "b", "c", "d", "e", "f", "g", "h")
			}
			for _, flag := range numbers {
				if f := cmd.LocalFlags().Lookup(flag); f != nil && f.Value.Type() != "bool" && f.Value.Type() != "stringArray" && name != "routine edit" { // there is none to edit
					refused("no-such-value", []int{1, 2}, append(call(t, name, words, string(card.ID)), "--"+flag, "no-such-value")...)
				}
			}
			if local[path[0]] || name == "notify" {
				return
			}
			// A board that is not there, and a name that no board has.
			given := call(t, name, words, string(card.ID))
			refused("../elsewhere", wrong, append(given, "--board", "../elsewhere")...)
			refused("nowhere", []int{1}, append(given, "--board", "nowhere")...)
			// A card that is not there.
			asks := []string{"runs", "notify list", "notify-list"} // which ask what there is of a card: nothing, as in Hermes
			if slices.ContainsFunc(words, func(w string) bool { return strings.Trim(w, "[].") == "ID" }) && !slices.Contains(asks, name) {
				refused("t_00000000", []int{1}, call(t, name, words, "t_00000000")...)
			}
		})
		if after := p.everything(t, card.ID); after != before {
			t.Fatalf("andon %s changed something:\n%s\nwas\n%s", name, after, before)
		}
	}
}

// numbers are flags that take a number, a time or one of some words.
var numbers = []string{"limit", "priority", "ttl", "max-runtime", "max-retries", "at", "since", "older", "interval", "sort", "severity", "depth", "timeout"}

// local are the verbs that are about no board, about all of them, or go on.
var local = map[string]bool{"version": true, "completion": true, "exit-codes": true, "environment": true, "help": true, "demo": true, "bench": true,
	"bench-worker": true, "supervise": true, "boards": true, "config": true, "doctor": true, "board": true, "init": true, "agents": true}

// call is what a verb needs to get as far as the board and the card.
func call(t *testing.T, verb string, use []string, id string) (words []string) {
	file := filepath.Join(t.TempDir(), "file")
	for i, w := range use {
		if i > 0 && strings.HasPrefix(use[i-1], "--") {
			continue // that flag's value
		}
		switch w = strings.Trim(w, ".[]"); w {
		case "ID", "PARENT", "CHILD":
			words = append(words, id)
		case "NUMBER", "RUN":
			words = append(words, "1")
		case "FILE", "PATH":
			words = append(words, file)
		case "PROFILE", "TITLE", "GOAL", "TEXT", "TARGET", "WORDS", "NAME", "ROUTINE":
			words = append(words, "word")
		}
	}
	content := ""
	switch verb {
	case "decompose", "apply":
		content, words = "cards: [{name: a}]\n", append(slices.DeleteFunc(words, func(w string) bool { return w == file }), "-f", file)
	case "edit":
		words = append(words, "--title", "x")
	case "routine create":
		words = append(words, "--cron", "@daily", "--title", "x")
	case "routine edit":
		words = append(words, "--title", "x")
	case "swarm":
		words = append(words, "--worker", "a:b", "--verifier", "v", "--synthesizer", "s")
	case "notify subscribe", "notify unsubscribe", "notify-subscribe", "notify-unsubscribe":
		words = append(words, "--platform", "telegram", "--chat-id", "1")
	}
	if err := os.WriteFile(file, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
	return words
}

// everything is all there is in the home, but for the files that opening a board
// leaves beside it.
func (p place) everything(t *testing.T, card kanban.TaskID) string {
	t.Helper()
	var b strings.Builder
	var out, errs bytes.Buffer
	for _, args := range [][]string{{"list", "--archived", "--json"}, {"events", string(card), "--json"}} {
		if code := Main(t.Context(), args, p.io(&out, &errs)); code != 0 {
			t.Fatalf("%q: %d %s", args, code, errs.String())
		}
	}
	b.WriteString(out.String())
	err := filepath.WalkDir(p.home, func(path string, d os.DirEntry, err error) error {
		if err == nil && !strings.HasPrefix(d.Name(), "kanban.db") {
			fmt.Fprintln(&b, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}
