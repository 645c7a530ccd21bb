package dispatch

import (
	"context"
	"time"

	"andon/kanban"
)

// promote makes ready what is due. All cards are looked at in the first pass and
// after each interval; between, those that something happened to are enough, and a
// board with thousands of cards that wait for people costs a pass nothing.
func (s *seat) promote(ctx context.Context, interval time.Duration) (promoted []kanban.TaskID, err error) {
	if s.stirred > 0 && time.Since(s.swept) < interval {
		promoted, s.stirred, err = s.board.PromoteSince(ctx, s.stirred)
		return promoted, err
	}
	head, err := s.board.Head(ctx)
	if err != nil {
		return nil, err
	}
	if promoted, err = s.board.PromoteDue(ctx); err == nil {
		s.stirred, s.swept = head, time.Now()
	}
	return promoted, err
}
