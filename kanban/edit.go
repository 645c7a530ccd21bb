package kanban

import (
	"encoding/json"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// Edit is what to change of a card's words. Nil leaves a field as it is.
type Edit struct {
	Title    *string
	Body     *string
	Priority *int64
	DueAt    *time.Time // zero: no due date
	Check    *string    // see [Task.Check]; the empty text is none
	Worker   TaskID     // whose worker edits; empty for a person

	Resources *[]string // what it takes up as it runs
}

// Edit changes the words, the priority, the due date and the needs of a card.
// Another title, body or check, or other needs, make another task: failures are
// forgotten, and a breaker that held the card lets go.
func (t Task) Edit(e Edit) (Change, error) {
	if err := t.allowed(VerbEdit, ""); err != nil {
		return Change{}, err
	}
	c := t.change(VerbEdit)
	n := &c.Task
	var fields []string
	if e.Title != nil || e.Body != nil {
		d := Draft{Title: t.Title, Body: t.Body}
		if e.Title != nil {
			d.Title = *e.Title
		}
		if e.Body != nil {
			d.Body = *e.Body
		}
		d, err := d.Clean()
		if err != nil {
			return Change{}, err
		}
		if e.Title != nil && d.Title != t.Title {
			n.Title, fields = d.Title, append(fields, "title")
		}
		if e.Body != nil && d.Body != t.Body {
			n.Body, fields = d.Body, append(fields, "body")
		}
	}
	if e.Check != nil {
		check, err := CleanCheck(*e.Check, e.Worker)
		if err != nil {
			return Change{}, err
		}
		if check != t.Check {
			n.Check, fields = check, append(fields, "check")
		}
	}
	if e.Resources != nil {
		names, err := cleanResources(*e.Resources)
		if err != nil {
			return Change{}, err
		}
		if !slices.Equal(names, t.Resources) {
			n.Resources, fields = names, append(fields, "resources")
		}
	}
	if len(fields) > 0 {
		n.clearFailures()
		c.event(EventEdited, 0, payload("fields", fields))
	}
	due := t.DueAt
	if e.DueAt != nil {
		var err error
		if due, err = cleanDue(*e.DueAt); err != nil {
			return Change{}, err
		}
	}
	if e.Priority != nil {
		n.Priority = *e.Priority
	}
	moved := !due.Equal(t.DueAt)
	if moved || n.Priority != t.Priority {
		p := payload("priority", n.Priority)
		if moved { // Hermes knows no due dates, so without one the payload is its own
			n.DueAt = due
			p = append(p, Field{"due_at", unix(due)})
		}
		c.event(EventReprioritized, 0, p)
	}
	return c, nil
}

// Unchanged refuses an edit of what others have changed since somebody read the
// card as was. assigns says that the assignee is to be changed, too.
func (t Task) Unchanged(was Task, e Edit, assigns bool) error {
	for _, f := range []struct {
		name    string
		changed bool
	}{
		{"title", e.Title != nil && t.Title != was.Title},
		{"body", e.Body != nil && t.Body != was.Body},
		{"check", e.Check != nil && t.Check != was.Check},
		{"priority", e.Priority != nil && t.Priority != was.Priority},
		{"due date", e.DueAt != nil && !t.DueAt.Equal(was.DueAt)},
		{"assignee", assigns && t.Assignee != was.Assignee},
	} {
		if f.changed {
			return &Error{Code: Conflict, Err: ErrConflict, Msg: sprintf("edit %s: somebody else has changed its %s meanwhile", t.ID, f.name)}
		}
	}
	return nil
}

// ResultEdit is what a finished card shall say instead. Nil metadata leaves that
// of the run; an empty summary is the result.
type ResultEdit struct {
	Result   string
	Summary  string
	Metadata json.RawMessage
}

// EditResult mends what a finished card says. last is its newest completed run,
// nil if it has none: then one of no length is recorded.
func (t Task) EditResult(e ResultEdit, last *Run, now time.Time) (Change, error) {
	if err := t.allowed(VerbEditResult, ""); err != nil {
		return Change{}, err
	}
	if err := prose("the result", &e.Result, "the summary", &e.Summary); err != nil {
		return Change{}, err
	}
	meta, err := object("the metadata", e.Metadata)
	if err != nil {
		return Change{}, err
	}
	if e.Metadata != nil && meta == nil {
		meta = json.RawMessage("{}") // it was given, and says that there is none
	}
	c := t.change(VerbEditResult)
	c.Task.Result = e.Result
	if strings.TrimSpace(e.Summary) == "" {
		e.Summary = e.Result
	}
	fields, id := []string{"result", "summary"}, NewRun
	if last != nil {
		r := *last
		r.Summary, id = e.Summary, r.ID
		if meta != nil {
			r.Metadata = meta
		}
		c.Runs = []Run{r}
	} else {
		c.Runs = []Run{t.closedRun(ending{outcome: OutcomeCompleted, summary: e.Summary, metadata: meta}, now)}
	}
	if meta != nil {
		fields = append(fields, "metadata")
	}
	c.event(EventEdited, id, payload("fields", fields, "result_len", utf8.RuneCountInString(e.Result),
		"summary", orNull(firstLine(e.Summary, 400))))
	return c, nil
}

// SetModel lets the card's next runs use another model and provider than the
// profile's; no model is the profile's again. The present run goes on.
func (t Task) SetModel(model, provider string) (Change, error) {
	if err := t.allowed(VerbSetModel, ""); err != nil {
		return Change{}, err
	}
	if err := cleanTexts("the model", model, "the provider", provider); err != nil {
		return Change{}, err
	}
	model, provider = strings.TrimSpace(model), strings.TrimSpace(provider)
	if provider != "" && model == "" {
		return Change{}, Invalidf("provider %q needs a model", provider)
	}
	c := t.change(VerbSetModel)
	c.Task.Model, c.Task.Provider = model, provider
	c.event(EventModelSet, 0, payload("model", orNull(model), "provider", orNull(provider)))
	return c, nil
}

// SetEffort lets the card's next runs think harder or less than the profile's;
// the empty effort is the profile's again.
func (t Task) SetEffort(effort string) (Change, error) {
	if err := t.allowed(VerbSetEffort, ""); err != nil {
		return Change{}, err
	}
	effort, err := ParseEffort(effort)
	if err != nil {
		return Change{}, err
	}
	c := t.change(VerbSetEffort)
	c.Task.Effort = effort
	c.event(EventEffortSet, 0, payload("reasoning_effort", orNull(effort)))
	return c, nil
}

// Efforts lists the reasoning efforts.
func Efforts() []string { return slices.Clone(efforts) }

// ParseEffort accepts one of [Efforts] in any case, and the empty text.
func ParseEffort(s string) (string, error) {
	s = strings.ToLower(strings.TrimSpace(s))
	if s != "" && !slices.Contains(efforts, s) {
		return "", Invalidf("unknown reasoning effort %q; it is one of %s", s, join(efforts))
	}
	return s, nil
}

// Unguard records that a card may be started again although its past speaks
// against it: an open pull request, a recent success.
func (t Task) Unguard(actor, reason string) (Change, error) {
	if err := prose("the actor", &actor, "the reason", &reason); err != nil {
		return Change{}, err
	}
	c := t.change(VerbUnguard)
	var p Payload
	if actor != "" {
		p = append(p, Field{"actor", actor})
	}
	if reason = strings.TrimSpace(reason); reason != "" {
		p = append(p, Field{"reason", reason})
	}
	c.event(EventUnguarded, 0, p)
	return c, nil
}
