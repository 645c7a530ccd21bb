package board_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"andon/internal/board"
	"andon/internal/store"
	"andon/internal/store/storetest"
	"andon/kanban"
)

// hearAll claims what the room has not heard of each of the cards, behind a gate
// each, and says which events it got.
func hearAll(ctx context.Context, b *board.Board, ids []string) error {
	for i, id := range ids {
		if err := storetest.Gate(i); err != nil {
			return err
		}
		_, _, events, err := b.ClaimUnseen(ctx, room(kanban.TaskID(id)), kanban.Told)
		if err != nil {
			return err
		}
		for _, e := range events {
			fmt.Println(id, e.ID)
		}
	}
	return nil
}

func room(id kanban.TaskID) kanban.Sub {
	return kanban.Sub{Task: id, Platform: "irc", ChatID: "room"}
}

func subscribe(t *testing.T, b *board.Board, s kanban.Sub) kanban.Sub {
	t.Helper()
	s, err := b.Subscribe(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func subscriptions(t *testing.T, b *board.Board, f store.SubFilter) []kanban.Sub {
	t.Helper()
	subs, err := b.Subscriptions(t.Context(), f)
	if err != nil {
		t.Fatal(err)
	}
	return subs
}

func block(t *testing.T, b *board.Board, id kanban.TaskID) kanban.EventID {
	t.Helper()
	if _, err := b.Block(t.Context(), id, kanban.Block{Reason: "why"}); err != nil {
		t.Fatal(err)
	}
	return head(t, b)
}

// A notification has one owner, however many reach for it at once.
func TestNotificationsAreClaimedOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		const cards = 8
		b := board.New(db)
		want, got := map[string]int{}, map[string]int{}
		var ids []string
		for range cards {
			id := add(t, b, kanban.Draft{})
			subscribe(t, b, room(id))
			want[fmt.Sprint(id, " ", block(t, b, id))] = 1
			ids = append(ids, string(id))
		}
		for _, lines := range storetest.Race(t, 2, cards, as("hear", db, ids...)) {
			for _, l := range lines {
				got[l]++
			}
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("claimed %v, want each once: %v", got, want)
		}
	})
}

// A new subscription begins behind the newest event, on the card's making or
// later, and being said again moves nothing.
func TestNewSubscriptionStartsAtTheNewestEvent(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		b := board.New(db)
		id := add(t, b, kanban.Draft{Subs: []kanban.Sub{{Platform: "irc", ChatID: "early"}}})
		made := head(t, b)
		blocked := block(t, b, id)
		add(t, b, kanban.Draft{}) // another card's event is no matter
		subscribe(t, b, room(id))
		subs := subscriptions(t, b, store.SubFilter{Task: id})
		if len(subs) != 2 || subs[0].ChatID != "early" || subs[0].Cursor != made || subs[1].Cursor != blocked {
			t.Fatalf("subscriptions %+v, want cursors %d and %d", subs, made, blocked)
		}
		if _, events, err := b.Unseen(t.Context(), room(id), kanban.Told); err != nil || len(events) != 0 {
			t.Errorf("a new one has unseen events %v (%v)", events, err)
		}
		again := room(id)
		again.Platform, again.Mode = "IRC", "wake" // the same platform
		if s := subscribe(t, b, again); s.Cursor != blocked || s.Mode != "wake" || s.ChatType != "dm" {
			t.Errorf("said again: %+v", s)
		}
		if n := len(subscriptions(t, b, store.SubFilter{Task: id})); n != 2 {
			t.Errorf("said again, there are %d", n)
		}
		if _, err := b.Subscribe(t.Context(), room("t_none")); kanban.CodeOf(err) != kanban.NotFound {
			t.Errorf("subscribed to no card: %v", err)
		}
		// The answer to a repeated creation hears, too.
		d := kanban.Draft{Title: "x", IdempotencyKey: "k", Subs: []kanban.Sub{{Platform: "irc", ChatID: "room"}}}
		for range 2 {
			id = add(t, b, d)
		}
		if n := len(subscriptions(t, b, store.SubFilter{Task: id})); n != 1 {
			t.Errorf("created twice with one key, %d hear of it", n)
		}
	})
}

