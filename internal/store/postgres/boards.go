package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"andon/internal/store"
	"andon/kanban"
)

// The beginnings of the names of schemas: of boards, and of those put away.
const (
	livePrefix    = "b_"
	archivePrefix = "a_"
)

// What andon_meta says of a board that its schema's name may not.
const (
	metaSlug     = "slug"
	metaArchived = "archived_as"
)

// Found is a board in a database.
type Found struct {
	Slug string
	Name string // by which it was put away; empty if it was not
}

// Boards lists the boards of a database, in no order.
func Boards(ctx context.Context, dsn string) ([]Found, error) {
	b, err := newBoard(dsn, "default", store.Options{})
	if err != nil {
		return nil, err
	}
	defer b.pool.Close()
	found, err := b.boards(ctx)
	return found, b.explain(err)
}

func (b *board) boards(ctx context.Context) (found []Found, err error) {
	var schemas []string
	rows, err := b.pool.QueryContext(ctx, `SELECT n.nspname FROM pg_namespace n JOIN pg_class c ON c.relnamespace = n.oid
		WHERE c.relname = 'andon_meta' AND substr(n.nspname, 1, 2) IN ('`+livePrefix+`', '`+archivePrefix+`')`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			return nil, err
		}
		schemas = append(schemas, s)
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	for _, schema := range schemas {
		slug, live := strings.CutPrefix(schema, livePrefix)
		f := Found{Slug: slug}
		if !live || strings.Contains(schema, "~") {
			if f, err = b.found(ctx, schema); err != nil {
				return nil, err
			}
		}
		if f.Slug != "" && live == (f.Name == "") {
			found = append(found, f)
		}
	}
	return found, nil
}

// found reads what a schema says of itself.
func (b *board) found(ctx context.Context, schema string) (f Found, err error) {
	meta := pgx.Identifier{schema, "andon_meta"}.Sanitize()
	err = b.pool.QueryRowContext(ctx, `SELECT COALESCE(max(value) FILTER (WHERE key = '`+metaSlug+`'), ''),
		COALESCE(max(value) FILTER (WHERE key = '`+metaArchived+`'), '') FROM `+meta).Scan(&f.Slug, &f.Name)
	return f, err
}

// Archive puts a board away by a name, which no other board may have. It is
// refused while cards are in the status none, unless that is "".
func Archive(ctx context.Context, dsn, slug, name string, none kanban.Status) error {
	return alter(ctx, dsn, slug, func(ctx context.Context, b *board, conn *sql.Conn) error {
		if err := b.vacate(ctx, conn, none); err != nil {
			return err
		}
		for key, value := range map[string]string{metaSlug: slug, metaArchived: name} {
			if _, err := conn.ExecContext(ctx, `INSERT INTO andon_meta (key, value) VALUES ($1, $2)
				ON CONFLICT (key) DO UPDATE SET value = excluded.value`, key, value); err != nil {
				return err
			}
		}
		return b.rename(ctx, conn, b.schema, schemaOf(archivePrefix, name))
	})
}

// Unarchive brings a board back that was put away by this name.
func Unarchive(ctx context.Context, dsn, slug, name string) error {
	return alter(ctx, dsn, slug, func(ctx context.Context, b *board, conn *sql.Conn) error {
		there, err := b.there(ctx, conn)
		if err != nil {
			return err
		}
		if there {
			return &kanban.Error{Code: kanban.Conflict, Msg: fmt.Sprintf("there is a board at %s", b.address)}
		}
		if err := b.rename(ctx, conn, schemaOf(archivePrefix, name), b.schema); err != nil {
			return err
		}
		_, err = conn.ExecContext(ctx, `DELETE FROM andon_meta WHERE key = $1`, metaArchived)
		return err
	})
}

// Drop removes a board for good, under the same condition as [Archive].
func Drop(ctx context.Context, dsn, slug string, none kanban.Status) error {
	return alter(ctx, dsn, slug, func(ctx context.Context, b *board, conn *sql.Conn) error {
		if err := b.vacate(ctx, conn, none); err != nil {
			return err
		}
		_, err := conn.ExecContext(ctx, `DROP SCHEMA `+b.ident+` CASCADE`)
		return err
	})
}

// alter does something to a board as a whole, in one transaction, as its only
// writer. A reader at that moment finds no board; who has it open and comes later
// finds none either, and makes none.
func alter(ctx context.Context, dsn, slug string, do func(context.Context, *board, *sql.Conn) error) error {
	b, err := newBoard(dsn, slug, store.Options{})
	if err != nil {
		return err
	}
	defer b.pool.Close()
	conn, err := b.pool.Conn(ctx)
	if err != nil {
		return b.explain(err)
	}
	defer conn.Close()
	if _, err = conn.ExecContext(ctx, b.begin()); err == nil {
		err = do(ctx, b, conn)
	}
	settled := context.WithoutCancel(ctx)
	if err == nil {
		_, err = conn.ExecContext(settled, `COMMIT`)
	}
	if err != nil {
		_, _ = conn.ExecContext(settled, `ROLLBACK`) // the first error says more
	}
	return b.explain(err)
}

func (b *board) there(ctx context.Context, conn *sql.Conn) (there bool, err error) {
	err = conn.QueryRowContext(ctx, `SELECT to_regclass(`+literal(b.ident+".andon_meta")+`) IS NOT NULL`).Scan(&there)
	return there, err
}

// vacate refuses while there is no board, or cards on it are in the status none.
func (b *board) vacate(ctx context.Context, conn *sql.Conn, none kanban.Status) error {
	switch there, err := b.there(ctx, conn); {
	case err != nil:
		return err
	case !there:
		return b.absent()
	case none == "":
		return nil
	}
	var n int
	if err := conn.QueryRowContext(ctx, `SELECT count(*) FROM tasks WHERE status = $1`, string(none)).Scan(&n); err != nil {
		return err
	}
	if n > 0 {
		return store.Occupied(b.address, n, none)
	}
	return nil
}

func (b *board) rename(ctx context.Context, conn *sql.Conn, from, to string) error {
	_, err := conn.ExecContext(ctx, `ALTER SCHEMA `+pgx.Identifier{from}.Sanitize()+` RENAME TO `+pgx.Identifier{to}.Sanitize())
	return err
}

// ErrAbsent is the error for a board that the database does not have.
var ErrAbsent = errors.New("no such board")

func (b *board) absent() error {
	return &kanban.Error{Code: kanban.NotFound, Err: ErrAbsent, Msg: fmt.Sprintf("%s at %s", ErrAbsent, b.address),
		Hint: fmt.Sprintf("`andon boards create %s` makes it", b.slug)}
}
