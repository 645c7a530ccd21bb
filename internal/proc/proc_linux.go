package proc

import (
	"bytes"
	"os"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

func dieWithParent(attr *syscall.SysProcAttr) { attr.Pdeathsig = syscall.SIGKILL }

func of(pid int) (ID, bool) {
	e, living, err := read(pid)
	if err == nil {
		return e.id, living
	}
	// /proc may be missing, or hide what others own.
	err = unix.Kill(pid, 0)
	return ID{PID: pid}, err == nil || err == unix.EPERM
}

func read(pid int) (e entry, living bool, err error) {
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return entry{}, false, err
	}
	e, living, err = parse(string(stat))
	e.id.PID = pid
	return e, living, err
}

// parse leaves the pid out: it is the caller's.
func parse(stat string) (e entry, living bool, err error) {
	// The name may hold blanks and parentheses; nothing after it does.
	f := strings.Fields(stat[strings.LastIndexByte(stat, ')')+1:])
	const state, parent, group, threads, start = 0, 1, 2, 17, 19
	if len(f) <= start {
		return entry{}, false, unix.EINVAL
	}
	e.id.Start = f[start]
	if e.parent, err = strconv.Atoi(f[parent]); err != nil {
		return entry{}, false, err
	}
	if e.group, err = strconv.Atoi(f[group]); err != nil {
		return entry{}, false, err
	}
	switch f[state] {
	case "Z", "X", "x":
		// The first thread may end before the others, which work on.
		living = f[threads] != "0" && f[threads] != "1"
	default:
		living = true
	}
	return e, living, nil
}

func table() ([]entry, error) { return entries(true) }

// entries lists the processes that live, or those that do not and that nobody has
// waited for yet.
func entries(alive bool) ([]entry, error) {
	dir, err := os.Open("/proc")
	if err != nil {
		return nil, err
	}
	defer dir.Close()
	names, err := dir.Readdirnames(-1)
	if err != nil {
		return nil, err
	}
	list := make([]entry, 0, len(names))
	for _, name := range names {
		pid, err := strconv.Atoi(name)
		if err != nil {
			continue
		}
		// One that cannot be read has ended meanwhile, or is hidden.
		if e, living, err := read(pid); err == nil && living == alive {
			list = append(list, e)
		}
	}
	return list, nil
}

// marked sees what the process was started with. It cannot see into those of
// other users.
func marked(pid int, mark string) bool {
	env, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/environ")
	return err == nil && hasEntry(env, mark)
}

func hasEntry(env []byte, mark string) bool {
	for entry := range bytes.SplitSeq(env, []byte{0}) {
		if string(entry) == mark {
			return true
		}
	}
	return false
}
