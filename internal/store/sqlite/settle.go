package sqlite

import (
	"context"
	"errors"
	"time"

	"andon/internal/lock"
)

// settle lets the first writer wait for an examination that another process has
// begun; who only reads does not wait. If that process has gone without leaving a
// stamp, the writer examines the file itself.
func (b *board) settle(ctx context.Context) error {
	b.unsettled.Lock()
	defer b.unsettled.Unlock()
	for begun := time.Now(); b.unchecked; {
		guard, held, err := lock.Poll(ctx, b.path+".init.lock", initPoll, initPoll)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case b.stamped(stampAge):
			b.unchecked = false
		case held:
			found, err := b.check(ctx)
			if err != nil || len(found) > 0 {
				if err == nil {
					err = b.damaged(reason(found), "")
				}
				return errors.Join(b.explain(err), guard.Unlock())
			}
			b.unchecked = false
		case err != nil, time.Since(begun) > initLimit:
			b.options.Warn("writing to a board that another process is still examining")
			b.unchecked = false
		}
		if held {
			if err := guard.Unlock(); err != nil {
				return err
			}
		}
	}
	return nil
}

// renew examines the file now and then, in a process that lives long, so that the
// commands that come and go find a stamp.
func (b *board) renew(ctx context.Context) {
	tick := time.NewTicker(renewEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if err := b.recheck(ctx); err != nil && ctx.Err() == nil {
			b.options.Warn(err.Error())
		}
	}
}

// recheck examines the file, for whoever comes later, when the stamp is about to
// grow too old.
func (b *board) recheck(ctx context.Context) error {
	if b.stamped(renewAge) {
		return nil
	}
	guard, held, err := lock.Try(b.path + ".init.lock")
	if !held {
		return err // someone else is at it
	}
	found, err := b.check(ctx)
	if len(found) > 0 {
		err = b.damaged(reason(found), "")
	}
	return errors.Join(b.explain(err), guard.Unlock())
}
