package kanban

import (
	"math"
	"slices"
	"strings"
	"time"
)

// Told are the kinds of events that a subscription hears of. No other moves its
// cursor.
var Told = []EventKind{EventCompleted, EventBlocked, EventGaveUp, EventCrashed, EventTimedOut, EventReviewRequested, EventBlockLoop, EventStatus,
	EventArchived, EventUnblocked}

// silent are those of Told that are passed over without a word.
var silent = []EventKind{EventArchived, EventUnblocked}

// Tellable are the kinds of events that somebody is told of.
func Tellable() []EventKind {
	return slices.DeleteFunc(slices.Clone(Told), func(k EventKind) bool { return slices.Contains(silent, k) })
}

// Next is what a subscription hears next of the events it has not heard of yet:
// the first that is told, nil if none is, and the cursor after it. Silent ones
// before it are passed over.
func Next(unseen []Event) (tell *Event, cursor EventID) {
	for i := range unseen {
		cursor = unseen[i].ID
		if !slices.Contains(silent, unseen[i].Kind) {
			return &unseen[i], cursor
		}
	}
	return nil, cursor
}

// Over reports whether a subscription to the card ends: nothing that anybody
// waits for can happen to it any more.
func (t Task) Over() bool { return t.Status.Satisfied() }

// Target is how deliveries to one target of andon.yaml have gone on a board.
type Target struct {
	Name      string
	Cursor    EventID // of what it follows on the whole board; meaningful with Follows
	Follows   bool
	Failures  int64 // in a row
	NextAt    time.Time
	LastError string
	DeadSince time.Time
}

// Delivery is how one attempt went. The zero value is a success.
type Delivery struct {
	Error string        // in one line, without secrets; empty: delivered
	Gone  bool          // the receiver wants nothing more, ever
	Wait  time.Duration // the receiver asked for so much patience
}

// DeadAfter is how many deliveries must fail in a row for a target to be dead.
const DeadAfter = 12

const (
	firstRetry = 5 * time.Second
	lastRetry  = time.Hour
	mostWait   = 24 * time.Hour // that a receiver may ask for
)

// After is the target after an attempt. A failure puts the next one off, from
// some seconds to an hour, by a part that jitter in [0,1) draws; the twelfth in a
// row, or a receiver that is gone, makes the target dead until a test of it
// succeeds.
func (t Target) After(d Delivery, jitter float64, now time.Time) Target {
	if d.Error == "" {
		t.Failures, t.NextAt, t.LastError, t.DeadSince = 0, time.Time{}, "", time.Time{}
		return t
	}
	t.Failures++
	t.LastError = cut(mended(d.Error), 500)
	delay := time.Duration(math.Min(float64(lastRetry), float64(firstRetry)*math.Pow(2, float64(min(t.Failures, 30)-1))))
	delay = delay/2 + time.Duration(float64(delay/2)*jitter)
	t.NextAt = now.Add(max(delay, min(d.Wait, mostWait)))
	if (d.Gone || t.Failures >= DeadAfter) && t.DeadSince.IsZero() {
		t.DeadSince = now
	}
	return t
}

// Due reports whether the target may be tried.
func (t Target) Due(now time.Time) bool { return t.DeadSince.IsZero() && !t.NextAt.After(now) }

// Holder is the process that has claimed a notification.
type Holder struct {
	Host  string
	PID   int64
	Start string // when the process began, as its system has it
}

// Hold is a claim of one notification: its cursor has been moved over the event
// that Holder delivers just now. Without a task it is the target's own, of what
// it follows on the whole board.
type Hold struct {
	Target   string // the subscription's chat id
	Platform string
	Task     TaskID
	Thread   string
	From, To EventID // the cursor before and after
	By       Holder
	Since    time.Time
}

// Sub is the key of the subscription that is claimed.
func (h Hold) Sub() Sub {
	return Sub{Task: h.Task, Platform: h.Platform, ChatID: h.Target, ThreadID: h.Thread}
}

// foreignClaim is how long the claim of another host is taken to be alive: no
// delivery takes so long.
const foreignClaim = 10 * time.Minute

// Abandoned reports whether the holder of a claim will not deliver it any more,
// so that the claim is to be rewound. me is who asks, and claims nothing just
// now; alive is asked about processes of its host.
func (h Holder) Abandoned(since time.Time, me Holder, alive func(Holder) bool, now time.Time) bool {
	if h.Host != me.Host {
		return now.Sub(since) > foreignClaim
	}
	return h == me || !alive(h)
}

// The most characters of a title and of a reason that a message has.
const (
	tellTitle  = 80
	tellReason = 160
)

// Tell is the event in one line of text for people: where, whose card, what
// happened and why.
func (e Event) Tell(board string, t Task) string {
	icon, what, reason := e.words()
	who := ""
	if t.Assignee != "" {
		who = " @" + t.Assignee
	}
	text := sprintf("%s [%s]%s Kanban %s %s", icon, board, who, e.Task, what)
	if t.Title != "" {
		text += ": " + shortLine(t.Title, tellTitle)
	}
	if reason = shortLine(reason, tellReason); reason != "" {
		text += " — " + reason
	}
	return strings.ToValidUTF8(text, "\uFFFD")
}

// words are an event's sign, what happened, and the reason that was given.
func (e Event) words() (icon, what, reason string) {
	first := func(keys ...string) string {
		for _, k := range keys {
			if s := strings.TrimSpace(e.Payload.Text(k)); s != "" {
				return s
			}
		}
		return ""
	}
	switch e.Kind {
	case EventCompleted:
		return "✔", "is done", first("summary", "result")
	case EventBlocked:
		return "⏸", "is blocked", first("reason")
	case EventGaveUp:
		return "✖", "was given up", first("error", "reason")
	case EventCrashed:
		return "✖", "crashed", first("error")
	case EventTimedOut:
		return "⏱", "ran too long", first("error")
	case EventReviewRequested:
		return "◎", "waits for a review", first("summary", "reason")
	case EventBlockLoop:
		return "↻", "is blocked again and again, and went to triage", first("reason")
	case EventStatus:
		return "→", "was moved to " + shortLine(first("status", "to"), 40), ""
	}
	return "•", string(e.Kind), first("reason", "summary", "error")
}

// shortLine is the first line of the text, with a sign where it was cut.
func shortLine(s string, limit int) string {
	line := firstLine(s, len(s))
	if short := cut(line, limit); short != line {
		return cut(line, limit-1) + "…"
	}
	return line
}
