package dispatch

import (
	"context"
	"time"

	"andon/kanban"
)

// lockRetry is when a tick is tried again that found another dispatcher at it.
const lockRetry = time.Second

// Run dispatches until the context ends. It is woken by commits of any process,
// by supervisors that end, whoever started them, by the next known deadline, and
// in any case after the interval. Workers outlive it.
func (d *Dispatcher) Run(ctx context.Context) error {
	d.init()
	ctx, cancel := context.WithCancel(ctx)
	wake, err := d.Board.Wake(ctx)
	if err != nil {
		cancel()
		return err
	}
	defer func() {
		cancel()
		for range wake { // until its goroutine has ended
		}
	}()
	care := &attendance{ended: d.nudge, posts: map[kanban.RunID]post{}}
	defer care.end()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-wake:
		case <-d.kick:
		case <-timer.C:
		}
		r, err := d.Tick(ctx, false)
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			r.Errors = append(r.Errors, err) // one bad tick must not end the loop
		}
		if d.Report != nil && !r.Idle() {
			d.Report(r)
		}
		if r.running != nil {
			care.turn(ctx, r.running)
		}
		timer.Reset(d.pause(r))
	}
}

func (d *Dispatcher) pause(r Report) time.Duration {
	pause := time.Duration(d.Limits.Interval)
	if r.SkippedLocked {
		pause = min(pause, lockRetry)
	}
	if !r.next.IsZero() {
		pause = min(pause, max(time.Until(r.next), time.Millisecond))
	}
	return pause
}

// nudge has the loop look at the board.
func (d *Dispatcher) nudge() {
	select {
	case d.kick <- struct{}{}:
	default: // one is waiting already
	}
}
