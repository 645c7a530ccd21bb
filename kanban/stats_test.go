package kanban

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// Of n lengths at least so many per cent do not exceed the quantile, and fewer
// are below it.
func TestQuantiles(t *testing.T) {
	t.Parallel()
	if q := NewQuantiles(nil); q != (Quantiles{}) {
		t.Errorf("of nothing: %+v", q)
	}
	rapid.Check(t, func(t *rapid.T) {
		var lengths []time.Duration
		for _, n := range rapid.SliceOfN(rapid.IntRange(0, 50), 1, 200).Draw(t, "lengths") {
			lengths = append(lengths, time.Duration(n))
		}
		q := NewQuantiles(slices.Clone(lengths))
		for percent, d := range map[int]time.Duration{50: q.Median, 85: q.P85, 95: q.P95, 100: q.Max} {
			upTo, below := 0, 0
			for _, l := range lengths {
				if l <= d {
					upTo++
				}
				if l < d {
					below++
				}
			}
			if upTo*100 < percent*len(lengths) || below*100 >= percent*len(lengths) {
				t.Fatalf("%d %% of %v: %v", percent, lengths, d)
			}
		}
	})
}

// Weeks begin on Monday at midnight, also where a clock is changed between them.
func TestWeeks(t *testing.T) {
	t.Parallel()
	berlin := time.FixedZone("", 0)
	if z, err := time.LoadLocation("Europe/Berlin"); err == nil {
		berlin = z
	}
	sunday := time.Date(2026, 3, 29, 23, 59, 59, 0, berlin) // the day on which its clocks go forward
	weeks := Weeks(3, sunday, berlin)
	for i, w := range weeks {
		if w.Start.Weekday() != time.Monday || w.Start.Hour() != 0 || !w.Start.Equal(time.Date(2026, 3, 9+7*i, 0, 0, 0, 0, berlin)) {
			t.Errorf("week %d begins at %v", i, w.Start)
		}
	}
	monday := weeks[2].Start.AddDate(0, 0, 7)
	Tally(weeks, []time.Time{
		weeks[0].Start.Add(-time.Second), weeks[0].Start, weeks[1].Start.Add(-time.Second), weeks[1].Start, sunday, monday,
	})
	for i, want := range []int{2, 1, 1} {
		if weeks[i].Done != want {
			t.Errorf("week %d has %d completions, want %d", i, weeks[i].Done, want)
		}
	}
	if now := Weeks(1, monday, berlin); !now[0].Start.Equal(monday) {
		t.Errorf("on a Monday the week begins at %v, want %v", now[0].Start, monday)
	}
}

func TestSpells(t *testing.T) {
	t.Parallel()
	var events []Event
	for i, e := range []struct {
		task TaskID
		kind EventKind
	}{
		{"a", EventUnblocked}, {"a", EventBlocked}, {"b", EventGaveUp}, {"a", EventBlocked}, {"a", EventUnblocked}, {"a", EventUnblocked},
		{"b", EventPromotedBy}, {"a", EventBlocked}, {"c", EventScheduled},
	} {
		events = append(events, Event{ID: EventID(i + 1), Task: e.task, Kind: e.kind, At: noon.Add(time.Duration(i) * time.Second)})
	}
	at := func(n int) time.Time { return noon.Add(time.Duration(n) * time.Second) }
	want := []Spell{{"a", at(1), at(4)}, {"b", at(2), at(6)}, {"a", at(7), time.Time{}}}
	if got := Spells(events); !slices.Equal(got, want) {
		t.Errorf("spells %+v, want %+v", got, want)
	}
}
