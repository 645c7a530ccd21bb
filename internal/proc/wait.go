package proc

import (
	"context"
	"time"
)

// lookEvery is how often a process is looked at on systems where its end cannot
// be waited for.
const lookEvery = 250 * time.Millisecond

// Wait returns nil when this very process lives no longer, or the context's
// error. It need not be a child.
func Wait(ctx context.Context, id ID) error {
	if !id.Alive() {
		return nil
	}
	return wait(ctx, id)
}

func look(ctx context.Context, id ID) error {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for id.Alive() {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-tick.C:
		}
	}
	return nil
}
