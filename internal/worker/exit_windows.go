package worker

import (
	"os"

	"andon/kanban"
)

func exitOf(p *os.ProcessState) kanban.Exit {
	if p == nil {
		return kanban.Exit{Unknown: true}
	}
	return kanban.Exit{Code: p.ExitCode()}
}

func signalName(int) string { return "" }
