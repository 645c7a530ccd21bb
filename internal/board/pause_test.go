package board_test

import (
	"testing"
	"time"

	"andon/internal/board"
	"andon/internal/store"
	"andon/internal/store/storetest"
	"andon/kanban"
)

// A pause is on the floor until it is ended; one of the same scope keeps its
// beginning and takes the newer reason.
func TestPause(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		b := board.New(db)
		hand := kanban.ProfileScope(" Hand ")
		for _, p := range []kanban.Pause{{Scope: kanban.ScopeBoard, Reason: "first", Actor: "ada"}, {Scope: hand}, {Scope: kanban.ScopeBoard, Reason: " second ", Actor: "bob"}} {
			if err := b.Pause(t.Context(), p); err != nil {
				t.Fatal(err)
			}
		}
		for _, p := range []kanban.Pause{{Scope: "moon"}, {Scope: kanban.ScopeAll, Reason: "a\x00b"}} {
			if err := b.Pause(t.Context(), p); kanban.CodeOf(err) != kanban.Invalid {
				t.Errorf("Pause(%+v): %v, want it refused", p, err)
			}
		}
		f, err := b.Floor(t.Context())
		if err != nil || len(f.Pauses) != 2 || f.Pauses[0].Reason != "second" && f.Pauses[1].Reason != "second" {
			t.Fatalf("%+v, %v", f.Pauses, err)
		}
		if ended, err := b.Resume(t.Context(), hand); err != nil || len(ended) != 1 || ended[0] != "profile:hand" {
			t.Errorf("Resume: %v, %v", ended, err)
		}
		if ended, err := b.Resume(t.Context(), hand); err != nil || len(ended) != 0 {
			t.Errorf("Resume again: %v, %v", ended, err)
		}
		if ended, err := b.Resume(t.Context()); err != nil || len(ended) != 1 {
			t.Errorf("Resume of all: %v, %v", ended, err)
		}
		storetest.Check(t, db)
	})
}

// A rate limit is known from the run that met it, until somebody says that it is
// over; the last run of each profile counts, and tells whose turn it is.
func TestLimited(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		b := board.New(db)
		until := time.Now().Add(3 * time.Hour).Truncate(time.Second)
		for _, who := range []string{"ada", "bob", "eve"} {
			c, _, err := b.Create(t.Context(), kanban.Draft{Title: "for " + who, Assignee: who, Tenant: "acme", Resources: []string{"gpu", "gpu"}})
			if err != nil {
				t.Fatal(err)
			}
			claim := kanban.Claimant{Lock: "here:1:2", TTL: time.Minute}
			if _, err := b.Claim(t.Context(), c.ID, claim); err != nil {
				t.Fatal(err)
			}
			switch who {
			case "ada":
				got, err := b.Block(t.Context(), c.ID, kanban.Block{Kind: kanban.Transient, Reason: "weekly quota", Until: until})
				if err != nil || got.Task.Status != kanban.Ready || !got.Task.RetryAt.Equal(until) || got.Task.Failures != 0 {
					t.Fatalf("%+v, %v; want it to rest until %s, uncounted", got.Task, err, until)
				}
			case "bob":
				run, err := b.Run(t.Context(), 2)
				if err != nil {
					t.Fatal(err)
				}
				if _, err := b.Ended(t.Context(), *run, kanban.Exit{Code: 75}, kanban.OnExitProtocol, nil); err != nil {
					t.Fatal(err)
				}
			}
		}
		f, err := b.Floor(t.Context())
		if err != nil || len(f.Limited) != 2 || f.Limited[0].Profile != "ada" || !f.Limited[0].Until.Equal(until) ||
			f.Limited[1].Profile != "bob" || !f.Limited[1].Until.IsZero() || f.Limited[1].At.IsZero() {
			t.Fatalf("limited: %+v, %v", f.Limited, err)
		}
		if len(f.Served) != 3 || f.Served[2].Profile != "eve" || f.Served[2].Tenant != "acme" {
			t.Errorf("served: %+v", f.Served)
		}
		if len(f.Running) != 1 || len(f.Running[0].Task.Resources) != 1 || len(f.Ready) != 2 || len(f.Ready[0].Resources) != 1 {
			t.Errorf("the resources are not on the floor: %+v", f)
		}
		// One that a clock noted which was set back since hides none that came after.
		db.Now = func() time.Time { return time.Now().Add(24 * time.Hour) }
		c, _, err := b.Create(t.Context(), kanban.Draft{Title: "for bob", Assignee: "bob"})
		if err == nil {
			c, err := b.Claim(t.Context(), c.ID, kanban.Claimant{Lock: "here:1:2", TTL: time.Minute})
			if err == nil {
				_, err = b.Ended(t.Context(), kanban.Run{ID: c.Task.Run, Task: c.Task.ID}, kanban.Exit{Code: 75}, kanban.OnExitProtocol, nil)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		db.Now = time.Now
		if f, err := b.Floor(t.Context()); err != nil || len(f.Limited) != 2 || f.Limited[1].Profile != "bob" || f.Limited[1].Run != 2 {
			t.Errorf("limited after the clock was set back: %+v, %v", f.Limited, err)
		}
		if done, err := b.Forgive(t.Context(), "bob", "carol"); err != nil || len(done) != 1 {
			t.Errorf("Forgive: %v, %v", done, err)
		}
		if done, err := b.Forgive(t.Context(), "", "carol"); err != nil || len(done) != 1 || done[0] != "ada" {
			t.Errorf("Forgive all: %v, %v", done, err)
		}
		if f, err := b.Floor(t.Context()); err != nil || len(f.Limited)+len(f.Pauses) != 0 {
			t.Errorf("%+v, %v; want none", f, err)
		}
		storetest.Check(t, db)
	})
}
