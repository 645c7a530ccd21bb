package view

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/mattn/go-runewidth"

	"andon/kanban"
)

// Stats are the numbers of a board as scripts see them.
type Stats struct {
	ByStatus       map[kanban.Status]int            `json:"by_status"`
	ByAssignee     map[string]map[kanban.Status]int `json:"by_assignee"` // without the cards of nobody
	OldestReadyAge *int64                           `json:"oldest_ready_age_seconds"`
	Now            int64                            `json:"now"`
}

// NewStats begins to count as of now. oldestReady is when the oldest ready card
// was made; zero if none is ready.
func NewStats(oldestReady, now time.Time) Stats {
	v := Stats{ByStatus: map[kanban.Status]int{}, ByAssignee: map[string]map[kanban.Status]int{}, Now: now.Unix()}
	if !oldestReady.IsZero() {
		age := now.Unix() - oldestReady.Unix()
		v.OldestReadyAge = &age
	}
	return v
}

// Count adds n cards of the assignee, empty for nobody, that are in status s.
func (v Stats) Count(s kanban.Status, assignee string, n int) {
	v.ByStatus[s] += n
	if assignee == "" {
		return
	}
	if v.ByAssignee[assignee] == nil {
		v.ByAssignee[assignee] = map[kanban.Status]int{}
	}
	v.ByAssignee[assignee][s] += n
}

// Text shows the numbers to a person.
func (v Stats) Text(st Style) string {
	var b strings.Builder
	b.WriteString("By status\n")
	total := 0
	for _, s := range statuses(v.ByStatus) {
		total += v.ByStatus[s]
		fmt.Fprintf(&b, "  %s %s %6d\n", st.Paint(s, Icon(s)), st.Paint(s, fmt.Sprintf("%-10s", Plain(string(s)))), v.ByStatus[s])
	}
	fmt.Fprintf(&b, "    %-10s %6d\n", "total", total)
	if len(v.ByAssignee) > 0 {
		b.WriteString("\nBy assignee\n")
		names := slices.Sorted(maps.Keys(v.ByAssignee))
		longest := 0
		for _, n := range names {
			longest = max(longest, runewidth.StringWidth(Plain(n)))
		}
		for _, n := range names {
			var counts []string
			for _, s := range statuses(v.ByAssignee[n]) {
				counts = append(counts, fmt.Sprintf("%s %d", Plain(string(s)), v.ByAssignee[n][s]))
			}
			name := Plain(n)
			fmt.Fprintf(&b, "  %s%s  %s\n", name, strings.Repeat(" ", longest-runewidth.StringWidth(name)), strings.Join(counts, ", "))
		}
	}
	if v.OldestReadyAge != nil {
		fmt.Fprintf(&b, "\nOldest ready card: %s\n", elapsed(time.Duration(*v.OldestReadyAge)*time.Second))
	}
	return b.String()
}

// statuses lists those that were counted in the order of a card's life, and then
// those that other programs made.
func statuses(counts map[kanban.Status]int) []kanban.Status {
	var known, other []kanban.Status
	for _, s := range kanban.Statuses {
		if counts[s] > 0 {
			known = append(known, s)
		}
	}
	for _, s := range slices.Sorted(maps.Keys(counts)) {
		if !slices.Contains(kanban.Statuses, s) {
			other = append(other, s)
		}
	}
	return append(known, other...)
}
