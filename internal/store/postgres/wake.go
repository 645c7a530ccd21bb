package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	safetyLook              = time.Second // notices may be lost, by a pool between us and the server say
	firstRetry, latestRetry = 100 * time.Millisecond, 5 * time.Second
	leave                   = time.Second // to say good-bye
)

var errClosed = errors.New("the board is closed")

// wake tells of commits: each notifies the board's channel. It has a connection
// of its own, since one that waits for notices can do nothing else.
func (b *board) wake(ctx context.Context) (<-chan struct{}, error) {
	if err := b.life.Err(); err != nil {
		return nil, errClosed
	}
	ctx, cancel := context.WithCancel(ctx)
	stop := context.AfterFunc(b.life, cancel)
	l := &listener{board: b, out: make(chan struct{}, 1)}
	if err := l.connect(ctx); err != nil {
		cancel()
		return nil, b.explain(err)
	}
	go func() {
		defer close(l.out)
		defer cancel()
		defer stop()
		l.run(ctx)
		l.disconnect()
	}()
	return l.out, nil
}

type listener struct {
	board *board
	conn  *pgx.Conn
	head  int64
	out   chan struct{}
}

func (l *listener) connect(ctx context.Context) (err error) {
	if l.conn, err = pgx.ConnectConfig(ctx, l.board.config.Copy()); err != nil {
		return err
	}
	_, err = l.conn.Exec(ctx, `LISTEN `+l.board.ident)
	if err == nil {
		_, err = l.changed(ctx)
	}
	if err != nil {
		l.disconnect()
	}
	return err
}

func (l *listener) disconnect() {
	if l.conn == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), leave)
	defer cancel()
	_ = l.conn.Close(ctx)
	l.conn = nil
}

func (l *listener) run(ctx context.Context) {
	for retry := firstRetry; ctx.Err() == nil; {
		var err error
		if l.conn == nil {
			err = l.connect(ctx)
			l.tell() // there may have been commits meanwhile
		}
		if err == nil {
			err = l.wait(ctx)
		}
		if err == nil {
			retry = firstRetry
			continue
		}
		l.disconnect()
		select {
		case <-ctx.Done():
		case <-time.After(retry):
		}
		retry = min(2*retry, latestRetry)
	}
}

// wait tells of the next commit that is heard of, or seen by the look that
// follows if none is.
func (l *listener) wait(ctx context.Context) error {
	quiet, cancel := context.WithTimeout(ctx, safetyLook)
	_, err := l.conn.WaitForNotification(quiet)
	overdue := quiet.Err() != nil
	cancel()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err == nil {
		l.tell()
		return nil
	}
	if !overdue {
		return err
	}
	changed, err := l.changed(ctx)
	if changed {
		l.tell()
	}
	return err
}

func (l *listener) tell() {
	select {
	case l.out <- struct{}{}:
	default: // one is waiting already
	}
}

// changed looks whether there are events that the last look did not see.
func (l *listener) changed(ctx context.Context) (bool, error) {
	was := l.head
	err := l.conn.QueryRow(ctx, `SELECT COALESCE(max(id), 0) FROM `+l.board.ident+`.task_events`).Scan(&l.head)
	return l.head != was, err
}
