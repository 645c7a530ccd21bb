package proc

import (
	"context"
	"errors"
	"os"
	"slices"
	"time"
)

const (
	step      = 20 * time.Millisecond
	killLimit = 5 * time.Second
)

// Result is how End went.
type Result struct {
	Attempted bool // there was something to end
	Ended     bool // nothing is left, which has been verified
	Killed    bool // some had to be killed
}

// End asks all that belong to the tree to end, waits for them no longer than
// the grace, kills the rest with whatever they start meanwhile, and looks until
// nothing is left. It gives up five seconds after the first kill: then Ended is
// false, and the error, if there is one, says why a signal did not get through.
//
// It returns as soon as nothing is left, and at once if there was nothing. If
// ctx ends first it returns ctx's error and leaves the rest alive.
func End(ctx context.Context, t Tree, grace time.Duration) (Result, error) {
	h := hunt{tree: t, seen: make(map[ID]bool)}
	left, err := h.look()
	if err != nil || len(left) == 0 {
		return Result{Ended: err == nil}, err
	}
	r := Result{Attempted: true}
	if grace > 0 {
		r.Ended, err = h.pursue(ctx, false, grace)
		if r.Ended || err != nil {
			return r, err
		}
	}
	r.Ended, err = h.pursue(ctx, true, killLimit)
	r.Killed = h.killed
	if !r.Ended && err == nil {
		err = h.refused
	}
	return r, err
}

type hunt struct {
	tree    Tree
	seen    map[ID]bool
	killed  bool
	refused error // the last one
}

// look remembers whom it saw: when a process ends, its children are handed to
// another parent, and nothing else may tie them to the tree.
func (h *hunt) look() ([]ID, error) {
	list, err := table()
	if err != nil {
		return nil, err
	}
	ids := h.tree.members(list, h.seen)
	for _, id := range ids {
		h.seen[id] = true
	}
	return ids, nil
}

// pursue reports whether nothing was left before the limit.
func (h *hunt) pursue(ctx context.Context, hard bool, limit time.Duration) (bool, error) {
	expired := time.After(limit)
	tick := time.NewTicker(step)
	defer tick.Stop()
	told := make(map[ID]bool)
	for clear := 0; ; {
		left, err := h.look()
		if err != nil {
			return false, err
		}
		if len(left) == 0 {
			// Looking takes a while. One that was born behind the look, of a
			// parent that died before it came there, is seen by the next.
			if clear++; clear == 2 {
				return true, nil
			}
			continue
		}
		clear = 0
		for _, id := range left {
			if told[id] && !hard {
				continue
			}
			told[id] = true
			if !h.tell(id, hard) {
				return false, nil
			}
		}
		if hard && len(h.tree.Except) == 0 {
			h.killed = killCgroup(h.tree.Cgroup) || h.killed
		}
		for wait := true; wait; wait = !hard && slices.ContainsFunc(left, ID.Alive) {
			select {
			case <-ctx.Done():
				return false, ctx.Err()
			case <-expired:
				return false, nil
			case <-tick.C:
			}
		}
	}
}

// tell reports false where processes cannot be asked.
func (h *hunt) tell(id ID, hard bool) bool {
	err := Signal(id, hard)
	switch {
	case err == nil:
		h.killed = h.killed || hard
	case errors.Is(err, os.ErrProcessDone):
	case errors.Is(err, errors.ErrUnsupported):
		return false
	default:
		h.refused = err
	}
	return true
}
