//go:build !linux && !darwin && !freebsd && !windows

package fsx

import "errors"

// DiskOf asks about the file system of a folder that is there. This system does
// not tell.
func DiskOf(string) (Disk, error) { return Disk{}, errors.ErrUnsupported }
