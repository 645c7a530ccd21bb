package kanban

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

func TestSubscribe(t *testing.T) {
	bare := Sub{Task: "t_1", Platform: "irc", ChatID: "room"}
	first := Subscribe(nil, bare, noon)
	if want := (Sub{Task: "t_1", Platform: "irc", ChatID: "room", ChatType: "dm", Mode: "notify", At: noon, Cursor: CaughtUp}); first != want {
		t.Errorf("a new one: %+v, want %+v", first, want)
	}
	full := Sub{Task: "t_1", Platform: "irc", ChatID: "room", ChatType: "group", Mode: "wake", UserID: "u", Profile: "ada", Metadata: `{"a":1}`}
	if got := Subscribe(nil, full, noon); got.ChatType != "group" || got.Mode != "wake" || got.UserID != "u" {
		t.Errorf("a new one with everything: %+v", got)
	}
	unknown := bare
	if unknown.Mode = "shout"; Subscribe(nil, unknown, noon).Mode != "notify" {
		t.Error("an unknown mode was kept")
	}
	first.Cursor = 7
	second := Subscribe(&first, full, noon.Add(time.Hour))
	want := first
	want.ChatType, want.Mode, want.Profile, want.Metadata = "group", "wake", "ada", `{"a":1}`
	if second != want { // not the user, the time or the cursor
		t.Errorf("said again: %+v, want %+v", second, want)
	}
	unknown.Profile = "bob"
	if third := Subscribe(&second, unknown, noon); third != second {
		t.Errorf("what is not said, or unknown, changed: %+v, want %+v", third, second)
	}
}

func TestCleanSub(t *testing.T) {
	good := Sub{Task: "t_1", Platform: " Telegram ", ChatID: " 47 ", Metadata: `{"b": 1, "a": "é😀", "c": [1], "d": null, "e": {"x": 1}, "f": true}`}
	got, err := good.Clean()
	if err != nil {
		t.Fatal(err)
	}
	if got.Platform != "telegram" || got.ChatID != "47" || got.Metadata != `{"a":"\u00e9\ud83d\ude00","b":1,"f":true}` {
		t.Errorf("clean: %+v", got)
	}
	for _, tt := range []struct {
		alter func(*Sub)
		want  string
	}{
		{func(s *Sub) { s.ChatID = "  " }, "chat id that is not blank"},
		{func(s *Sub) { s.Platform = "" }, "platform that is not blank"},
		{func(s *Sub) { s.ChatType = "crowd" }, `unknown chat type "crowd"; it is dm, group, channel or thread`},
		{func(s *Sub) { s.Mode = "shout" }, `unknown delivery mode "shout"; it is notify, notify+wake or wake`},
		{func(s *Sub) { s.Metadata = "[1]" }, "is a JSON object"},
		{func(s *Sub) { s.ChatID = "a\x00" }, "NUL"},
		{func(s *Sub) { s.ThreadID = "\xff" }, "UTF-8"},
	} {
		s := good
		tt.alter(&s)
		if _, err := s.Clean(); err == nil || CodeOf(err) != Invalid || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%+v: %v, want %q", s, err, tt.want)
		}
	}
}

func TestNext(t *testing.T) {
	e := func(id EventID, k EventKind) Event { return Event{ID: id, Kind: k} }
	for _, tt := range []struct {
		unseen []Event
		tell   EventID
		cursor EventID
	}{
		{nil, 0, 0},
		{[]Event{e(3, EventBlocked), e(4, EventCompleted)}, 3, 3},
		{[]Event{e(3, EventUnblocked), e(4, EventCompleted), e(5, EventArchived)}, 4, 4},
		{[]Event{e(3, EventUnblocked), e(5, EventArchived)}, 0, 5},
	} {
		tell, cursor := Next(tt.unseen)
		if got := (Event{}); tell == nil {
			tell = &got
		}
		if tell.ID != tt.tell || cursor != tt.cursor {
			t.Errorf("Next(%v) tells %d up to %d, want %d up to %d", tt.unseen, tell.ID, cursor, tt.tell, tt.cursor)
		}
	}
}

