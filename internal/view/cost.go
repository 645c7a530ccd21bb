package view

import (
	"fmt"
	"strings"
	"time"

	"github.com/mattn/go-runewidth"

	"andon/kanban"
)

// Usage is what was taken of a model, as scripts see it. tokens are those that came
// from no cache.
type Usage struct {
	Model      string       `json:"model,omitempty"`
	Input      int64        `json:"input_tokens"`
	Output     int64        `json:"output_tokens"`
	CacheRead  int64        `json:"cache_read_tokens"`
	CacheWrite int64        `json:"cache_write_tokens"`
	Tokens     int64        `json:"tokens"`
	Cost       kanban.Money `json:"cost_usd"`
	Source     string       `json:"source,omitempty"` // agent: it was measured; worker: he said so
}

func newUsage(e kanban.Expense) Usage {
	return Usage{Input: e.Input, Output: e.Output, CacheRead: e.CacheRead, CacheWrite: e.CacheWrite, Tokens: e.Tokens(), Cost: e.Cost}
}

// NewUsage shows what a run has taken; nil where nobody has said.
func NewUsage(e kanban.Expense) *Usage {
	if e.None() {
		return nil
	}
	v := newUsage(e)
	v.Model, v.Source = e.Model, "worker"
	if e.Measured {
		v.Source = "agent"
	}
	return &v
}

// taken tells what a run took on one line, as far as it is known.
func taken(e kanban.Expense) string {
	var words []string
	if e.Tokens() > 0 {
		words = append(words, fmt.Sprintf("%d tokens", e.Tokens()))
	}
	if e.CacheRead > 0 {
		words = append(words, fmt.Sprintf("%d from the cache", e.CacheRead))
	}
	if e.Cost > 0 {
		words = append(words, e.Cost.String())
	}
	if e.Model != "" {
		words = append(words, Plain(e.Model))
	}
	return strings.Join(words, ", ")
}

// Cost is what was taken since a time, summed up by something.
type Cost struct {
	By    string    `json:"by"`
	Since int64     `json:"since"`
	Rows  []CostRow `json:"rows"`
	Total CostRow   `json:"total"`

	Budgets []Budget `json:"budgets"`
}

// Budget is how a budget of andon.yaml stands in its present period, on all boards.
type Budget struct {
	Profile     string        `json:"profile,omitempty"`
	Tenant      string        `json:"tenant,omitempty"`
	Board       string        `json:"board,omitempty"`
	Per         kanban.Period `json:"per"`
	Cost        kanban.Money  `json:"usd"`
	Tokens      int64         `json:"tokens"`
	SpentCost   kanban.Money  `json:"spent_usd"`
	SpentTokens int64         `json:"spent_tokens"`
	Until       int64         `json:"until"`
	Exhausted   bool          `json:"exhausted"`
	text        string
}

// AddBudget appends a budget.
func (c *Cost) AddBudget(b kanban.Budget, spent kanban.Expense, until time.Time) {
	c.Budgets = append(c.Budgets, Budget{Profile: b.Profile, Tenant: b.Tenant, Board: b.Board, Per: b.Per, Cost: b.Cost, Tokens: b.Tokens,
		SpentCost: spent.Cost, SpentTokens: spent.Tokens(), Until: until.Unix(), Exhausted: b.Exhausted(spent),
		text: fmt.Sprintf("%s, %s: %s", Plain(b.Whose()), b.Limit(), b.Taken(spent))})
}

// budgets shows the budgets to a person.
func (c Cost) budgets(st Style) string {
	var b strings.Builder
	for i, one := range c.Budgets {
		if i == 0 {
			b.WriteString("\nBudgets\n")
		}
		rest := ""
		if one.Exhausted {
			rest = ", spent"
		}
		fmt.Fprintf(&b, "  %s%s, until %s\n", one.text, rest, time.Unix(one.Until, 0).In(st.zone()).Format("2006-01-02 15:04"))
	}
	return b.String()
}

// CostRow is one of the sums.
type CostRow struct {
	Key   string `json:"key"`
	Title string `json:"title,omitempty"` // of a card that is there
	Runs  int    `json:"runs"`
	Usage
	about string // what a person is told of it
}

// NewCost begins without a sum.
func NewCost(by string, since time.Time) Cost {
	return Cost{By: by, Since: since.Unix(), Rows: []CostRow{}, Budgets: []Budget{}, Total: CostRow{Key: "total"}}
}

// AddCard appends the sum of a card. One without a title was deleted.
func (c *Cost) AddCard(id kanban.TaskID, title string, runs int, e kanban.Expense) {
	c.Add(string(id), runs, e)
	last := &c.Rows[len(c.Rows)-1]
	if last.Title, last.about = title, Plain(title); title == "" {
		last.about = "(deleted)"
	}
}

// Add appends a sum.
func (c *Cost) Add(key string, runs int, e kanban.Expense) {
	c.Rows = append(c.Rows, CostRow{Key: key, Runs: runs, Usage: newUsage(e)})
	t := &c.Total
	t.Runs += runs
	t.Input, t.Output, t.CacheRead, t.CacheWrite = t.Input+e.Input, t.Output+e.Output, t.CacheRead+e.CacheRead, t.CacheWrite+e.CacheWrite
	t.Tokens, t.Cost = t.Tokens+e.Tokens(), t.Cost+e.Cost
}

// Text shows the sums to a person.
func (c Cost) Text(st Style) string {
	if len(c.Rows) == 0 {
		return "(nobody has told of any usage since then)\n" + c.budgets(st)
	}
	rows := [][]string{{strings.ToUpper(c.By), "RUNS", "INPUT", "OUTPUT", "CACHE READ", "CACHE WRITE", "USD", ""}}
	for _, r := range append(c.Rows[:len(c.Rows):len(c.Rows)], c.Total) {
		key := r.Key
		if key == "" {
			key = "(none)"
		}
		cells := []string{Plain(key), fmt.Sprint(r.Runs)}
		for _, n := range []int64{r.Input, r.Output, r.CacheRead, r.CacheWrite} {
			cells = append(cells, fmt.Sprint(n))
		}
		rows = append(rows, append(cells, strings.TrimSuffix(r.Cost.String(), " USD"), r.about))
	}
	widest := make([]int, len(rows[0]))
	for _, r := range rows {
		for i, cell := range r {
			widest[i] = max(widest[i], runewidth.StringWidth(cell))
		}
	}
	var b strings.Builder
	for _, r := range rows {
		last := len(r) - 1
		line := r[0] + strings.Repeat(" ", widest[0]-runewidth.StringWidth(r[0]))
		for i, cell := range r[1:last] {
			line += strings.Repeat(" ", 2+widest[i+1]-runewidth.StringWidth(cell)) + cell
		}
		if r[last] != "" {
			line += "  "
			line += st.cut(r[last], runewidth.StringWidth(line))
		}
		b.WriteString(line + "\n")
	}
	return b.String() + c.budgets(st)
}
