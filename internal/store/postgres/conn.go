package postgres

import (
	"context"
	"database/sql/driver"
	"errors"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
)

// rebind numbers the marks. No statement of ours has one in quotes.
func rebind(query string) string {
	n := strings.Count(query, "?")
	if n == 0 {
		return query
	}
	out := make([]byte, 0, len(query)+2*n)
	n = 0
	for i := range len(query) {
		if query[i] != '?' {
			out = append(out, query[i])
			continue
		}
		n++
		out = strconv.AppendInt(append(out, '$'), int64(n), 10)
	}
	return string(out)
}

type connector struct {
	driver.Connector
	prepare bool
}

func (c connector) Connect(ctx context.Context) (driver.Conn, error) {
	inner, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	wrapped := &conn{Conn: inner.(*stdlib.Conn)}
	if c.prepare {
		wrapped.sent = map[string]bool{}
	}
	return wrapped, nil
}

// conn remembers what broke a transaction. Postgres answers every later
// statement of it with 25P02, which tells nothing, and its COMMIT with the word
// that it was rolled back, which the driver takes for success.
type conn struct {
	*stdlib.Conn
	first error
	sent  map[string]bool // nil: nothing is prepared but as the address says
}

// keepStmts is how many statements a connection knows again: more than there are
// common ones, fewer than the shapes that a filter can have.
const keepStmts = 256

// again has a statement prepared that this connection sends for the second time:
// who stays saves the server the planning, a third of a change's time, and who
// leaves after one verb saves the message. One that takes all columns there are is
// not kept: it would fail when there is one more.
func (c *conn) again(query string, args []driver.NamedValue) []driver.NamedValue {
	if c.sent == nil || len(args) == 0 || strings.HasPrefix(query, "SELECT *") {
		return args
	}
	if !c.sent[query] {
		if len(c.sent) >= keepStmts {
			clear(c.sent)
		}
		c.sent[query] = true
		return args
	}
	return append([]driver.NamedValue{{Value: pgx.QueryExecModeCacheStatement}}, args...)
}

func (c *conn) status() byte { return c.Conn.Conn().PgConn().TxStatus() }

func (c *conn) told(err error) error {
	switch {
	case err == nil:
		return nil
	case c.first != nil && codeOf(err) == inFailedTransaction:
		return c.first
	case c.first == nil && c.status() == 'E':
		c.first = err
	}
	return err
}

func (c *conn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	switch c.status() {
	case 'I':
		c.first = nil
	case 'E':
		if strings.HasSuffix(query, "COMMIT") {
			return nil, brokenError{c.first}
		}
	}
	res, err := c.Conn.ExecContext(ctx, query, c.again(query, args))
	return res, c.told(err)
}

func (c *conn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	rows, err := c.Conn.QueryContext(ctx, query, c.again(query, args))
	return rows, c.told(err)
}

// CheckNamedValue makes values plain, as other drivers want them: this one takes
// its types from theirs, and knows nothing of a status.
func (c *conn) CheckNamedValue(v *driver.NamedValue) (err error) {
	v.Value, err = driver.DefaultParameterConverter.ConvertValue(v.Value)
	return err
}

// brokenError is a COMMIT that was not sent because the transaction had failed.
type brokenError struct{ first error }

func (e brokenError) Error() string { return e.first.Error() }
func (e brokenError) Unwrap() error { return e.first }

// undone reports that a COMMIT which failed has stored nothing: the server says
// so, or it was never asked, as over a connection that was found to be closed. One
// whose answer was lost may have been done.
func undone(err error) bool {
	if _, ok := errors.AsType[brokenError](err); ok || errors.Is(err, driver.ErrBadConn) {
		return true
	}
	pg, ok := errors.AsType[*pgconn.PgError](err)
	return ok && (pg.SeverityUnlocalized == "ERROR" || pg.Code == idleTooLong)
}
