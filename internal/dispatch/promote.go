package dispatch

import (
	"context"
	"time"

	"andon/kanban"
)

// promote makes ready what is due. All cards are looked at in the first pass and
// after each interval; between, those that something happened to are enough, and a
// board with thousands of cards that wait for people costs a pass nothing.
func (d *Dispatcher) promote(ctx context.Context) (promoted []kanban.TaskID, err error) {
	if d.seen > 0 && time.Since(d.swept) < time.Duration(d.Limits.Interval) {
		promoted, d.seen, err = d.Board.PromoteSince(ctx, d.seen)
		return promoted, err
	}
	head, err := d.Board.Head(ctx)
	if err != nil {
		return nil, err
	}
	if promoted, err = d.Board.PromoteDue(ctx); err == nil {
		d.seen, d.swept = head, time.Now()
	}
	return promoted, err
}
