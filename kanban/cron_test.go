package kanban

import (
	"fmt"
	"math/bits"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func mustCron(t testing.TB, line string) Cron {
	t.Helper()
	c, err := ParseCron(line)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func mustZone(t testing.TB, name string) *time.Location {
	t.Helper()
	zone, err := ParseZone(name)
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

// A time that clocks skip fires once, at the moment after, and one that they show
// twice fires once, the first time; a line of every hour fires each hour.
func TestCronWhereClocksChange(t *testing.T) {
	for _, c := range []struct {
		line, zone, from string
		want             []string
	}{
		{"30 2 * * *", "Europe/Zurich", "2026-03-28T12:00:00+01:00", []string{"2026-03-29T03:00:00+02:00", "2026-03-30T02:30:00+02:00"}},
		{"30 2 * * *", "Europe/Zurich", "2026-10-24T12:00:00+02:00", []string{"2026-10-25T02:30:00+02:00", "2026-10-26T02:30:00+01:00"}},
		{"30 2 * * *", "Europe/Zurich", "2026-10-25T02:30:00+01:00", []string{"2026-10-26T02:30:00+01:00"}},
		{"0 2,3 * * *", "Europe/Zurich", "2026-03-28T12:00:00+01:00", []string{"2026-03-29T03:00:00+02:00", "2026-03-30T02:00:00+02:00"}},
		{"*/30 2-3 * * *", "Europe/Zurich", "2026-10-25T00:00:00+02:00", []string{"2026-10-25T02:00:00+02:00", "2026-10-25T02:30:00+02:00",
			"2026-10-25T03:00:00+01:00", "2026-10-25T03:30:00+01:00"}},
		{"30 * * * *", "Europe/Zurich", "2026-03-29T01:00:00+01:00", []string{"2026-03-29T01:30:00+01:00", "2026-03-29T03:30:00+02:00"}},
		{"30 * * * *", "Europe/Zurich", "2026-10-25T02:00:00+02:00", []string{"2026-10-25T02:30:00+02:00", "2026-10-25T02:30:00+01:00", "2026-10-25T03:30:00+01:00"}},
		{"15 2 * * *", "Australia/Lord_Howe", "2026-10-03T12:00:00+10:30", []string{"2026-10-04T02:30:00+11:00", "2026-10-05T02:15:00+11:00"}},
		{"45 1 * * *", "Australia/Lord_Howe", "2026-04-04T12:00:00+11:00", []string{"2026-04-05T01:45:00+11:00", "2026-04-06T01:45:00+10:30"}},
		{"0,15,30,45 1,2 * * *", "Australia/Lord_Howe", "2026-04-05T01:20:00+11:00", []string{"2026-04-05T01:30:00+11:00", "2026-04-05T01:45:00+11:00",
			"2026-04-05T02:00:00+10:30", "2026-04-05T02:15:00+10:30"}},
		{"@daily", "America/Santiago", "2026-09-05T12:00:00-04:00", []string{"2026-09-06T01:00:00-03:00", "2026-09-07T00:00:00-03:00"}},
		{"@daily", "America/Santiago", "2026-04-04T12:00:00-03:00", []string{"2026-04-05T00:00:00-04:00"}},
		{"0 9 * * 1-5", "Europe/Zurich", "2026-10-23T09:00:00+02:00", []string{"2026-10-26T09:00:00+01:00"}},
		{"0 0 29 2 *", "UTC", "2097-01-01T00:00:00Z", []string{"2104-02-29T00:00:00Z"}},
		{"0 0 13 * fri", "UTC", "2026-11-01T00:00:00Z", []string{"2026-11-06T00:00:00Z", "2026-11-13T00:00:00Z"}},
		{"0 0 13 * */5", "UTC", "2026-11-01T00:00:00Z", []string{"2026-11-13T00:00:00Z", "2026-12-13T00:00:00Z"}},
		{"0 0 */10 * 0", "UTC", "2026-11-01T00:00:00Z", []string{"2027-01-31T00:00:00Z"}},
	} {
		zone, line := mustZone(t, c.zone), mustCron(t, c.line)
		at, err := time.Parse(time.RFC3339, c.from)
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range c.want {
			at = line.Next(at, zone)
			if got := at.Format(time.RFC3339); got != want {
				t.Errorf("%s in %s: %s, want %s", c.line, c.zone, got, want)
				break
			}
		}
	}
}

// What Next says is what somebody sees who looks at the clock each minute.
func TestCronIsWhatAWatcherSees(t *testing.T) {
	zones := []string{"UTC", "Europe/Zurich", "Australia/Lord_Howe", "America/Santiago", "America/St_Johns", "Pacific/Chatham", "Asia/Kathmandu", "Africa/Casablanca"}
	rapid.Check(t, func(r *rapid.T) {
		zone := mustZone(t, rapid.SampledFrom(zones).Draw(r, "zone"))
		fields := make([]string, 5)
		for i, f := range cronFields {
			number := rapid.IntRange(f.low, f.top)
			if i == cronHour {
				number = rapid.IntRange(0, 4) // where clocks change
			}
			a := number.Draw(r, f.name)
			b := rapid.IntRange(a, f.top).Draw(r, f.name+" to")
			fields[i] = rapid.SampledFrom([]string{"*", "*", fmt.Sprint(a), fmt.Sprintf("%d,%d", a, b), fmt.Sprintf("%d-%d", a, b),
				fmt.Sprintf("*/%d", max(a, 1)), fmt.Sprintf("%d/7", a)[:len(fmt.Sprint(a))+boolInt(f.top > 6)*2]}).Draw(r, f.name+" field")
		}
		fields[cronMonth] = rapid.SampledFrom([]string{"*", "*", "1-12", "3,10", "4-9"}).Draw(r, "months")
		c, err := ParseCron(strings.Join(fields, " "))
		if err != nil {
			return // a line that never fires
		}
		// Near a change of the clock, if the zone has any.
		at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(rapid.IntRange(0, 500).Draw(r, "days")) * 24 * time.Hour).In(zone)
		if _, end := at.ZoneBounds(); !end.IsZero() {
			at = end
		}
		at = at.Add(time.Duration(rapid.IntRange(-2*24*60*60, 6*60*60).Draw(r, "seconds")) * time.Second)

		limit := at.Add(3 * 24 * time.Hour)
		want := watch(c, fields[cronHour], at, limit, zone)
		got := c.Next(at, zone)
		if want.IsZero() {
			if got.Before(limit) { // which the watcher did not look at
				r.Fatalf("%v after %v: %v, and nobody saw it", fields, at, got)
			}
			return
		}
		if !got.Equal(want) {
			r.Fatalf("%v after %v: %v, want %v", fields, at, got, want)
		}
		if last := c.Last(at.Add(-time.Hour), got.Add(30*time.Second), zone); !last.Equal(got) {
			r.Fatalf("%v: the last until %v is %v", fields, got, last)
		}
		if last := c.Last(got.Add(-time.Second), got.Add(-time.Second), zone); !last.IsZero() {
			r.Fatalf("%v: fired too early, at %v", fields, last)
		}
	})
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

// watch looks at the clock each minute, from two days before.
func watch(c Cron, hours string, after, limit time.Time, zone *time.Location) time.Time {
	means := func(w time.Time) bool { // w: what the clock shows, as if it were UTC
		return c.has(cronMinute, w.Minute()) && c.has(cronHour, w.Hour()) && c.on(dateOf(w))
	}
	seen := map[time.Time]bool{}
	var before time.Time
	for at := after.Add(-48 * time.Hour).Truncate(time.Minute); at.Before(limit); at = at.Add(time.Minute) {
		y, mo, d := at.In(zone).Date()
		h, mi, _ := at.In(zone).Clock()
		wall := time.Date(y, mo, d, h, mi, 0, 0, time.UTC)
		var fires bool
		if bits.OnesCount64(c.fields[cronHour]) == 24 {
			fires = means(wall)
		} else {
			fires = means(wall) && !seen[wall]
			if !before.IsZero() {
				for skipped := before.Add(time.Minute); skipped.Before(wall); skipped = skipped.Add(time.Minute) {
					fires = fires || means(skipped) && !seen[skipped]
				}
			}
		}
		seen[wall], before = true, wall
		if fires && at.After(after) {
			return at
		}
	}
	return time.Time{}
}

// Lines that are none, or never fire, are refused with the field named.
func TestParseCronRefuses(t *testing.T) {
	for line, want := range map[string]string{
		"":                    "0 fields",
		"* * * *":             "4 fields",
		"* * * * * *":         "6 fields",
		"60 * * * *":          `the minute: "60"`,
		"* 24 * * *":          `the hour: "24"`,
		"* * 0 * *":           `the day of the month: "0"`,
		"* * 32 * *":          `the day of the month: "32"`,
		"* * * 13 *":          `the month: "13"`,
		"* * * foo *":         `the month: "foo"`,
		"* * * * 8":           `the day of the week: "8"`,
		"5-1 * * * *":         "goes backwards",
		"*/0 * * * *":         `the step "0"`,
		"*/61 * * * *":        `the step "61"`,
		"*/x * * * *":         `the step "x"`,
		"1,,2 * * * *":        `"" is not 0 to 59`,
		"-1 * * * *":          `"" is not`,
		"+1 * * * *":          `"+1"`,
		"1-2-3 * * * *":       `"2-3"`,
		"@reboot":             "no @reboot",
		"@every 5m":           "no @every",
		"0 0 30 2 *":          "never fire",
		"0 0 31 2,4,6,9,11 *": "never fire",
		"0 0 30 2 */2":        "never fire",
		"\x00 * * * *":        "the minute",
	} {
		if _, err := ParseCron(line); CodeOf(err) != Invalid || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", line, err, want)
		}
	}
	for _, line := range []string{"0 0 30 2 1", "@YEARLY", "  0 9 * * MON-fri ", "0 0 * * 7", "0 0 * * 5-7", "0 0 * * fri-sun", "0 0 29 2 *", "0 0 29 feb */6"} {
		mustCron(t, line)
	}
	if a, b := mustCron(t, "0 0 * * 7"), mustCron(t, "0 0 * * sun"); a != b {
		t.Errorf("%v is not %v", a, b)
	}
}

func TestParseZoneRefuses(t *testing.T) {
	for _, name := range []string{"", " ", "Local", "local", "Mars/Phobos", "../../etc/passwd", "/etc/localtime", "Europe/Zurich/x", "+02:00", "CEST"} {
		if zone, err := ParseZone(name); CodeOf(err) != Invalid {
			t.Errorf("%q is %v, %v", name, zone, err)
		}
	}
}

func FuzzParseCron(f *testing.F) {
	f.Add("0 9 * * 1-5")
	f.Add("*/5 1,2 */3 feb fri-sun")
	f.Fuzz(func(t *testing.T, line string) {
		c, err := ParseCron(line)
		if err != nil {
			return
		}
		now := time.Date(2026, 3, 29, 0, 30, 0, 0, time.UTC)
		if next := c.Next(now, mustZone(t, "Europe/Zurich")); !next.After(now) {
			t.Fatalf("%q: %v", line, next)
		}
	})
}
