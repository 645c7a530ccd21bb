package proc

import (
	"os/exec"
	"sync"
)

// mine are the pids of those that [Start] started. One may be another's later, whose
// end is then left to who waits for this process: that costs an entry in a table.
var mine = struct {
	sync.Mutex
	pids map[int]bool
}{pids: map[int]bool{}}

// Start is cmd.Start in a process that has called [Adopt]: the end of cmd is kept for
// its Wait.
func Start(cmd *exec.Cmd) error {
	mine.Lock()
	defer mine.Unlock()
	err := cmd.Start()
	if err == nil {
		mine.pids[cmd.Process.Pid] = true
	}
	return err
}
