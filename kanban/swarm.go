package kanban

import (
	"encoding/json"
	"slices"
	"strings"
)

// Swarm is a goal that many work on at once: a root that is done from the start
// and serves as their notice board, workers side by side, one who verifies what
// they made, and one who puts it together.
type Swarm struct {
	Goal        string
	Workers     []SwarmWorker
	Verifier    string
	Synthesizer string
	Tenant      string
	Priority    int64
	CreatedBy   string // empty: swarm-orchestrator

	// IdempotencyKey is the root's: while it is on the board and not archived, its
	// swarm is the answer.
	IdempotencyKey string
}

// SwarmWorker is one of those who work side by side.
type SwarmWorker struct {
	Profile string
	Title   string
	Skills  []string
}

// Topology names the cards of a swarm. Its JSON keys are a contract.
type Topology struct {
	Root        TaskID   `json:"root_id"`
	Synthesizer TaskID   `json:"synthesizer_id"`
	Verifier    TaskID   `json:"verifier_id"`
	Workers     []TaskID `json:"worker_ids"`
}

// Clean returns the swarm with its names in their stored form, or says what is
// missing.
func (s Swarm) Clean() (Swarm, error) {
	s.Goal = strings.TrimSpace(s.Goal)
	s.Verifier, s.Synthesizer = CanonicalAssignee(s.Verifier), CanonicalAssignee(s.Synthesizer)
	if s.CreatedBy = strings.TrimSpace(s.CreatedBy); s.CreatedBy == "" {
		s.CreatedBy = "swarm-orchestrator"
	}
	switch {
	case s.Goal == "":
		return s, Invalidf("a swarm needs a goal that is not blank")
	case len(s.Workers) == 0:
		return s, Invalidf("a swarm needs a worker")
	case s.Verifier == "":
		return s, Invalidf("a swarm needs a verifier")
	case s.Synthesizer == "":
		return s, Invalidf("a swarm needs a synthesizer")
	}
	s.Workers = slices.Clone(s.Workers)
	for i, w := range s.Workers {
		if s.Workers[i].Profile = CanonicalAssignee(w.Profile); s.Workers[i].Profile == "" {
			return s, Invalidf("worker %d of the swarm has no profile", i+1)
		}
		if strings.TrimSpace(w.Title) == "" {
			return s, Invalidf("worker %d of the swarm has no title", i+1)
		}
	}
	return s, nil
}

// Root is the draft of the card that holds the swarm together.
func (s Swarm) Root() Draft {
	d := s.draft("Swarm", s.CreatedBy)
	d.IdempotencyKey = s.IdempotencyKey
	return d
}

// Begun is the report with which the root is done at once.
func (s Swarm) Begun() Report {
	return Report{Metadata: payload("kind", "kanban_swarm_v1", "goal", s.Goal, "worker_count", len(s.Workers)).raw()}
}

// Worker is the draft of the i-th worker's card.
func (s Swarm) Worker(i int, root TaskID) Draft {
	w := s.Workers[i]
	d := s.draft("", w.Profile, root)
	d.Title, d.Skills = w.Title, w.Skills
	d.Body += "\n\nYour part: " + strings.TrimSpace(w.Title) + "\nThe comments of " + string(root) + " are the notice board that all parts share."
	return d
}

// Verify is the draft of the card that waits for all workers.
func (s Swarm) Verify(root TaskID, workers []TaskID) Draft {
	d := s.draft("Verify", s.Verifier, workers...)
	d.Skills = []string{"requesting-code-review"}
	d.Body += "\n\nVerify what the parts made, whose results are those of the parents. The comments of " + string(root) + " are the notice board."
	return d
}

// Synthesize is the draft of the card that waits for the verifier.
func (s Swarm) Synthesize(root, verifier TaskID) Draft {
	d := s.draft("Synthesize", s.Synthesizer, verifier)
	d.Skills = []string{"humanizer"}
	d.Body += "\n\nPut the verified parts together. The comments of " + string(root) + " are the notice board."
	return d
}

func (s Swarm) draft(what, assignee string, parents ...TaskID) Draft {
	return Draft{Title: what + ": " + firstLine(s.Goal, 80), Body: "Goal of the swarm:\n" + s.Goal, Assignee: assignee, Parents: parents,
		CreatedBy: s.CreatedBy, Tenant: s.Tenant, Priority: s.Priority}
}

// A root's comments that begin so are entries of its notice board: a key and a
// value, of which the last for a key counts.
const (
	blackboard  = "[swarm:blackboard] "
	topologyKey = "topology"
)

// Note is the comment by which a root knows its swarm.
func (t Topology) Note() string {
	text, err := EncodeJSON(payload("key", topologyKey, "value", t))
	if err != nil {
		panic(err) // ids always encode
	}
	return blackboard + text
}

// FindTopology reads the swarm of a root out of its comments. ok is false where
// they name none, or not all of one.
func FindTopology(comments []Comment) (t Topology, ok bool) {
	for _, c := range comments {
		text, is := strings.CutPrefix(c.Body, blackboard)
		var entry struct {
			Key   string
			Value json.RawMessage
		}
		if !is || json.Unmarshal([]byte(text), &entry) != nil || entry.Key != topologyKey {
			continue
		}
		var found Topology
		if json.Unmarshal(entry.Value, &found) == nil {
			t = found
		}
	}
	return t, t.Root != "" && len(t.Workers) > 0 && t.Verifier != "" && t.Synthesizer != ""
}
