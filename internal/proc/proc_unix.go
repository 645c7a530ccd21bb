//go:build unix

package proc

import (
	"os"
	"os/exec"
	"syscall"
)

// NewSession lets cmd outlive the process that starts it and its terminal.
func NewSession(cmd *exec.Cmd) {
	attr(cmd).Setsid = true
}

// NewGroup puts cmd into a process group of its own, and where the system can
// (Linux, FreeBSD) has it killed when the process that starts it dies. On
// Linux it dies with the thread that started it: the caller must keep its
// goroutine locked to its OS thread from before the start until cmd has ended.
func NewGroup(cmd *exec.Cmd) {
	attr(cmd).Setpgid = true
	dieWithParent(cmd.SysProcAttr)
}

func attr(cmd *exec.Cmd) *syscall.SysProcAttr {
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = new(syscall.SysProcAttr)
	}
	return cmd.SysProcAttr
}

func signal(p *os.Process, hard bool) error {
	if hard {
		return p.Signal(syscall.SIGKILL)
	}
	if err := p.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	// A stopped process would not hear it.
	p.Signal(syscall.SIGCONT)
	return nil
}
