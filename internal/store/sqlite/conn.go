package sqlite

import (
	"context"
	"database/sql"
	sqldriver "database/sql/driver"
	"errors"
	"net/url"
	"path/filepath"
	"strings"

	"github.com/ncruces/go-sqlite3"
	"github.com/ncruces/go-sqlite3/driver"
)

// open makes a pool of connections that keep their statements. To compile the
// handful of statements of a verb takes as long as to carry them out, and all
// others wait for the board meanwhile.
func open(file string, configure func(*sqlite3.Conn) error) (*sql.DB, error) {
	return openURI(file, uri(file, ""), configure)
}

func openURI(file, dsn string, configure func(*sqlite3.Conn) error) (*sql.DB, error) {
	c, err := (&driver.SQLite{}).OpenConnector(asStored(dsn))
	if err != nil {
		return nil, err
	}
	return sql.OpenDB(&connector{c, file, configure}), nil
}

// uri names a file as SQLite wants it, for a path may hold a question mark.
func uri(file, query string) string {
	p := filepath.ToSlash(file)
	if !strings.HasPrefix(p, "/") {
		p = "/" + p // a Windows drive
	}
	return (&url.URL{Scheme: "file", Path: p, OmitHost: true, RawQuery: query}).String()
}

// asStored keeps the driver from making times of what it takes for times, be it
// text that reads like one or a number in a column that is declared as one: a row
// that is kept, compared or exported is what stands in the file. It is told a form
// that no text has.
func asStored(dsn string) string {
	sep := "?"
	if strings.Contains(dsn, "?") {
		sep = "&"
	}
	return dsn + sep + "_timefmt=none"
}

type connector struct {
	sqldriver.Connector
	file      string
	configure func(*sqlite3.Conn) error
}

func (c *connector) Connect(ctx context.Context) (sqldriver.Conn, error) {
	enter(c.file)
	inner, err := c.Connector.Connect(ctx)
	if err != nil {
		leave(c.file)
		return nil, err
	}
	conn := &conn{inner.(driver.Conn), c.file, false, map[string]*stmt{}}
	old := conn.Raw().SetInterrupt(ctx)
	defer conn.Raw().SetInterrupt(old)
	if err := c.configure(conn.Raw()); err != nil {
		if isDamage(err) {
			err = errors.Join(err, leaveLog(conn.Raw()))
		}
		return nil, errors.Join(err, conn.Close())
	}
	return conn, nil
}

// keepStmts is how many statements a connection keeps: more than there are
// common ones, fewer than the shapes that a filter can have.
const keepStmts = 64

type conn struct {
	driver.Conn
	file   string
	logged bool             // it has a write-ahead log
	idle   map[string]*stmt // those that nobody uses now
}

func (c *conn) ExecContext(ctx context.Context, query string, args []sqldriver.NamedValue) (sqldriver.Result, error) {
	if !strings.Contains(query, ";") {
		return nil, sqldriver.ErrSkip // one statement: database/sql prepares it
	}
	return c.Conn.(sqldriver.ExecerContext).ExecContext(ctx, query, args)
}

func (c *conn) PrepareContext(ctx context.Context, query string) (sqldriver.Stmt, error) {
	if s := c.idle[query]; s != nil {
		delete(c.idle, query)
		return s.kind(), nil
	}
	s, err := c.Conn.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	return (&stmt{s.(driverStmt), c, query}).kind(), nil
}

func (c *conn) Close() error {
	for _, s := range c.idle {
		_ = s.driverStmt.Close() // whatever it did was told when it did it
	}
	clear(c.idle)
	defer leave(c.file)
	return c.Conn.Close()
}

// driverStmt is what the driver's statements can do.
type driverStmt interface {
	sqldriver.Stmt
	sqldriver.StmtExecContext
	sqldriver.StmtQueryContext
	sqldriver.NamedValueChecker
}

type stmt struct {
	driverStmt
	conn  *conn
	query string
}

func (s *stmt) kind() sqldriver.Stmt {
	if s.query == "COMMIT" {
		return commit{s}
	}
	return s
}

// Close lays the statement by for the next who prepares the same words. The
// driver has reset it; SQLite compiles it anew by itself if the schema changes.
func (s *stmt) Close() error {
	idle := s.conn.idle
	if idle[s.query] != nil {
		return s.driverStmt.Close()
	}
	if len(idle) >= keepStmts {
		for query, other := range idle { // any of them
			delete(idle, query)
			_ = other.driverStmt.Close()
			break
		}
	}
	idle[s.query] = s
	return nil
}
