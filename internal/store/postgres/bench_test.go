package postgres_test

import (
	"fmt"
	"testing"
	"time"

	"andon/internal/store"
	"andon/internal/store/storetest"
	"andon/kanban"
)

// BenchmarkClaim is a durable change: one card is claimed.
func BenchmarkClaim(b *testing.B) {
	db := storetest.Open(b, storetest.Schema(b))
	for n := 0; b.Loop(); n++ {
		id := kanban.TaskID(fmt.Sprint("t_", n))
		b.StopTimer()
		if err := create(b.Context(), db, id); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
		if err := db.Update(b.Context(), func(tx *store.Tx) error {
			t, err := tx.Task(b.Context(), id)
			if err != nil {
				return err
			}
			c, err := t.Claim(kanban.Claimant{Lock: "host:1", TTL: time.Minute}, nil, nil, tx.Now)
			if err != nil {
				return err
			}
			return tx.Apply(b.Context(), &c)
		}); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkOpen is what a verb pays before it can begin.
func BenchmarkOpen(b *testing.B) {
	place := storetest.Schema(b)
	storetest.Open(b, place)
	for b.Loop() {
		db, err := storetest.OpenAt(b.Context(), place, store.Options{})
		if err != nil {
			b.Fatal(err)
		}
		if err := db.Close(); err != nil {
			b.Fatal(err)
		}
	}
}
