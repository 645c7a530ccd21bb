package cli

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"andon/internal/board"
	"andon/internal/dispatch"
	"andon/internal/home"
	"andon/internal/view"
	"andon/internal/worker"
	"andon/kanban"
)

func newWhy(a *app) *cobra.Command {
	o := &why{app: a}
	return verb(words{
		use: "why [ID...]", group: "look",
		short: "say why cards are not worked on, and what would start them",
		long: `Say why cards are not worked on: what they wait for, until when, and which
commands would take the reason away. The answer is the dispatcher's own: a card
of which nothing is said here is started by its next pass.

Without an id, all ready cards that wait are summed up by their reasons.`,
		example: `  andon why t_1a2b3c4d
  andon why
  andon why t_1a2b3c4d --json | jq -r '.start[0]'`,
		exits: "no such card",
	}, cobra.ArbitraryArgs, o.run)
}

type why struct{ *app }

func (o *why) run(ctx context.Context, args []string) error {
	return o.with(ctx, func(s *session) error {
		o.nobody(s.config)
		l := o.limits(s.config, 0)
		if len(args) == 0 {
			return o.all(ctx, s, l)
		}
		ids, err := o.ids(args)
		if err != nil {
			return err
		}
		return o.each(ids, func(id kanban.TaskID) (string, any, error) {
			answer, err := o.why(ctx, s, l, id)
			if err != nil {
				return "", nil, err
			}
			return o.text(answer), newAnswer(answer), nil
		})
	})
}

// why asks the dispatcher's plan about a card, and looks at what no plan knows of.
func (a *app) why(ctx context.Context, s *session, l dispatch.Limits, id kanban.TaskID) (dispatch.Answer, error) {
	now := a.Now()
	name, alone := string(s.place.Slug), true
	q, err := s.Why(ctx, id, func(f board.Floor, t kanban.Task) bool {
		holds, sure := dispatch.Holds([]dispatch.Snapshot{dispatch.NewSnapshot(name, f, now)}, l, t)
		alone = len(holds) > 0 && !slices.ContainsFunc(holds, func(h dispatch.Hold) bool { return h.Kind == dispatch.HoldBudget })
		return sure // what holds it here is enough to know, but not how much was spent elsewhere
	}, l.Windows(now)...)
	if err != nil {
		return dispatch.Answer{}, err
	}
	var others []dispatch.Snapshot
	if !alone {
		others = a.others(ctx, s, l, now)
	}
	around := dispatch.Around{Board: name, Others: others, Zone: a.Zone, Policy: s.Policy(q.Task.Assignee), Nobody: !dispatching(s.home)}
	if p, known := l.Profiles[or(q.Task.Assignee, l.DefaultAssignee)]; known && q.Task.Status == kanban.Ready {
		_, around.Command = worker.Program(p, q.Task, os.Environ())
		around.Workspace = worker.Folder(s.place, q.Task)
	}
	return dispatch.Why(q, l, around, now), nil
}

// others are the boards beside the one that is asked about, as far as they can be
// read: they share what one host may run.
func (a *app) others(ctx context.Context, s *session, l dispatch.Limits, now time.Time) (others []dispatch.Snapshot) {
	boards, err := a.allHere(ctx, s.home.Unasked())
	if err != nil {
		return nil
	}
	for _, place := range boards {
		if place.Address() == s.place.Address() || place.Slug != home.Default && place.Meta().Archived || place.Look(ctx) != nil {
			continue
		}
		db, err := a.openDB(ctx, place)
		if err != nil {
			continue // a dispatcher does without it too
		}
		if f, err := board.New(db).Floor(ctx, l.Windows(now)...); err == nil {
			others = append(others, dispatch.NewSnapshot(string(place.Slug), f, now))
		}
		_ = db.Close() // it was only read
	}
	return others
}

func (o *why) text(w dispatch.Answer) string {
	var b strings.Builder
	b.WriteString(o.style().Row(w.Task))
	for _, r := range w.Reasons {
		fmt.Fprintf(&b, "\n  %s", view.Plain(r.Text))
	}
	for i, c := range w.Start {
		label := "    or:      "
		if i == 0 {
			label = "  to change: "
		}
		fmt.Fprintf(&b, "\n%s%s", label, view.Plain(c))
	}
	return b.String()
}

func newAnswer(w dispatch.Answer) view.Why {
	v := view.Why{ID: w.Task.ID, Status: w.Task.Status, Reasons: []view.Reason{}, Start: append([]string{}, w.Start...)}
	for _, r := range w.Reasons {
		v.Reasons = append(v.Reasons, view.Reason{Kind: string(r.Kind), Text: r.Text, Until: view.Epoch(r.Until), Data: r.Data})
	}
	return v
}

