package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/ncruces/go-sqlite3/driver"
)

// lost names the columns that a file has had, by the version that it is marked
// with, and has no more. A bit that falls over in the text of the schema gives a
// column another name; SQLite finds nothing wrong with that, and a migration would
// put an empty column in its place. An index may be missing: it is only slower.
func lost(ctx context.Context, pool *sql.DB) (lines []string, err error) {
	var marked int
	if err := pool.QueryRowContext(ctx, `SELECT count(*) FROM sqlite_schema WHERE name = 'andon_meta'`).Scan(&marked); err != nil || marked == 0 {
		return nil, err
	}
	have, err := columnsOf(ctx, pool, nil)
	if err != nil {
		return nil, err
	}
	if !slices.Contains(have, "andon_meta.key") || !slices.Contains(have, "andon_meta.value") {
		return []string{"the table andon_meta has lost a column"}, nil
	}
	var version string
	err = pool.QueryRowContext(ctx, `SELECT value FROM andon_meta WHERE key = 'schema'`).Scan(&version)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if v, _ := strconv.Atoi(version); err != nil || v < schemaVersion {
		return nil, err // what it lacks is still to come
	}
	model, err := driver.Open(":memory:")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, model.Close()) }()
	model.SetMaxOpenConns(1)
	want, err := columnsOf(ctx, model, migrate)
	for _, c := range want {
		if table, name, _ := strings.Cut(c, "."); !slices.Contains(have, c) {
			lines = append(lines, fmt.Sprintf("the table %s has lost its column %s", table, name))
		}
	}
	return lines, err
}

// columnsOf lists the columns as table.column, once prepare, if there is one, has
// been at work on the file. SQLite does not tell the case of a name from another.
func columnsOf(ctx context.Context, pool *sql.DB, prepare func(context.Context, *sql.Conn) error) (list []string, err error) {
	conn, err := pool.Conn(ctx)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	if prepare != nil {
		if err := prepare(ctx, conn); err != nil {
			return nil, err
		}
	}
	m := migration{ctx: ctx, conn: conn}
	for _, c := range m.columns() {
		list = append(list, strings.ToLower(c.table+"."+c.name))
	}
	return list, m.err
}
