package view

import (
	"fmt"
	"strings"
	"time"

	"andon/kanban"
)

// EventRow is an event of a known card on one line.
func EventRow(e kanban.Event, loc *time.Location) string {
	s := fmt.Sprintf("[%s] %s", Clock(e.At, loc), Plain(string(e.Kind)))
	if len(e.Payload) > 0 {
		if text, err := kanban.EncodeJSON(e.Payload); err == nil {
			s += " " + Plain(text)
		}
	}
	return s
}

// RunTable is a table of runs. Summaries and errors have lines of their own.
func RunTable(runs []kanban.Run, now time.Time, loc *time.Location) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%-5s %-13s %-16s %-9s %s\n", "#", "OUTCOME", "PROFILE", "ELAPSED", "STARTED")
	for _, r := range runs {
		outcome, end := string(r.Outcome), r.EndedAt
		if r.Open() {
			outcome, end = "(running)", now
		}
		fmt.Fprintf(&b, "%-5d %-13s %-16s %-9s %s", r.ID, Plain(outcome), Plain(r.Profile), elapsed(end.Sub(r.StartedAt)), Clock(r.StartedAt, loc))
		if r.Worker.Exit != "" {
			fmt.Fprintf(&b, "  (%s)", Plain(r.Worker.Exit))
		}
		b.WriteByte('\n')
		if line, _, _ := strings.Cut(strings.TrimSpace(r.Summary), "\n"); line != "" {
			fmt.Fprintf(&b, "      → %s\n", Plain(line))
		}
		if line, _, _ := strings.Cut(strings.TrimSpace(r.Error), "\n"); line != "" {
			fmt.Fprintf(&b, "      ✖ %s\n", Plain(line))
		}
	}
	return b.String()
}

func elapsed(d time.Duration) string {
	switch d = max(d, 0); {
	case d < time.Minute:
		return fmt.Sprintf("%ds", int(d.Seconds()))
	case d < time.Hour:
		return fmt.Sprintf("%dm%02ds", int(d.Minutes()), int(d.Seconds())%60)
	}
	return fmt.Sprintf("%dh%02dm", int(d.Hours()), int(d.Minutes())%60)
}
