//go:build unix

package lock

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

func sysTry(f *os.File) error    { return flock(f, unix.LOCK_EX|unix.LOCK_NB) }
func sysWait(f *os.File) error   { return flock(f, unix.LOCK_EX) }
func sysUnlock(f *os.File) error { return flock(f, unix.LOCK_UN) }

func isHeld(err error) bool { return errors.Is(err, unix.EWOULDBLOCK) }

// Through SyscallConn, because File.Fd of a closed file is -1 and would blame
// the file system for what the caller did.
func flock(f *os.File, how int) error {
	conn, err := f.SyscallConn()
	if err != nil {
		return err
	}
	var lockErr error
	err = conn.Control(func(fd uintptr) {
		for {
			lockErr = unix.Flock(int(fd), how)
			if lockErr != unix.EINTR {
				return
			}
		}
	})
	if err != nil {
		return err
	}
	return lockErr
}
