package sqlite

import (
	"fmt"
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/ncruces/go-sqlite3"

	"andon/kanban"
)

// soundVersion is the first SQLite in which two processes cannot lose a commit
// when they begin the write-ahead log anew at the same time.
var soundVersion = [3]int{3, 51, 3}

// sound refuses an SQLite that loses commits.
func sound(version string) error {
	var v [3]int
	for i, part := range strings.SplitN(version, ".", 3) {
		v[i], _ = strconv.Atoi(part)
	}
	for i := range v {
		if v[i] > soundVersion[i] {
			return nil
		}
		if v[i] < soundVersion[i] {
			return &kanban.Error{Code: kanban.Denied, Msg: fmt.Sprintf("this program has SQLite %s, which can lose commits in a write-ahead log", version),
				Hint: "build it with 3.51.3 or later"}
		}
	}
	return nil
}

// checked is whether this process has asked its library already.
var checked atomic.Bool

func soundLibrary(c *sqlite3.Conn) error {
	if checked.Load() {
		return nil
	}
	version, err := versionOf(c)
	if err != nil {
		return err
	}
	err = sound(version)
	checked.Store(err == nil)
	return err
}
