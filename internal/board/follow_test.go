package board_test

import (
	"context"
	"testing"

	"andon/internal/store"
)

func TestFollowEndsWithItsContext(t *testing.T) {
	t.Parallel()
	b := open(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel() // before it has begun to wait
	for e, err := range b.Follow(ctx, 0, store.EventFilter{}) {
		t.Errorf("Follow with an ended context yields %v, %v; want nothing", e, err)
	}
}
