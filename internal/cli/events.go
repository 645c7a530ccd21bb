package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"andon/internal/store"
	"andon/internal/view"
	"andon/kanban"
)

func newEvents(a *app) *cobra.Command {
	o := &events{app: a}
	cmd := verb(words{
		use: "events [ID]", group: "look",
		short: "list the whole history of a card",
		long: `List the whole history of a card, the oldest event first, and end. Inside a
worker the id may be left out. tail goes on with what happens; the topic events
(andon help events) tells what each kind means.`,
		example: `  andon events t_1a2b3c4d
  andon events t_1a2b3c4d --kind blocked,unblocked
  andon events t_1a2b3c4d --json | jq '.[-1].kind'`,
		exits: "no such card",
	}, cobra.MaximumNArgs(1), o.run)
	f := cmd.Flags()
	f.StringVar(&o.kinds, "kind", "", "only events of these kinds, parted by commas")
	o.changed = f.Changed
	help := cmd.HelpFunc()
	cmd.SetHelpFunc(func(c *cobra.Command, args []string) {
		help(c, args)
		fmt.Fprint(c.OutOrStdout(), "\n", kindsText())
	})
	return cmd
}

type events struct {
	*app
	kinds   string
	changed func(flag string) bool
}

func (o *events) run(ctx context.Context, args []string) error {
	ids, err := o.ids(args)
	if err != nil {
		return err
	}
	f := store.EventFilter{Task: ids[0]}
	if o.changed("kind") {
		for k := range strings.SplitSeq(o.kinds, ",") {
			if k = strings.TrimSpace(k); k == "" {
				return usagef("--kind %q: a kind is blank; `andon help events` lists them", o.kinds)
			}
			f.Kinds = append(f.Kinds, kanban.EventKind(k)) // other programs may have kinds of their own
		}
	}
	return o.with(ctx, func(s *session) error {
		if _, err := s.Task(ctx, f.Task); err != nil {
			return err
		}
		list, err := s.Events(ctx, f)
		if err != nil {
			return err
		}
		if o.json {
			out := []view.StreamEvent{}
			for _, e := range list {
				out = append(out, view.NewStreamEvent(e))
			}
			return view.JSON(o.Out, out)
		}
		for _, e := range list {
			o.printf("%s\n", view.EventRow(e, o.Zone))
		}
		if len(list) == 0 {
			o.printf("(no events)\n")
		}
		return nil
	})
}

// kindsText is the table of every kind of event.
func kindsText() string {
	var b strings.Builder
	b.WriteString(`The kinds of event, with the keys of their payloads: one with "?"
may be absent. An asterisk: the event carries the number of its run.

`)
	for _, k := range kanban.Kinds {
		star := " "
		if k.Run {
			star = "*"
		}
		fmt.Fprintf(&b, "%s %-34s%s\n", star, k.Kind, k.Means)
		line := "     "
		for _, key := range k.Payload {
			if len(line)+1+len(key) > 78 {
				b.WriteString(line + "\n")
				line = "     "
			}
			line += " " + key
		}
		if len(k.Payload) > 0 {
			b.WriteString(line + "\n")
		}
	}
	return b.String()
}
