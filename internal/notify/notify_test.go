package notify

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"andon/internal/board"
	"andon/internal/config"
	"andon/internal/home"
	"andon/internal/store"
	"andon/internal/store/storetest"
	"andon/kanban"
)

var failing = config.Target{Kind: config.Command, Argv: []string{"false"}}

// What is told, what is passed over in silence, and when a subscription ends.
func TestOnceTellsWhatIsToBeTold(t *testing.T) {
	storetest.Places(t, func(t *testing.T, path string) {
		p := newPost(t, path)
		targets := map[string]config.Target{"file": appending(p.file)}
		id, other := p.card("file"), p.card("file")
		if got := p.once(targets); len(got) != 0 {
			t.Errorf("told %q of cards that were only made", told(got))
		}
		p.block(id)
		if _, err := p.Comment(t.Context(), id, "ada", "a word"); err != nil {
			t.Fatal(err)
		}
		same(t, "after a block", told(p.once(targets)), []string{"blocked " + string(id)})
		p.unblock(id)
		same(t, "after it was unblocked", told(p.once(targets)), nil)
		p.complete(id)
		if _, err := p.Archive(t.Context(), other); err != nil {
			t.Fatal(err)
		}
		same(t, "after the end", told(p.once(targets)), []string{"completed " + string(id)})
		same(t, "subscriptions", p.subs(), nil) // the archived card's, too, without a word
		same(t, "again", told(p.once(targets)), nil)
		m := p.got()[0]
		want := fmt.Sprintf("⏸ [%s] @ada Kanban %s is blocked: Write the letter — why", m.Data.Board, id)
		if m.Type != "kanban.blocked" || m.Data.Text != want || m.Data.Mode != "notify" || m.Data.ChatType != "dm" || m.Data.Status != kanban.Blocked {
			t.Errorf("the message is %+v, want the text %q", m, want)
		}
	})
}

// Platforms of other programs are theirs, and so is a target that andon.yaml
// describes as something else.
func TestOtherPlatformsAreLeftAlone(t *testing.T) {
	p := filePost(t)
	id := p.card()
	var subs []kanban.Sub
	for _, platform := range []string{"telegram", "discord", "tui", "webhook"} {
		s, err := p.Subscribe(t.Context(), kanban.Sub{Task: id, Platform: platform, ChatID: "file"})
		if err != nil {
			t.Fatal(err)
		}
		subs = append(subs, s)
	}
	p.block(id)
	p.complete(id)
	same(t, "told", told(p.once(map[string]config.Target{"file": appending(p.file)})), nil)
	var cursors []string
	for _, s := range subs {
		cursors = append(cursors, fmt.Sprint("platform=", s.Platform, " last_event_id=", s.Cursor, " "))
	}
	slices.Sort(cursors)
	same(t, "cursors", storetest.Dump(t, p.db, `SELECT platform, last_event_id FROM kanban_notify_subs ORDER BY 1`), cursors)
}

// A target that follows hears of every card from the first look on; one that
// follows no more, and then again, does not hear what was between.
func TestFollowing(t *testing.T) {
	storetest.Places(t, func(t *testing.T, path string) {
		p := newPost(t, path)
		follow, not := map[string]config.Target{"all": following(p.file)}, map[string]config.Target{"all": appending(p.file)}
		one, two := p.card(), p.card()
		p.block(one)
		same(t, "the past", told(p.once(follow)), nil)
		p.block(two)
		p.complete(one) // not among what it follows
		same(t, "followed", told(p.once(follow)), []string{"blocked " + string(two)})
		three, four := p.card(), p.card("all") // with a subscription the board is opened, also for who follows nothing
		p.once(follow)
		p.once(not)
		p.block(three)
		same(t, "not followed", told(p.once(not)), nil)
		same(t, "followed again", told(p.once(follow)), nil)
		p.block(four)
		same(t, "followed again, after a block", told(p.once(follow)), []string{"blocked " + string(four), "blocked " + string(four)}) // as subscriber and as follower
	})
}

