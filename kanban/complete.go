package kanban

import (
	"bytes"
	"encoding/json"
	"strings"
	"time"
	"unicode/utf8"
)

// Report is what was done.
type Report struct {
	Result   string
	Summary  string
	Metadata json.RawMessage // a JSON object, or nil
	Run      RunID           // the worker's run; zero for a person
}

// Complete finishes the card: its run ends as completed, its failures and
// blocks are forgotten. A card that was not running gets a run of no length if
// the report says anything.
func (t Task) Complete(r Report, run *Run, now time.Time) (Change, error) {
	if err := t.pinned(VerbComplete, r.Run); err != nil {
		return Change{}, err
	}
	hint := ""
	switch t.Status {
	case Todo:
		hint = "it waits for its parents; `andon promote --force " + string(t.ID) + "` opens it all the same"
	case Scheduled:
		hint = "`andon unblock " + string(t.ID) + "` makes it ready"
	}
	if err := t.allowed(VerbComplete, hint); err != nil {
		return Change{}, err
	}
	if err := cleanTexts("the result", r.Result, "the summary", r.Summary); err != nil {
		return Change{}, err
	}
	meta, err := object("the metadata", r.Metadata)
	if err != nil {
		return Change{}, err
	}
	c := t.change(VerbComplete)
	n := &c.Task
	n.Status, n.Result, n.CompletedAt = Done, r.Result, now
	n.BlockKind, n.BlockRecurrences, n.Forced = "", 0, false
	n.clearFailures()
	summary := r.Summary
	if strings.TrimSpace(summary) == "" {
		summary = r.Result
	}
	id := c.end(run, ending{outcome: OutcomeCompleted, summary: summary, metadata: meta},
		summary != "" || meta != nil, now)
	c.event(EventCompleted, id, payload("result_len", utf8.RuneCountInString(r.Result),
		"summary", orNull(firstLine(summary, 400))))
	return c, nil
}

// object checks that text is a JSON object. An empty one counts as none.
func object(what string, text json.RawMessage) (json.RawMessage, error) {
	text = bytes.TrimSpace(text)
	if len(text) == 0 {
		return nil, nil
	}
	if err := cleanText(what, string(text)); err != nil {
		return nil, err
	}
	var m map[string]json.RawMessage
	if err := json.Unmarshal(text, &m); err != nil || m == nil {
		return nil, Invalidf("%s is not a JSON object: %s", what, cut(string(text), 80))
	}
	if len(m) == 0 {
		return nil, nil
	}
	return text, nil
}
