package kanban

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestEncodeJSON(t *testing.T) {
	for _, tt := range []struct {
		in   any
		want string
	}{
		{Payload(nil), `null`},
		{payload("b", 1, "a", []string{"x", "y"}), `{"b": 1, "a": ["x", "y"]}`},
		{payload("ключ", "a, b: \"c\\\", d:"), `{"ключ": "a, b: \"c\\\", d:"}`},
		{payload("html", "<a href='x'>&</a>"), `{"html": "<a href='x'>&</a>"}`},
		{payload("e", payload()), `{"e": null}`},
		{json.RawMessage(`{"k":[1,{"z":null}],"a":1.50}`), `{"k": [1, {"z": null}], "a": 1.50}`},
		{map[string]any{"b": 1, "a": true}, `{"a": true, "b": 1}`},
	} {
		if got, err := EncodeJSON(tt.in); got != tt.want || err != nil {
			t.Errorf("EncodeJSON(%v) = %s, %v; want %s", tt.in, got, err, tt.want)
		}
	}
	if got, err := EncodeJSON(json.RawMessage(`{"a":`)); err == nil {
		t.Errorf("text that is no JSON was written as %s", got)
	}
	if got, err := EncodeJSON(payload("f", func() {})); err == nil {
		t.Errorf("a function was written as %s", got)
	}
}

// What cannot be parsed counts as absent; Python writes bare NaN.
func TestParsePayload(t *testing.T) {
	for _, text := range []string{``, `null`, `[]`, `[1]`, `"x"`, `{"a": NaN}`, `{"a"`, `{"a": 1`, `{1: 2}`, `not json`, "\xff"} {
		if got := ParsePayload(text); got != nil {
			t.Errorf("ParsePayload(%q) = %v, want none", text, got)
		}
	}
	p := ParsePayload(`{"z": 1, "a": {"b": [2]}}`)
	if text, err := EncodeJSON(p); text != `{"z": 1, "a": {"b": [2]}}` || err != nil {
		t.Errorf("read and written again: %s, %v", text, err)
	}
	if fmt.Sprintf("%s", p.Get("a")) != `{"b": [2]}` || p.Get("none") != nil {
		t.Errorf("Get gave %s and %v", p.Get("a"), p.Get("none"))
	}
}

func TestResolve(t *testing.T) {
	p := payload("run_id", NewRun, "pid", int64(-1))
	if text, _ := EncodeJSON(p.Resolve(9)); text != `{"run_id": 9, "pid": -1}` {
		t.Errorf("resolved: %s", text)
	}
	if p.Get("run_id") != NewRun {
		t.Error("Resolve altered its receiver, which is asked again when a transaction is run again")
	}
}

// Payloads of every shape come back as they went out, in the same order, by this
// parser and by any other.
func TestPayloadRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var p Payload
		for _, k := range rapid.SliceOfDistinct(rapid.String(), rapid.ID[string]).Draw(t, "keys") {
			p = append(p, Field{k, rapid.OneOf(
				rapid.Map(rapid.String(), func(s string) any { return s }),
				rapid.Map(rapid.Int64(), func(n int64) any { return n }),
				rapid.Just[any](nil),
			).Draw(t, "value")})
		}
		text, err := EncodeJSON(p)
		if err != nil {
			t.Fatal(err)
		}
		if !json.Valid([]byte(text)) {
			t.Fatalf("%s is no JSON", text)
		}
		again := ParsePayload(text)
		if back, err := EncodeJSON(again); back != text || err != nil {
			t.Fatalf("%s became %s (%v)", text, back, err)
		}
		if len(again) != len(p) {
			t.Fatalf("%d keys became %d", len(p), len(again))
		}
	})
}

func FuzzParsePayload(f *testing.F) {
	f.Add(`{"a": 1}`)
	f.Add(`{"a": {"a": [`)
	f.Fuzz(func(t *testing.T, text string) {
		p := ParsePayload(text)
		out, err := EncodeJSON(p)
		if err != nil {
			t.Fatalf("%q was read as %v, which cannot be written: %v", text, p, err)
		}
		if again, err := EncodeJSON(ParsePayload(out)); again != out || err != nil {
			t.Errorf("%q was written as %s and then as %s (%v)", text, out, again, err)
		}
	})
}

func TestLatestSummary(t *testing.T) {
	at := func(m int) time.Time { return noon.Add(time.Duration(m) * time.Minute) }
	runs := []Run{
		{ID: 1, StartedAt: at(0), EndedAt: at(9), Summary: "newest"},
		{ID: 2, StartedAt: at(1), EndedAt: at(2), Summary: "older"},
		{ID: 3, StartedAt: at(10), EndedAt: at(11)},
	}
	for range 2 {
		if got := LatestSummary(runs); got != "newest" {
			t.Errorf("latest summary %q, want newest", got)
		}
		slices.Reverse(runs)
	}
	if got := LatestSummary(nil); got != "" {
		t.Errorf("without runs: %q", got)
	}
}

func TestAuditLinks(t *testing.T) {
	for _, tt := range []struct {
		links []Link
		want  []string
	}{
		{nil, nil},
		{[]Link{{"a", "b"}, {"a", "c"}, {"b", "d"}, {"c", "d"}}, nil},
		{[]Link{{"a", "a"}}, []string{"cards wait for each other: a -> a"}},
		{[]Link{{"z", "b"}, {"b", "c"}, {"c", "d"}, {"d", "b"}, {"d", "e"}}, []string{"cards wait for each other: b -> c -> d -> b"}},
		{[]Link{{"c", "d"}, {"a", "b"}, {"d", "c"}, {"b", "a"}}, []string{"cards wait for each other: a -> b -> a", "cards wait for each other: c -> d -> c"}},
	} {
		if got := AuditLinks(tt.links); !slices.Equal(got, tt.want) {
			t.Errorf("%v: %q, want %q", tt.links, got, tt.want)
		}
	}
}

func TestAuditFinds(t *testing.T) {
	whole, run := running()
	if got := Audit(whole, []Run{*run}); got != nil {
		t.Errorf("a whole card: %q", got)
	}
	closed := run.close(ending{outcome: OutcomeCrashed}, noon)
	open := *run
	for name, tt := range map[string]struct {
		t    Task
		runs []Run
	}{
		"unknown status":            {card("doing"), nil},
		"open run nobody names":     {card(Ready), []Run{open}},
		"current run has ended":     {whole, []Run{closed}},
		"current run is gone":       {whole, nil},
		"running without a run":     {whole.with(func(t *Task) { t.Run = 0 }), nil},
		"run on a card at rest":     {card(Done).with(func(t *Task) { t.Run = 7 }), []Run{open}},
		"held at rest":              {card(Ready).with(func(t *Task) { t.Lock = "h:1" }), nil},
		"running, held by nobody":   {whole.with(func(t *Task) { t.Lock = "" }), []Run{open}},
		"outcome of an open run":    {whole, []Run{func() Run { r := open; r.Outcome = OutcomeStale; return r }()}},
		"ended without an outcome":  {card(Ready), []Run{func() Run { r := closed; r.Outcome = ""; return r }()}},
		"a second run, also open":   {whole, []Run{open, func() Run { r := open; r.ID = 8; return r }()}},
		"two faults: at least some": {card("doing").with(func(t *Task) { t.Lock = "h" }), nil},
	} {
		if Audit(tt.t, tt.runs) == nil {
			t.Errorf("%s: nothing was found", name)
		}
	}
}
