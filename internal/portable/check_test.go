package portable

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"andon/internal/store"
)

// An archive of a few bytes can say ids of gigabytes: what is remembered of them
// has a bound, and they are known all the same.
func TestLongIDsAreNotRemembered(t *testing.T) {
	const cards, length = 64, 4 << 20
	c, tasks := newChecker(), store.Travelling[0]
	id := func(n int) string { return fmt.Sprintf("%03d", n) + strings.Repeat("x", length) }
	row := make([]any, len(tasks.Columns))
	for i, col := range tasks.Columns {
		if row[i] = any(nil); col.NotNull && col.Number {
			row[i] = int64(0)
		} else if col.NotNull {
			row[i] = ""
		}
	}
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	for n := range cards {
		row[0] = id(n)
		if err := c.row(tasks, row); err != nil {
			t.Fatal(err)
		}
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > cards*length/4 {
		t.Errorf("%d cards with ids of %d bytes take %d bytes", cards, length, grown)
	}
	links := store.Travelling[1]
	if err := c.row(links, []any{id(1), id(2)}); err != nil {
		t.Error(err)
	}
	if err := c.row(links, []any{id(3), id(cards)}); err == nil {
		t.Error("a card that is not there was found")
	}
}
