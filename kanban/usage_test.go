package kanban

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestParseUsage(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]Expense{
		`{}`: {},
		`{"input_tokens": 1200, "output_tokens": 9e1, "cache_read_tokens": 5.0, "cache_write_tokens": 0, "cost_usd": 0.05, "model": " opus\nx"}`: {
			Model: "opus", Input: 1200, Output: 90, CacheRead: 5, Cost: 50_000},
		`{"cost_usd": 0.0000004}`: {},
		`{"cost_usd": 1000000}`:   {Cost: MostCost},
	} {
		if got, err := ParseUsage([]byte(in)); err != nil || got != want {
			t.Errorf("%s: %+v, %v; want %+v", in, got, err, want)
		}
	}
	for in, want := range map[string]string{
		`null`:                        "must be a JSON object such as",
		`[1]`:                         "must be a JSON object such as",
		`{"cost_usd": NaN}`:           "must be a JSON object such as",
		`{"input_tokens": -1}`:        "input_tokens of the usage is -1, which is less than none",
		`{"input_tokens": 1.5}`:       "must be a whole number",
		`{"input_tokens": "5"}`:       "must be a whole number",
		`{"output_tokens": 1e12}`:     "100000000000 is the most",
		`{"cache_read_tokens": null}`: "cache_read_tokens of the usage is null; leave it out",
		`{"cost_usd": -0.01}`:         "less than none",
		`{"cost_usd": 1e400}`:         "must be a number of dollars",
		`{"cost_usd": 1000001}`:       "more than a million",
		`{"model": 5}`:                "model of the usage is 5, and must be a text",
		`{"model": "a\u0000"}`:        "NUL",
		`{"tokens": 5}`:               `no field "tokens"; give input_tokens`,
		`{"Input_Tokens": 5}`:         `no field "Input_Tokens"`,
	} {
		if _, err := ParseUsage([]byte(in)); err == nil || !strings.Contains(err.Error(), want) || CodeOf(err) != Invalid {
			t.Errorf("%s: %v, want %q", in, err, want)
		}
	}
}

func TestMoney(t *testing.T) {
	t.Parallel()
	for m, want := range map[Money]string{0: "0 USD", 5 * Dollar: "5 USD", 5_120_000: "5.12 USD", 9_999: "0.009999 USD", 1_500: "0.0015 USD", 10_000: "0.01 USD"} {
		if m.String() != want {
			t.Errorf("%d: %s, want %s", int64(m), m, want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		m := Money(rapid.Int64Range(0, int64(MostCost)).Draw(t, "money"))
		text, err := json.Marshal(m)
		var back Money
		if err != nil || json.Unmarshal(text, &back) != nil || back != m {
			t.Fatalf("%d becomes %s becomes %d", int64(m), text, int64(back))
		}
	})
}

func expense(t *rapid.T, name string) Expense {
	n := rapid.Int64Range(0, 3)
	return Expense{Model: rapid.SampledFrom([]string{"", "opus", "haiku"}).Draw(t, name+" model"), Input: n.Draw(t, name+" in"), Output: n.Draw(t, name+" out"),
		CacheRead: n.Draw(t, name+" read"), CacheWrite: n.Draw(t, name+" write"), Cost: Money(n.Draw(t, name+" cost")), Measured: rapid.Bool().Draw(t, name+" measured")}
}

// Two accounts of one run are one: whichever comes first, what was measured stands,
// saying it again changes nothing, and no token comes from adding.
func TestTwoAccountsOfARunAreOne(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		said, measured := expense(t, "said"), expense(t, "measured")
		said.Measured, measured.Measured = false, true
		got := said.Or(measured)
		if other := measured.Or(said); got != other {
			t.Fatalf("said %+v, measured %+v: %+v, and in the other order %+v", said, measured, got, other)
		}
		if again := got.Or(measured).Or(said); again != got {
			t.Fatalf("said again: %+v, before %+v", again, got)
		}
		from := measured
		if measured.counts() == (Expense{}) {
			from = said
		}
		if got.counts() != from.counts() {
			t.Fatalf("tokens %+v, want those of %+v", got, from)
		}
		if measured.Cost != 0 && got.Cost != measured.Cost || measured.Cost == 0 && got.Cost != said.Cost {
			t.Fatalf("cost %v, said %v, measured %v", got.Cost, said.Cost, measured.Cost)
		}
		if none := (Expense{}).Or(said); none != said || said.Or(Expense{}) != said {
			t.Fatalf("beside nothing: %+v", none)
		}
	})
}

