//go:build unix

package storetest

import (
	"os"
	"os/user"
	"strconv"
	"syscall"
)

// servant is who the server runs as: initdb refuses root, who therefore has
// somebody else do it, in a folder that is given to them. The session of its own
// keeps a Ctrl-C meant for the tests from the watchdog.
func servant(dir string) (*syscall.SysProcAttr, error) {
	as := &syscall.SysProcAttr{Setsid: true}
	if os.Getuid() != 0 {
		return as, nil
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		if u, err = user.Lookup("nobody"); err != nil {
			return nil, err
		}
	}
	uid, err := strconv.ParseUint(u.Uid, 10, 32)
	if err != nil {
		return nil, err
	}
	gid, err := strconv.ParseUint(u.Gid, 10, 32)
	if err != nil {
		return nil, err
	}
	as.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	return as, os.Chown(dir, int(uid), int(gid))
}
