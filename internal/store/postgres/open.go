// Package postgres opens boards that are kept in a Postgres database: each is a
// schema of its own there, so that one database has many. The statements that
// work on a board are those of package store and name none; the search path of
// each transaction does.
package postgres

import (
	"context"
	"crypto/sha256"
	"database/sql"
	_ "embed"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"andon/internal/store"
	"andon/kanban"
)

const (
	defaultBusy    = 120 * time.Second
	connectTimeout = 10 * time.Second // where the address names none

	// A server has a hundred connections to give by default, and a fleet is many
	// processes: each keeps one for the next call and may have a few in need.
	keepConns, maxConns = 1, 16
	idleTime            = 30 * time.Second
)

// Open opens the board in the database that dsn, a postgres:// URL, names, and
// makes its schema if it is not there. A schema that is complete is opened
// without taking any lock.
func Open(ctx context.Context, dsn, slug string, o store.Options) (*store.DB, error) {
	return open(ctx, dsn, slug, false, o)
}

// OpenExisting is [Open] for a board that must be there: one that is not is
// [ErrAbsent], and is not made.
func OpenExisting(ctx context.Context, dsn, slug string, o store.Options) (*store.DB, error) {
	return open(ctx, dsn, slug, true, o)
}

func open(ctx context.Context, dsn, slug string, existing bool, o store.Options) (*store.DB, error) {
	b, err := newBoard(dsn, slug, o)
	if err != nil {
		return nil, err
	}
	b.existing = existing
	if err := b.open(ctx); err != nil {
		return nil, fmt.Errorf("open board: %w", errors.Join(b.explain(err), b.pool.Close()))
	}
	return b.store(), nil
}

// store is the board as the rest of the program knows it.
func (b *board) store() *store.DB {
	return store.New(b.pool, store.Dialect{
		Name:      "postgres",
		Rebind:    rebind,
		Begin:     b.begin(),
		BeginRead: `BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL search_path = ` + b.ident,
		Has:       has,
		Commit:    `NOTIFY ` + b.ident + `; COMMIT`,
		Typed:     true,
		Advance: func(table string, n int64) []string {
			return []string{fmt.Sprintf(`SELECT setval(pg_get_serial_sequence('%[1]s', 'id'), greatest(%[2]d, COALESCE(pg_sequence_last_value(pg_get_serial_sequence('%[1]s', 'id')::regclass), 0)))`, table, n)}
		},
		Retry:   retry,
		Undone:  undone,
		Explain: b.explain,
		Queue:   b.turn,
		Wake:    b.wake,
		Check:   func(context.Context) ([]string, error) { return nil, nil }, // the server's operator looks after its files
	}, b.address, b.busy, func() error { b.end(); return nil })
}

// Exists reports whether there is such a board. It makes nothing.
func Exists(ctx context.Context, dsn, slug string) (bool, error) {
	b, err := newBoard(dsn, slug, store.Options{})
	if err != nil {
		return false, err
	}
	defer b.pool.Close()
	version, err := b.version(ctx, b.pool)
	return version > 0, b.explain(err)
}

// Probe opens a board only to read, and only if its schema has the table: else it
// returns nil. It makes nothing.
func Probe(ctx context.Context, dsn, slug, table string) (*store.DB, error) {
	b, err := newBoard(dsn, slug, store.Options{})
	if err != nil {
		return nil, err
	}
	var there bool
	err = b.pool.QueryRowContext(ctx, `SELECT to_regclass(`+literal(b.ident+"."+table)+`) IS NOT NULL`).Scan(&there)
	if err != nil || !there {
		return nil, errors.Join(b.explain(err), b.pool.Close())
	}
	db := b.store()
	db.Deny = store.ErrProbe
	return db, nil
}

type board struct {
	config  *pgx.ConnConfig
	address string // without a password
	host    string
	slug    string
	schema  string
	ident   string // the schema, quoted: also the channel on which commits are told
	key     int64  // of the lock that its writers take
	busy    time.Duration
	pool    *sql.DB
	writer  chan struct{}
	life    context.Context // until the board is closed
	end     func()

	existing bool // it is not made if it is not there
}

func newBoard(dsn, slug string, o store.Options) (*board, error) {
	b := &board{busy: o.Busy, slug: slug, schema: schemaName(slug), writer: make(chan struct{}, 1)}
	if b.busy <= 0 {
		b.busy = defaultBusy
	}
	var err error
	if b.address, err = Address(dsn, slug); err != nil {
		return nil, err
	}
	dsn, _, _ = strings.Cut(dsn, "#") // the board's name, which is not the server's affair
	if b.config, err = pgx.ParseConfig(dsn); err != nil {
		return nil, wrongAddress(plain(err))
	}
	if b.host = b.config.Host; !strings.HasPrefix(b.host, "/") {
		b.host = net.JoinHostPort(b.host, strconv.Itoa(int(b.config.Port)))
	}
	// A statement with its values is one message each way. To prepare the few
	// statements of a verb first would double the ways; see [conn.again].
	prepare := !strings.Contains(dsn, "default_query_exec_mode")
	if prepare {
		b.config.DefaultQueryExecMode = pgx.QueryExecModeExec
	}
	if b.config.ConnectTimeout == 0 {
		b.config.ConnectTimeout = connectTimeout
	}
	if b.config.RuntimeParams["application_name"] == "" {
		b.config.RuntimeParams["application_name"] = "andon"
	}
	// What we send is this, whatever the database or the user is set to: the server
	// would make other letters of it and store those.
	b.config.RuntimeParams["client_encoding"] = "UTF8"
	b.ident = pgx.Identifier{b.schema}.Sanitize()
	hash := sha256.Sum256([]byte(b.schema))
	b.key = int64(binary.BigEndian.Uint64(hash[:]))
	b.pool = sql.OpenDB(connector{stdlib.GetConnector(*b.config), prepare})
	b.pool.SetMaxIdleConns(keepConns)
	b.pool.SetMaxOpenConns(maxConns)
	b.pool.SetConnMaxIdleTime(idleTime)
	b.life, b.end = context.WithCancel(context.Background())
	return b, nil
}

