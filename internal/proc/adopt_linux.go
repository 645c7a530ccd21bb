package proc

import (
	"os"
	ossignal "os/signal"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// reapEvery is how often the adopted are buried at most: a scan of all processes
// for each of them would cost more than they do.
const reapEvery = time.Second

// Adopt makes this process the parent of every descendant that loses its own, so that
// a [Tree] with Own reaches them all, and buries those that end until stop is called.
// From then on each command must be started by [Start].
func Adopt() (stop func()) {
	_ = unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) // a kernel that cannot do it: the mark and the group remain
	deaths := make(chan os.Signal, 1)
	ossignal.Notify(deaths, unix.SIGCHLD)
	done := make(chan struct{})
	var reaping sync.WaitGroup
	reaping.Go(func() {
		for {
			select {
			case <-done:
				return
			case <-deaths:
			}
			reap()
			select { // others end meanwhile
			case <-done:
				return
			case <-time.After(reapEvery):
			}
		}
	})
	return func() {
		ossignal.Stop(deaths)
		close(done)
		reaping.Wait()
	}
}

// reap buries the children that this process did not start itself.
func reap() {
	mine.Lock()
	defer mine.Unlock()
	dead, err := entries(false)
	if err != nil {
		return
	}
	self := os.Getpid()
	for _, e := range dead {
		if e.parent == self && !mine.pids[e.id.PID] {
			_, _ = unix.Wait4(e.id.PID, nil, unix.WNOHANG, nil)
		}
	}
}

// Boot names the time since the system was started: a pid and a start are good for
// comparing within it.
func Boot() string {
	id, _ := os.ReadFile("/proc/sys/kernel/random/boot_id")
	return string(id[:max(0, len(id)-1)])
}
