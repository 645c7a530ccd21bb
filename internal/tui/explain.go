package tui

import (
	"context"
	"fmt"
	"strings"

	"andon/internal/board"
	"andon/kanban"
)

// explain tells in a few lines why a card stands where it does and what would
// let it go on.
func explain(ctx context.Context, b *board.Board, id kanban.TaskID) ([]string, error) {
	c, err := b.Show(ctx, id, 50)
	if err != nil {
		return nil, err
	}
	t := c.Task
	lines := []string{fmt.Sprintf("It is %s.", t.Status)}
	var waits []string
	for _, p := range c.Parents {
		if !p.Status.Satisfied() {
			waits = append(waits, fmt.Sprintf("  %s (%s) %s", p.ID, p.Status, p.Title))
		}
	}
	if len(waits) > 0 {
		lines = append(append(lines, "It waits for cards that are not finished:"), waits...)
	}
	switch t.Status {
	case kanban.Triage:
		lines = append(lines, "A raw idea waits until somebody specifies it.")
	case kanban.Todo:
		if len(waits) == 0 {
			lines = append(lines, "Nothing holds it: it is promoted with the dispatcher's next pass.")
		}
	case kanban.Scheduled:
		if t.StartAt.IsZero() {
			lines = append(lines, "It goes on when a person unblocks it.")
		} else {
			lines = append(lines, "It goes on by itself at "+t.StartAt.Format("2006-01-02 15:04:05")+".")
		}
	case kanban.Ready:
		switch {
		case t.Assignee == "":
			lines = append(lines, "Nobody is assigned, so no dispatcher starts it.")
		default:
			lines = append(lines, "It may be started by "+t.Assignee+", if a dispatcher knows a profile of that name.")
		}
		if !t.RetryAt.IsZero() {
			lines = append(lines, "After a failure, it is not started again before "+t.RetryAt.Format("15:04:05")+".")
		}
	case kanban.Running:
		lines = append(lines, fmt.Sprintf("Run %d has it, held by %s.", t.Run, t.Lock))
	case kanban.Blocked:
		if t.BlockKind != "" {
			lines = append(lines, "It is blocked: "+strings.ReplaceAll(string(t.BlockKind), "_", " ")+".")
		}
		if why := blockReason(c.Events); why != "" {
			lines = append(lines, "The reason given: "+why)
		}
	case kanban.Review:
		lines = append(lines, "A reviewer completes it or sends it back.")
	}
	if t.Assignee != "" {
		lines = append(lines, "Assignee: "+t.Assignee+".")
	}
	if t.Failures > 0 {
		lines = append(lines, fmt.Sprintf("It has failed %d times in a row; the last error: %s", t.Failures, t.LastError))
	}
	return lines, nil
}

// blockReason is what the newest block says, empty if it says nothing.
func blockReason(events []kanban.Event) string {
	for i := len(events) - 1; i >= 0; i-- {
		switch e := events[i]; e.Kind {
		case kanban.EventBlocked, kanban.EventBlockLoop, kanban.EventDependency:
			return e.Payload.Text("reason")
		case kanban.EventGaveUp:
			return e.Payload.Text("error")
		}
	}
	return ""
}
