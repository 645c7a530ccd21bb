package kanban

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Expense is what a run has taken of a model, and what that cost. The zero value says
// nothing. Tokens are counted once: Input are those that came from no cache.
type Expense struct {
	Model      string `json:"model,omitempty"`
	Input      int64  `json:"input_tokens,omitempty"`
	Output     int64  `json:"output_tokens,omitempty"`
	CacheRead  int64  `json:"cache_read_tokens,omitempty"`
	CacheWrite int64  `json:"cache_write_tokens,omitempty"`
	Cost       Money  `json:"cost_usd,omitempty"`

	// Measured: it stands in what the agent printed. Otherwise the worker has said it.
	Measured bool `json:"-"`
}

// Money is an amount in millionths of a US dollar.
type Money int64

// Dollar is one.
const Dollar Money = 1_000_000

// What no run comes near: more is a slip of the one who reports, such as cents or a
// time for a number of tokens.
const (
	MostTokens int64 = 100_000_000_000
	MostCost         = 1_000_000 * Dollar
)

// Dollars is the amount of so many dollars, rounded to a millionth.
func Dollars(d float64) (Money, error) {
	switch {
	case math.IsNaN(d) || math.IsInf(d, 0):
		return 0, Invalidf("%v is no amount of dollars", d)
	case d < 0:
		return 0, Invalidf("%v dollars are less than none", d)
	case d > float64(MostCost/Dollar):
		return 0, Invalidf("%v dollars are more than a million", d)
	}
	return Money(math.Round(d * float64(Dollar))), nil
}

// Dollars is the amount as a number.
func (m Money) Dollars() float64 { return float64(m) / float64(Dollar) }

// String tells the amount: whole dollars, or with cents, or as exact as it takes to
// tell a small one from none.
func (m Money) String() string {
	switch {
	case m%Dollar == 0:
		return fmt.Sprintf("%d USD", m/Dollar)
	case m > -Dollar/100 && m < Dollar/100:
		return strings.TrimRight(fmt.Sprintf("%.6f", m.Dollars()), "0") + " USD"
	}
	return fmt.Sprintf("%.2f USD", m.Dollars())
}

// MarshalJSON gives the amount in dollars.
func (m Money) MarshalJSON() ([]byte, error) {
	return strconv.AppendFloat(nil, m.Dollars(), 'f', -1, 64), nil
}

// UnmarshalJSON reads an amount in dollars.
func (m *Money) UnmarshalJSON(text []byte) error {
	var d float64
	err := json.Unmarshal(text, &d)
	if err == nil {
		*m, err = Dollars(d)
	}
	return err
}

// ParseUsage reads what a worker says of its usage, a JSON object.
func ParseUsage(text json.RawMessage) (u Expense, err error) {
	var given map[string]json.RawMessage
	if err := json.Unmarshal(text, &given); err != nil || given == nil {
		return u, Invalidf(`the usage must be a JSON object such as {"input_tokens": 1200, "output_tokens": 90, "cost_usd": 0.05}`)
	}
	tokens := map[string]*int64{"input_tokens": &u.Input, "output_tokens": &u.Output, "cache_read_tokens": &u.CacheRead, "cache_write_tokens": &u.CacheWrite}
	for _, name := range slices.Sorted(maps.Keys(given)) {
		value := given[name]
		switch to := tokens[name]; {
		case string(value) == "null":
			err = Invalidf("%s of the usage is null; leave it out", name)
		case to != nil:
			*to, err = parseTokens(name, value)
		case name == "cost_usd":
			var d float64
			if json.Unmarshal(value, &d) != nil {
				err = Invalidf("cost_usd of the usage is %s, and must be a number of dollars", cut(string(value), 40))
			} else if u.Cost, err = Dollars(d); err != nil {
				err = Invalidf("cost_usd of the usage: %v", err)
			}
		case name == "model":
			if json.Unmarshal(value, &u.Model) != nil {
				err = Invalidf("model of the usage is %s, and must be a text", cut(string(value), 40))
			}
		default:
			err = Invalidf("the usage has no field %q; give input_tokens, output_tokens, cache_read_tokens, cache_write_tokens, cost_usd or model", cut(name, 40))
		}
		if err != nil {
			return Expense{}, err
		}
	}
	return u.clean()
}

