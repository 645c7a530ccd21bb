package dispatch

import (
	"context"
	"errors"
)

// Passes lets a test do the passes of [Dispatcher.Run], which stays at its boards,
// one by one.
func (d *Dispatcher) Passes(ctx context.Context) (pass func() (Report, error), end func() error, err error) {
	d.init()
	if err := d.discover(ctx, false); err != nil {
		return nil, nil, err
	}
	pass = func() (Report, error) {
		err := d.pass(ctx, d.order)
		return d.order[0].report, err
	}
	end = func() (err error) {
		for _, s := range d.order {
			err = errors.Join(err, s.close())
		}
		return err
	}
	return pass, end, nil
}
