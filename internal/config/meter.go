package config

import (
	"bufio"
	"bytes"
	"cmp"
	"io"
	"slices"

	"andon/kanban"
)

// toll is how an agent's output tells what it took.
type toll struct {
	mark  string                      // stands in each line that tells, to pass over the others
	steps bool                        // each line tells of a part; otherwise the last tells of all before
	read  func(event) *kanban.Expense // nil: the line does not tell
}

// Meter reads what an agent took from what it prints. As with a quota, only lines that
// are JSON objects count: nobody but the agent can print one.
type Meter struct {
	toll  toll
	taken kanban.Expense
}

// Meter is a new one for the preset; nil if andon cannot read the usage of its agent.
func (p Preset) Meter() *Meter {
	t := p.agent().toll
	if t.read == nil {
		return nil
	}
	return &Meter{toll: t}
}

// Taken is what has been read; the zero Expense if nothing was told.
func (m *Meter) Taken() kanban.Expense { return m.taken }

// longestLine is more than an agent prints on one line that tells of its usage.
const longestLine = 8 << 20

// Read goes on with a part of the output that ends with a whole line.
func (m *Meter) Read(output io.Reader) error {
	r := bufio.NewReaderSize(output, 1<<16)
	var line []byte
	for {
		part, err := r.ReadSlice('\n')
		if len(line) <= longestLine {
			line = append(line, part...)
		}
		switch {
		case err == bufio.ErrBufferFull:
			continue
		case err != nil && err != io.EOF:
			return err
		}
		m.line(bytes.TrimSpace(line))
		line = line[:0]
		if err == io.EOF {
			return nil
		}
	}
}

func (m *Meter) line(line []byte) {
	if len(line) == 0 || len(line) > longestLine || line[0] != '{' || !bytes.Contains(line, []byte(m.toll.mark)) {
		return
	}
	e := m.toll.read(line)
	if e == nil {
		return
	}
	for _, n := range []int64{e.Input, e.Output, e.CacheRead, e.CacheWrite} {
		if n < 0 || n > kanban.MostTokens {
			return // whatever it is, it is no usage
		}
	}
	e.Measured = true
	switch {
	case m.toll.steps && !m.taken.None():
		m.taken = m.taken.Plus(*e)
		m.taken.Measured = true
	case !e.None():
		m.taken = *e
	}
}

// cost is an amount that an agent tells; one that is none counts as not told.
func cost(dollars float64) kanban.Money {
	m, err := kanban.Dollars(dollars)
	if err != nil {
		return 0
	}
	return m
}

// claudeToll: the result has the usage of each model, subagents' among them, and of
// old programs that of the conversation alone.
func claudeToll(e event) *kanban.Expense {
	type used struct {
		Input      int64   `json:"inputTokens"`
		Output     int64   `json:"outputTokens"`
		CacheRead  int64   `json:"cacheReadInputTokens"`
		CacheWrite int64   `json:"cacheCreationInputTokens"`
		Cost       float64 `json:"costUSD"`
	}
	var v struct {
		Type  string  `json:"type"`
		Cost  float64 `json:"total_cost_usd"`
		Usage struct {
			Input      int64 `json:"input_tokens"`
			Output     int64 `json:"output_tokens"`
			CacheRead  int64 `json:"cache_read_input_tokens"`
			CacheWrite int64 `json:"cache_creation_input_tokens"`
		} `json:"usage"`
		Models map[string]used `json:"modelUsage"`
	}
	if !e.read(&v) || v.Type != "result" {
		return nil
	}
	var all kanban.Expense
	dearest := used{Cost: -1}
	name := ""
	for model, u := range v.Models {
		all = all.Plus(kanban.Expense{Input: u.Input, Output: u.Output, CacheRead: u.CacheRead, CacheWrite: u.CacheWrite})
		if c := cmp.Compare(u.Cost, dearest.Cost); c > 0 || c == 0 && model < name {
			dearest, name = u, model
		}
	}
	if all.None() {
		all = kanban.Expense{Input: v.Usage.Input, Output: v.Usage.Output, CacheRead: v.Usage.CacheRead, CacheWrite: v.Usage.CacheWrite}
	}
	all.Model, all.Cost = name, cost(v.Cost)
	return &all
}

// codexToll: a turn that is completed has the usage of the session up to its end, in
// which the input has the cached part. Nothing tells of money.
func codexToll(e event) *kanban.Expense {
	var v struct {
		Type  string `json:"type"`
		Usage struct {
			Input  int64 `json:"input_tokens"`
			Cached int64 `json:"cached_input_tokens"`
			Output int64 `json:"output_tokens"`
		} `json:"usage"`
	}
	if !e.read(&v) || v.Type != "turn.completed" {
		return nil
	}
	return &kanban.Expense{Input: max(v.Usage.Input-v.Usage.Cached, 0), CacheRead: v.Usage.Cached, Output: v.Usage.Output}
}

// geminiToll: the result has the sums of the session, in which the input has the
// cached part. Nothing tells of money.
func geminiToll(e event) *kanban.Expense {
	var v struct {
		Type  string `json:"type"`
		Stats struct {
			Input  int64 `json:"input_tokens"`
			Output int64 `json:"output_tokens"`
			Cached int64 `json:"cached"`
		} `json:"stats"`
	}
	if !e.read(&v) || v.Type != "result" {
		return nil
	}
	return &kanban.Expense{Input: max(v.Stats.Input-v.Stats.Cached, 0), CacheRead: v.Stats.Cached, Output: v.Stats.Output}
}

// openCodeToll: each step that is finished has its own usage. What a model thinks is
// paid as what it says.
func openCodeToll(e event) *kanban.Expense {
	var v struct {
		Type string `json:"type"`
		Part struct {
			Cost   float64 `json:"cost"`
			Tokens struct {
				Input     int64 `json:"input"`
				Output    int64 `json:"output"`
				Reasoning int64 `json:"reasoning"`
				Cache     struct {
					Read  int64 `json:"read"`
					Write int64 `json:"write"`
				} `json:"cache"`
			} `json:"tokens"`
		} `json:"part"`
	}
	if !e.read(&v) || v.Type != "step_finish" {
		return nil
	}
	t := v.Part.Tokens
	if slices.Min([]int64{t.Output, t.Reasoning}) < 0 {
		return nil
	}
	return &kanban.Expense{Input: t.Input, Output: t.Output + t.Reasoning, CacheRead: t.Cache.Read, CacheWrite: t.Cache.Write, Cost: cost(v.Part.Cost)}
}
