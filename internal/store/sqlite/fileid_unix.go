//go:build unix

package sqlite

import (
	"fmt"
	"io/fs"
	"syscall"
)

// fileID tells a file from every other on this machine.
func fileID(path string, info fs.FileInfo) (device, inode uint64, err error) {
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return 0, 0, fmt.Errorf("%s has no inode", path)
	}
	return uint64(st.Dev), uint64(st.Ino), nil
}