// A failed delivery is tried again after a rest that is kept on the board, with
// the id it had.
func TestFailuresRest(t *testing.T) {
	p := filePost(t)
	good, bad := map[string]config.Target{"file": appending(p.file)}, map[string]config.Target{"file": failing}
	id := p.card("file")
	p.block(id)
	first := p.once(bad)
	if len(first) != 1 || first[0].Error != "false: exit status 1" || first[0].Target.Failures != 1 {
		t.Fatalf("reports %+v", first)
	}
	same(t, "while it rests", told(p.once(good)), nil)
	p.now = p.target("file").NextAt
	same(t, "after its rest", told(p.once(good)), []string{"blocked " + string(id)})
	if got := p.target("file"); got.Failures != 0 || got.LastError != "" {
		t.Errorf("after a success: %+v", got)
	}
	was, is := noticeID(home.Board{Slug: first[0].Board}, "file", first[0].Notice), p.got()[0].Data.ID
	if was != is {
		t.Errorf("the id was %s and is %s", was, is)
	}
}

// After twelve failures a target is dead: it is not tried, and nothing of what it
// should hear is dropped. A test that succeeds revives it.
func TestTwelveFailuresMakeATargetDead(t *testing.T) {
	storetest.Places(t, func(t *testing.T, path string) {
		p := newPost(t, path)
		good, bad := map[string]config.Target{"file": appending(p.file)}, map[string]config.Target{"file": failing}
		id := p.card("file")
		p.block(id)
		for n := int64(1); n <= kanban.DeadAfter; n++ {
			if r := p.once(bad); len(r) != 1 || r[0].Target.Failures != n || r[0].Target.DeadSince.IsZero() != (n < kanban.DeadAfter) {
				t.Fatalf("failure %d: %+v", n, r)
			}
			p.now = p.now.Add(time.Hour)
		}
		if r := p.once(bad); len(r) != 0 {
			t.Errorf("a dead target was tried: %+v", r)
		}
		p.complete(id)
		same(t, "a dead target", told(p.once(good)), nil)
		same(t, "its subscriptions", p.subs(), []string{"command:file"})
		if err := Test(t.Context(), "file", good["file"]); err != nil {
			t.Error(err)
		}
		if revived, err := p.Revive(t.Context(), "file"); !revived || err != nil {
			t.Errorf("revived: %t, %v", revived, err)
		}
		same(t, "after its revival", told(p.once(good)), []string{"blocked " + string(id), "completed " + string(id)})
		same(t, "subscriptions in the end", p.subs(), nil)
		if m := p.got(); m[0].Type != "kanban.test" || len(m) != 3 {
			t.Errorf("got %+v", m)
		}
	})
}

// A commit wakes the runner; one runner serves a home; and it ends when told to,
// with what it had in hand given back.
func TestRunIsWokenAndAlone(t *testing.T) {
	storetest.Places(t, func(t *testing.T, path string) {
		p := newPost(t, path)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		reports, ended := make(chan Report, 10), make(chan error, 1)
		o := options(p.home, map[string]config.Target{"file": appending(p.file), "bad": failing})
		o.Report = func(r Report) {
			if r.Error == "" {
				reports <- r
			}
		}
		go func() { ended <- Run(ctx, o) }()
		for range 3 {
			id := p.card("bad", "file") // one that fails holds up no other
			p.block(id)
			if r := <-reports; r.Notice.Event.Task != id {
				t.Errorf("told of %s, want %s", r.Notice.Event.Task, id)
			}
		}
		err := Once(t.Context(), o)
		if err == nil || kanban.CodeOf(err) != kanban.Conflict || !strings.Contains(err.Error(), fmt.Sprintf("process %d on ", os.Getpid())) {
			t.Errorf("a second runner: %v", err)
		}
		if who, running := Holder(p.home); !running || !strings.Contains(who, fmt.Sprint(os.Getpid())) {
			t.Errorf("Holder = %q, %t", who, running)
		}
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("Run: %v", err)
		}
		if _, running := Holder(p.home); running {
			t.Error("it ended and still holds its place")
		}
		if rows := storetest.Dump(t, p.db, `SELECT target FROM andon_notify WHERE claimed_to IS NOT NULL`); len(rows) != 0 {
			t.Errorf("claims are left: %q", rows)
		}
	})
}

