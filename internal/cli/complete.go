package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"andon/internal/config"
	"andon/internal/view"
	"andon/internal/worker"
	"andon/kanban"
)

func newComplete(a *app) *cobra.Command {
	o := &complete{app: a}
	cmd := verb(words{
		use: "complete [ID...]", group: "cards",
		short: "finish cards",
		long: `Finish cards that are ready, running, blocked or in review. Cards that waited
for them alone become ready. Summary and metadata are what the workers of those
read. Inside a worker the id may be left out. The scratch folder of a finished
card is removed when its worker has ended and no card that waits for it is left.

An artifact is a file that was made. One in the card's scratch folder is copied
and kept with the card, like one whose full path stands in the summary or the
result; any other is only named. If one cannot be kept, nothing is done.

What the run took of a model (--usage) has the fields input_tokens, output_tokens,
cache_read_tokens, cache_write_tokens, cost_usd and model, any of them. Input is
what came from no cache. Where the agent's own output tells it (see the presets in
andon.yaml), that goes before; nothing is counted twice. See andon cost.

Where a check holds a card (create --check, or its profile's), it is run first, in
the card's workspace, and this call waits for the verdict: done, or refused with
the output. Only a person may skip it.`,
		example: `  andon complete t_1a2b3c4d --summary "the letter is in letter.txt"
  andon complete --metadata '{"tests": 12}'       inside a worker
  andon complete --artifact report.pdf            inside a worker
  andon complete --usage '{"input_tokens": 1200, "output_tokens": 90, "cost_usd": 0.05}'`,
		exits: "no such card, it is in another status, another run has it, an artifact cannot be kept, or the check refused the report",
	}, cobra.ArbitraryArgs, o.run)
	f := cmd.Flags()
	f.StringVar(&o.report.Result, "result", "", "what came out, for each of the cards")
	f.StringVar(&o.report.Summary, "summary", "", "what was done (one card only)")
	f.StringArrayVar(&o.created, "created-card", nil, "card that was made on the way; it is checked (may be repeated, one card only)")
	f.StringVar(&o.metadata, "metadata", "", "facts for other workers, a JSON object (one card only)")
	f.StringArrayVar(&o.report.Artifacts, "artifact", nil, "file that was made, its path absolute or in the workspace (may be repeated, one card only)")
	f.StringVar(&o.usage, "usage", "", "tokens that the run took and what they cost, a JSON object (one card only)")
	f.BoolVar(&o.noCheck, "no-check", false, "finish it although it has a check (persons only; it is recorded)")
	o.changed = f.Changed
	return cmd
}

type complete struct {
	*app
	report   kanban.Report
	metadata string
	usage    string
	created  []string
	noCheck  bool
	changed  func(flag string) bool
}

func (o *complete) run(ctx context.Context, args []string) error {
	ids, err := o.ids(args)
	if err != nil {
		return err
	}
	for _, flag := range []string{"summary", "metadata", "created-card", "artifact", "usage"} {
		if len(ids) > 1 && o.changed(flag) {
			return usagef("--%s is about one card, and %d are named; complete them one by one", flag, len(ids))
		}
	}
	if o.Env("ANDON_CHECK") != "" {
		return &kanban.Error{Code: kanban.Denied, Msg: fmt.Sprintf("complete %s: a check is running, and says what it finds by its exit status", ids[0])}
	}
	report := o.report
	if report.Worker = o.own(); o.noCheck {
		report.NoCheck = o.author()
	}
	for _, id := range o.created {
		report.Created = append(report.Created, kanban.TaskID(id))
	}
	if o.changed("metadata") {
		if report.Metadata, err = parseObject(o.metadata); err != nil {
			return usagef("--metadata: %v", err)
		}
	}
	if o.changed("usage") {
		if report.Usage, err = kanban.ParseUsage([]byte(o.usage)); err != nil {
			return usagef("--usage: %v", err)
		}
	}
	pins, err := o.pins(ids)
	if err != nil {
		return err
	}
	return o.with(ctx, func(s *session) error {
		reporter := o.reporter(s)
		return o.each(ids, func(id kanban.TaskID) (string, any, error) {
			r := report
			r.Run = pins[id]
			c, err := reporter.Complete(ctx, id, r)
			if no, ok := errors.AsType[*worker.Refused](err); ok {
				return "", o.refusal(no), err
			}
			o.tidy(ctx, s, c)
			return changed(c, err, fmt.Sprintf("Completed %s", id))
		})
	})
}

// reporter completes cards and waits for their checks.
func (a *app) reporter(s *session) worker.Reporter {
	return worker.Reporter{
		Board: s.Board, Place: s.place, Root: s.home.Root, Self: a.Self,
		Profile: func(name string) (config.Profile, error) { return s.config.Profiles[name], s.unread },
		Waiting: func(id kanban.TaskID, command string, limit time.Duration) {
			if a.Interactive {
				fmt.Fprintf(a.Err, "Checking %s, for at most %s: %s\n", id, config.Duration(limit), view.Plain(command))
			}
		},
	}
}

// outputLines is how many of the last lines of a check's output are shown with a
// refusal.
const outputLines = 60

// refusal tells why the check refused a report.
func (a *app) refusal(no *worker.Refused) any {
	lines := strings.Split(strings.TrimRight(view.PlainLines(no.Proposal.Output), "\n"), "\n")
	if n := len(lines) - outputLines; n > 0 {
		fmt.Fprintf(a.Err, "(the last %d of %d lines)\n", outputLines, len(lines))
		lines = lines[n:]
	}
	if strings.TrimSpace(no.Proposal.Output) != "" {
		fmt.Fprintln(a.Err, strings.Join(lines, "\n"))
	}
	return struct {
		failure
		Check  view.Check    `json:"check"`
		Status kanban.Status `json:"status"`
	}{failure{no.Task.ID, no.Error()}, view.NewCheck(no.Proposal), no.Task.Status}
}

// parseObject reads a JSON object.
func parseObject(text string) (json.RawMessage, error) {
	var m map[string]any
	err := json.Unmarshal([]byte(text), &m)
	if err == nil && m == nil {
		err = fmt.Errorf("null")
	}
	if err != nil {
		return nil, fmt.Errorf("it must be a JSON object such as {\"tests\": 12}: %w", err)
	}
	return json.RawMessage(text), nil
}
