package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"andon/internal/doctor"
	"andon/internal/home"
	"andon/internal/view"
	"andon/kanban"
)

func newDoctor(a *app) *cobra.Command {
	o := &examine{app: a}
	return verb(words{
		use: "doctor", group: "more",
		short: "look over what andon stands on",
		long: `Look over what andon stands on: the home and its disk, andon.yaml and the programs
of its profiles, the board's database, the clock, the locks, the dispatcher, and a
Hermes beside it. One line for each: ok, warn or fail, what was seen, and what to
do about it. It only looks, and makes no home; "andon check" examines what is on
the board.`,
		example: `  andon doctor
  andon doctor --json | jq -r '.[] | select(.status != "ok") | .hint'`,
		exits: "something failed",
	}, noWords, o.run)
}

type examine struct{ *app }

func (o *examine) run(ctx context.Context, _ []string) error {
	h, place, err := o.find()
	if err != nil {
		return err
	}
	checks := doctor.Examine(ctx, doctor.Patient{
		Home: h, Board: place, Hermes: home.Hermes(o.Env, o.UserHome), Path: o.Env("PATH"), Options: o.opening(), Now: o.Now(),
	})
	if o.json {
		if err := view.JSON(o.Out, checks); err != nil {
			return err
		}
	}
	var text strings.Builder
	failed := 0
	for _, c := range checks {
		if c.Status == doctor.Fail {
			failed++
		}
		fmt.Fprintf(&text, "%-4s  %-12s  %s", c.Status, view.Plain(c.Name), view.Plain(c.Detail))
		if c.Hint != "" {
			fmt.Fprintf(&text, "; %s", view.Plain(c.Hint))
		}
		text.WriteByte('\n')
	}
	if !o.json {
		o.printf("%s", text.String())
	}
	if failed > 0 {
		return &kanban.Error{Code: kanban.Denied, Msg: fmt.Sprintf("doctor: %d of %d checks failed", failed, len(checks)), Hint: "the lines that begin with fail say what to do"}
	}
	return nil
}
