package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/ncruces/go-sqlite3"

	"andon/kanban"
)

// isDamage reports that a statement met bytes that SQLite cannot have written.
func isDamage(err error) bool {
	return errors.Is(err, sqlite3.NOTADB) || errors.Is(err, sqlite3.CORRUPT)
}

// onlyIndex are the two complaints that concern an index alone: what it repeats
// is whole in its table, and can be written anew.
var onlyIndex = []*regexp.Regexp{
	regexp.MustCompile(`^wrong # of entries in index (.+)$`),
	regexp.MustCompile(`^row \d+ missing from index (.+)$`),
}

// healthy judges the rows of an integrity check.
func healthy(lines []string) bool { return len(lines) == 1 && strings.EqualFold(lines[0], "ok") }

// badIndexes names, in the order of their first mention, the indexes that are
// all that is damaged. One line about anything else, and there are none.
func badIndexes(lines []string) (names []string) {
	for _, line := range lines {
		var name string
		for _, pattern := range onlyIndex {
			if m := pattern.FindStringSubmatch(line); m != nil {
				name = m[1]
			}
		}
		if name == "" {
			return nil
		}
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// integrity asks SQLite to examine the whole file, and sees whether the schema is
// the one that it is marked with.
func integrity(ctx context.Context, pool *sql.DB) (lines []string, err error) {
	rows, err := pool.QueryContext(ctx, `PRAGMA integrity_check`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var line string
		if err := rows.Scan(&line); err != nil {
			return nil, err
		}
		lines = append(lines, line)
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	gone, err := lost(ctx, pool)
	if len(gone) > 0 && healthy(lines) {
		lines = nil
	}
	return append(lines, gone...), err
}

// probe examines the file on a connection of its own. SQLite may recover a
// journal that a crash left, for without it the file is not what was committed;
// but what stands in the log stays there when the probe ends: it is not copied
// into a file that may be damaged.
//
// Damage that keeps SQLite from examining it is a line like the others. An error
// is one that says nothing about the bytes: the file is busy, or cannot be read.
func (b *board) probe(ctx context.Context) (lines []string, err error) {
	pool, err := b.dial(func(c *sqlite3.Conn) error {
		return errors.Join(leaveLog(c), b.configure(c))
	})
	if err != nil {
		return nil, err
	}
	lines, err = integrity(ctx, pool)
	err = errors.Join(err, pool.Close())
	if isDamage(err) {
		return []string{fmt.Sprintf("sqlite refused to open file: %v", err)}, nil
	}
	return lines, err
}

// leaveLog keeps a connection from copying the log into the file when it is the
// last one to be closed.
func leaveLog(c *sqlite3.Conn) error {
	_, err := c.Config(sqlite3.DBCONFIG_NO_CKPT_ON_CLOSE, true)
	return err
}

// check asks SQLite for damage while the board is in use, and renews the stamp.
func (b *board) check(ctx context.Context) ([]string, error) {
	lines, err := integrity(ctx, b.pool)
	switch {
	case err != nil:
		return nil, err // explain sees to the stamp
	case healthy(lines):
		b.stamp()
		return nil, nil
	}
	b.unstamp()
	return lines, nil
}

// damaged is the refusal of a file. The way out depends on nobody's having
// written to it since.
func (b *board) damaged(reason, copied string) error {
	if copied != "" {
		copied = "; a copy of it as it was found is " + copied
	}
	return &kanban.Error{Code: kanban.Damaged, Msg: fmt.Sprintf("refusing to open %s: %s%s", b.path, reason, copied),
		Hint: "`andon repair` says what is damaged, and `andon restore FILE` puts a whole backup in its place"}
}

// reason makes one line of what was found.
func reason(lines []string) string {
	switch len(lines) {
	case 0:
		return "the integrity check gave no answer"
	case 1:
		return oneLine(lines[0])
	}
	return fmt.Sprintf("%s (and %d more)", oneLine(lines[0]), len(lines)-1)
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