func parseTokens(name string, value json.RawMessage) (int64, error) {
	var n float64 // 5.0 and 5e3 are whole numbers to most who write JSON
	switch {
	case json.Unmarshal(value, &n) != nil || n != math.Trunc(n):
		return 0, Invalidf("%s of the usage is %s, and must be a whole number", name, cut(string(value), 40))
	case n < 0:
		return 0, Invalidf("%s of the usage is %s, which is less than none", name, cut(string(value), 40))
	case n > float64(MostTokens):
		return 0, Invalidf("%s of the usage is %s, and %d is the most", name, cut(string(value), 40), MostTokens)
	}
	return int64(n), nil
}

// maxModel bounds a model's name, in characters.
const maxModel = 200

// clean is the door for a usage that is stored.
func (u Expense) clean() (Expense, error) {
	u.Model = strings.TrimSpace(u.Model)
	if err := prose("the model of the usage", &u.Model); err != nil {
		return u, err
	}
	u.Model = firstLine(u.Model, maxModel)
	for _, n := range []int64{u.Input, u.Output, u.CacheRead, u.CacheWrite} {
		if n < 0 || n > MostTokens {
			return u, Invalidf("the usage has %d tokens, and must have 0 to %d", n, MostTokens)
		}
	}
	if u.Cost < 0 || u.Cost > MostCost {
		return u, Invalidf("the usage cost %s, and must have cost from nothing to %s", u.Cost, MostCost)
	}
	return u, nil
}

// Tokens are those that a model had to read or to write anew. Those that came from a
// cache are not among them: they are many, and next to nothing is charged for them.
func (u Expense) Tokens() int64 { return u.Input + u.Output + u.CacheWrite }

// None reports whether nothing is said.
func (u Expense) None() bool { return u.counts() == Expense{} && u.Cost == 0 }

// counts are the tokens alone.
func (u Expense) counts() Expense {
	return Expense{Input: u.Input, Output: u.Output, CacheRead: u.CacheRead, CacheWrite: u.CacheWrite}
}

// Plus is both together. Of the models it keeps the one that both have.
func (u Expense) Plus(v Expense) Expense {
	s := Expense{Input: u.Input + v.Input, Output: u.Output + v.Output, CacheRead: u.CacheRead + v.CacheRead,
		CacheWrite: u.CacheWrite + v.CacheWrite, Cost: u.Cost + v.Cost}
	if u.Model == v.Model {
		s.Model = u.Model
	}
	return s
}

// Or is what is known of one run by two accounts of it, of which u came first. They
// tell of the same, so they are not added: of tokens, cost and model each, what was
// measured goes before what the worker said, and a later word of the worker before an
// earlier one.
func (u Expense) Or(v Expense) Expense {
	if u.Measured && !v.Measured {
		u, v = v, u
	}
	if v.counts() == (Expense{}) {
		v.Input, v.Output, v.CacheRead, v.CacheWrite = u.Input, u.Output, u.CacheRead, u.CacheWrite
	}
	if v.Cost == 0 {
		v.Cost = u.Cost
	}
	if v.Model == "" {
		v.Model = u.Model
	}
	v.Measured = v.Measured || u.Measured
	return v
}

// Used records what a run has taken, as its agent's output has it. It changes nothing
// else, be the run open or not.
func (t Task) Used(run Run, u Expense) (Change, error) {
	u, err := u.clean()
	if err != nil {
		return Change{}, err
	}
	run.Usage = run.Usage.Or(u)
	return Change{Was: t, Task: t, Runs: []Run{run}}, nil
}

// Taken is what one run has taken, and when that was first told.
type Taken struct {
	At              time.Time
	Profile, Tenant string
	Expense
}

// Total is what some runs have taken together.
type Total struct {
	Key  string
	Runs int
	Expense
}

// Totals sums up by a key, in its order.
func Totals(all []Taken, key func(Taken) string) []Total {
	at := map[string]int{}
	var totals []Total
	for _, one := range all {
		k := key(one)
		i, ok := at[k]
		if !ok {
			i = len(totals)
			at[k], totals = i, append(totals, Total{Key: k, Expense: Expense{Model: one.Model}})
		}
		totals[i].Runs++
		totals[i].Expense = totals[i].Expense.Plus(one.Expense)
	}
	slices.SortFunc(totals, func(a, b Total) int { return strings.Compare(a.Key, b.Key) })
	return totals
}

// Spending is what the runs of a profile for a tenant have taken.
type Spending struct {
	Profile, Tenant string
	Expense
}