func TestTargetAfter(t *testing.T) {
	target, now, last := Target{Name: "ops"}, noon, time.Duration(0)
	fail := Delivery{Error: "no route"}
	for n := int64(1); n <= DeadAfter; n++ {
		low, high := target.After(fail, 0, now), target.After(fail, 0.999, now)
		least, most := low.NextAt.Sub(now), high.NextAt.Sub(now)
		if least < last/2 || most < least || most > time.Hour || n == 1 && least < time.Second {
			t.Errorf("failure %d rests %s to %s after %s", n, least, most, last)
		}
		target, last = low, most
		if dead := !target.DeadSince.IsZero(); target.Failures != n || dead != (n == DeadAfter) || target.Due(now) || target.LastError != "no route" {
			t.Errorf("after failure %d: %+v", n, target)
		}
		if now = target.NextAt; target.Due(now) == (n == DeadAfter) {
			t.Errorf("after the rest of failure %d it is due: %t", n, target.Due(now))
		}
	}
	if got := target.After(Delivery{}, 0, now); got != (Target{Name: "ops"}) {
		t.Errorf("revived: %+v", got)
	}
	if got := (Target{}).After(Delivery{Error: "gone", Gone: true}, 0, now); got.DeadSince != now || got.Failures != 1 {
		t.Errorf("gone: %+v", got)
	}
	if got := (Target{}).After(Delivery{Error: "busy", Wait: 10 * time.Minute}, 0, now); got.NextAt != now.Add(10*time.Minute) {
		t.Errorf("asked for patience: %s", got.NextAt.Sub(now))
	}
	if got := (Target{}).After(Delivery{Error: "busy", Wait: 1000 * time.Hour}, 0, now); got.NextAt != now.Add(24*time.Hour) {
		t.Errorf("asked for six weeks: %s", got.NextAt.Sub(now))
	}
}

func TestAbandoned(t *testing.T) {
	me, other := Holder{"h", 1, "then"}, Holder{"h", 2, "then"}
	living := func(yes bool) func(Holder) bool { return func(Holder) bool { return yes } }
	for _, tt := range []struct {
		name  string
		by    Holder
		alive bool
		since time.Duration
		want  bool
	}{
		{"of this process, which begins anew", me, true, 0, true},
		{"of a living one", other, true, time.Hour, false},
		{"of a dead one", other, false, 0, true},
		{"of another host, just now", Holder{"i", 2, "then"}, false, time.Minute, false},
		{"of another host, long ago", Holder{"i", 2, "then"}, true, time.Hour, true},
	} {
		if got := tt.by.Abandoned(noon.Add(-tt.since), me, living(tt.alive), noon); got != tt.want {
			t.Errorf("a claim %s: abandoned = %t, want %t", tt.name, got, tt.want)
		}
	}
}

func TestTell(t *testing.T) {
	c := card(Blocked)
	e := Event{Task: c.ID, Kind: EventBlocked, Payload: payload("reason", "which address?\nthe old or the new?")}
	if got, want := e.Tell("ops", c), "⏸ [ops] @ada Kanban t_0000000a is blocked: Write the letter — which address?"; got != want {
		t.Errorf("Tell = %q, want %q", got, want)
	}
	c.Title, c.Assignee = strings.Repeat("ä", 500), ""
	for _, k := range Tellable() {
		e := Event{Task: c.ID, Kind: k, Payload: payload("reason", strings.Repeat("😀", 1000), "summary", strings.Repeat("é", 1000), "error", "x\xff")}
		got := e.Tell("ops", c)
		if n := utf8.RuneCountInString(got); n > 340 || !utf8.ValidString(got) || strings.Contains(got, "\n") {
			t.Errorf("%s: %d characters, valid: %t: %q", k, n, utf8.ValidString(got), got)
		}
		if title := strings.Repeat("ä", 79) + "…"; !strings.Contains(got, title) {
			t.Errorf("%s: the title is not cut to 80 characters: %q", k, got)
		}
	}
	gone := Event{Task: "t_9", Kind: EventStatus, Payload: payload("status", "ready")}
	if got := gone.Tell("ops", Task{ID: "t_9"}); got != "→ [ops] Kanban t_9 was moved to ready" {
		t.Errorf("of a card that is gone: %q", got)
	}
}

// A crash, a block or a review ends no subscription.
func TestOver(t *testing.T) {
	for _, s := range Statuses {
		if over := card(s).Over(); over != (s == Done || s == Archived) {
			t.Errorf("a card in %s: over = %t", s, over)
		}
	}
}
