package dispatch

import (
	"context"
	"errors"
	"time"
)

// lockRetry is when a tick is tried again that found another dispatcher at it.
const lockRetry = time.Second

// busyRetry is when a board is tried again that others held. To try it has the other
// boards wait.
const busyRetry = 5 * time.Second

// rediscover is how often the boards of the home are listed again.
const rediscover = 2 * time.Second

// Run dispatches until the context ends. It is woken by commits of any process
// upon any board, by supervisors that end, whoever started them, by the next known
// deadline, and in any case after the interval. Workers outlive it. If no board at
// all can be worked with at first, that is an error.
func (d *Dispatcher) Run(ctx context.Context) (err error) {
	d.init()
	if err := d.discover(ctx, true); err != nil && ctx.Err() == nil {
		return err
	}
	defer func() {
		for _, s := range d.order {
			if closing := s.close(); ctx.Err() == nil {
				err = errors.Join(err, closing)
			}
		}
	}()
	if err := d.hopeless(); err != nil {
		return err
	}
	listed := time.Now()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		if d.Turn != nil {
			d.Turn()
		}
		select {
		case <-ctx.Done():
			return nil
		case <-d.kick:
		case <-timer.C:
		}
		if time.Since(listed) >= rediscover {
			if err := d.discover(ctx, true); err != nil && ctx.Err() == nil {
				d.tell(Report{Errors: []error{err}}) // those that are known are served on
			}
			listed = time.Now()
		}
		if due := d.due(); len(due) > 0 {
			if err := d.pass(ctx, due); err == nil {
				d.after(ctx, due)
			}
		}
		for _, s := range d.order {
			if s.report.Board = s.place; ctx.Err() == nil {
				d.tell(s.report)
			}
			s.report = Report{Board: s.place}
		}
		timer.Reset(d.pause(listed))
	}
}

// hopeless is what is wrong with the boards if none can be worked with.
func (d *Dispatcher) hopeless() error {
	var wrong error
	for _, s := range d.order {
		if s.rest == nil {
			return nil
		}
		wrong = errors.Join(wrong, errors.Join(s.report.Errors...))
	}
	return wrong
}

func (d *Dispatcher) tell(r Report) {
	if d.Report != nil && (r.Took > 0 || !r.Idle()) {
		d.Report(r)
	}
}

// due lists the boards that are to be looked at now.
func (d *Dispatcher) due() (due []*seat) {
	d.mu.Lock()
	all := d.reset
	d.reset = false
	d.mu.Unlock()
	for _, s := range d.open() {
		if woken := s.woken.Swap(false); woken || all || s.over() || !time.Now().Before(s.due) {
			due = append(due, s)
		}
	}
	return due
}

// over reports whether a hold of the board's cards has ended.
func (s *seat) over() bool { return !s.until.IsZero() && !time.Now().Before(s.until) }

// after says when the boards that were looked at are due again, and cares for
// their supervisors.
func (d *Dispatcher) after(ctx context.Context, due []*seat) {
	set := d.now()
	for _, s := range due {
		if s.board == nil {
			continue
		}
		pause := time.Duration(set.Limits.Interval)
		if s.report.SkippedLocked {
			pause = min(pause, lockRetry)
		}
		if s.busy {
			s.busy, pause = false, min(pause, busyRetry)
		}
		if !s.until.IsZero() {
			pause = min(pause, max(time.Until(s.until), time.Millisecond))
		}
		if next := Deadline(s.snap, set.Limits); !next.IsZero() {
			pause = min(pause, max(time.Until(next), time.Millisecond))
		}
		s.due = time.Now().Add(pause)
		if s.care != nil { // else it is tried again to attend
			s.care.turn(ctx, s.snap.Running)
		}
	}
}

// pause is how long nothing has to be done, if nobody calls.
func (d *Dispatcher) pause(listed time.Time) time.Duration {
	next := listed.Add(rediscover)
	for _, s := range d.open() {
		if s.due.Before(next) {
			next = s.due
		}
		if !s.until.IsZero() && s.until.Before(next) {
			next = s.until
		}
	}
	return max(time.Until(next), 0)
}

// nudge has the loop look about.
func (d *Dispatcher) nudge() {
	select {
	case d.kick <- struct{}{}:
	default: // one is waiting already
	}
}
