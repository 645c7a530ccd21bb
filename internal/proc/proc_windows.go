package proc

import (
	"errors"
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"unsafe"

	"golang.org/x/sys/windows"
)

// NewSession lets cmd outlive the process that starts it and its console. It
// gets a console without a window rather than none, or else each program that
// it starts would open a window of its own.
func NewSession(cmd *exec.Cmd) {
	attr(cmd).CreationFlags |= windows.CREATE_NEW_PROCESS_GROUP | windows.CREATE_NO_WINDOW
}

// NewGroup keeps a Ctrl-C meant for the process that starts cmd from cmd.
func NewGroup(cmd *exec.Cmd) {
	attr(cmd).CreationFlags |= windows.CREATE_NEW_PROCESS_GROUP
}

func attr(cmd *exec.Cmd) *syscall.SysProcAttr {
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = new(syscall.SysProcAttr)
	}
	return cmd.SysProcAttr
}

// A console event reaches only those that share the caller's console, and
// a group is not a tree: there is no asking.
func signal(p *os.Process, hard bool) error {
	if !hard {
		return errors.ErrUnsupported
	}
	return p.Kill()
}

func of(pid int) (ID, bool) {
	h, err := windows.OpenProcess(windows.PROCESS_QUERY_LIMITED_INFORMATION|windows.SYNCHRONIZE, false, uint32(pid))
	if err != nil {
		return ID{PID: pid}, errors.Is(err, windows.ERROR_ACCESS_DENIED)
	}
	defer windows.CloseHandle(h)
	// A process that has ended can still be opened while somebody holds it.
	if event, err := windows.WaitForSingleObject(h, 0); err == nil && event == windows.WAIT_OBJECT_0 {
		return ID{PID: pid}, false
	}
	var start, exit, kernel, user windows.Filetime
	if err := windows.GetProcessTimes(h, &start, &exit, &kernel, &user); err != nil {
		return ID{PID: pid}, true
	}
	return ID{PID: pid, Start: strconv.FormatInt(start.Nanoseconds(), 10)}, true
}

func table() ([]entry, error) {
	snap, err := windows.CreateToolhelp32Snapshot(windows.TH32CS_SNAPPROCESS, 0)
	if err != nil {
		return nil, err
	}
	defer windows.CloseHandle(snap)
	var list []entry
	e := windows.ProcessEntry32{Size: uint32(unsafe.Sizeof(windows.ProcessEntry32{}))}
	for err = windows.Process32First(snap, &e); err == nil; err = windows.Process32Next(snap, &e) {
		if id, ok := Of(int(e.ProcessID)); ok {
			list = append(list, entry{id: id, parent: int(e.ParentProcessID)})
		}
	}
	if !errors.Is(err, windows.ERROR_NO_MORE_FILES) {
		return nil, err
	}
	disown(list)
	return list, nil
}

// disown clears the parents that are younger than their child: the system goes
// on naming a parent that has ended, though another may have its pid by now.
func disown(list []entry) {
	start := make(map[int]int64, len(list))
	for _, e := range list {
		start[e.id.PID], _ = strconv.ParseInt(e.id.Start, 10, 64)
	}
	for i, e := range list {
		if start[e.parent] > start[e.id.PID] {
			list[i].parent = 0
		}
	}
}

func marked(int, string) bool { return false }
