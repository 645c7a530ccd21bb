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

func newWatch(a *app) *cobra.Command {
	o := &watch{app: a}
	cmd := verb(words{
		use: "watch", group: "look",
		short: "print what happens on the board as it happens",
		long: `Print each event of the board on a line of its own, as it is committed by
whichever process, from now on or after a known event. It ends with Ctrl-C.

With --json each line is an object; its id can be given to --after to go on from
there without a gap.`,
		example: `  andon watch --assignee ada
  andon watch --kinds completed,blocked,gave_up
  andon watch --json --after 1042 | my-bridge`,
		exits: "the board could not be read",
	}, noWords, o.run)
	f := cmd.Flags()
	f.StringVar(&o.f.Assignee, "assignee", "", "only events of the cards of this profile or person")
	f.StringVar(&o.f.Tenant, "tenant", "", "only events of the cards of this tenant")
	f.StringVar(&o.kinds, "kinds", "", "only events of these kinds, parted by commas")
	f.Int64Var(&o.after, "after", 0, "begin after the event of this number; 0 is the beginning (default: now)")
	o.stream.flags(cmd)
	o.changed = f.Changed
	return cmd
}

type watch struct {
	*app
	f       store.EventFilter
	kinds   string
	after   int64
	stream  stream
	changed func(flag string) bool
}

func (o *watch) run(ctx context.Context, _ []string) error {
	f := o.f
	f.Assignee = kanban.CanonicalAssignee(f.Assignee)
	if o.changed("kinds") {
		for k := range strings.SplitSeq(o.kinds, ",") {
			if k = strings.TrimSpace(k); k == "" {
				return usagef("--kinds %q: give the names of kinds of events, parted by commas, such as completed,blocked", o.kinds)
			}
			f.Kinds = append(f.Kinds, kanban.EventKind(k))
		}
	}
	if o.after < 0 {
		return usagef("--after %d: it is the number of an event, or 0", o.after)
	}
	if err := o.stream.validate(); err != nil {
		return err
	}
	return untilEnd(ctx, o.with(ctx, func(s *session) (err error) {
		after := kanban.EventID(o.after)
		if !o.changed("after") {
			if after, err = s.Head(ctx); err != nil {
				return err
			}
		}
		return o.stream.print(ctx, o.app, s, after, f, func(e kanban.Event) (string, error) {
			t, err := s.Task(ctx, e.Task)
			if err != nil && kanban.CodeOf(err) != kanban.NotFound { // its card may have been deleted
				return "", err
			}
			return view.StreamRow(e, t.Assignee, o.Zone), nil
		})
	}))
}

// stream is what watch and tail have in common: events are printed until
// somebody ends it.
type stream struct {
	limit    int
	interval float64
}

func (o *stream) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.IntVar(&o.limit, "limit", 0, "end after so many events (0: do not end)")
	f.Float64Var(&o.interval, "interval", 0, "accepted for scripts written for Hermes, and not used: commits wake the reader")
}

func (o *stream) validate() error {
	if o.limit < 0 {
		return usagef("--limit %d: it cannot be negative", o.limit)
	}
	if !(o.interval >= 0) { // NaN, too
		return usagef("--interval %v: it cannot be negative", o.interval)
	}
	return nil
}

// print follows the board and writes each event on a line: as row has it, or as
// an object.
func (o *stream) print(ctx context.Context, a *app, s *session, after kanban.EventID, f store.EventFilter, row func(kanban.Event) (string, error)) error {
	n := 0
	for e, err := range s.Follow(ctx, after, f) {
		if err != nil {
			return err
		}
		if a.json {
			err = view.JSONLine(a.Out, view.NewStreamEvent(e))
		} else {
			var line string
			if line, err = row(e); err == nil {
				_, err = fmt.Fprintln(a.Out, line)
			}
		}
		if err != nil {
			return err
		}
		if n++; n == o.limit {
			return nil
		}
	}
	return nil
}

// untilEnd forgives a verb that runs until it is told to end what it says when
// that comes.
func untilEnd(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return err
}
