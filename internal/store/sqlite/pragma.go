package sqlite

import (
	"fmt"
	"runtime"
	"time"

	"github.com/ncruces/go-sqlite3"
)

// configure sets what belongs to a connection and not to the file, as Hermes
// does, and reads it back. The busy time-out comes first: the others may have to
// wait.
func (b *board) configure(c *sqlite3.Conn) error { return set(c, b.options.Busy) }

func set(c *sqlite3.Conn, busy time.Duration) error {
	if err := soundLibrary(c); err != nil {
		return err
	}
	if err := addHas(c); err != nil {
		return err
	}
	if err := c.BusyTimeout(busy); err != nil {
		return err
	}
	if err := c.Exec(setPragmas); err != nil {
		return err
	}
	return unset(c)
}

// logLimit is how many bytes of the write-ahead log are kept once what stands in it
// is in the file. A reader that stays long lets it grow without bound, and no one
// would cut it again while a dispatcher keeps it open: for weeks.
const logLimit = 4 << 20

type pragma struct {
	name  string
	value int64
}

var pragmas = func() []pragma {
	list := []pragma{{"synchronous", 2}, {"wal_autocheckpoint", 100}, {"foreign_keys", 1}, {"secure_delete", 1}, {"cell_size_check", 1},
		{"journal_size_limit", logLimit}}
	if runtime.GOOS == "darwin" {
		list = append(list, pragma{"checkpoint_fullfsync", 1})
	}
	return list
}()

var setPragmas = func() (all string) {
	for _, p := range pragmas {
		all += fmt.Sprintf("PRAGMA %s = %d;", p.name, p.value)
	}
	return all
}()

// unset reads back the pragmas of a connection, and reports one that is not as it
// was set.
func unset(c *sqlite3.Conn) error {
	for _, p := range pragmas {
		got, err := pragmaInt(c, p.name)
		if err != nil {
			return err
		}
		if got != p.value {
			return fmt.Errorf("PRAGMA %s is %d after it was set to %d", p.name, got, p.value)
		}
	}
	return nil
}
