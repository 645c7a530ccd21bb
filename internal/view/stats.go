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
	Overdue        int                              `json:"overdue"`
	OldestReadyAge *int64                           `json:"oldest_ready_age_seconds"`
	Now            int64                            `json:"now"`

	*Past
}

// Past is how work has gone since an hour.
type Past struct {
	Since       int64                    `json:"since"`
	CycleTime   CycleTime                `json:"cycle_time"`
	Ageing      map[kanban.Status]Ageing `json:"ageing"`
	BlockedTime BlockedTime              `json:"blocked_time"`
	Throughput  []Week                   `json:"throughput"`
	FailureRate FailureRate              `json:"failure_rate"`
}

// CycleTime is how long cards took that were completed.
type CycleTime struct {
	FromCreated Quantiles `json:"created_to_completed"`
	FromStarted Quantiles `json:"started_to_completed"`
}

// Quantiles are the middle and the upper end of lengths of time; null where there
// are none.
type Quantiles struct {
	Count  int    `json:"count"`
	Median *int64 `json:"median_seconds"`
	P85    *int64 `json:"p85_seconds"`
	P95    *int64 `json:"p95_seconds"`
}

// Ageing is how old the cards in a status are, by when they were made.
type Ageing struct {
	Count  int   `json:"count"`
	Oldest int64 `json:"oldest_seconds"`
	Median int64 `json:"median_seconds"`
}

// BlockedTime is how long cards were blocked.
type BlockedTime struct {
	Quantiles
	Total int64 `json:"total_seconds"`
	Open  int   `json:"open"` // blocked now
}

// Week is how many cards were completed in a week.
type Week struct {
	Week      string `json:"week"` // its Monday
	Start     int64  `json:"start"`
	Completed int    `json:"completed"`
}

// FailureRate is which part of the runs that ended has failed. What was taken
// back or put off counts as neither.
type FailureRate struct {
	Runs      int                    `json:"runs"`
	Failed    int                    `json:"failed"`
	Rate      *float64               `json:"rate"`
	ByOutcome map[kanban.Outcome]int `json:"by_outcome"`
}

// NewQuantiles shows lengths of time.
func NewQuantiles(q kanban.Quantiles) Quantiles {
	v := Quantiles{Count: q.Count}
	if q.Count > 0 {
		seconds := func(d time.Duration) *int64 { s := int64(d.Seconds()); return &s }
		v.Median, v.P85, v.P95 = seconds(q.Median), seconds(q.P85), seconds(q.P95)
	}
	return v
}

// NewPast shows how work has gone since an hour.
func NewPast(since time.Time, created, started, blocked kanban.Quantiles, open int, ageing map[kanban.Status]kanban.Quantiles,
	weeks []kanban.Week, outcomes map[kanban.Outcome]int) *Past {
	v := &Past{}
	v.Since = since.Unix()
	v.CycleTime = CycleTime{NewQuantiles(created), NewQuantiles(started)}
	v.BlockedTime = BlockedTime{NewQuantiles(blocked), int64(blocked.Sum.Seconds()), open}
	v.Ageing, v.Throughput = map[kanban.Status]Ageing{}, []Week{}
	for s, q := range ageing {
		if q.Count > 0 {
			v.Ageing[s] = Ageing{q.Count, int64(q.Max.Seconds()), int64(q.Median.Seconds())}
		}
	}
	for _, w := range weeks {
		v.Throughput = append(v.Throughput, Week{w.Start.Format(time.DateOnly), w.Start.Unix(), w.Done})
	}
	v.FailureRate.ByOutcome = map[kanban.Outcome]int{}
	for o, n := range outcomes {
		v.FailureRate.ByOutcome[o] = n
		if o.Judged() {
			v.FailureRate.Runs += n
		}
		if o.Failed() {
			v.FailureRate.Failed += n
		}
	}
	if v.FailureRate.Runs > 0 {
		rate := float64(v.FailureRate.Failed) / float64(v.FailureRate.Runs)
		v.FailureRate.Rate = &rate
	}
	return v
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
			name := Plain(n)
			fmt.Fprintf(&b, "  %s%s  %s\n", name, strings.Repeat(" ", longest-runewidth.StringWidth(name)), Counts(v.ByAssignee[n]))
		}
	}
	if v.Overdue > 0 {
		fmt.Fprintf(&b, "\n%s\n", st.alarm(fmt.Sprintf("Overdue: %d", v.Overdue)))
	}
	if v.OldestReadyAge != nil {
		fmt.Fprintf(&b, "\nOldest ready card: %s\n", elapsed(time.Duration(*v.OldestReadyAge)*time.Second))
	}
	if v.Past != nil {
		v.Past.text(&b, st)
	}
	return b.String()
}

