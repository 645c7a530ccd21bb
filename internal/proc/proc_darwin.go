package proc

import (
	"fmt"
	"syscall"

	"golang.org/x/sys/unix"
)

const zombie = 5 // SZOMB

func dieWithParent(*syscall.SysProcAttr) {}

func of(pid int) (ID, bool) {
	k, err := unix.SysctlKinfoProc("kern.proc.pid", pid)
	if err == nil {
		return convert(k).id, k.Proc.P_stat != zombie
	}
	// The call fails for one that does not exist, and might for others.
	err = unix.Kill(pid, 0)
	return ID{PID: pid}, err == nil || err == unix.EPERM
}

func convert(k *unix.KinfoProc) entry {
	start := k.Proc.P_starttime
	return entry{
		id:     ID{PID: int(k.Proc.P_pid), Start: fmt.Sprintf("%d.%06d", start.Sec, start.Usec)},
		parent: int(k.Eproc.Ppid),
		group:  int(k.Eproc.Pgid),
	}
}

func table() ([]entry, error) {
	all, err := unix.SysctlKinfoProcSlice("kern.proc.all")
	if err != nil {
		return nil, err
	}
	list := make([]entry, 0, len(all))
	for i := range all {
		if all[i].Proc.P_stat != zombie {
			list = append(list, convert(&all[i]))
		}
	}
	return list, nil
}

// The environment of a process cannot be had for all, so that the group and
// the descendants decide alone.
func marked(int, string) bool { return false }
