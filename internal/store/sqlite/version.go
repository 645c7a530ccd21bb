package sqlite

import "github.com/ncruces/go-sqlite3"

// Version is that of the SQLite library in this program.
func Version() (version string, err error) {
	c, err := sqlite3.Open(":memory:")
	if err != nil {
		return "", err
	}
	defer c.Close()
	stmt, _, err := c.Prepare(`SELECT sqlite_version()`)
	if err != nil {
		return "", err
	}
	defer stmt.Close()
	if stmt.Step() {
		version = stmt.ColumnText(0)
	}
	return version, stmt.Err()
}
