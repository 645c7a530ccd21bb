//go:build darwin || freebsd

package fsx

import (
	"slices"

	"golang.org/x/sys/unix"
)

// DiskOf asks about the file system of a folder that is there.
func DiskOf(dir string) (Disk, error) {
	var s unix.Statfs_t
	if err := unix.Statfs(dir, &s); err != nil {
		return Disk{}, err
	}
	kind := unix.ByteSliceToString(s.Fstypename[:])
	return Disk{Free: uint64(max(s.Bavail, 0)) * uint64(s.Bsize), Total: s.Blocks * uint64(s.Bsize), Kind: kind,
		Shared: slices.Contains([]string{"nfs", "smbfs", "afpfs", "webdav", "macfuse", "osxfuse", "fusefs", "p9fs"}, kind)}, nil
}
