package mcp

import (
	"context"
	"strings"

	"andon/internal/view"
	"andon/kanban"
)

// workTools are what a worker does with its own card.
func workTools() []tool {
	return []tool{
		{
			name: "kanban_complete", verb: kanban.VerbComplete, do: (*call).complete, result: ended{},
			about: "Finish a card. Say what was done in summary; cards that wait for this one read it. If it is refused, the card stays as it was and you may report again.",
			params: []param{
				{name: "task_id", about: "id of the card; a worker may leave out its own"},
				{name: "summary", about: "what was done, and where the result is"},
				{name: "result", about: "what came out; an older name for the same"},
				{name: "metadata", kind: object, about: "facts for other workers"},
				{name: "usage", kind: object, about: "what the run took: input_tokens (from no cache), output_tokens, cache_read_tokens, cache_write_tokens, cost_usd, model; any of them"},
				{name: "created_cards", kind: texts, about: "ids of cards that you made in the course of it; each is checked"},
				{name: "artifacts", kind: texts, about: "absolute paths of files that you made; those in the card's scratch folder are kept"},
			},
		},
		{
			name: "kanban_block", verb: kanban.VerbBlock, do: (*call).block, result: blocked{},
			about: "Stop a card that cannot go on, and say why. The answer tells in which status it landed.",
			params: []param{
				{name: "task_id", about: "id of the card; a worker may leave out its own"},
				{name: "reason", required: true, about: "what a person must answer or do"},
				{name: "kind", among: []string{"dependency", "needs_input", "capability", "transient"}, about: "why: dependency waits for the card's parents, the others for a person"},
			},
		},
		{
			name: "kanban_request_review", verb: kanban.VerbRequestReview, do: (*call).requestReview, result: moved{},
			about: "Hand a card over to be reviewed.",
			params: []param{
				{name: "task_id", about: "id of the card; a worker may leave out its own"},
				{name: "summary", required: true, about: "what was done, and what to look at"},
				{name: "reviewer", about: "who should look; it is noted and assigns nothing"},
			},
		},
		{
			name: "kanban_schedule", verb: kanban.VerbSchedule, do: (*call).schedule, result: moved{},
			about: "Put a card off: until a time, or until a person unblocks it.",
			params: []param{
				{name: "task_id", about: "id of the card; a worker may leave out its own"},
				{name: "at", max: maxName, about: "when it goes on: RFC 3339, 2027-01-04 09:00 in the board's zone, or +2h"},
				{name: "reason", about: "why, kept as a comment"},
			},
		},
		{
			name: "kanban_heartbeat", verb: kanban.VerbHeartbeat, do: (*call).heartbeat, result: alive{}, // not as once: each remark is told once
			about: "Say that the card's worker is alive, and extend its lease. The answer has what others have said on the card meanwhile.",
			params: []param{
				{name: "task_id", about: "id of the card; a worker may leave out its own"},
				{name: "note", about: "what it is at"},
			},
		},
	}
}

// done is the answer to what changed a card and says no more.
type done struct {
	OK   bool          `json:"ok"`
	Task kanban.TaskID `json:"task_id"`
}

// ended is the answer to what ended a run. The run is null where there was none.
type ended struct {
	done
	Run *kanban.RunID `json:"run_id"`
}

// moved is ended, and says where the card landed.
type moved struct {
	ended
	Status kanban.Status `json:"status"`
}

type blocked struct {
	moved
	Kind *kanban.BlockKind `json:"block_kind"`
}

// endedBy is the run that a change closed or recorded.
func endedBy(c kanban.Change) ended {
	e := ended{done: done{true, c.Task.ID}}
	switch n := len(c.Proposals); {
	case len(c.Runs) > 0:
		e.Run = &c.Runs[len(c.Runs)-1].ID
	case n > 0: // a check has let it pass, maybe in another process
		e.Run = view.Opt(c.Proposals[n-1].Run)
	}
	return e
}

func movedBy(c kanban.Change) moved { return moved{endedBy(c), c.Task.Status} }

