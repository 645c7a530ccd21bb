package proc

import (
	"encoding/binary"
	"errors"
	"fmt"
	"syscall"

	"golang.org/x/sys/unix"
)

func dieWithParent(attr *syscall.SysProcAttr) { attr.Pdeathsig = syscall.SIGKILL }

// Where struct kinfo_proc has its fields on 64-bit systems. Its size is part
// of it and tells if this ever changes.
const (
	kinfoSize   = 1088
	kinfoPID    = 72
	kinfoParent = 76
	kinfoGroup  = 80
	kinfoStart  = 336
	kinfoState  = 388

	zombie = 5 // SZOMB
)

var errLayout = errors.New("kinfo_proc has an unknown layout")

func of(pid int) (ID, bool) {
	raw, err := unix.SysctlRaw("kern.proc.pid", pid)
	if err == nil {
		if e, living, err := convert(raw); err == nil {
			return e.id, living
		}
	}
	err = unix.Kill(pid, 0)
	return ID{PID: pid}, err == nil || err == unix.EPERM
}

func convert(raw []byte) (e entry, living bool, err error) {
	at := func(i int) int { return int(int32(binary.NativeEndian.Uint32(raw[i:]))) }
	if len(raw) < kinfoSize || at(0) != kinfoSize {
		return entry{}, false, errLayout
	}
	sec, usec := binary.NativeEndian.Uint64(raw[kinfoStart:]), binary.NativeEndian.Uint64(raw[kinfoStart+8:])
	e = entry{
		id:     ID{PID: at(kinfoPID), Start: fmt.Sprintf("%d.%06d", sec, usec)},
		parent: at(kinfoParent),
		group:  at(kinfoGroup),
	}
	return e, raw[kinfoState] != zombie, nil
}

func table() ([]entry, error) {
	raw, err := unix.SysctlRaw("kern.proc.proc")
	for try := 0; err == unix.ENOMEM && try < 5; try++ {
		raw, err = unix.SysctlRaw("kern.proc.proc") // it grew between being measured and read
	}
	if err != nil {
		return nil, err
	}
	var list []entry
	for ; len(raw) > 0; raw = raw[kinfoSize:] {
		e, living, err := convert(raw)
		if err != nil {
			return nil, err
		}
		if living {
			list = append(list, e)
		}
	}
	return list, nil
}

// The group and the descendants decide alone.
func marked(int, string) bool { return false }
