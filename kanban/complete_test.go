package kanban

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestCompleteEndsTheRun(t *testing.T) {
	was, run := running()
	was = was.with(func(t *Task) {
		t.Failures, t.LastError, t.RetryAt, t.Forced, t.BlockKind, t.BlockRecurrences, t.WorkerPID = 1, "x", noon, true, NeedsInput, 1, 40
	})
	c := does(t)(was.Complete(Report{Run: 7, Result: "über", Summary: "\n  First line\r\nsecond", Metadata: json.RawMessage(`{"a":[1]}`)}, run, Witness{}, noon))
	want := card(Running).with(func(t *Task) {
		t.Status, t.Result, t.CompletedAt = Done, "über", noon
		t.clearClaim()
	})
	if d := cmp.Diff(want, c.Task); d != "" {
		t.Errorf("card (-want +got):\n%s", d)
	}
	wants(t, c, `completed {"result_len": 4, "summary": "First line"}`)
	r := c.Runs[0]
	if r.Status != "done" || r.Outcome != OutcomeCompleted || r.EndedAt != noon || r.Lock != "" || !r.Expires.IsZero() || r.WorkerPID != 0 ||
		string(r.Metadata) != `{"a":[1]}` || r.Summary != "\n  First line\r\nsecond" {
		t.Errorf("run %+v", r)
	}
	if c.Events[0].Run != 7 {
		t.Errorf("the event carries run %d, want 7", c.Events[0].Run)
	}
}

func TestCompleteWithoutARun(t *testing.T) {
	for _, tt := range []struct {
		name          string
		r             Report
		event, status string // of the run; empty: none
	}{
		{"nothing to say", Report{}, `completed {"result_len": 0, "summary": null}`, ""},
		{"blanks", Report{Summary: " \n\t"}, `completed {"result_len": 0, "summary": null}`, ""},
		{"a result", Report{Result: "R"}, `completed {"result_len": 1, "summary": "R"}`, "completed"},
		{"metadata", Report{Metadata: json.RawMessage(` {"k": 1} `)}, `completed {"result_len": 0, "summary": null}`, "completed"},
		{"empty metadata", Report{Metadata: json.RawMessage(`{}`)}, `completed {"result_len": 0, "summary": null}`, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := does(t)(card(Review).Complete(tt.r, nil, Witness{}, noon))
			wants(t, c, tt.event)
			if tt.status == "" {
				if len(c.Runs) != 0 || c.Events[0].Run != 0 {
					t.Errorf("runs %+v, event of run %d; want none", c.Runs, c.Events[0].Run)
				}
				return
			}
			want := Run{Task: "t_0000000a", Profile: "ada", Status: tt.status, Outcome: OutcomeCompleted, StartedAt: noon, EndedAt: noon,
				Summary: tt.r.Result, Metadata: json.RawMessage(strings.TrimSpace(string(tt.r.Metadata)))}
			if len(want.Metadata) == 0 {
				want.Metadata = nil
			}
			if d := cmp.Diff([]Run{want}, c.Runs); d != "" || c.Events[0].Run != NewRun {
				t.Errorf("event of run %d, runs (-want +got):\n%s", c.Events[0].Run, d)
			}
		})
	}
}

// What is cut is counted in characters, and the text itself is kept whole.
func TestCompleteCutsTheEventsSummary(t *testing.T) {
	long := strings.Repeat("ü", 401)
	c := does(t)(card(Ready).Complete(Report{Summary: long}, nil, Witness{}, noon))
	if got := c.Events[0].Payload.Get("summary"); got != long[:800] {
		t.Errorf("summary in the event has %d bytes, want 800: 400 characters of two", len(got.(string)))
	}
	if c.Runs[0].Summary != long {
		t.Error("the run's summary was cut")
	}
}

func TestCompleteRefusesBadMetadata(t *testing.T) {
	for _, text := range []string{`[1]`, `"x"`, `{"a":`, `null`, "{\"a\": \"\xff\"}"} {
		_, err := card(Ready).Complete(Report{Metadata: json.RawMessage(text)}, nil, Witness{}, noon)
		refuses(t, err, nil, Invalid, "metadata")
	}
}

// What a worker says it made is checked: by its assignee, in the card's name, or
// as a child of the card. One that is not so refuses the report and leaves a mark.
func TestCreatedCards(t *testing.T) {
	task, run := running()
	w := Witness{
		Known: []Task{
			{ID: "t_mine", CreatedBy: "ada"}, {ID: "t_named", CreatedBy: string(task.ID)}, {ID: "t_child", CreatedBy: "bob"},
			{ID: "t_other", CreatedBy: "bob"}, {ID: "t_orphan"},
		},
		Children: []TaskID{"t_child", "t_orphan"},
	}
	c := does(t)(task.Complete(Report{Created: []TaskID{" t_mine", "t_named", "", "t_child", "t_mine"}}, run, w, noon))
	wants(t, c, `completed {"result_len": 0, "summary": null, "verified_cards": ["t_mine", "t_named", "t_child"]}`)

	c, err := task.Complete(Report{Summary: " \n", Result: "r", Created: []TaskID{"t_mine", "t_other", "t_orphan", "t_gone"}}, run, w, noon)
	if err != nil || c.Legal() != nil || c.Task.Status != Running || len(c.Runs) != 0 {
		t.Fatalf("%v, %+v", err, c)
	}
	refuses(t, c.Refusal, ErrPhantom, Invalid, "t_other, t_orphan or t_gone")
	wants(t, c, `completion_blocked_hallucination {"phantom_cards": ["t_other", "t_orphan", "t_gone"], "verified_cards": ["t_mine"], "summary_preview": "r"}`)
	if c.Events[0].Run != 0 {
		t.Errorf("the mark names run %s", c.Events[0].Run)
	}
	c, _ = task.Complete(Report{Summary: " \n ", Created: []TaskID{"t_gone"}}, run, w, noon)
	wants(t, c, `completion_blocked_hallucination {"phantom_cards": ["t_gone"], "verified_cards": [], "summary_preview": null}`)
}

func TestReferencesInProse(t *testing.T) {
	task, run := running()
	r := Report{Run: 7, Summary: "see t_0123abcd, t_0123abcde and t_0123abc; xt_ffffffff", Result: "t_0123abcd t_ffffffffx (t_99999999)"}
	c := does(t)(task.Complete(r, run, Witness{Known: []Task{{ID: "t_0123abcd"}}}, noon))
	if len(c.Events) != 2 || c.Task.Status != Done || c.Events[1].Run != 7 {
		t.Fatalf("events %+v", c.Events)
	}
	c.Events = c.Events[1:]
	wants(t, c, `suspected_hallucinated_references {"phantom_refs": ["t_0123abcde", "t_99999999"], "source": "completion_summary"}`)
}