// Outlay is what has been taken on a board since a time.
type Outlay struct {
	Since time.Time
	By    []Spending // by profile and tenant, which may come more than once
}

// Period is the length of a budget, as the calendar has it.
type Period string

const (
	PerDay   Period = "day"
	PerWeek  Period = "week" // which begins on Monday
	PerMonth Period = "month"
)

// Periods are all of them.
var Periods = []Period{PerDay, PerWeek, PerMonth}

// Window is the period that now is in, where the reader is: from its begin, and up to
// its end without it.
func (p Period) Window(now time.Time, loc *time.Location) (begin, end time.Time) {
	y, m, d := now.In(loc).Date()
	from := func(m time.Month, d int) time.Time { return dayBegins(y, m, d, loc) }
	switch p {
	case PerWeek:
		monday := d - (int(now.In(loc).Weekday())+6)%7
		return from(m, monday), from(m, monday+7)
	case PerMonth:
		return from(m, 1), from(m+1, 1)
	}
	return from(m, d), from(m, d+1)
}

// dayBegins is the first moment of a day, as [time.Date] takes it. Where the clocks are
// set forward over midnight, or over the whole day, that is when they are; where
// midnight comes twice, the first of the two.
func dayBegins(y int, m time.Month, d int, loc *time.Location) time.Time {
	t := time.Date(y, m, d, 0, 0, 0, 0, loc)
	since, until := t.ZoneBounds()
	wall := time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), 0, time.UTC)
	switch want := time.Date(y, m, d, 0, 0, 0, 0, time.UTC); {
	case wall.Before(want):
		return until
	case wall.After(want):
		return since
	case since.IsZero():
		return t
	}
	_, was := since.Add(-time.Second).Zone()
	_, is := t.Zone()
	if first := t.Add(time.Duration(is-was) * time.Second); is < was && first.Before(since) {
		return first
	}
	return t
}

// Budget bounds what is taken in each period by what it names: the runs of a profile,
// for a tenant, on a board; of all that are named at once, and of all runs if nothing
// is. What runs already is not ended, so the last runs may go beyond it.
type Budget struct {
	Profile, Tenant, Board string

	Cost   Money // 0 sets no bound
	Tokens int64 // likewise; see [Expense.Tokens]
	Per    Period
}

// Of reports whether what a profile takes for a tenant on a board counts.
func (b Budget) Of(board, profile, tenant string) bool {
	return (b.Board == "" || b.Board == board) && (b.Profile == "" || b.Profile == profile) && (b.Tenant == "" || b.Tenant == tenant)
}

// Sum is how much of what was taken on a board counts.
func (b Budget) Sum(board string, by []Spending) (sum Expense) {
	for _, s := range by {
		if b.Of(board, s.Profile, s.Tenant) {
			sum = sum.Plus(s.Expense)
		}
	}
	sum.Model, sum.Measured = "", false
	return sum
}

// Exhausted reports whether nothing is left of the budget when so much was taken.
func (b Budget) Exhausted(u Expense) bool {
	return b.Cost > 0 && u.Cost >= b.Cost || b.Tokens > 0 && u.Tokens() >= b.Tokens
}

// Whose names what the budget is of.
func (b Budget) Whose() string {
	var words []string
	if b.Profile != "" {
		words = append(words, b.Profile)
	}
	if b.Tenant != "" {
		words = append(words, "the tenant "+b.Tenant)
	}
	if b.Board != "" {
		words = append(words, "the board "+b.Board)
	}
	if len(words) == 0 {
		return "all boards"
	}
	return strings.Join(words, " with ")
}

// Limit tells how much there is for each period.
func (b Budget) Limit() string {
	var words []string
	if b.Cost > 0 {
		words = append(words, b.Cost.String())
	}
	if b.Tokens > 0 {
		words = append(words, fmt.Sprintf("%d tokens", b.Tokens))
	}
	return strings.Join(words, " or ") + " per " + string(b.Per)
}

// Taken tells how much of it was taken, in what the budget counts.
func (b Budget) Taken(u Expense) string {
	var words []string
	if b.Cost > 0 {
		words = append(words, u.Cost.String())
	}
	if b.Tokens > 0 {
		words = append(words, fmt.Sprintf("%d tokens", u.Tokens()))
	}
	return strings.Join(words, " and ")
}
