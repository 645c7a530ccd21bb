package postgres

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"andon/kanban"
)

// The server's codes that we tell apart.
const (
	serializationFailure = "40001"
	deadlockDetected     = "40P01"
	lockNotAvailable     = "55P03"
	inFailedTransaction  = "25P02"
	readOnly             = "25006"
	idleTooLong          = "25P03"
	noDatabase           = "3D000"
	wrongUser            = "28000"
	wrongPassword        = "28P01"
	notAllowed           = "42501"
	noTable              = "42P01"
	noColumn             = "42703"
	noSchema             = "3F000"
	diskFull             = "53100"
	tooManyConnections   = "53300"
	cannotConnectNow     = "57P03"
	dataCorrupted        = "XX001"
	indexCorrupted       = "XX002"
)

func codeOf(err error) string {
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok {
		return pg.Code
	}
	return ""
}

// retry reports that the transaction did nothing because others were in its way.
func retry(err error) bool {
	switch codeOf(err) {
	case serializationFailure, deadlockDetected, lockNotAvailable:
		return true
	}
	return false
}

// explain classifies what the driver says. An error that has a class keeps it.
func (b *board) explain(err error) error {
	if err == nil || kanban.CodeOf(err) != kanban.Internal || errors.Is(err, context.Canceled) {
		return err
	}
	e := &kanban.Error{Err: err, Msg: err.Error(), Code: kanban.Denied}
	connecting, atConnect := errors.AsType[*pgconn.ConnectError](err)
	if atConnect {
		e.Msg = fmt.Sprintf("connect to the database %s at %s: %s", b.config.Database, b.host, reason(connecting))
	} else if errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	switch code := codeOf(err); {
	case errors.Is(err, kanban.ErrUnknown):
		e.Code, e.Hint = kanban.Unknown, "read the card again before repeating"
	case retry(err):
		e.Code = kanban.Busy
		e.Msg = fmt.Sprintf("%s: others held the board for longer than %s", err, b.busy)
		e.Hint = "nothing was changed; try again, or raise ANDON_BUSY_TIMEOUT_MS"
	case code == tooManyConnections, code == cannotConnectNow:
		e.Code, e.Hint = kanban.Busy, "nothing was changed; try again"
	case code == wrongPassword, code == wrongUser:
		e.Hint = "name the user in the address, and give the password there, in PGPASSWORD or in ~/.pgpass"
	case code == noDatabase:
		e.Hint = fmt.Sprintf("make it with: createdb %s", b.config.Database)
	case code == notAllowed:
		e.Hint = fmt.Sprintf("the user %s must own the schema %s, or be allowed to make it", b.config.User, b.schema)
	case code == readOnly:
		e.Hint = "the server takes no changes; name its primary"
	case code == diskFull:
		e.Hint = "the server's disk is full; nothing was changed"
	case code == noTable, code == noColumn, code == noSchema:
		e.Code, e.Hint = kanban.Damaged, fmt.Sprintf("the schema %s is not a whole board", b.schema)
	case code == dataCorrupted, code == indexCorrupted:
		e.Code, e.Hint = kanban.Damaged, "nothing was changed; the server's operator must look at its files"
	case atConnect:
		e.Hint = fmt.Sprintf("is the server at %s up, and may this host reach it?", b.host)
	case lost(err):
		e.Hint = fmt.Sprintf("the connection to %s was lost; nothing was changed", b.host)
	default:
		return err
	}
	return e
}

// lost reports that the connection ended before the answer.
func lost(err error) bool {
	if _, ok := errors.AsType[net.Error](err); ok {
		return true
	}
	pg, ok := errors.AsType[*pgconn.PgError](err)
	return ok && pg.SeverityUnlocalized == "FATAL" || errors.Is(err, driver.ErrBadConn) || errors.Is(err, net.ErrClosed) ||
		errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || strings.HasSuffix(err.Error(), "conn closed")
}

// reason is the innermost thing that was said: the outer ones repeat the address.
func reason(err error) string {
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok {
		return pg.Message
	}
	if op, ok := errors.AsType[*net.OpError](err); ok {
		return op.Err.Error()
	}
	if dns, ok := errors.AsType[*net.DNSError](err); ok {
		return dns.Err
	}
	for {
		inner := errors.Unwrap(err)
		if joined, ok := err.(interface{ Unwrap() []error }); ok && len(joined.Unwrap()) > 0 {
			inner = joined.Unwrap()[0]
		}
		if inner == nil {
			return err.Error()
		}
		err = inner
	}
}

// IsAddress reports whether the name of a database is the address of one on a
// Postgres server, and not a path.
func IsAddress(name string) bool {
	return strings.HasPrefix(name, "postgres://") || strings.HasPrefix(name, "postgresql://")
}

// Address names a board for people and logs: the address of its database without
// what is secret, and the board behind "#". It is not [net/url] that takes it
// apart, for an address may name several hosts, each with its port.
func Address(dsn, slug string) (string, error) {
	dsn, _, _ = strings.Cut(dsn, "#")
	rest, query, _ := strings.Cut(dsn, "?")
	scheme, rest, _ := strings.Cut(rest, "://")
	authority, path := rest, ""
	if i := strings.IndexByte(rest, '/'); i >= 0 {
		authority, path = rest[:i], rest[i:]
	}
	values, err := url.ParseQuery(query)
	if err != nil || strings.Contains(path, "@") {
		return "", wrongAddress("it cannot be taken apart")
	}
	for _, secret := range []string{"password", "sslpassword", "passfile", "sslkey"} {
		values.Del(secret)
	}
	if i := strings.LastIndexByte(authority, '@'); i >= 0 {
		user, _, _ := strings.Cut(authority[:i], ":")
		authority = user + authority[i:]
	}
	address := scheme + "://" + authority + path
	if q := values.Encode(); q != "" {
		address += "?" + q
	}
	return address + "#" + slug, nil
}

func wrongAddress(why string) error {
	return &kanban.Error{Code: kanban.Usage, Msg: "the address of the database is not right: " + why,
		Hint: "write postgres://USER@HOST/DATABASE, and of a password's other signs than letters and digits write %XX"}
}

// plain tells what is wrong with an address without quoting a part of it, which
// may be a part of its password.
func plain(err error) string {
	s := reason(err)
	s = s[strings.LastIndexByte(s, '`')+1:]
	s, _, _ = strings.Cut(s, `"`)
	return strings.Trim(s, " :")
}
