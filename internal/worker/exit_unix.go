//go:build unix

package worker

import (
	"os"
	"syscall"

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
