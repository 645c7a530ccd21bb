package sqlite

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"andon/internal/fsx"
)

// The integrity check of a whole file takes longer the larger the board is, so
// not every command pays it. Whoever has done it leaves a stamp beside the file,
// <db>.checked, and openers go by that: they look at the file's place and size,
// and at the stamp, and open nothing.

const (
	stampAge = 24 * time.Hour

	// Who lives long examines the file in the background a little before that, so
	// that no one else has to.
	renewAge, renewEvery = 23 * time.Hour, 20 * time.Minute
)

const whole = "ok" // the one verdict that is written down

type stamp struct {
	Device  uint64 `json:"device"`
	Inode   uint64 `json:"inode"`
	Size    int64  `json:"size"`
	When    int64  `json:"when"`
	Verdict string `json:"verdict"`
}

func (b *board) stampFile() string { return b.file + ".checked" }

// stamped reports whether the file, as far as can be seen from outside, is the
// one that was found whole within the age. Bytes that a disk altered since are
// not seen; the statement that meets them takes the stamp away.
func (b *board) stamped(age time.Duration) bool {
	when := b.foundWhole()
	passed := time.Since(when)
	return !when.IsZero() && passed < age && passed > -age // a stamp of the future is none
}

// foundWhole is the time of the stamp, if there is one and it is of this file.
func (b *board) foundWhole() time.Time {
	text, err := os.ReadFile(b.stampFile())
	if err != nil {
		return time.Time{}
	}
	var s stamp
	if json.Unmarshal(text, &s) != nil || s.Verdict != whole {
		return time.Time{}
	}
	now, err := b.place()
	if err != nil || now.Device != s.Device || now.Inode != s.Inode || now.Size < s.Size {
		return time.Time{}
	}
	return time.Unix(s.When, 0)
}

// place is the stamp that the file would get now.
func (b *board) place() (stamp, error) {
	info, err := os.Stat(b.file)
	if err != nil {
		return stamp{}, err
	}
	s := stamp{Size: info.Size(), When: time.Now().Unix(), Verdict: whole}
	s.Device, s.Inode, err = fileID(b.file, info)
	return s, err
}

// stamp records that the file was just found whole. Without the record the next
// opener finds out again; that is all.
func (b *board) stamp() {
	s, err := b.place()
	if err == nil {
		var line []byte
		if line, err = json.Marshal(s); err == nil {
			err = fsx.WriteFile(b.stampFile(), append(line, '\n'), 0o644)
		}
	}
	if err != nil {
		b.options.Warn(fmt.Sprintf("cannot note that %s is whole: %v", b.path, err))
	}
}

// unstamp makes the next opener examine the file.
func (b *board) unstamp() {
	if err := os.Remove(b.stampFile()); err != nil && !errors.Is(err, fs.ErrNotExist) {
		b.options.Warn(fmt.Sprintf("cannot note that %s may be damaged: %v", b.path, err))
	}
}
