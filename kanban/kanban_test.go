package kanban

import (
	"errors"
	"flag"
	"slices"
	"strings"
	"testing"
	"time"
)

// A sequence of verbs costs microseconds: try more of them than is usual.
func init() { flag.Set("rapid.checks", "1000") }

var noon = time.Unix(1_700_000_000, 0)

// card is a card in a status, whole in the eyes of Audit. A running one has run 7.
func card(s Status) Task {
	t := Task{ID: "t_0000000a", Title: "Write the letter", Status: s, Assignee: "ada", CreatedAt: noon.Add(-time.Hour), WorkspaceKind: Scratch}
	if s == Running {
		t.Run, t.Lock, t.Expires, t.StartedAt = 7, "host:11", noon.Add(DefaultTTL), noon.Add(-time.Minute)
	}
	return t
}

// running is a running card and its open run.
func running() (Task, *Run) {
	t := card(Running)
	return t, runOf(t)
}

// runOf is the open run that t names.
func runOf(t Task) *Run {
	if t.Run == 0 {
		return nil
	}
	return &Run{ID: t.Run, Task: t.ID, Profile: t.Assignee, Status: "running", Lock: t.Lock, Expires: t.Expires,
		WorkerPID: t.WorkerPID, StartedAt: t.StartedAt}
}

func parent(s Status) []Task { return []Task{{ID: "t_0000000b", Status: s}} }

// with is t after the alteration.
func (t Task) with(alter func(*Task)) Task {
	alter(&t)
	return t
}

// does returns what a verb decided and fails the test if it refused.
func does(t *testing.T) func(Change, error) Change {
	return func(c Change, err error) Change {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Legal(); err != nil {
			t.Error(err)
		}
		return c
	}
}

// refuses fails the test unless err is target with the code, and speaks all words.
func refuses(t *testing.T, err, target error, code Code, words ...string) {
	t.Helper()
	if err == nil {
		t.Fatal("got no refusal")
	}
	if target != nil && !errors.Is(err, target) {
		t.Errorf("error %q is not %q", err, target)
	}
	if got := CodeOf(err); got != code {
		t.Errorf("error %q has code %d, want %d", err, got, code)
	}
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("error %q does not say %q", err, w)
		}
	}
}

// wants fails the test unless the change appended these events: kind, a space,
// the payload as it is stored.
func wants(t *testing.T, c Change, events ...string) {
	t.Helper()
	var got []string
	for _, e := range c.Events {
		if e.Task != c.Task.ID {
			t.Errorf("event %s is about card %q, want %q", e.Kind, e.Task, c.Task.ID)
		}
		text, err := EncodeJSON(e.Payload.Resolve(7))
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, string(e.Kind)+" "+text)
	}
	if !slices.Equal(got, events) {
		t.Errorf("events\n\t%s\nwant\n\t%s", strings.Join(got, "\n\t"), strings.Join(events, "\n\t"))
	}
}
