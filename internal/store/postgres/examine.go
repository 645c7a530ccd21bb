package postgres

import (
	"context"
	"time"

	"andon/internal/store"
)

// Examined is what can be seen of a board without altering it.
type Examined struct {
	Version string // of the server
	Bytes   int64
	Newest  time.Time // of what has happened on the board; zero if nothing has
	Clock   time.Time // the server's
}

// Examine looks at a board that is there.
func Examine(ctx context.Context, dsn, slug string) (x Examined, err error) {
	b, err := newBoard(dsn, slug, store.Options{})
	if err != nil {
		return x, err
	}
	defer b.pool.Close()
	var newest, now int64
	err = b.pool.QueryRowContext(ctx, `SELECT current_setting('server_version'), CAST(extract(epoch FROM clock_timestamp()) AS BIGINT),
		COALESCE((SELECT CAST(sum(pg_total_relation_size(c.oid)) AS BIGINT) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
			WHERE n.nspname = `+literal(b.schema)+` AND c.relkind = 'r'), 0),
		COALESCE((SELECT created_at FROM `+b.ident+`.task_events ORDER BY id DESC LIMIT 1), 0)`).Scan(&x.Version, &now, &x.Bytes, &newest)
	if err != nil {
		return x, b.explain(err)
	}
	if x.Clock = time.Unix(now, 0); newest > 0 {
		x.Newest = time.Unix(newest, 0)
	}
	return x, nil
}
