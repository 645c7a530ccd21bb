package kanban

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// Cron is when something recurs: the minutes, hours and days of a line of crontab.
type Cron struct {
	fields [5]uint64 // bit n: the value n is meant
	either bool      // a day of the month or one of the week will do; else both must
}

type cronField struct {
	name     string
	low, top int
	words    []string // the first of them is low
}

var cronFields = [5]cronField{
	{"minute", 0, 59, nil},
	{"hour", 0, 23, nil},
	{"day of the month", 1, 31, nil},
	{"month", 1, 12, []string{"jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"}},
	{"day of the week", 0, 7, []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}},
}

const (
	cronMinute = iota
	cronHour
	cronDay
	cronMonth
	cronWeekday
)

const allHours = 1<<24 - 1

// cronNames are short for a line.
var cronNames = map[string]string{
	"@yearly": "0 0 1 1 *", "@annually": "0 0 1 1 *", "@monthly": "0 0 1 * *", "@weekly": "0 0 * * 0",
	"@daily": "0 0 * * *", "@midnight": "0 0 * * *", "@hourly": "0 * * * *",
}

// ParseCron reads the five fields of a line of crontab: numbers, names of months
// and days, "*", ranges, lists and steps; or one of the names such as @daily. As
// cron has it, a line that restricts both kinds of days means either, unless one
// of them begins with "*". A line that no day ever matches is refused.
func ParseCron(line string) (Cron, error) {
	refuse := func(why string) (Cron, error) {
		return Cron{}, &Error{Code: Invalid, Msg: sprintf("%q is no cron line: %s", cut(line, 80), why),
			Hint: `it is "minute hour day month weekday", such as "0 9 * * 1-5", or one of @hourly, @daily, @weekly, @monthly and @yearly`}
	}
	text := strings.ToLower(strings.TrimSpace(line))
	if strings.HasPrefix(text, "@") {
		long, known := cronNames[text]
		if !known {
			return refuse(sprintf("there is no %s", text))
		}
		text = long
	}
	words := strings.Fields(text)
	if len(words) != 5 {
		return refuse(sprintf("it has %s, and must have five", counted(int64(len(words)), "field", "fields")))
	}
	var c Cron
	for i, f := range cronFields {
		set, why := f.parse(words[i])
		if why != "" {
			return refuse("the " + f.name + ": " + why)
		}
		c.fields[i] = set
	}
	if c.fields[cronWeekday]&(1<<7) != 0 { // Sunday has two numbers
		c.fields[cronWeekday] = c.fields[cronWeekday]&^(1<<7) | 1
	}
	c.either = !strings.HasPrefix(words[cronDay], "*") && !strings.HasPrefix(words[cronWeekday], "*")
	if _, ok := c.day(date{2000, time.January, 1}); !ok {
		return refuse("no day is ever like that, so it would never fire")
	}
	return c, nil
}

func (f cronField) parse(s string) (set uint64, why string) {
	for part := range strings.SplitSeq(s, ",") {
		rng, step, stepped := strings.Cut(part, "/")
		by := 1
		if stepped {
			var err error
			if by, err = strconv.Atoi(step); err != nil || by < 1 || by > f.top {
				return 0, sprintf("the step %q is not 1 to %d", step, f.top)
			}
		}
		low, top := f.low, f.top
		if rng != "*" {
			from, to, ranged := strings.Cut(rng, "-")
			if low, why = f.value(from); why != "" {
				return 0, why
			}
			switch {
			case ranged:
				if top, why = f.value(to); why != "" {
					return 0, why
				}
				if top < low && f.top == 7 && top == 0 {
					top = 7 // such as fri-sun
				}
				if top < low {
					return 0, sprintf("the range %q goes backwards", rng)
				}
			case !stepped:
				top = low
			}
		} else if f.top == 7 {
			top = 6 // Sunday once, or a step would count it twice
		}
		for n := low; n <= top; n += by {
			set |= 1 << n
		}
	}
	return set, ""
}