// Whoever sums up by whatever key, the sum of the sums is the same, each run counts
// once, and the keys are in order.
func TestTotals(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var all []Taken
		var want Expense
		for range rapid.IntRange(0, 20).Draw(t, "runs") {
			e := expense(t, "run")
			all = append(all, Taken{Profile: rapid.SampledFrom([]string{"", "ada", "bob"}).Draw(t, "profile"), Expense: e})
			want = want.Plus(e)
		}
		var sum Expense
		runs, last := 0, ""
		for i, total := range Totals(all, func(t Taken) string { return t.Profile }) {
			if i > 0 && total.Key <= last {
				t.Fatalf("%q comes after %q", total.Key, last)
			}
			last, runs, sum = total.Key, runs+total.Runs, sum.Plus(total.Expense)
		}
		if runs != len(all) || sum.counts() != want.counts() || sum.Cost != want.Cost {
			t.Fatalf("%d runs, %+v; want %d, %+v", runs, sum, len(all), want)
		}
	})
}

// Every moment is in just one window of a period, whatever the clocks do, and the
// windows follow upon each other.
func TestWindow(t *testing.T) {
	t.Parallel()
	var zones []*time.Location
	for _, name := range []string{"UTC", "Europe/Zurich", "America/Sao_Paulo", "America/Havana", "Africa/Cairo", "Asia/Beirut", "Pacific/Apia", "Asia/Kathmandu", "Australia/Lord_Howe"} {
		loc, err := time.LoadLocation(name)
		if err != nil {
			t.Fatal(err)
		}
		zones = append(zones, loc)
	}
	rapid.Check(t, func(t *rapid.T) {
		loc := rapid.SampledFrom(zones).Draw(t, "zone")
		p := rapid.SampledFrom(Periods).Draw(t, "period")
		now := time.Unix(rapid.Int64Range(1_000_000_000, 2_000_000_000).Draw(t, "now"), 0)
		if _, change := now.In(loc).ZoneBounds(); !change.IsZero() && rapid.Bool().Draw(t, "near a change") {
			now = change.Add(time.Duration(rapid.Int64Range(-90_000, 90_000).Draw(t, "from it")) * time.Second)
		}
		begin, end := p.Window(now, loc)
		if now.Before(begin) || !now.Before(end) {
			t.Fatalf("%v is not in %v to %v", now.In(loc), begin, end)
		}
		if b, e := p.Window(end.Add(-time.Second), loc); !b.Equal(begin) || !e.Equal(end) {
			t.Fatalf("the last second of %v to %v is in %v to %v", begin, end, b, e)
		}
		if b, _ := p.Window(end, loc); !b.Equal(end) {
			t.Fatalf("after %v comes a window from %v", end, b)
		}
		length := map[Period][2]time.Duration{PerDay: {22 * time.Hour, 26 * time.Hour}, PerWeek: {142 * time.Hour, 170 * time.Hour}, PerMonth: {27 * 24 * time.Hour, 32 * 24 * time.Hour}}[p]
		if d := end.Sub(begin); d < length[0] || d > length[1] {
			t.Fatalf("a %s has %v", p, d)
		}
		if p == PerWeek && begin.Weekday() != time.Monday || p == PerMonth && begin.Day() != 1 {
			t.Fatalf("a %s begins %v", p, begin)
		}
	})
}