func TestCursorsOfSubscriptions(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		b, ctx := board.New(db), t.Context()
		id := add(t, b, kanban.Draft{})
		start := subscribe(t, b, room(id)).Cursor
		if cursor, events, err := b.Unseen(ctx, room("t_none"), nil); cursor != 0 || len(events) != 0 || err != nil {
			t.Errorf("unseen of nobody: %d, %v, %v", cursor, events, err)
		}
		blocked := block(t, b, id)
		if _, err := b.Comment(ctx, id, "ada", "a word"); err != nil {
			t.Fatal(err)
		}
		before := storetest.Everything(t, db)
		cursor, events, err := b.Unseen(ctx, room(id), kanban.Told)
		if err != nil || cursor != blocked || len(events) != 1 || events[0].ID != blocked {
			t.Errorf("unseen: %d, %v, %v; want %d", cursor, events, err, blocked)
		}
		if _, all, _ := b.Unseen(ctx, room(id), nil); len(all) != 3 { // the block was remarked, too
			t.Errorf("unseen of all kinds: %v", all)
		}
		same(t, "after looking", storetest.Everything(t, db), before)

		was, cursor, events, err := b.ClaimUnseen(ctx, room(id), kanban.Told)
		if err != nil || was != start || cursor != blocked || len(events) != 1 {
			t.Errorf("claimed %d to %d, %v, %v", was, cursor, events, err)
		}
		if was, cursor, events, err := b.ClaimUnseen(ctx, room(id), kanban.Told); err != nil || was != cursor || len(events) != 0 {
			t.Errorf("claimed again: %d to %d, %v, %v", was, cursor, events, err)
		}
		done := func(what string, want bool) func(bool, error) {
			return func(got bool, err error) {
				t.Helper()
				if err != nil || got != want {
					t.Errorf("%s: %t, %v; want %t", what, got, err, want)
				}
			}
		}
		done("rewind of another claim", false)(b.Rewind(ctx, room(id), blocked+1, start))
		done("rewind", true)(b.Rewind(ctx, room(id), blocked, start))
		done("rewind twice", false)(b.Rewind(ctx, room(id), blocked, start))
		if _, events, _ := b.Unseen(ctx, room(id), kanban.Told); len(events) != 1 {
			t.Errorf("after a rewind unseen: %v", events)
		}
		done("advance", true)(b.Advance(ctx, room(id), blocked))
		done("backwards", true)(b.Advance(ctx, room(id), 0))
		done("advance nobody", false)(b.Advance(ctx, room("t_none"), 1))

		if err := b.Unsubscribe(ctx, room(id)); err != nil {
			t.Error(err)
		}
		if err := b.Unsubscribe(ctx, room(id)); !errors.Is(err, kanban.ErrNotFound) {
			t.Errorf("unsubscribed twice: %v", err)
		}
	})
}

func TestListOfSubscriptions(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		b := board.New(db)
		one, two := add(t, b, kanban.Draft{}), add(t, b, kanban.Draft{})
		for i, s := range []kanban.Sub{
			{Task: one, Platform: "irc", ChatID: "a", Profile: "ada"}, {Task: one, Platform: "webhook", ChatID: "b"}, {Task: two, Platform: "irc", ChatID: "c", Profile: "bob"},
		} {
			s.ThreadID = strconv.Itoa(i)
			subscribe(t, b, s)
		}
		for _, tt := range []struct {
			name string
			f    store.SubFilter
			want string
		}{
			{"all", store.SubFilter{}, "a b c"},
			{"of a card", store.SubFilter{Task: one}, "a b"},
			{"of a profile", store.SubFilter{Owners: &store.Owners{Profiles: []string{" ada ", "ada", ""}}}, "a"},
			{"of nobody's", store.SubFilter{Owners: &store.Owners{Unowned: true}}, "b"},
			{"of both", store.SubFilter{Task: one, Owners: &store.Owners{Profiles: []string{"ada", "bob"}, Unowned: true}}, "a b"},
			{"an empty filter", store.SubFilter{Owners: &store.Owners{}}, ""},
			{"of a platform", store.SubFilter{Platforms: []string{"webhook", "command"}}, "b"},
		} {
			var got []string
			chats := map[string]bool{}
			for _, s := range subscriptions(t, b, tt.f) {
				chats[s.ChatID] = true
			}
			for _, c := range []string{"a", "b", "c"} {
				if chats[c] {
					got = append(got, c)
				}
			}
			if s := strings.Join(got, " "); s != tt.want {
				t.Errorf("%s: %q, want %q", tt.name, s, tt.want)
			}
		}
	})
}
