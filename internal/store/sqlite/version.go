package sqlite

import "github.com/ncruces/go-sqlite3"

// Version is that of the SQLite library in this program.
func Version() (string, error) {
	c, err := sqlite3.Open(":memory:")
	if err != nil {
		return "", err
	}
	defer c.Close()
	return versionOf(c)
}

func versionOf(c *sqlite3.Conn) (version string, err error) {
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
