package proc

import (
	"context"
	"errors"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// wait lets the system's own poller wait for a handle of the process, which costs
// neither a thread nor a look now and then.
func wait(ctx context.Context, id ID) error {
	fd, err := unix.PidfdOpen(id.PID, unix.PIDFD_NONBLOCK)
	switch {
	case errors.Is(err, unix.ESRCH):
		return nil
	case err != nil:
		return look(ctx, id) // a kernel without handles for processes
	}
	f := os.NewFile(uintptr(fd), "process")
	defer f.Close()
	if !id.Alive() { // the handle is another's, that got the pid
		return nil
	}
	c, err := f.SyscallConn()
	if err != nil {
		return look(ctx, id)
	}
	stop := context.AfterFunc(ctx, func() { f.SetReadDeadline(time.Unix(1, 0)) })
	defer stop()
	err = c.Read(func(fd uintptr) bool {
		n, err := unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, 0)
		return n > 0 && err == nil
	})
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return context.Cause(ctx)
	}
	return look(ctx, id)
}
