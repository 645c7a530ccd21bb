package cli

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/spf13/cobra"

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
result; any other is only named. If one cannot be kept, nothing is done.`,
		example: `  andon complete t_1a2b3c4d --summary "the letter is in letter.txt"
  andon complete --metadata '{"tests": 12}'       inside a worker
  andon complete --artifact report.pdf            inside a worker`,
		exits: "no such card, it is in another status, another run has it, or an artifact cannot be kept",
	}, cobra.ArbitraryArgs, o.run)
	f := cmd.Flags()
	f.StringVar(&o.report.Result, "result", "", "what came out, for each of the cards")
	f.StringVar(&o.report.Summary, "summary", "", "what was done (one card only)")
	f.StringArrayVar(&o.created, "created-card", nil, "card that was made on the way; it is checked (may be repeated, one card only)")
	f.StringVar(&o.metadata, "metadata", "", "facts for other workers, a JSON object (one card only)")
	f.StringArrayVar(&o.report.Artifacts, "artifact", nil, "file that was made, its path absolute or in the workspace (may be repeated, one card only)")
	o.changed = f.Changed
	return cmd
}

type complete struct {
	*app
	report   kanban.Report
	metadata string
	created  []string
	changed  func(flag string) bool
}

func (o *complete) run(ctx context.Context, args []string) error {
	ids, err := o.ids(args)
	if err != nil {
		return err
	}
	for _, flag := range []string{"summary", "metadata", "created-card", "artifact"} {
		if len(ids) > 1 && o.changed(flag) {
			return usagef("--%s is about one card, and %d are named; complete them one by one", flag, len(ids))
		}
	}
	report := o.report
	for _, id := range o.created {
		report.Created = append(report.Created, kanban.TaskID(id))
	}
	if o.changed("metadata") {
		if report.Metadata, err = parseObject(o.metadata); err != nil {
			return usagef("--metadata: %v", err)
		}
	}
	pins, err := o.pins(ids)
	if err != nil {
		return err
	}
	return o.with(ctx, func(s *session) error {
		return o.each(ids, func(id kanban.TaskID) (string, any, error) {
			r := report
			r.Run = pins[id]
			c, err := s.Complete(ctx, id, r)
			o.tidy(ctx, s, c)
			return changed(c, err, fmt.Sprintf("Completed %s", id))
		})
	})
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
