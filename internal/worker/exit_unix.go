//go:build unix

package worker

import (
	"os"
	"syscall"

	"golang.org/x/sys/unix"

	"andon/kanban"
)

func exitOf(p *os.ProcessState) kanban.Exit {
	if p == nil {
		return kanban.Exit{Unknown: true}
	}
	if ws, ok := p.Sys().(syscall.WaitStatus); ok && ws.Signaled() {
		return kanban.Exit{Signal: int(ws.Signal())}
	}
	return kanban.Exit{Code: p.ExitCode()}
}

// signalName is what people call a signal; empty if that is nothing.
func signalName(n int) string { return unix.SignalName(syscall.Signal(n)) }
