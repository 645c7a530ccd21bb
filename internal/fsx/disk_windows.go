package fsx

import (
	"path/filepath"

	"golang.org/x/sys/windows"
)

// DiskOf asks about the file system of a folder that is there.
func DiskOf(dir string) (d Disk, err error) {
	name, err := windows.UTF16PtrFromString(dir)
	if err != nil {
		return d, err
	}
	if err := windows.GetDiskFreeSpaceEx(name, &d.Free, &d.Total, nil); err != nil {
		return d, err
	}
	root, err := windows.UTF16PtrFromString(filepath.VolumeName(dir) + `\`)
	if err != nil {
		return d, err
	}
	if windows.GetDriveType(root) == windows.DRIVE_REMOTE {
		d.Kind, d.Shared = "a network drive", true
	}
	return d, nil
}