func (c *call) complete(ctx context.Context) (any, error) {
	id, err := c.card()
	if err != nil {
		return nil, err
	}
	r := kanban.Report{Summary: c.text("summary"), Result: c.text("result"), Metadata: c.object("metadata"), Artifacts: c.texts("artifacts"), Run: c.run(id), Worker: c.Server.Scope.Task}
	if strings.TrimSpace(r.Summary) == "" && strings.TrimSpace(r.Result) == "" {
		return nil, kanban.Invalidf("complete %s: say what was done in summary; nothing was changed", id)
	}
	if r.Created, err = c.ids("created_cards"); err != nil {
		return nil, err
	}
	if c.has("usage") {
		if r.Usage, err = kanban.ParseUsage(c.object("usage")); err != nil {
			return nil, err
		}
	}
	change, err := c.Desk.Complete(ctx, id, r)
	if err != nil {
		return nil, err
	}
	c.tidy(ctx, change)
	return endedBy(change), nil
}

func (c *call) tidy(ctx context.Context, change kanban.Change) {
	if c.Tidy != nil {
		c.Tidy(ctx, change)
	}
}

func (c *call) block(ctx context.Context) (any, error) {
	id, err := c.card()
	if err != nil {
		return nil, err
	}
	why := kanban.Block{Reason: c.text("reason"), Kind: kanban.BlockKind(c.text("kind")), Author: c.Author, Run: c.run(id)}
	if strings.TrimSpace(why.Reason) == "" {
		return nil, kanban.Invalidf("block %s: say in reason what a person must answer or do; nothing was changed", id)
	}
	if c.Server.Scope.Worker() {
		t, err := c.Desk.Task(ctx, id)
		if err != nil {
			return nil, err
		}
		if t.GoalMode && why.Kind != kanban.Dependency && why.Kind != kanban.NeedsInput {
			return nil, kanban.Invalidf("block %s: a card in goal mode is blocked with kind dependency or needs_input only; nothing was changed", id)
		}
	}
	change, err := c.Block(ctx, id, why)
	if err != nil {
		return nil, err
	}
	v := blocked{moved: movedBy(change)}
	if kind := change.Task.BlockKind; kind != "" {
		v.Kind = &kind
	}
	return v, nil
}

func (c *call) requestReview(ctx context.Context) (any, error) {
	id, err := c.card()
	if err != nil {
		return nil, err
	}
	r := kanban.ReviewRequest{Summary: c.text("summary"), Reviewer: c.text("reviewer"), Run: c.run(id)}
	if strings.TrimSpace(r.Summary) == "" {
		return nil, kanban.Invalidf("request a review of %s: say in summary what was done; nothing was changed", id)
	}
	change, err := c.RequestReview(ctx, id, r)
	if err != nil {
		return nil, err
	}
	return movedBy(change), nil
}

func (c *call) schedule(ctx context.Context) (any, error) {
	id, err := c.card()
	if err != nil {
		return nil, err
	}
	later := kanban.Schedule{Reason: c.text("reason"), Author: c.Author, Run: c.run(id)}
	if later.At, err = c.time("at"); err != nil {
		return nil, err
	}
	change, err := c.Schedule(ctx, id, later)
	if err != nil {
		return nil, err
	}
	return movedBy(change), nil
}

func (c *call) heartbeat(ctx context.Context) (any, error) {
	id, err := c.card()
	if err != nil {
		return nil, err
	}
	if _, err := c.Heartbeat(ctx, id, kanban.Heartbeat{Run: c.run(id), Note: c.text("note"), TTL: c.TTL}); err != nil {
		return nil, err
	}
	v := alive{done: done{true, id}}
	if id == c.Server.Scope.Task {
		if v.Comments, err = c.said(ctx, c.Desk, true); err != nil {
			return nil, err
		}
	}
	return v, nil
}

// alive is the answer to a sign of life. comments are those of others, since the
// worker was last told of any.
type alive struct {
	done
	Comments []remark `json:"comments,omitempty"`
}