// Midnight may be left out, come twice, or the whole day be left out.
func TestWindowWhereClocksAreSetAtMidnight(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ zone, now, begin, end string }{
		{"America/Sao_Paulo", "2001-10-13T23:30:00-03:00", "2001-10-13T00:00:00-03:00", "2001-10-14T01:00:00-02:00"},
		{"America/Sao_Paulo", "2001-10-14T01:00:00-02:00", "2001-10-14T01:00:00-02:00", "2001-10-15T00:00:00-02:00"},
		{"America/Havana", "2024-11-03T00:30:00-04:00", "2024-11-03T00:00:00-04:00", "2024-11-04T00:00:00-05:00"},
		{"Pacific/Apia", "2011-12-29T12:00:00-10:00", "2011-12-29T00:00:00-10:00", "2011-12-31T00:00:00+14:00"},
	} {
		loc, err := time.LoadLocation(c.zone)
		if err != nil {
			t.Fatal(err)
		}
		now, err := time.Parse(time.RFC3339, c.now)
		if err != nil {
			t.Fatal(err)
		}
		begin, end := PerDay.Window(now, loc)
		if got := begin.Format(time.RFC3339) + " " + end.Format(time.RFC3339); got != c.begin+" "+c.end {
			t.Errorf("in %s the day of %s is from %s, want %s %s", c.zone, c.now, got, c.begin, c.end)
		}
	}
}

// A budget counts just what is of all that it names, and is used up once that reaches
// one of its bounds.
func TestBudget(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		name := func(what string, names ...string) string { return rapid.SampledFrom(append(names, "")).Draw(t, what) }
		b := Budget{Profile: name("profile", "ada"), Tenant: name("tenant", "acme"), Board: name("board", "ops"),
			Cost: Money(rapid.Int64Range(0, 20).Draw(t, "usd")), Tokens: rapid.Int64Range(0, 40).Draw(t, "tokens"), Per: PerDay}
		board := name("on", "ops", "lab")
		var by []Spending
		var tokens int64
		var money Money
		for range rapid.IntRange(0, 10).Draw(t, "runs") {
			s := Spending{name("by", "ada", "bob"), name("for", "acme", "anvil"), expense(t, "run")}
			by = append(by, s)
			if (b.Profile == "" || s.Profile == "ada") && (b.Tenant == "" || s.Tenant == "acme") && (b.Board == "" || board == "ops") {
				tokens += s.Input + s.Output + s.CacheWrite
				money += s.Cost
			}
		}
		sum := b.Sum(board, by)
		if sum.Tokens() != tokens || sum.Cost != money {
			t.Fatalf("%+v: %d tokens and %v, want %d and %v", b, sum.Tokens(), sum.Cost, tokens, money)
		}
		if want := b.Cost > 0 && money >= b.Cost || b.Tokens > 0 && tokens >= b.Tokens; b.Exhausted(sum) != want {
			t.Fatalf("%+v with %+v: used up is %v", b, sum, !want)
		}
	})
	for want, b := range map[string]Budget{
		"ada, 5 USD per day":             {Profile: "ada", Cost: 5 * Dollar, Per: PerDay},
		"all boards, 9 tokens per month": {Tokens: 9, Per: PerMonth},
		"ada with the tenant t with the board ops, 0.50 USD or 3 tokens per week": {Profile: "ada", Tenant: "t", Board: "ops", Cost: Dollar / 2, Tokens: 3, Per: PerWeek},
	} {
		if got := b.Whose() + ", " + b.Limit(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// A report that waits for a check is kept as JSON, and its usage with it.
func TestUsageOfAReportThatWaits(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		r := Report{Summary: "done", Usage: expense(t, "said")}
		r.Usage.Measured = false
		text, err := EncodeJSON(r)
		var back Report
		if err != nil || json.Unmarshal([]byte(text), &back) != nil || back.Usage != r.Usage {
			t.Fatalf("%+v is kept as %s, and read as %+v", r.Usage, text, back.Usage)
		}
		if r.Usage == (Expense{}) && strings.Contains(text, "usage") {
			t.Fatalf("nothing is told as %s", text)
		}
	})
}