// What a runner of another host has in hand is taken back once it is too old to be
// delivered, also by a runner that was there before it was.
func TestClaimOfAnotherHostIsTakenBackInTime(t *testing.T) {
	storetest.Places(t, func(t *testing.T, path string) {
		p := newPost(t, path)
		one := p.card("file")
		p.block(one)
		there := board.Courier{Target: "file", Platform: "command", Holder: kanban.Holder{Host: "elsewhere", PID: 1}}
		if n, _, err := p.Take(t.Context(), there); n == nil || err != nil {
			t.Fatalf("took %+v, %v", n, err)
		}
		var ahead atomic.Int64
		reports, ended := make(chan Report, 10), make(chan error, 1)
		o := options(p.home, map[string]config.Target{"file": appending(p.file)})
		o.Report = func(r Report) { reports <- r }
		o.Open = func(ctx context.Context, b home.Board) (*store.DB, error) {
			db, err := b.Open(ctx, store.Options{})
			if err == nil {
				db.Now = func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }
			}
			return db, err
		}
		ctx, cancel := context.WithCancel(t.Context())
		go func() { ended <- Run(ctx, o) }()
		next := func() kanban.TaskID {
			id := p.card("file")
			p.block(id)
			return id
		}
		if two, r := next(), <-reports; r.Notice.Event.Task != two {
			t.Errorf("told of %s, want %s", r.Notice.Event.Task, two)
		}
		ahead.Store(int64(11 * time.Minute))
		three := next()
		if r := <-reports; r.Notice.Event.Task != one {
			t.Errorf("told of %s, want %s, which the other host had in hand", r.Notice.Event.Task, one)
		} else if r := <-reports; r.Notice.Event.Task != three {
			t.Errorf("told of %s, want %s", r.Notice.Event.Task, three)
		}
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

// What a living runner of another home has in hand stays its own, and it is not
// overtaken within a subscription.
func TestClaimsOfTheLivingStand(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		p := &post{Board: board.New(db), t: t, db: db, now: time.Now()}
		id := p.card("file")
		p.block(id)
		p.complete(id)
		living := true
		courier := func(pid int64) board.Courier {
			return board.Courier{Target: "file", Platform: "command", Holder: kanban.Holder{Host: "h", PID: pid}, Alive: func(kanban.Holder) bool { return living }}
		}
		first, _, err := p.Take(t.Context(), courier(1))
		if err != nil || first == nil {
			t.Fatalf("took %+v, %v", first, err)
		}
		take := func() *board.Notice {
			t.Helper()
			if err := p.Begin(t.Context(), courier(2)); err != nil {
				t.Fatal(err)
			}
			n, _, err := p.Take(t.Context(), courier(2))
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
		if n := take(); n != nil {
			t.Errorf("overtaken by %+v", n)
		}
		living = false
		second := take()
		if second == nil || second.Event.ID != first.Event.ID {
			t.Fatalf("of the dead: %+v, want event %d", second, first.Event.ID)
		}
		// The first was not dead after all: what it says comes too late and moves nothing.
		if _, err := p.Settle(t.Context(), *first, kanban.Delivery{Error: "late"}); err != nil {
			t.Fatal(err)
		}
		if got, err := p.Settle(t.Context(), *second, kanban.Delivery{}); err != nil || got.Failures != 0 {
			t.Errorf("settled: %+v, %v", got, err)
		}
		if n := take(); n == nil || n.Event.Kind != kanban.EventCompleted {
			t.Errorf("then %+v, want the completion", n)
		}
	})
}

// Likewise of what a target follows.
func TestClaimsOfTheLivingStandWhereTheBoardIsFollowed(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		p := &post{Board: board.New(db), t: t, db: db, now: time.Now()}
		living := true
		courier := func(pid int64) board.Courier {
			return board.Courier{Target: "all", Platform: "command", Follow: []kanban.EventKind{kanban.EventBlocked},
				Holder: kanban.Holder{Host: "h", PID: pid}, Alive: func(kanban.Holder) bool { return living }}
		}
		take := func(pid int64) *board.Notice {
			t.Helper()
			if err := p.Begin(t.Context(), courier(pid)); err != nil {
				t.Fatal(err)
			}
			n, _, err := p.Take(t.Context(), courier(pid))
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
		if n := take(1); n != nil {
			t.Errorf("of an empty board: %+v", n)
		}
		p.block(p.card())
		p.block(p.card())
		first := take(1)
		if n := take(2); n != nil || first == nil {
			t.Errorf("%+v was overtaken by %+v", first, n)
		}
		living = false
		second := take(2)
		if second == nil || second.Event.ID != first.Event.ID {
			t.Fatalf("of the dead: %+v, want event %d", second, first.Event.ID)
		}
		if err := p.GiveBack(t.Context(), *second); err != nil {
			t.Fatal(err)
		}
		if n := take(2); n == nil || n.Event.ID != first.Event.ID {
			t.Errorf("given back, then %+v", n)
		}
	})
}
