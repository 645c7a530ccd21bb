package kanban

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// EventKind names what happened. Kinds of other programs are kept as they are.
type EventKind string

const (
	EventCreated       EventKind = "created"
	EventAssigned      EventKind = "assigned"
	EventLinked        EventKind = "linked"
	EventUnlinked      EventKind = "unlinked"
	EventCommented     EventKind = "commented"
	EventEdited        EventKind = "edited"
	EventPromoted      EventKind = "promoted"
	EventPromotedBy    EventKind = "promoted_manual"
	EventClaimed       EventKind = "claimed"
	EventClaimRejected EventKind = "claim_rejected"
	EventClaimExtended EventKind = "claim_extended"
	EventDeferred      EventKind = "reclaim_deferred"
	EventSpawned       EventKind = "spawned"
	EventHeartbeat     EventKind = "heartbeat"
	EventCompleted     EventKind = "completed"
	EventBlocked       EventKind = "blocked"
	EventDependency    EventKind = "dependency_wait"
	EventBlockLoop     EventKind = "block_loop_detected"
	EventUnblocked     EventKind = "unblocked"
	EventArchived      EventKind = "archived"
	EventReclaimed     EventKind = "reclaimed"
	EventStale         EventKind = "stale"
	EventTimedOut      EventKind = "timed_out"
	EventCrashed       EventKind = "crashed"
	EventProtocol      EventKind = "protocol_violation"
	EventRateLimited   EventKind = "rate_limited"
	EventSpawnFailed   EventKind = "spawn_failed"
	EventGaveUp        EventKind = "gave_up"

	EventReviewRequested EventKind = "review_requested"
	EventReviewReopened  EventKind = "review_reopened"
	EventScheduled       EventKind = "scheduled"
	EventStatus          EventKind = "status"
	EventReprioritized   EventKind = "reprioritized"
	EventModelSet        EventKind = "model_override_set"
	EventEffortSet       EventKind = "reasoning_effort_set"
	EventGuarded         EventKind = "respawn_guarded"
	EventUnguarded       EventKind = "respawn_guard_cleared"
	EventSpecified       EventKind = "specified"
	EventAttached        EventKind = "attached"
	EventDetached        EventKind = "attachment_removed"
	EventDecomposed      EventKind = "decomposed"
	EventHallucinated    EventKind = "completion_blocked_hallucination"
	EventSuspected       EventKind = "suspected_hallucinated_references"
	EventScratchTip      EventKind = "tip_scratch_workspace"
)

// Event is one line of the board's history. The history is only ever added to.
type Event struct {
	ID      EventID
	Task    TaskID
	Run     RunID
	Kind    EventKind
	Payload Payload
	At      time.Time
}

// Payload is a JSON object whose keys keep their order. Its zero value is an
// absent payload.
type Payload []Field

// Field is one key of a payload.
type Field struct {
	Key   string
	Value any
}

// payload pairs up keys and values.
func payload(pairs ...any) Payload {
	p := make(Payload, 0, len(pairs)/2)
	for i := 0; i < len(pairs); i += 2 {
		p = append(p, Field{pairs[i].(string), pairs[i+1]})
	}
	return p
}

// Get returns the value of a key, nil if it is absent.
func (p Payload) Get(key string) any {
	for _, f := range p {
		if f.Key == key {
			return f.Value
		}
	}
	return nil
}

// Text is the text under a key, empty if there is none.
func (p Payload) Text(key string) string {
	switch v := p.Get(key).(type) {
	case string:
		return v
	case json.RawMessage:
		var s string
		if json.Unmarshal(v, &s) == nil {
			return s
		}
	}
	return ""
}

// Number is the whole number under a key, zero if there is none.
func (p Payload) Number(key string) (n int64) {
	text, err := marshal(p.Get(key))
	if err == nil && json.Unmarshal(text, &n) == nil {
		return n
	}
	return 0
}

// and is p with the fields of q after its own. A key that both have keeps its
// place and gets the value of q.
func (p Payload) and(q Payload) Payload {
	out := slices.Clone(p)
	for _, f := range q {
		if i := slices.IndexFunc(out, func(have Field) bool { return have.Key == f.Key }); i >= 0 {
			out[i] = f
		} else {
			out = append(out, f)
		}
	}
	return out
}

// raw is the payload as a run's metadata.
func (p Payload) raw() json.RawMessage {
	text, err := p.MarshalJSON()
	if err != nil {
		panic(err) // rules put nothing into payloads but text, numbers and times
	}
	return text
}

// Resolve returns the payload with [NewRun] replaced by the number it got.
func (p Payload) Resolve(run RunID) Payload {
	out := make(Payload, len(p))
	for i, f := range p {
		if f.Value == NewRun {
			f.Value = run
		}
		out[i] = f
	}
	return out
}

// MarshalJSON writes the fields in order, and null for an absent payload.
func (p Payload) MarshalJSON() ([]byte, error) {
	if len(p) == 0 {
		return []byte("null"), nil
	}
	var b bytes.Buffer
	b.WriteByte('{')
	for i, f := range p {
		if i > 0 {
			b.WriteByte(',')
		}
		key, err := marshal(f.Key)
		if err != nil {
			return nil, err
		}
		value, err := marshal(f.Value)
		if err != nil {
			return nil, fmt.Errorf("payload key %s: %w", f.Key, err)
		}
		b.Write(key)
		b.WriteByte(':')
		b.Write(value)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// UnmarshalJSON reads an object; the values stay [json.RawMessage].
func (p *Payload) UnmarshalJSON(data []byte) error {
	*p = nil
	d := json.NewDecoder(bytes.NewReader(data))
	if tok, err := d.Token(); err != nil || tok != json.Delim('{') {
		return err // null, or not an object: absent
	}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return err
		}
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return err
		}
		*p = append(*p, Field{key.(string), value})
	}
	if _, err := d.Token(); err != nil { // the closing brace
		return err
	}
	if _, err := d.Token(); err != io.EOF {
		return fmt.Errorf("text after the payload's end")
	}
	return nil
}

// ParsePayload reads a stored payload. One that cannot be parsed counts as
// absent, as it does for every program that shares the file.
func ParsePayload(text string) Payload {
	var p Payload
	if p.UnmarshalJSON([]byte(text)) != nil {
		return nil
	}
	return p
}

// EncodeJSON writes v as the board stores JSON: a space after each comma and
// colon, letters beyond ASCII as they are. Text that is no JSON is an error.
func EncodeJSON(v any) (string, error) {
	compact, err := marshal(v)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	inString, escaped := false, false
	for _, c := range compact {
		b.WriteByte(c)
		switch {
		case escaped:
			escaped = false
		case c == '\\':
			escaped = inString
		case c == '"':
			inString = !inString
		case !inString && (c == ',' || c == ':'):
			b.WriteByte(' ')
		}
	}
	return b.String(), nil
}

func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// orNull makes the zero value a JSON null, as the payloads want it.
func orNull[T comparable](v T) any {
	var zero T
	if v == zero {
		return nil
	}
	return v
}

// unix makes a time a payload's whole seconds, the zero time null.
func unix(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.Unix()
}
