package kanban

import (
	"bytes"
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// Report is what was done.
type Report struct {
	Result   string          `json:"result,omitempty"`
	Summary  string          `json:"summary,omitempty"`
	Metadata json.RawMessage `json:"metadata,omitempty"` // a JSON object, or nil
	Run      RunID           `json:"-"`                  // the worker's run; zero for a person
	Worker   TaskID          `json:"-"`                  // the card whose worker reports, be it on this card or another; empty for a person
	NoCheck  string          `json:"-"`                  // who has the check skipped; empty: nobody

	// Created are the cards that the worker says it made. One that it did not make
	// refuses the report.
	Created []TaskID `json:"created,omitempty"`

	// Usage is what the worker says that the run has taken.
	Usage Expense `json:"usage,omitzero"`

	// Artifacts are the paths of what was made, besides those that the metadata has
	// under "artifacts".
	Artifacts []string     `json:"artifacts,omitempty"`
	kept      []Attachment // copies of artifacts, which become the card's
}

// Named lists the cards that the report speaks of: those it says were made, and
// those whose ids stand in its words.
func (r Report) Named() []TaskID {
	return append(r.created(), r.references()...)
}

func (r Report) created() []TaskID {
	var ids []TaskID
	for _, id := range r.Created {
		if id = TaskID(strings.TrimSpace(string(id))); id != "" && !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	return ids
}

// maxReferences bounds the search for doubtful ids: it is a hint, not a proof.
const maxReferences = 1000

var idInProse = regexp.MustCompile(`\bt_[0-9a-f]{8,}\b`)

func (r Report) references() []TaskID {
	var ids []TaskID
	for _, s := range idInProse.FindAllString(r.Summary+" "+r.Result, -1) {
		if id := TaskID(s); len(ids) < maxReferences && !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	return ids
}

// Witness is what the board knows of the cards that a report names.
type Witness struct {
	Known    []Task   // those of [Report.Named] that exist
	Children []TaskID // of the card that is reported on
}

func (w Witness) knows(id TaskID) bool {
	return slices.ContainsFunc(w.Known, func(k Task) bool { return k.ID == id })
}

// madeBy reports whether a card was made in the course of t: by its assignee, in
// its name, or to wait for it.
func (w Witness) madeBy(t Task, id TaskID) bool {
	i := slices.IndexFunc(w.Known, func(k Task) bool { return k.ID == id })
	if i < 0 || w.Known[i].CreatedBy == "" {
		return false
	}
	by := w.Known[i].CreatedBy
	return by == t.Assignee || by == string(t.ID) || slices.Contains(w.Children, id)
}

// Complete finishes the card: its run ends as completed, its failures and
// blocks are forgotten. A card that was not running gets a run of no length if
// the report says anything. A report of cards that were not made is refused, and
// the card keeps a mark of it; words that name cards which do not exist leave a
// mark only.
func (t Task) Complete(r Report, run *Run, w Witness, now time.Time) (Change, error) {
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
	if err := prose("the result", &r.Result, "the summary", &r.Summary); err != nil {
		return Change{}, err
	}
	artifacts, err := r.Declared()
	if err != nil {
		return Change{}, err
	}
	meta, err := object("the metadata", r.Metadata)
	if err != nil {
		return Change{}, err
	}
	usage, err := r.Usage.clean()
	if err != nil {
		return Change{}, err
	}
	for i := range artifacts {
		artifacts[i] = Redact(artifacts[i])
	}
	if len(artifacts) > 0 {
		meta = ParsePayload(string(meta)).and(payload(artifactsKey, artifacts)).raw()
	}
	verified, phantoms := []TaskID{}, []TaskID(nil)
	for _, id := range r.created() {
		if w.madeBy(t, id) {
			verified = append(verified, id)
		} else {
			phantoms = append(phantoms, TaskID(Redact(string(id))))
		}
	}
	if len(phantoms) > 0 {
		return t.hallucinated(r, phantoms, verified), nil
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
	for _, a := range r.kept {
		if err := c.attach(a, now); err != nil {
			return Change{}, err
		}
	}
	id := c.end(run, ending{outcome: OutcomeCompleted, summary: summary, metadata: meta, usage: usage},
		summary != "" || meta != nil || !usage.None(), now)
	p := payload("result_len", utf8.RuneCountInString(r.Result), "summary", orNull(firstLine(summary, 400)))
	if len(verified) > 0 {
		p = append(p, Field{"verified_cards", verified})
	}
	if len(artifacts) > 0 {
		p = append(p, Field{artifactsKey, artifacts})
	}
	c.event(EventCompleted, id, p)
	if lost := slices.DeleteFunc(r.references(), w.knows); len(lost) > 0 {
		c.event(EventSuspected, id, payload("phantom_refs", lost, "source", "completion_summary"))
	}
	return c, nil
}

// hallucinated refuses a report of cards that were not made. The card stays where
// it is, so that its worker may report again.
func (t Task) hallucinated(r Report, phantoms, verified []TaskID) Change {
	words := r.Summary
	if strings.TrimSpace(words) == "" {
		words = r.Result
	}
	c := Change{Was: t, Task: t}
	c.event(EventHallucinated, 0, payload("phantom_cards", phantoms, "verified_cards", verified,
		"summary_preview", orNull(firstLine(words, 200))))
	c.Refusal = &Error{Code: Invalid, Err: ErrPhantom,
		Msg:  sprintf("complete %s: %s was not made in the course of it", t.ID, join(phantoms)),
		Hint: "name only cards that were made by its assignee, or leave them out"}
	return c
}

// object is the door for a JSON object that is stored: it comes out without
// secrets. An empty one counts as none.
func object(what string, text json.RawMessage) (json.RawMessage, error) {
	text, err := checkObject(what, text)
	if err != nil || text == nil {
		return nil, err
	}
	text = redactJSON(text)
	return text, cleanText(what, string(text)) // it may have grown
}

// checkObject checks that text is a JSON object. An empty one counts as none.
func checkObject(what string, text json.RawMessage) (json.RawMessage, error) {
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
