package board_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"andon/internal/board"
	"andon/internal/store"
	"andon/internal/store/storetest"
	"andon/kanban"
)

// Followers that come and go while four processes write, some of them slow, each miss
// no event and see none twice; and one reading serves them all.
func TestStreamsMissNothing(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		const writers, each, followers = 4, 50, 12
		b := board.New(db)
		id := add(t, b, kanban.Draft{})
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
		defer cancel()
		seen := make([][]kanban.EventID, followers)
		var all sync.WaitGroup
		for i := range seen {
			own := *b // as a server has it, one for each who asks
			all.Go(func() {
				for again := kanban.EventID(0); len(seen[i]) < 1+writers*each; again = last(seen[i]) { // some come again
					for e, err := range own.Stream(ctx, again) {
						if err != nil {
							t.Error(err)
							return
						}
						seen[i] = append(seen[i], e.ID)
						if i%3 == 0 {
							runtime.Gosched()
						}
						if len(seen[i]) == 1+writers*each || i%4 == 1 && len(seen[i])%40 == 0 {
							break
						}
					}
					if ctx.Err() != nil {
						t.Error("two minutes were not enough to see every event")
						return
					}
				}
			})
		}
		storetest.Race(t, writers, 1, as("write", db, string(id), fmt.Sprint(each)))
		all.Wait()
		events, err := b.Events(t.Context(), store.EventFilter{})
		if err != nil {
			t.Fatal(err)
		}
		var want []kanban.EventID
		for _, e := range events {
			want = append(want, e.ID)
		}
		for i := range seen {
			same(t, fmt.Sprint("events seen by follower ", i), seen[i], want)
		}
		gone(t)
	})
}

func last(ids []kanban.EventID) kanban.EventID {
	if len(ids) == 0 {
		return 0
	}
	return ids[len(ids)-1]
}

// Ten that follow take one connection and one watcher between them; who goes, even the
// one who began, and who does not take what he is sent, hold nobody else up; and with
// the last of them all ends.
func TestStreamsShareOneReading(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		const followers = 10
		b := board.New(db)
		id := add(t, b, kanban.Draft{})
		head, err := b.Head(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		type follower struct {
			heard chan kanban.Event
			leave context.CancelFunc
			ended chan struct{}
		}
		var all [followers]follower
		for i := range all {
			ctx, leave := context.WithCancel(t.Context())
			f := follower{make(chan kanban.Event), leave, make(chan struct{})}
			all[i] = f
			go func() {
				defer close(f.ended)
				for e, err := range b.Stream(ctx, head) {
					if err != nil {
						t.Error(err)
						return
					}
					select {
					case f.heard <- e:
					case <-ctx.Done():
					}
				}
			}()
			if i > 0 {
				continue
			}
			say(t, b, id, "the first is there")
			hear(t, f.heard)
		}
		say(t, b, id, "all are there")
		for _, f := range all[1:] {
			hear(t, f.heard) // maybe still of the first
		}
		if n := watchers(); n != 1 {
			t.Errorf("%d watch the board for %d followers", n, followers)
		}
		all[0].leave()
		<-all[0].ended
		say(t, b, id, "the last word")
		for i, f := range all[2:] { // the second never takes anything more
			for hear(t, f.heard).ID != newest(t, b) {
			}
			f.leave()
			<-f.ended
			if n := watchers(); n != 1 {
				t.Errorf("%d watch the board for the rest after %d have gone", n, 2+i)
			}
		}
		all[1].leave()
		<-all[1].ended
		gone(t)
	})
}

// A board that cannot be read any longer says so, once, to each of its followers; who
// comes when it can be read again begins a reading of his own.
func TestStreamThatCannotBeRead(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		const followers = 5
		b := board.New(db)
		id := add(t, b, kanban.Draft{})
		head := newest(t, b)
		heard, ended := make(chan kanban.Event, followers), make(chan error, followers)
		for range followers {
			go func() {
				var last error
				for e, err := range b.Stream(t.Context(), head) {
					if last = errors.Join(last, err); err == nil {
						heard <- e
					}
				}
				ended <- last
			}()
		}
		say(t, b, id, "all are there")
		for range followers {
			hear(t, heard)
		}
		storetest.Exec(t, db, `ALTER TABLE task_events RENAME TO elsewhere`)
		for range followers {
			select {
			case err := <-ended:
				if err == nil {
					t.Error("a stream ended without a word")
				}
			case <-time.After(20 * time.Second):
				t.Fatal("a stream goes on that reads nothing")
			}
		}
		storetest.Exec(t, db, `ALTER TABLE elsewhere RENAME TO task_events`)
		for e, err := range b.Stream(t.Context(), head) {
			if err != nil || e.ID <= head {
				t.Errorf("the next stream begins with %v, %v", e, err)
			}
			break
		}
		gone(t)
	})
}

// A board that was closed cannot be followed, and says so each time.
func TestStreamOfAClosedBoard(t *testing.T) {
	storetest.Places(t, func(t *testing.T, path string) {
		b := closed(t, path)
		for range 2 {
			var errs []error
			for _, err := range b.Stream(t.Context(), 0) {
				errs = append(errs, err)
			}
			if len(errs) != 1 || errs[0] == nil || errors.Is(errs[0], context.Canceled) {
				t.Errorf("got errors %v, want one", errs)
			}
		}
	})
}

func say(t *testing.T, b *board.Board, id kanban.TaskID, text string) {
	t.Helper()
	if _, err := b.Comment(t.Context(), id, "ada", text); err != nil {
		t.Fatal(err)
	}
}

func hear(t *testing.T, heard <-chan kanban.Event) kanban.Event {
	t.Helper()
	select {
	case e := <-heard:
		return e
	case <-time.After(20 * time.Second):
		t.Fatal("nothing was heard for 20 s")
		return kanban.Event{}
	}
}

func newest(t *testing.T, b *board.Board) kanban.EventID {
	t.Helper()
	head, err := b.Head(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return head
}

// watchers counts those who wait for commits in this process.
func watchers() int {
	buf := make([]byte, 1<<20)
	return len(slices.DeleteFunc(strings.Split(string(buf[:runtime.Stack(buf, true)]), "\n\n"), func(g string) bool {
		return !strings.Contains(g, "store/sqlite.(*watch).run") && !strings.Contains(g, "store/postgres.(*board).wake.func")
	}))
}

// Who begins far back while another follows, and comes to where the two meet at a time
// at which much happens, misses nothing of it.
func TestStreamFromFarBackMissesNothing(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		const parts = 600 // more events than are read at a time
		b := board.New(db)
		much := func() {
			idea := add(t, b, kanban.Draft{Triage: true})
			if _, _, err := b.Decompose(t.Context(), idea, kanban.Decomposition{Parts: slices.Repeat([]kanban.Part{{Title: "a part"}}, parts)}); err != nil {
				t.Fatal(err)
			}
		}
		much()
		head := newest(t, b)
		ctx, leave := context.WithTimeout(t.Context(), 2*time.Minute)
		defer leave()
		var seen []kanban.EventID
		for e, err := range b.Stream(ctx, 0) {
			if err != nil {
				t.Fatal(err)
			}
			if seen = append(seen, e.ID); len(seen) == 1 {
				much()
			}
			if e.ID > head && e.ID == newest(t, b) {
				break
			}
		}
		events, err := b.Events(t.Context(), store.EventFilter{})
		if err != nil {
			t.Fatal(err)
		}
		var want []kanban.EventID
		for _, e := range events {
			want = append(want, e.ID)
		}
		same(t, "events seen", seen, want)
		gone(t)
	})
}
