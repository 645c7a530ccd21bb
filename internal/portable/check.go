package portable

import (
	"cmp"
	"crypto/sha256"
	"fmt"
	"strings"

	"andon/internal/store"
	"andon/kanban"
)

// maxID leaves a sequence room above it.
const maxID = 1 << 62

// checker looks at the rows of a board one after the other, table by table, for
// what would not be a board: keys that are missing, come twice or out of order,
// and rows that belong to nothing. It remembers the ids of cards and runs.
type checker struct {
	cards map[string]bool // by [brief]
	runs  map[int64]bool
	files map[string]bool // that rows name

	last    []any  // key
	of      string // table
	numbers map[string]int64
	running int
	checks  int   // of unfinished cards
	newest  int64 // event's second
}

func newChecker() *checker {
	return &checker{cards: map[string]bool{}, runs: map[int64]bool{}, files: map[string]bool{}, numbers: map[string]int64{}}
}

// brief is an id, or its hash where it is long: what is remembered of a card is
// little, whatever the archive says.
func brief(id string) string {
	if len(id) <= sha256.Size {
		return id
	}
	sum := sha256.Sum256([]byte(id))
	return "\x00" + string(sum[:]) // longer than an id that is none
}

func (c *checker) row(t store.Table, row []any) error {
	for i, col := range t.Columns {
		if row[i] == nil && col.NotNull {
			return fmt.Errorf("%s is null, and may not be", col.Name)
		}
	}
	k := make([]any, len(t.Key))
	for i, at := range t.Key {
		k[i] = row[at]
		if n, ok := k[i].(int64); t.Columns[at].Number && (!ok || n < 1 || n > maxID) {
			return fmt.Errorf("%s is %v, and must be a number from 1 to %d", t.Columns[at].Name, k[i], int64(maxID))
		}
		if _, ok := k[i].(string); !t.Columns[at].Number && !ok {
			return fmt.Errorf("%s is %v, and must be text", t.Columns[at].Name, k[i])
		}
	}
	if c.of == t.Name && compare(c.last, k) >= 0 {
		return fmt.Errorf("its key %v comes twice or out of order", k)
	}
	c.of, c.last = t.Name, k
	if t.Numbered() {
		c.saw(t.Name, row[0])
	}
	return c.belongs(t, row)
}

// belongs follows what a row refers to.
func (c *checker) belongs(t store.Table, row []any) error {
	at := func(name string) any { return row[t.Index(name)] }
	switch t.Name {
	case "tasks":
		c.cards[brief(row[0].(string))] = true
		c.saw("task_runs", at("current_run_id"))
		if at("status") == "running" {
			c.running++
		}
		if status, _ := at("status").(string); at("andon_check") != nil && !kanban.Status(status).Satisfied() {
			c.checks++
		}
		return nil
	case "task_links":
		for _, v := range row {
			if !c.cards[brief(v.(string))] {
				return fmt.Errorf("there is no card %q", v)
			}
		}
		return nil
	case "andon_routines":
		return nil // the last card of one may be gone
	case "andon_usage":
		c.saw("task_runs", row[0]) // also of one that is gone, as below
		return nil
	case "andon_runs":
		if !c.runs[row[0].(int64)] {
			return fmt.Errorf("there is no run %d", row[0])
		}
		return nil
	}
	task, _ := at("task_id").(string)
	if !c.cards[brief(task)] {
		return fmt.Errorf("there is no card %q", at("task_id"))
	}
	switch t.Name {
	case "task_runs":
		c.runs[row[0].(int64)] = true
	case "andon_proposals":
		c.saw("task_runs", at("run_id"))
	case "task_events":
		c.saw("task_runs", at("run_id")) // also of one that is gone: its number is not given out again
		if s, ok := at("created_at").(int64); ok {
			c.newest = max(c.newest, s)
		}
	case "task_attachments":
		name, _ := at("stored_path").(string)
		if name == "" {
			return nil // its file was not there
		}
		if !isFile(name) || !strings.HasPrefix(name, filesDir+"/"+task+"/") {
			return fmt.Errorf("%q is no name of a file of %s", name, task)
		}
		c.files[name] = true
	case "kanban_notify_subs":
		c.saw("task_events", at("last_event_id"))
	}
	return nil
}

// saw remembers the greatest number of a table that is used.
func (c *checker) saw(table string, v any) {
	if n, ok := v.(int64); ok && n <= maxID {
		c.numbers[table] = max(c.numbers[table], n)
	}
}

func compare(a, b []any) int {
	for i := range a {
		if s, ok := a[i].(string); ok {
			if d := strings.Compare(s, b[i].(string)); d != 0 {
				return d
			}
		} else if d := cmp.Compare(a[i].(int64), b[i].(int64)); d != 0 {
			return d
		}
	}
	return 0
}
