package notify

import (
	"context"
	"fmt"
	"slices"
	"time"

	"andon/internal/board"
	"andon/internal/home"
	"andon/internal/proc"
	"andon/kanban"
)

// lane is the way from one board to one target: its notifications go one after
// the other, in the order in which things happened.
type lane struct {
	*runner
	place   home.Board
	board   *board.Board
	courier board.Courier
	sender  sender
	poked   chan struct{}
	seen    kanban.EventID // there was nothing to tell up to this event
}

func (r *runner) lanes(place home.Board, b *board.Board) (all []*lane) {
	for name, t := range r.Targets {
		all = append(all, &lane{
			runner: r, place: place, board: b, sender: r.senders[name], poked: make(chan struct{}, 1),
			courier: board.Courier{Target: name, Platform: string(t.Kind), Follow: t.Follow, Holder: r.me, Alive: alive},
		})
	}
	slices.SortFunc(all, func(a, b *lane) int {
		if a.courier.Target < b.courier.Target {
			return -1
		}
		return 1
	})
	return all
}

func alive(h kanban.Holder) bool { return proc.ID{PID: int(h.PID), Start: h.Start}.Alive() }

func (l *lane) poke() {
	select {
	case l.poked <- struct{}{}:
	default: // it will look anyway
	}
}

// begin takes back what was left in hand, and says if the target is dead.
func (l *lane) begin(ctx context.Context) error {
	if err := l.board.Begin(ctx, l.courier); err != nil {
		return err
	}
	p, err := l.board.Look(ctx, l.courier, 0)
	if t := p.Target; err == nil && !t.DeadSince.IsZero() {
		l.Warn(fmt.Sprintf("the target %s is dead on the board %s since %s (%s); `andon notify test %s` revives it",
			t.Name, l.place.Slug, t.DeadSince.UTC().Format(time.RFC3339), t.LastError, t.Name))
	}
	return err
}

// run delivers until the context ends.
func (l *lane) run(ctx context.Context) error {
	if err := l.begin(ctx); err != nil {
		return err
	}
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-l.poked:
		case <-timer.C:
			l.seen = 0
		}
		rest, err := l.drain(ctx)
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return err
		}
		timer.Reset(rest)
	}
}

// drain delivers until there is nothing left or the target has to rest, and says
// after how long to look again at the latest.
func (l *lane) drain(ctx context.Context) (time.Duration, error) {
	for ctx.Err() == nil {
		p, err := l.board.Look(ctx, l.courier, l.seen)
		now := l.board.Now()
		switch {
		case err != nil:
			return 0, err
		case p.Left: // of another host, after a while: nobody here sees it die
			l.seen = 0
			if err := l.board.Begin(ctx, l.courier); err != nil {
				return 0, err
			}
			continue
		case !p.Target.Due(now):
			l.seen = 0
			if !p.Target.DeadSince.IsZero() {
				return safety, nil
			}
			return min(max(p.Target.NextAt.Sub(now), time.Millisecond), safety), nil
		case !p.Any:
			l.seen = p.Head
			return safety, nil
		}
		n, more, err := l.board.Take(ctx, l.courier)
		if err != nil {
			return 0, err
		}
		if n != nil {
			err = l.deliver(ctx, *n)
		} else if !more {
			return time.Second, nil // somebody else has it in hand
		}
		if err != nil {
			return 0, err
		}
	}
	return safety, nil
}

// deliver sends one notification and records how that went. Told to end meanwhile
// it gives the notification back, which is no failure of the target's.
func (l *lane) deliver(ctx context.Context, n board.Notice) error {
	l.reach("claimed")
	m := newMessage(l.Home.Root, l.place, l.courier.Target, n)
	err := l.sender.send(ctx, m)
	l.reach("sent")
	settling, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTime)
	defer cancel()
	if err != nil && ctx.Err() != nil {
		return l.board.GiveBack(settling, n)
	}
	d := outcome(err)
	t, err := l.board.Settle(settling, n, d)
	if err != nil {
		return err
	}
	l.reach("settled")
	l.Report(Report{Board: l.place.Slug, Notice: n, Text: m.Data.Text, Error: d.Error, Target: t})
	return nil
}

func (l *lane) reach(point string) {
	if l.at != nil {
		l.at(point)
	}
}
