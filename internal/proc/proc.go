// Package proc tells processes apart, sees whether they still live, and ends
// all that belong to one run.
package proc

import (
	"errors"
	"fmt"
	"os"
)

// ID names one process for good: a pid alone is used again.
type ID struct {
	PID int
	// Start is when the process started, in a form of its system's own that is
	// only good for comparing. Empty if unknown.
	Start string
}

// Self is the process that calls.
func Self() ID {
	id, _ := Of(os.Getpid())
	return id
}

// Of reports false if no such process lives. A zombie does not. Where the
// system says that the process exists but not since when, Start is empty.
func Of(pid int) (ID, bool) {
	if pid <= 0 {
		return ID{PID: pid}, false
	}
	return of(pid)
}

// Alive reports whether this very process lives. If either start is unknown
// the pid alone decides, because to take the living for dead does more harm
// than the reverse.
func (id ID) Alive() bool {
	now, ok := Of(id.PID)
	return ok && (id.Start == "" || now.Start == "" || id.Start == now.Start)
}

// Signal asks a process to end, or with hard makes it. It returns
// os.ErrProcessDone if this very process does not live, and
// errors.ErrUnsupported where processes cannot be asked, as on Windows.
func Signal(id ID, hard bool) error {
	return send(id, func(p *os.Process) error { return signal(p, hard) })
}

func send(id ID, signal func(*os.Process) error) error {
	if id.PID <= 0 {
		return os.ErrProcessDone
	}
	// Found before it is looked at: where the system has handles for processes,
	// the signal cannot meet another that got the pid in between.
	p, err := os.FindProcess(id.PID)
	if err == nil {
		defer p.Release()
	}
	if !id.Alive() {
		return os.ErrProcessDone
	}
	if err == nil {
		err = signal(p)
	}
	if err == nil || errors.Is(err, os.ErrProcessDone) {
		return err
	}
	return fmt.Errorf("signal process %d: %w", id.PID, err)
}

// Hostname is the system's name for itself, or "unknown".
func Hostname() string {
	name, err := os.Hostname()
	if err != nil || name == "" {
		return "unknown"
	}
	return name
}

// entry is one line of the system's table of living processes.
type entry struct {
	id     ID
	parent int
	group  int // 0 where there are no groups
}
