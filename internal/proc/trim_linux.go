package proc

import (
	"bytes"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// Trim lets go of the pages of the program's own code that it has touched so far.
// They come back from the system's cache as they are needed. A process that starts
// with much of the program and then waits for hours holds most of them for nothing:
// half of what a supervisor has in memory.
//
// Only executable pages: nothing ever writes to those.
func Trim() {
	self, err := os.Executable()
	if err != nil {
		return
	}
	maps, err := os.ReadFile("/proc/self/maps")
	if err != nil {
		return
	}
	for line := range bytes.Lines(maps) {
		f := strings.Fields(string(line)) // proc(5): range, permissions, offset, device, inode, file
		if len(f) < 6 || f[1] != "r-xp" || f[5] != self {
			continue
		}
		from, to, _ := strings.Cut(f[0], "-")
		begin, err1 := strconv.ParseUint(from, 16, 64)
		end, err2 := strconv.ParseUint(to, 16, 64)
		if err1 == nil && err2 == nil {
			_, _, _ = unix.Syscall(unix.SYS_MADVISE, uintptr(begin), uintptr(end-begin), unix.MADV_DONTNEED)
		}
	}
}
