package cli

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"andon/internal/board"
	"andon/internal/view"
	"andon/kanban"
)

func newGraph(a *app) *cobra.Command {
	o := &graph{app: a}
	cmd := verb(words{
		use: "graph [ID]", group: "look",
		short: "draw which cards wait for which",
		long: `Draw which unfinished cards wait for which: all that a card waits for and all that
waits for it, or every card of the board that has a link. Beneath a card stand
those that wait for it; one that waits for several is drawn once and named again
elsewhere. Stars mark the longest chain of unfinished cards: no number of hands
makes that work shorter.

It is drawn in letters, or with --dot for Graphviz, or with --mermaid for Markdown.`,
		example: `  andon graph t_1a2b3c4d --done
  andon graph --depth 2
  andon graph --dot | dot -Tsvg > board.svg`,
		exits: "no such card",
	}, cobra.MaximumNArgs(1), o.run)
	f := cmd.Flags()
	f.BoolVar(&o.dot, "dot", false, "print it for Graphviz")
	f.BoolVar(&o.mermaid, "mermaid", false, "print it for Mermaid")
	f.IntVar(&o.f.Depth, "depth", 0, "only cards that are at most so many links away from the card, or from the beginnings (0: all)")
	f.BoolVar(&o.f.Done, "done", false, "the finished and archived cards too")
	return cmd
}

type graph struct {
	*app
	f            board.WebFilter
	dot, mermaid bool
}

func (o *graph) run(ctx context.Context, args []string) error {
	switch {
	case o.f.Depth < 0:
		return usagef("--depth %d: it cannot be negative", o.f.Depth)
	case o.dot && o.mermaid || o.json && (o.dot || o.mermaid):
		return usagef("--dot, --mermaid and --json exclude each other")
	}
	f := o.f
	if len(args) > 0 {
		if f.Around = kanban.TaskID(strings.TrimSpace(args[0])); f.Around == "" {
			return usagef("the id of the card is blank; leave it out to draw the whole board")
		}
	}
	return o.with(ctx, func(s *session) error {
		web, err := s.Web(ctx, f)
		if err != nil {
			return err
		}
		g := view.NewGraph(web, f.Around)
		switch {
		case o.json:
			return view.JSON(o.Out, g.JSON())
		case o.dot:
			o.printf("%s", g.DOT())
		case o.mermaid:
			o.printf("%s", g.Mermaid())
		default:
			o.printf("%s", o.style().Tree(g, o.Terminal || o.utf8()))
		}
		return nil
	})
}

// utf8 reports whether the locale has all letters.
func (a *app) utf8() bool {
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if v := a.Env(name); v != "" {
			v = strings.ToLower(v)
			return strings.Contains(v, "utf-8") || strings.Contains(v, "utf8")
		}
	}
	return false
}
