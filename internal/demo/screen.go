package demo

import (
	"context"
	"fmt"
	"strings"
	"time"

	"andon/internal/store"
	"andon/internal/view"
	"andon/kanban"
)

// screen shows the board while it works: on a terminal a picture that is drawn
// anew at each event, elsewhere a line for each.
type screen struct {
	*demo
	titles map[kanban.TaskID]string
	recent []string
	drawn  int // lines of the last picture
}

const recentEvents = 8

func newScreen(d *demo) *screen {
	return &screen{demo: d, titles: map[kanban.TaskID]string{}}
}

// quiet are the events that would only repeat what their neighbours say.
var quiet = map[kanban.EventKind]bool{kanban.EventClaimed: true, kanban.EventCommented: true, kanban.EventScratchTip: true}

func (s *screen) event(ctx context.Context, e kanban.Event) error {
	if s.JSON {
		return view.JSONLine(s.Out, view.NewStreamEvent(e))
	}
	if quiet[e.Kind] {
		return nil
	}
	title, known := s.titles[e.Task]
	if !known {
		t, err := s.board.Task(ctx, e.Task)
		if err != nil {
			return err
		}
		title = t.Title
		s.titles[e.Task] = title
	}
	line := fmt.Sprintf("%6.2fs  %-10s %-10s  %s%s", time.Since(s.began).Seconds(), e.Kind, e.Task, title, detail(e))
	line = view.Plain(line)
	if !s.Terminal {
		_, err := fmt.Fprintln(s.Out, line)
		return err
	}
	if s.recent = append(s.recent, line); len(s.recent) > recentEvents {
		s.recent = s.recent[1:]
	}
	return s.draw(ctx)
}

// detail is what of an event's payload is worth its place on the line.
func detail(e kanban.Event) string {
	for _, key := range []string{"summary", "reason", "note", "error", "exit_kind"} {
		if text := e.Payload.Text(key); text != "" {
			return ": " + text
		}
	}
	return ""
}

func (s *screen) draw(ctx context.Context) error {
	tasks, err := s.board.List(ctx, store.Filter{Sort: "created"})
	if err != nil {
		return err
	}
	done := 0
	var b strings.Builder
	var running []string
	for _, t := range tasks {
		switch t.Status {
		case kanban.Done:
			done++
		case kanban.Running, kanban.Blocked, kanban.Ready:
			line := fmt.Sprintf("  %s %-10s %-8s %s", view.Icon(t.Status), t.ID, t.Status, view.Plain(t.Title))
			if wait := time.Until(t.RetryAt); wait > 0 {
				line += fmt.Sprintf(" (again in %.1f s)", wait.Seconds())
			}
			running = append(running, line)
		}
	}
	width := s.Width
	if width <= 0 {
		width = 80
	}
	const bar = 30
	filled := bar * done / max(1, len(tasks))
	lines := []string{
		fmt.Sprintf("andon demo  [%s%s]  %d of %d cards done", strings.Repeat("█", filled), strings.Repeat("░", bar-filled), done, len(tasks)),
		"",
	}
	lines = append(lines, running...)
	lines = append(lines, "")
	lines = append(lines, s.recent...)
	if s.drawn > 0 {
		fmt.Fprintf(&b, "\x1b[%dA\x1b[J", s.drawn) // up, and clear from there
	}
	for _, l := range lines {
		b.WriteString(view.Style{Width: width}.Fit(l) + "\n")
	}
	s.drawn = len(lines)
	_, err = fmt.Fprint(s.Out, b.String())
	return err
}