// Counts tells the numbers of cards by status on one line.
func Counts(of map[kanban.Status]int) string {
	var counts []string
	for _, s := range statuses(of) {
		counts = append(counts, fmt.Sprintf("%s %d", Plain(string(s)), of[s]))
	}
	return strings.Join(counts, ", ")
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

// text tells how work has gone. Where there was none, nothing is told.
func (v *Past) text(b *strings.Builder, st Style) {
	length := func(seconds int64) string { return span(time.Duration(seconds) * time.Second) }
	if len(v.Ageing) > 0 {
		fmt.Fprintf(b, "\nAge of unfinished cards\n  %-12s %8s %8s\n", "", "median", "oldest")
		counts := map[kanban.Status]int{}
		for s, a := range v.Ageing {
			counts[s] = a.Count
		}
		for _, s := range statuses(counts) {
			fmt.Fprintf(b, "  %s %s %8s %8s\n", st.Paint(s, Icon(s)), st.Paint(s, fmt.Sprintf("%-10s", Plain(string(s)))), length(v.Ageing[s].Median), length(v.Ageing[s].Oldest))
		}
	}
	if v.CycleTime.FromCreated.Count+v.BlockedTime.Count+v.FailureRate.Runs > 0 {
		fmt.Fprintf(b, "\nSince %s\n  %-22s %8s %8s %8s %8s\n", time.Unix(v.Since, 0).In(st.zone()).Format("2006-01-02 15:04"), "", "number", "median", "85 %", "95 %")
		for _, row := range []struct {
			name string
			q    Quantiles
		}{{"created to completed", v.CycleTime.FromCreated}, {"started to completed", v.CycleTime.FromStarted}, {"blocked", v.BlockedTime.Quantiles}} {
			if q := row.q; q.Count > 0 {
				fmt.Fprintf(b, "  %-22s %8d %8s %8s %8s\n", row.name, q.Count, length(*q.Median), length(*q.P85), length(*q.P95))
			}
		}
		if f := v.FailureRate; f.Rate != nil {
			fmt.Fprintf(b, "  %-22s %8d   %d of them failed, %.1f %%\n", "runs", f.Runs, f.Failed, *f.Rate*100)
		}
	}
	most := 0
	for _, w := range v.Throughput {
		most = max(most, w.Completed)
	}
	if most == 0 {
		return
	}
	b.WriteString("\nCompleted per week\n")
	for _, w := range v.Throughput {
		fmt.Fprintf(b, "  %s %6d%s\n", w.Week, w.Completed, st.bar(w.Completed, most))
	}
}

// bars are parts of a column, by eighths.
var bars = []string{"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"}

// bar draws n of most, on a terminal only: to a script it is noise.
func (st Style) bar(n, most int) string {
	if st.Width <= 0 || n == 0 {
		return ""
	}
	room := min(max(st.Width-20, 8), 40) // columns beside the date and the number
	eighths := max(n*room*8/most, 1)
	return " " + strings.Repeat("█", eighths/8) + bars[eighths%8]
}

// span is a length of time in its two greatest units at most.
func span(d time.Duration) string {
	if d < 24*time.Hour {
		return elapsed(d)
	}
	return fmt.Sprintf("%dd%02dh", int(d.Hours())/24, int(d.Hours())%24)
}
