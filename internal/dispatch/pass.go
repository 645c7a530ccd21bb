package dispatch

import (
	"context"
	"errors"
	"sync"
	"time"

	"andon/internal/lock"
)

// passWait is how long to wait for another process that starts cards on the
// boards of the home.
const passWait = 5 * time.Second

// Tick does one pass over all boards and leaves them: it takes back what was lost,
// promotes what is due and starts what may start. With dryRun it only plans the
// starts, and writes nothing. There is a report for each board that is there; an
// error is one of the whole.
func (d *Dispatcher) Tick(ctx context.Context, dryRun bool) (reports []Report, err error) {
	d.init()
	if err := d.discover(ctx, false); err != nil {
		return nil, err
	}
	defer func() {
		for _, s := range d.order {
			err = errors.Join(err, s.close())
		}
		d.seats, d.order = map[string]*seat{}, nil
	}()
	if dryRun {
		err = d.rehearse(ctx)
	} else {
		err = d.pass(ctx, d.order)
	}
	for _, s := range d.order {
		if s.board != nil || len(s.report.Errors) > 0 {
			reports = append(reports, s.report)
		}
	}
	return reports, err
}

// discover brings the seats up to the boards there are. With attend they wait for
// commits.
func (d *Dispatcher) discover(ctx context.Context, attend bool) error {
	places, err := d.Boards(ctx)
	if err != nil {
		return err
	}
	there := map[string]bool{}
	d.order = d.order[:0]
	for _, place := range places {
		key := place.Address()
		if there[key] {
			continue
		}
		there[key] = true
		s := d.seats[key]
		if s == nil {
			s = &seat{d: d, place: place, report: Report{Board: place}}
			d.seats[key] = s
		}
		d.order = append(d.order, s)
		if s.board != nil && !place.Stays(s.mark) {
			s.fail(ctx, s.close())
			s.rest = nil // whatever that said: the other file is not to blame
		}
		attended := !attend || s.care != nil
		if s.board != nil && attended || s.board == nil && !s.rested() {
			continue
		}
		var err error
		if s.board == nil {
			err = s.open(ctx)
		}
		if err == nil && s.board != nil && !attended {
			err = s.attend(ctx)
		}
		if err == nil && s.board != nil {
			s.wake()
		}
		s.fail(ctx, err)
	}
	for key, s := range d.seats {
		if !there[key] { // put away, or removed
			_ = s.close()
			delete(d.seats, key)
		}
	}
	return ctx.Err()
}

// rehearse plans, and does nothing.
func (d *Dispatcher) rehearse(ctx context.Context) error {
	for _, s := range d.open() {
		s.fail(ctx, s.look(ctx))
	}
	open := d.open()
	for i, p := range d.plan(open, d.now()) {
		r := &open[i].report
		r.Starts, r.AutoAssigned = p, p.Assign
		for _, t := range p.Start {
			r.Spawned = append(r.Spawned, Spawn{Task: t.ID, Assignee: t.Assignee})
		}
	}
	return ctx.Err()
}

// open lists the seats whose board is open.
func (d *Dispatcher) open() (open []*seat) {
	for _, s := range d.order {
		if s.board != nil {
			open = append(open, s)
		}
	}
	return open
}

func (d *Dispatcher) plan(seats []*seat, set Settings) []Starts {
	all := make([]Snapshot, len(seats))
	for i, s := range seats {
		if all[i] = s.snap; all[i].Board == "" {
			all[i].Board = string(s.place.Slug) // not seen yet, for another is at it
		}
	}
	return Plan(all, set.Limits)
}

// pass looks at the boards that are due, and starts what may start on any. Of the
// others it goes by what was seen last, and looks again before it acts there or
// counts upon them.
func (d *Dispatcher) pass(ctx context.Context, due []*seat) (err error) {
	set := d.now()
	d.began = time.Now()
	defer func() {
		for _, s := range d.order {
			s.report.Took = time.Since(d.began)
			s.release()
		}
	}()
	for _, s := range d.order {
		s.report = Report{Board: s.place, Errors: s.report.Errors, Rests: s.report.Rests}
	}
	var looking sync.WaitGroup
	for _, s := range due {
		if s.board == nil {
			continue
		}
		// Each by itself: to end a process takes seconds, and a server may not answer.
		looking.Go(func() {
			s.take()
			err := s.look(ctx)
			if err == nil && s.locked {
				err = s.tend(ctx, set)
			}
			s.fail(ctx, err)
		})
	}
	looking.Wait()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	open, plans, leave, err := d.settle(ctx, set)
	if err != nil {
		return err
	}
	defer leave()
	for i, s := range open {
		s.until = plans[i].Until()
		if s.locked && s.seen {
			s.fail(ctx, s.act(ctx, set, plans[i]))
		}
	}
	return ctx.Err()
}

// settle plans until the plan rests upon what is true now of each board: this
// process has those to itself on which it will act, and nobody else starts cards
// on the others. It keeps others from that until leave is called.
func (d *Dispatcher) settle(ctx context.Context, set Settings) (open []*seat, plans []Starts, leave func(), err error) {
	leave = func() {}
	alone := false
	for {
		open = d.open()
		plans = d.plan(open, set)
		again := false
		for i, s := range open {
			if !s.wants(plans[i]) || s.snap.Closed {
				continue
			}
			if !alone && d.PassLock != "" && len(plans[i].Start) > 0 {
				guard, held, err := lock.Poll(ctx, d.PassLock, 2*time.Millisecond, passWait)
				if ctx.Err() != nil {
					return nil, nil, leave, ctx.Err()
				}
				if err == nil && !held { // it starts what there is; what remains is seen to next time
					for _, s := range open {
						s.skip(true)
						s.due = time.Now().Add(lockRetry)
					}
					again = true
					break
				}
				if held {
					leave = func() { _ = guard.Unlock() }
				}
				alone = true
				for _, s := range open {
					if s.changed(ctx) {
						if err := s.look(ctx); err != nil {
							s.fail(ctx, err)
							s.skip(true)
						}
						again = true
					}
				}
			}
			if !s.locked || !s.seen {
				s.refresh(ctx)
				again = true
			}
		}
		if ctx.Err() != nil {
			leave()
			return nil, nil, nil, ctx.Err()
		}
		if !again {
			return open, plans, leave, nil
		}
	}
}
