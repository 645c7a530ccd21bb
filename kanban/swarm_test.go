package kanban

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTopologyNote(t *testing.T) {
	want := Topology{Root: "t_1", Workers: []TaskID{"t_2"}, Verifier: "t_3", Synthesizer: "t_4"}
	const text = `[swarm:blackboard] {"key": "topology", "value": {"root_id": "t_1", "synthesizer_id": "t_4", "verifier_id": "t_3", "worker_ids": ["t_2"]}}`
	if got := want.Note(); got != text {
		t.Errorf("note %s, want %s", got, text)
	}
	comments := []Comment{{Body: `[swarm:blackboard] {"key": "topology", "value": {"root_id": "old"}}`}, {Body: want.Note()},
		{Body: `[swarm:blackboard] {"key": "mood", "value": 1}`}, {Body: `[swarm:blackboard] no JSON`}, {Body: "a word"}}
	got, ok := FindTopology(comments)
	if d := cmp.Diff(want, got); !ok || d != "" {
		t.Errorf("found %t (-want +got):\n%s", ok, d)
	}
	if got, ok := FindTopology(comments[:1]); ok {
		t.Errorf("half a topology is taken for one: %+v", got)
	}
}
