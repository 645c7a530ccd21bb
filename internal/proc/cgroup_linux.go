package proc

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// MakeCgroup makes a control group (version 2) below the one of this process and
// returns its folder. Who is in it stays there with all descendants, whatever they do
// to their sessions and their environment. The error says why this process may not,
// which is nothing unusual.
func MakeCgroup(name string) (string, error) {
	dir, err := ownCgroup()
	if err != nil {
		return "", err
	}
	dir = filepath.Join(dir, name)
	if err := os.Mkdir(dir, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
		return "", err
	}
	return dir, nil
}

// ownCgroup is the folder of the group that this process is in.
func ownCgroup() (string, error) {
	groups, err := os.ReadFile("/proc/self/cgroup")
	if err != nil {
		return "", err
	}
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return "", err
	}
	return findCgroup(string(groups), string(mounts))
}

var errNoCgroup = fmt.Errorf("control groups: %w", errors.ErrUnsupported)

// findCgroup brings the two tables of the system together: which group it is, and
// where the tree of groups can be seen.
func findCgroup(groups, mounts string) (string, error) {
	own := ""
	for line := range strings.Lines(groups) {
		if path, ok := strings.CutPrefix(strings.TrimSuffix(line, "\n"), "0::"); ok {
			own = path
		}
	}
	if !strings.HasPrefix(own, "/") || strings.Contains(own, "/..") || strings.HasSuffix(own, " (deleted)") {
		return "", errNoCgroup // none, or outside of what is seen here
	}
	for line := range strings.Lines(mounts) {
		mount, system, _ := strings.Cut(line, " - ")
		f := strings.Fields(mount)
		const root, at = 3, 4
		if len(f) <= at || !strings.HasPrefix(system, "cgroup2 ") || strings.Contains(f[at], `\`) {
			continue
		}
		if rel, err := filepath.Rel(f[root], own); err == nil && filepath.IsLocal(rel) {
			return filepath.Join(f[at], rel), nil
		}
	}
	return "", errNoCgroup
}

// EnterCgroup has cmd begin in the group. done is called when it was started, or not.
func EnterCgroup(cmd *exec.Cmd, dir string) (done func(), err error) {
	f, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	attr(cmd).UseCgroupFD, cmd.SysProcAttr.CgroupFD = true, int(f.Fd())
	return func() { _ = f.Close() }, nil
}

// RemoveCgroup removes the group, and those below it, if nobody is in it. What has
// just ended may be in it for a moment yet.
func RemoveCgroup(dir string) {
	if dir == "" {
		return
	}
	for range 10 {
		var all []string
		_ = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err == nil && d.IsDir() {
				all = append(all, path)
			}
			return nil
		})
		busy := false
		for i := len(all) - 1; i >= 0; i-- {
			busy = errors.Is(unix.Rmdir(all[i]), unix.EBUSY) || busy
		}
		if !busy {
			return
		}
		time.Sleep(step)
	}
}

// inCgroup are the pids of those in the group and below it.
func inCgroup(dir string) map[int]bool {
	if dir == "" {
		return nil
	}
	in := map[int]bool{}
	_ = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() {
			return nil
		}
		text, err := os.ReadFile(filepath.Join(path, "cgroup.procs"))
		if err != nil {
			return nil
		}
		for _, word := range strings.Fields(string(text)) {
			if pid, err := strconv.Atoi(word); err == nil && pid > 0 {
				in[pid] = true
			}
		}
		return nil
	})
	return in
}

// killCgroup kills all in the group at one stroke, so that none can start another
// meanwhile, and reports whether there were any. It spares a group in which the
// process is that asks.
func killCgroup(dir string) bool {
	in := inCgroup(dir)
	if len(in) == 0 || in[os.Getpid()] {
		return false
	}
	f, err := os.OpenFile(filepath.Join(dir, "cgroup.kill"), os.O_WRONLY, 0)
	if err != nil {
		return false // an older kernel: they are killed one by one
	}
	_, err = f.WriteString("1")
	return errors.Join(err, f.Close()) == nil
}

// OutOfMemory reports that the system has killed a process of the group for want of
// memory. Where the memory of groups is not accounted for it does not tell.
func OutOfMemory(dir string) bool {
	if dir == "" {
		return false
	}
	text, err := os.ReadFile(filepath.Join(dir, "memory.events"))
	if err != nil {
		return false
	}
	for line := range strings.Lines(string(text)) {
		if n, ok := strings.CutPrefix(strings.TrimSpace(line), "oom_kill "); ok {
			return n != "0"
		}
	}
	return false
}
