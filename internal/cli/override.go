package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"andon/internal/view"
	"andon/kanban"
)

func newSetModel(a *app) *cobra.Command {
	o := &setModel{app: a}
	cmd := verb(words{
		use: "set-model ID [MODEL]", group: "cards",
		short: "let a card's next runs use another model",
		long: `Let a card's next runs use another model than the profile's; without a model, or
with none, the profile's again. The present run goes on as it is.`,
		example: `  andon set-model t_1a2b3c4d large --provider acme
  andon set-model t_1a2b3c4d`,
		exits: "no such card",
	}, cobra.RangeArgs(1, 2), o.run)
	cmd.Flags().StringVar(&o.provider, "provider", "", "provider of the model")
	return cmd
}

type setModel struct {
	*app
	provider string
}

func (o *setModel) run(ctx context.Context, args []string) error {
	model := optional(args)
	if o.provider != "" && model == "" {
		return usagef("--provider %q needs a model", o.provider)
	}
	return o.override(ctx, args[0], "model", model, func(s *session, id kanban.TaskID) (kanban.Change, error) {
		return s.SetModel(ctx, id, model, o.provider)
	})
}

func newSetEffort(a *app) *cobra.Command {
	o := &setEffort{app: a}
	return verb(words{
		use: "set-effort ID [EFFORT]", group: "cards",
		short: "let a card's next runs think harder, or less",
		long: `Let a card's next runs think harder than the profile's, or less; without an
effort, the profile's again. EFFORT is ` + strings.Join(kanban.Efforts(), ", ") + `.`,
		example: `  andon set-effort t_1a2b3c4d high
  andon set-effort t_1a2b3c4d`,
		exits: "no such card",
	}, cobra.RangeArgs(1, 2), o.run)
}

type setEffort struct{ *app }

func (o *setEffort) run(ctx context.Context, args []string) error {
	effort := ""
	if len(args) > 1 { // none is an effort of its own
		var err error
		if effort, err = kanban.ParseEffort(args[1]); err != nil {
			return usagef("%v", err)
		}
	}
	return o.override(ctx, args[0], "reasoning effort", effort, func(s *session, id kanban.TaskID) (kanban.Change, error) {
		return s.SetEffort(ctx, id, effort)
	})
}

// optional is the second word, empty if it is left out or none.
func optional(args []string) string {
	if len(args) < 2 || strings.EqualFold(args[1], "none") {
		return ""
	}
	return strings.TrimSpace(args[1])
}

func (a *app) override(ctx context.Context, id, what, value string, set func(*session, kanban.TaskID) (kanban.Change, error)) error {
	return a.with(ctx, func(s *session) error {
		c, err := set(s, kanban.TaskID(strings.TrimSpace(id)))
		if errors.Is(err, kanban.ErrConflict) { // scripts written for Hermes expect status 2 here
			return &kanban.Error{Code: kanban.Usage, Err: err, Msg: err.Error()}
		}
		if err != nil {
			return err
		}
		if value == "" {
			return a.tell(c.Task, "Cleared the %s of %s; this applies from its next run on", what, c.Task.ID)
		}
		return a.tell(c.Task, "Set the %s of %s to %s; this applies from its next run on", what, c.Task.ID, view.Plain(value))
	})
}

func newUnguard(a *app) *cobra.Command {
	o := &unguard{app: a}
	cmd := verb(words{
		use: "unguard ID...", group: "cards",
		short: "let cards be started again in spite of an open pull request",
		long: `Let cards be started again although their past speaks against it, such as a pull
request that is still open. It is a note in their history, and moves nothing.`,
		example: `  andon unguard t_1a2b3c4d --reason "the pull request was closed"`,
		exits:   "no such card",
	}, cobra.MinimumNArgs(1), o.run)
	cmd.Flags().StringVar(&o.reason, "reason", "", "why, kept in the history")
	return cmd
}

type unguard struct {
	*app
	reason string
}

func (o *unguard) run(ctx context.Context, args []string) error {
	ids, err := o.ids(args)
	if err != nil {
		return err
	}
	return o.with(ctx, func(s *session) error {
		actor, err := o.speaker(ctx, s)
		if err != nil {
			return err
		}
		return o.each(ids, func(id kanban.TaskID) (string, any, error) {
			c, err := s.Unguard(ctx, id, actor, o.reason)
			return changed(c, err, fmt.Sprintf("Cleared the respawn guard of %s", id))
		})
	})
}
