package cli

import (
	"context"
	"strings"

	"github.com/spf13/cobra"
)

func newComment(a *app) *cobra.Command {
	o := &comment{app: a}
	cmd := verb(words{
		use: "comment ID TEXT...", group: "cards",
		short: "remark upon a card",
		long: `Remark upon a card. Its worker reads the remarks when it starts. Inside a worker
the id may be left out, and the author is always the worker's profile.`,
		example: `  andon comment t_1a2b3c4d "in grams, please"
  andon comment "half of it is done"              inside a worker`,
		exits: "no such card, or the text is blank",
	}, cobra.MinimumNArgs(1), o.run)
	f := cmd.Flags()
	f.StringVar(&o.author, "author", "", "who says it (default: the profile, else user)")
	f.IntVar(&o.maxLen, "max-len", 0, "keep so many characters and mark what was left out")
	o.changed = f.Changed
	return cmd
}

type comment struct {
	*app
	author  string
	maxLen  int
	changed func(flag string) bool
}

func (o *comment) run(ctx context.Context, args []string) error {
	id, rest, err := o.card(args)
	if err != nil {
		return err
	}
	if len(rest) == 0 {
		return usagef("comment on %s: what? the text is missing", id)
	}
	text := strings.TrimSpace(strings.Join(rest, " "))
	if o.changed("max-len") {
		if o.maxLen < 1 {
			return usagef("--max-len %d: it must be 1 or more", o.maxLen)
		}
		text = trim(text, o.maxLen)
	}
	return o.with(ctx, func(s *session) error {
		author, err := o.speaker(ctx, s)
		if err != nil {
			return err
		}
		switch {
		case o.author == "" || o.author == author:
		case o.own() != "":
			o.warn("--author %s is not heeded: inside a worker it is %s", o.author, author)
		default:
			author = o.author
		}
		c, err := s.Comment(ctx, id, author, text)
		if err != nil {
			return err
		}
		return o.tell(c.Task, "Comment added to %s", id)
	})
}
