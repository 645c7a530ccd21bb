package cli

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"andon/internal/config"
	"andon/kanban"
)

func newSchedule(a *app) *cobra.Command {
	o := &schedule{app: a}
	cmd := verb(words{
		use: "schedule [ID] [REASON...]", group: "cards",
		short: "put a card off",
		long: `Put a card off, until a time or, without one, until a person unblocks it. When its
time comes it is ready, or waits in todo for its parents. The reason is kept as a
comment. Inside a worker the id may be left out: a first word is taken for one
only if it looks like one.`,
		example: `  andon schedule t_1a2b3c4d "after the holidays" --at "2027-01-04 09:00"
  andon schedule t_1a2b3c4d --at +2h
  andon schedule "wait for the post" --at +1d      inside a worker`,
		exits: "no such card, it is in another status, another run has it, or the time is past",
	}, cobra.ArbitraryArgs, o.run)
	f := cmd.Flags()
	f.StringSliceVar(&o.more, "ids", nil, idsUsage)
	atFlag(f, &o.at)
	return cmd
}

// atFlag is --at, under both of its names.
func atFlag(f *pflag.FlagSet, at *string) {
	f.StringVar(at, "at", "", "when it goes on: 2027-01-04 09:00, RFC 3339, or +2h (also --scheduled-at)")
	f.SetNormalizeFunc(func(_ *pflag.FlagSet, name string) pflag.NormalizedName {
		if name == "scheduled-at" {
			name = "at"
		}
		return pflag.NormalizedName(name)
	})
}

// parseAt reads the value of --at; the zero time where it was not given.
func (a *app) parseAt(s string, given bool) (time.Time, error) { return a.parseWhen("--at", s, given) }

func (a *app) parseWhen(flag, s string, given bool) (time.Time, error) {
	if !given {
		return time.Time{}, nil
	}
	at, err := config.ParseTime(s, a.Now(), a.Zone)
	if err != nil {
		return at, usagef("%s: %v", flag, err)
	}
	return at, nil
}

type schedule struct {
	*app
	more []string
	at   string
}

func (o *schedule) run(ctx context.Context, args []string) error {
	ids, reason, err := o.cards(args, o.more)
	if err != nil {
		return err
	}
	at, err := o.parseAt(o.at, o.at != "")
	if err != nil {
		return err
	}
	pins, err := o.pins(ids)
	if err != nil {
		return err
	}
	return o.with(ctx, func(s *session) error {
		later := kanban.Schedule{At: at, Reason: strings.TrimSpace(strings.Join(reason, " "))}
		if later.Author, err = o.speaker(ctx, s); err != nil {
			return err
		}
		return o.each(ids, func(id kanban.TaskID) (string, any, error) {
			later := later
			later.Run = pins[id]
			c, err := s.Schedule(ctx, id, later)
			line := fmt.Sprintf("Scheduled %s", id)
			if err == nil && !at.IsZero() {
				line += " for " + c.Task.StartAt.In(o.Zone).Format("2006-01-02 15:04:05")
			}
			return changed(c, err, line)
		})
	})
}
