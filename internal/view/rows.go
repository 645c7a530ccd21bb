package view

import (
	"fmt"
	"strings"
	"time"

	"andon/kanban"
)

// EventRow is an event of a known card on one line.
func EventRow(e kanban.Event, loc *time.Location) string {
	return fmt.Sprintf("[%s] %s%s", Clock(e.At, loc), Plain(string(e.Kind)), payload(e.Payload))
}

// StreamRow is an event of the board on one line. assignee is its card's, empty
// if there is none.
func StreamRow(e kanban.Event, assignee string, loc *time.Location) string {
	who := ""
	if assignee != "" {
		who = " (@" + Plain(assignee) + ")"
	}
	return fmt.Sprintf("[%s] %s %s%s%s", Clock(e.At, loc), Plain(string(e.Task)), Plain(string(e.Kind)), who, payload(e.Payload))
}

func payload(p kanban.Payload) string {
	if len(p) == 0 {
		return ""
	}
	text, err := kanban.EncodeJSON(p)
	if err != nil {
		return ""
	}
	return " " + Plain(text)
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
		if !r.Usage.None() {
			fmt.Fprintf(&b, "      ∑ %s\n", taken(r.Usage))
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