func (f cronField) value(s string) (n int, why string) {
	if i := slices.Index(f.words, s); i >= 0 {
		return f.low + i, ""
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < f.low || n > f.top || s[0] == '+' {
		return 0, sprintf("%q is not %d to %d", s, f.low, f.top)
	}
	return n, ""
}

func (c Cron) has(field, n int) bool { return c.fields[field]&(1<<n) != 0 }

// date is a day of the calendar, wherever it is.
type date struct {
	year  int
	month time.Month
	day   int
}

func dateOf(t time.Time) date {
	y, m, d := t.Date()
	return date{y, m, d}
}

func (d date) utc(h, m int) time.Time { return time.Date(d.year, d.month, d.day, h, m, 0, 0, time.UTC) }

func (d date) next() date { return dateOf(d.utc(24, 0)) }

// on reports whether the line means the day.
func (c Cron) on(d date) bool {
	day, weekday := c.has(cronDay, d.day), c.has(cronWeekday, int(d.utc(0, 0).Weekday()))
	if !c.has(cronMonth, int(d.month)) {
		return false
	}
	if c.either {
		return day || weekday
	}
	return day && weekday
}

// day is the first day that the line means, d or later. The calendar begins anew
// after 400 years: what is not found by then is never.
func (c Cron) day(d date) (date, bool) {
	for end := d.year + 400; d.year <= end; {
		switch {
		case !c.has(cronMonth, int(d.month)):
			d = dateOf(time.Date(d.year, d.month+1, 1, 0, 0, 0, 0, time.UTC))
		case c.on(d):
			return d, true
		default:
			d = d.next()
		}
	}
	return date{}, false
}

// Next is the first time after t at which the line fires in the zone.
//
// A line that names hours fires once for each time on the wall that it names: if
// the clock is put forward over it, at the moment after; if the clock is put back
// and shows it twice, the first time. A line of every hour goes on with the hours
// as they pass: it fires whenever the clock shows one of its minutes.
func (c Cron) Next(t time.Time, zone *time.Location) time.Time {
	d := dateOf(t.In(zone))
	for {
		found, ok := c.day(d)
		if !ok {
			return time.Time{} // it is no line that ParseCron made
		}
		at, ok := c.of(found, t, zone)
		if ok {
			return at
		}
		d = found.next()
	}
}

// of is the first time after t at which the line fires for the day.
func (c Cron) of(d date, t time.Time, zone *time.Location) (time.Time, bool) {
	if c.fields[cronHour] == allHours {
		return c.flowing(d, t, zone)
	}
	for h := range 24 {
		if !c.has(cronHour, h) {
			continue
		}
		for m := range 60 {
			if !c.has(cronMinute, m) {
				continue
			}
			if at := instant(d.utc(h, m), zone); at.After(t) {
				return at, true
			}
		}
	}
	return time.Time{}, false
}

// flowing is [Cron.of] for a line of every hour.
func (c Cron) flowing(d date, t time.Time, zone *time.Location) (time.Time, bool) {
	at, end := instant(d.utc(0, 0), zone), instant(d.next().utc(0, 0), zone).Add(2*time.Hour)
	if t.After(at) || t.Equal(at) {
		at = t.In(zone).Truncate(time.Minute).Add(time.Minute)
	}
	for ; at.Before(end); at = at.Add(time.Minute) {
		if c.has(cronMinute, at.Minute()) && c.on(dateOf(at)) {
			return at, true
		}
	}
	return time.Time{}, false
}

// instant is when clocks in the zone first show what wall says as if it were UTC;
// if they are put forward over it, when that happens. [time.Date] does not say
// which of two it takes.
func instant(wall time.Time, zone *time.Location) time.Time {
	offset := func(t time.Time) time.Duration {
		_, seconds := t.In(zone).Zone()
		return time.Duration(seconds) * time.Second
	}
	// Zones are between 12 hours behind and 14 before, so this is before and that
	// is after it, wherever the zone is then.
	before, after := offset(wall.Add(-15*time.Hour)), offset(wall.Add(13*time.Hour))
	first, second := wall.Add(-before), wall.Add(-after)
	switch {
	case offset(first) == before:
		return first.In(zone)
	case offset(second) == after:
		return second.In(zone)
	}
	start, _ := first.In(zone).ZoneBounds()
	return start
}

// Last is the last time not after now at which the line fired; the zero time if
// that is before since.
func (c Cron) Last(since, now time.Time, zone *time.Location) time.Time {
	low, high := since.Unix()-1, now.Unix()
	fires := func(from int64) bool { return !c.Next(time.Unix(from, 0), zone).After(now) }
	if low >= high || !fires(low) {
		return time.Time{}
	}
	for high-low > 1 {
		if mid := low + (high-low)/2; fires(mid) {
			low = mid
		} else {
			high = mid
		}
	}
	return c.Next(time.Unix(low, 0), zone)
}

// ParseZone finds a time zone by its name, such as Europe/Zurich.
func ParseZone(name string) (*time.Location, error) {
	text := strings.TrimSpace(name)
	zone, err := time.LoadLocation(text)
	if err != nil || text == "" || strings.EqualFold(text, "local") {
		return nil, &Error{Code: Invalid, Msg: sprintf("%q is no time zone", name), Hint: "give a name such as Europe/Zurich, America/New_York or UTC"}
	}
	return zone, nil
}
