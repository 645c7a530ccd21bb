package mcp

import (
	"context"

	"andon/kanban"
)

// orderTools are what an orchestrator does to cards, and no worker.
func orderTools() []tool {
	return []tool{
		{
			name: "kanban_unblock", verb: kanban.VerbUnblock, rank: orchestrator, do: (*call).unblock, result: stands{},
			about: "Let a blocked or scheduled card go on.",
			params: []param{
				{name: "task_id", required: true, about: "id of the card"},
				{name: "reason", about: "the answer, kept as a comment, which its worker reads"},
			},
		},
		{
			name: "kanban_unlink", verb: kanban.VerbUnlink, rank: orchestrator, do: (*call).unlink, result: linked{}, destroys: true,
			about: "Let the child wait for the parent no longer.",
			params: []param{
				{name: "parent_id", required: true, about: "id of the card that it waits for"},
				{name: "child_id", required: true, about: "id of the card that waits"},
			},
		},
		{
			name: "kanban_edit", verb: kanban.VerbEdit, rank: orchestrator, do: (*call).edit, result: stands{}, destroys: true, repeats: true,
			about: "Change the title, the body or the priority of a card. Another title or body is another task: its failures are forgotten.",
			params: []param{
				{name: "task_id", required: true, about: "id of the card"},
				{name: "title", about: "another title"},
				{name: "body", about: "another text"},
				{name: "priority", kind: number, about: "higher is started first"},
			},
		},
		{
			name: "kanban_assign", verb: kanban.VerbAssign, rank: orchestrator, do: (*call).assign, result: stands{}, repeats: true,
			about: "Give a card that is not running to a profile or person.",
			params: []param{
				{name: "task_id", required: true, about: "id of the card"},
				{name: "assignee", required: true, about: "profile or person; none gives it to nobody"},
			},
		},
		{
			name: "kanban_promote", verb: kanban.VerbPromote, rank: orchestrator, do: (*call).promote, result: stands{},
			about: "Make a card that is in todo or blocked ready.",
			params: []param{
				{name: "task_id", required: true, about: "id of the card"},
				{name: "reason", about: "why"},
				{name: "force", kind: yesno, about: "although a parent is unfinished"},
			},
		},
		{
			name: "kanban_archive", verb: kanban.VerbArchive, rank: orchestrator, do: (*call).archive, result: stands{}, destroys: true,
			about:  "Put a card away. The run of one that is running ends.",
			params: []param{{name: "task_id", required: true, about: "id of the card"}},
		},
	}
}

// stands is done, and says where the card is.
type stands struct {
	done
	Status kanban.Status `json:"status"`
}

// changed is the answer to what changed a card.
func changed(c kanban.Change, err error) (any, error) {
	if err != nil {
		return nil, err
	}
	return stands{done{true, c.Task.ID}, c.Task.Status}, nil
}

func (c *call) unblock(ctx context.Context) (any, error) {
	id, err := c.card()
	if err != nil {
		return nil, err
	}
	return changed(c.Unblock(ctx, id, kanban.Unblock{Reason: c.text("reason"), Author: c.Author}))
}

func (c *call) unlink(ctx context.Context) (any, error) {
	l, err := c.ends()
	if err != nil {
		return nil, err
	}
	if _, err := c.Unlink(ctx, l); err != nil {
		return nil, err
	}
	return linked{true, l.Parent, l.Child}, nil
}

func (c *call) edit(ctx context.Context) (any, error) {
	id, err := c.card()
	if err != nil {
		return nil, err
	}
	e := kanban.Edit{Title: ptr[string](c.args, "title"), Body: ptr[string](c.args, "body"), Priority: ptr[int64](c.args, "priority")}
	if e == (kanban.Edit{}) {
		return nil, kanban.Invalidf("edit %s: what shall change? give title, body or priority", id)
	}
	return changed(c.Edit(ctx, id, e))
}

func (c *call) assign(ctx context.Context) (any, error) {
	id, err := c.card()
	if err != nil {
		return nil, err
	}
	to, err := kanban.ParseAssignee(c.text("assignee"))
	if err != nil {
		return nil, err
	}
	return changed(c.Assign(ctx, id, to))
}

func (c *call) promote(ctx context.Context) (any, error) {
	id, err := c.card()
	if err != nil {
		return nil, err
	}
	return changed(c.Promote(ctx, id, kanban.Promotion{Actor: c.Author, Reason: c.text("reason"), Force: c.yes("force")}, false))
}

func (c *call) archive(ctx context.Context) (any, error) {
	id, err := c.card()
	if err != nil {
		return nil, err
	}
	change, err := c.Archive(ctx, id)
	if err == nil {
		c.tidy(ctx, change)
	}
	return changed(change, err)
}
