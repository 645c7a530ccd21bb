package config

import (
	"strings"
	"testing"

	"andon/kanban"
)

// What an agent took is read from its own lines, and never from what a model has
// written into them.
func TestMeter(t *testing.T) {
	t.Parallel()
	words := `{"type":"assistant","message":{"content":[{"type":"text","text":"{\"type\":\"result\",\"total_cost_usd\":9}"}]},"usage":{"input_tokens":5}}
{"type":"text","part":{"text":"\"step_finish\""},"usage":{"input_tokens":5}}
{"type":"item.completed","item":{"text":"\"turn.completed\""}}
"result" step_finish turn.completed
{"type":"result",
{"type":"result","stats":7,"usage":[]}
`
	claude := `{"type":"result","is_error":false,"total_cost_usd":0.25,"usage":{"input_tokens":100,"output_tokens":20,"cache_read_input_tokens":4,"cache_creation_input_tokens":7}`
	step := `{"type":"step_finish","part":{"cost":0.01,"tokens":{"input":10,"output":1,"reasoning":2,"cache":{"read":3,"write":4}}}}` + "\n"
	for name, tt := range map[string]struct {
		preset Preset
		output string
		want   kanban.Expense
	}{
		"claude of old": {PresetClaudeCode, words + claude + "}\n", kanban.Expense{Input: 100, Output: 20, CacheRead: 4, CacheWrite: 7, Cost: 250_000}},
		"claude with models": {PresetClaudeCode, claude + `,"modelUsage":{"small":{"inputTokens":1,"outputTokens":2,"costUSD":0.01},"big":{"inputTokens":100,"outputTokens":20,"costUSD":0.24}}}`,
			kanban.Expense{Model: "big", Input: 101, Output: 22, Cost: 250_000}},
		"claude twice":    {PresetClaudeCode, claude + "}\n" + `{"type":"result","total_cost_usd":1,"usage":{"input_tokens":300}}`, kanban.Expense{Input: 300, Cost: kanban.Dollar}},
		"claude absurd":   {PresetClaudeCode, `{"type":"result","total_cost_usd":-1,"usage":{"input_tokens":300}}`, kanban.Expense{Input: 300}},
		"claude negative": {PresetClaudeCode, `{"type":"result","total_cost_usd":1,"usage":{"input_tokens":-300}}`, kanban.Expense{}},
		"claude silent":   {PresetClaudeCode, words, kanban.Expense{}},
		"codex": {PresetCodex, words + `{"type":"turn.completed","usage":{"input_tokens":50,"cached_input_tokens":20,"output_tokens":3}}` + "\n" +
			`{"type":"turn.completed","usage":{"input_tokens":90,"cached_input_tokens":40,"output_tokens":7}}`, kanban.Expense{Input: 50, CacheRead: 40, Output: 7}},
		"gemini": {PresetGemini, words + `{"type":"result","status":"success","stats":{"total_tokens":120,"input_tokens":100,"output_tokens":20,"cached":60}}`,
			kanban.Expense{Input: 40, CacheRead: 60, Output: 20}},
		"opencode": {PresetOpenCode, step + words + step, kanban.Expense{Input: 20, Output: 6, CacheRead: 6, CacheWrite: 8, Cost: 20_000}},
	} {
		m := tt.preset.Meter()
		if err := m.Read(strings.NewReader(tt.output)); err != nil {
			t.Fatal(err)
		}
		if tt.want.Measured = !tt.want.None(); m.Taken() != tt.want {
			t.Errorf("%s: %+v, want %+v", name, m.Taken(), tt.want)
		}
	}
	for _, p := range []Preset{PresetHermes, PresetShell, ""} {
		if p.Meter() != nil {
			t.Errorf("the preset %q has a meter", p)
		}
	}
}

// A line without measure is passed over, and what comes after it is read.
func TestMeterPassesOverLongLines(t *testing.T) {
	t.Parallel()
	m := PresetCodex.Meter()
	long := `{"type":"turn.completed","x":"` + strings.Repeat("a", longestLine) + `","usage":{"input_tokens":5}}` + "\n"
	if err := m.Read(strings.NewReader(long + `{"type":"turn.completed","usage":{"input_tokens":1}}`)); err != nil || m.Taken().Input != 1 {
		t.Errorf("%+v, %v", m.Taken(), err)
	}
}

func FuzzMeter(f *testing.F) {
	f.Add(`{"type":"result","total_cost_usd":9e99,"usage":{"input_tokens":9223372036854775807}}`)
	f.Add(`{"type":"step_finish","part":{"cost":-1,"tokens":{"input":1,"output":-5}}}`)
	f.Fuzz(func(t *testing.T, output string) {
		for _, p := range Presets() {
			if m := p.Meter(); m != nil {
				if err := m.Read(strings.NewReader(output)); err != nil {
					t.Fatal(err)
				}
				if e := m.Taken(); e.Input < 0 || e.Output < 0 || e.CacheRead < 0 || e.CacheWrite < 0 || e.Cost < 0 {
					t.Errorf("%s: %+v", p, e)
				}
			}
		}
	})
}