// schemaName is the schema of a board.
func schemaName(slug string) string { return schemaOf(livePrefix, slug) }

// schemaOf makes the name of a schema. Postgres would cut one that is longer than
// 63 bytes, and make two boards one; "~" is in no board's name.
func schemaOf(prefix, name string) string {
	const limit = 63
	if len(prefix+name) <= limit {
		return prefix + name
	}
	hash := sha256.Sum256([]byte(name))
	end := "~" + hex.EncodeToString(hash[:8])
	return prefix + name[:limit-len(prefix)-len(end)] + end
}

// begin begins a transaction that is the board's only writer: one message. READ
// COMMITTED is said because a snapshot that is kept from the first statement on,
// which a database may have for its default, would be older than the lock.
//
// A holder that was stopped, or whose host is gone without a word, would keep the
// board from everyone until somebody or TCP finds out, hours later. So the server
// ends one that asks nothing for as long as others wait for him.
func (b *board) begin() string {
	return fmt.Sprintf(`BEGIN ISOLATION LEVEL READ COMMITTED; SET LOCAL search_path = %s; SET LOCAL lock_timeout = %d;
		SET LOCAL idle_in_transaction_session_timeout = %d; SELECT pg_advisory_xact_lock(%d)`,
		b.ident, b.busy.Milliseconds(), max(b.busy, leastIdle).Milliseconds(), b.key)
}

// leastIdle is granted to a holder however short others wait: he may read files
// between two statements.
const leastIdle = 5 * time.Second

//go:embed schema/board.sql
var boardSchema string

// schemaVersion is recorded in andon_meta. Raise it with every change of the
// schema.
const schemaVersion = 4

// querier is a pool or one connection of it.
type querier interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// version is that of the board's schema, zero where there is none.
func (b *board) version(ctx context.Context, q querier) (int, error) {
	var there bool
	var encoding string
	err := q.QueryRowContext(ctx, `SELECT to_regclass(`+literal(b.ident+".andon_meta")+`) IS NOT NULL, current_setting('server_encoding')`).Scan(&there, &encoding)
	if err != nil {
		return 0, err
	}
	if encoding != "UTF8" {
		return 0, &kanban.Error{Code: kanban.Denied, Msg: fmt.Sprintf("the database %s keeps its text as %s, and a board's text is Unicode", b.config.Database, encoding),
			Hint: "make one with CREATE DATABASE ... ENCODING 'UTF8' TEMPLATE template0"}
	}
	if !there {
		return 0, nil
	}
	var version string
	err = q.QueryRowContext(ctx, `SELECT value FROM `+b.ident+`.andon_meta WHERE key = 'schema'`).Scan(&version)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	v, _ := strconv.Atoi(version)
	return v, err
}

func (b *board) open(ctx context.Context) error {
	v, err := b.version(ctx, b.pool)
	if err != nil || v >= schemaVersion {
		return err
	}
	if v == 0 && b.existing {
		return b.absent()
	}
	conn, err := b.pool.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	if err := b.create(ctx, conn); err != nil {
		_, _ = conn.ExecContext(context.WithoutCancel(ctx), `ROLLBACK`) // the first error says more
		return fmt.Errorf("make the schema %s: %w", b.schema, err)
	}
	return nil
}

// create makes the schema, or what it lacks. Of many that come at once, one does.
func (b *board) create(ctx context.Context, conn *sql.Conn) error {
	if _, err := conn.ExecContext(ctx, b.begin()); err != nil {
		return err
	}
	v, err := b.version(ctx, conn)
	if err != nil {
		return err
	}
	if v < schemaVersion {
		for _, q := range []string{
			// CREATE SCHEMA wants the right to make one even where it is there.
			fmt.Sprintf(`DO $$ BEGIN IF to_regnamespace(%s) IS NULL THEN CREATE SCHEMA %s; END IF; END $$`, literal(b.ident), b.ident),
			boardSchema,
			fmt.Sprintf(`INSERT INTO andon_meta (key, value) VALUES ('schema', '%d'), ('%s', %s) ON CONFLICT (key) DO UPDATE SET value = excluded.value`,
				schemaVersion, metaSlug, literal(b.slug)),
		} {
			if _, err := conn.ExecContext(ctx, q); err != nil {
				return err
			}
		}
	}
	_, err = conn.ExecContext(ctx, `COMMIT`)
	return err
}

func literal(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

// turn lets one writer of this process at a time to the server, where the
// processes stand in line for the board: writers that wait here cost no
// connection.
func (b *board) turn(ctx context.Context) (func(), error) {
	limit := time.NewTimer(b.busy)
	defer limit.Stop()
	select {
	case b.writer <- struct{}{}:
		return func() { <-b.writer }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-limit.C:
		return func() {}, nil
	}
}