// waitingGroup is the ready cards that wait for one reason.
type waitingGroup struct {
	Kind  dispatch.HoldKind `json:"kind"`
	Text  string            `json:"text"`
	Until *int64            `json:"until,omitempty"` // the first of them
	Count int               `json:"count"`
	IDs   []kanban.TaskID   `json:"ids"`
}

// all sums up the ready cards that wait.
func (o *why) all(ctx context.Context, s *session, l dispatch.Limits) error {
	now := o.Now()
	f, err := s.Floor(ctx, l.Windows(now)...)
	if err != nil {
		return err
	}
	failed, err := s.failedRoutines(ctx)
	if err != nil {
		return err
	}
	p := dispatch.Plan(append([]dispatch.Snapshot{dispatch.NewSnapshot(string(s.place.Slug), f, now)}, o.others(ctx, s, l, now)...), l)[0]
	v := struct {
		Ready      int            `json:"ready"`
		Starting   int            `json:"starting"`
		Dispatcher bool           `json:"dispatcher"`
		Waiting    []waitingGroup `json:"waiting"`
		Routines   []view.Routine `json:"failed_routines"`
	}{len(f.Ready), len(p.Start), dispatching(s.home), groups(p), view.NewRoutines(failed)}
	if o.json {
		return view.JSON(o.Out, v)
	}
	for _, r := range failed {
		o.printf("routine %s makes no card: %s\n", view.Plain(r.Name), view.RoutineTrouble(r, o.Zone))
	}
	ready := counted(v.Ready, "ready card", "ready cards")
	switch {
	case v.Ready == 0:
		o.printf("no card is ready\n")
		return nil
	case v.Starting > 0 && v.Dispatcher:
		o.printf("%d of %s start with the next pass\n", v.Starting, ready)
	case v.Starting > 0:
		o.printf("%d of %s could start, but no dispatcher serves this home; `andon run` is one\n", v.Starting, ready)
	default:
		o.printf("%s waiting, and none starts now\n", counted(v.Ready, "ready card is", "ready cards are"))
	}
	for _, g := range v.Waiting {
		line := fmt.Sprintf("%6d  %s: %s", g.Count, g.Text, joinIDs(g.IDs[:min(len(g.IDs), 5)]))
		if len(g.IDs) > 5 {
			line += " ..."
		}
		o.printf("%s\n", view.Plain(line))
	}
	return nil
}

// groups are the waiting cards by their weightiest reason, in the order in which
// they first occur.
func groups(p dispatch.Starts) []waitingGroup {
	out, at := []waitingGroup{}, map[string]int{}
	for _, h := range p.Held {
		first := h.Holds[0]
		text := groupText(h.Task, first)
		i, ok := at[text]
		if !ok {
			i = len(out)
			at[text] = i
			out = append(out, waitingGroup{Kind: first.Kind, Text: text})
		}
		g := &out[i]
		g.Count++
		g.IDs = append(g.IDs, h.Task.ID)
		if u := view.Epoch(first.Until); u != nil && (g.Until == nil || *u < *g.Until) {
			g.Until = u
		}
	}
	return out
}

func groupText(t kanban.Task, h dispatch.Hold) string {
	switch h.Kind {
	case dispatch.HoldUnassigned:
		return "nobody is assigned"
	case dispatch.HoldNoProfile:
		return fmt.Sprintf("%s is no profile", t.Assignee)
	case dispatch.HoldBackoff:
		return "rest after a failure"
	case dispatch.HoldRateLimit:
		return "rest after a rate limit"
	case dispatch.HoldSuccess:
		return "completed within the hour"
	case dispatch.HoldPull:
		return "a pull request of the last day"
	case dispatch.HoldAccount:
		return "the account " + h.Account + " rests after a rate limit"
	case dispatch.HoldBudget:
		return fmt.Sprintf("the budget of %s, %s, is spent", h.Budget.Whose(), h.Budget.Limit())
	case dispatch.HoldPaused:
		return h.Pause.Scope.String() + " is paused"
	case dispatch.HoldResource:
		return fmt.Sprintf("no %s is free (resources.%s is %d)", h.Resource, h.Resource, h.Limit)
	case dispatch.HoldCap, dispatch.HoldBoardCap, dispatch.HoldProfileCap:
		return fmt.Sprintf("no room (%s is %d)", h.Cap, h.Limit)
	}
	return string(h.Kind)
}
