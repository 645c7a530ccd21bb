package worker

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"andon/internal/home"
	"andon/internal/proc"
	"andon/kanban"
)

// What a supervisor leaves in the run's folder for whoever has to end its run when it
// is killed: the control group, or, without one, the processes that it saw.
const (
	cgroupFile    = "cgroup"
	processesFile = "processes"
)

// cgroupName is the name of a run's control group.
func cgroupName(b home.Board, run kanban.RunID) string {
	return fmt.Sprintf("andon-run-%s-%x", run, sha256.Sum256([]byte(Mark(b, run))))[:len("andon-run--")+len(run.String())+12]
}

// treeOf is all that belongs to a run, as far as it is known from outside.
func treeOf(b home.Board, run kanban.Run) proc.Tree {
	agent := proc.ID{PID: int(run.Worker.AgentPID), Start: run.Worker.AgentStart}
	t := proc.Tree{Mark: Mark(b, run.ID), Group: agent.PID, Root: agent}
	dir := filepath.Join(b.Runs, run.ID.String())
	// A path that somebody else wrote there must not end what is not the run's.
	if path, err := os.ReadFile(filepath.Join(dir, cgroupFile)); err == nil && filepath.Base(string(path)) == cgroupName(b, run.ID) {
		t.Cgroup = string(path)
	}
	if text, err := os.ReadFile(filepath.Join(dir, processesFile)); err == nil {
		t.Known = parseProcesses(string(text), proc.Boot())
	}
	return t
}

// parseProcesses reads what [supervisor.record] wrote. What was seen before the system
// was started anew names other processes now.
func parseProcesses(text, boot string) (known []proc.ID) {
	first, rest, _ := strings.Cut(text, "\n")
	if first != "boot "+boot {
		return nil
	}
	for line := range strings.Lines(rest) {
		var id proc.ID
		if n, err := fmt.Sscanf(line, "%d %s\n", &id.PID, &id.Start); n == 2 && err == nil {
			known = append(known, id)
		}
	}
	return known
}

// tree is all that belongs to the run but this process, which has no children but
// those.
func (s *supervisor) tree() proc.Tree {
	return proc.Tree{Mark: Mark(s.job.Board, s.run.ID), Group: s.agent.PID, Root: s.agent, Own: true, Known: s.known, Cgroup: s.cgroup}
}

// enclose makes a control group for the agent, where this process may.
func (s *supervisor) enclose() {
	if s.NoCgroup {
		return
	}
	dir, err := proc.MakeCgroup(cgroupName(s.job.Board, s.run.ID))
	if err != nil {
		return // nothing unusual: the other ways remain
	}
	if err := os.WriteFile(filepath.Join(s.runDir(), cgroupFile), []byte(dir), 0o600); err != nil {
		proc.RemoveCgroup(dir)
		return
	}
	s.cgroup = dir
}

// begin starts the agent in its control group, or without one.
func (s *supervisor) begin(cmd *exec.Cmd) (*exec.Cmd, error) {
	if s.cgroup != "" {
		plain, attr := &exec.Cmd{Path: cmd.Path, Args: cmd.Args, Dir: cmd.Dir, Env: cmd.Env, Stdin: cmd.Stdin, Stdout: cmd.Stdout, Stderr: cmd.Stderr}, *cmd.SysProcAttr
		plain.SysProcAttr = &attr
		if done, err := proc.EnterCgroup(cmd, s.cgroup); err == nil {
			err = proc.Start(cmd)
			if done(); err == nil {
				return cmd, nil
			}
		}
		proc.RemoveCgroup(s.cgroup)
		_ = os.Remove(filepath.Join(s.runDir(), cgroupFile))
		s.cgroup, cmd = "", plain
	}
	return cmd, proc.Start(cmd)
}

// recordShare is how many times longer than it takes to look for the run's processes
// the supervisor waits before it looks again: it must cost next to nothing.
const recordShare = 5000

// record writes down which processes the run has, for whoever ends it if this process
// is killed: then the parents are gone by which they are known.
func (s *supervisor) record() {
	if s.cgroup != "" || time.Now().Before(s.recordNext) {
		return
	}
	began := time.Now()
	now := proc.Tree{Own: true, Known: s.known}.Members()
	s.recordNext = time.Now().Add(recordShare * time.Since(began))
	slices.SortFunc(now, func(a, b proc.ID) int { return a.PID - b.PID })
	if slices.Equal(now, s.known) {
		return
	}
	s.known = now
	text := bytes.NewBufferString("boot " + proc.Boot() + "\n")
	for _, id := range now {
		fmt.Fprintf(text, "%d %s\n", id.PID, id.Start)
	}
	// Whoever reads it sees the old or the new. It need not outlive the system.
	file := filepath.Join(s.runDir(), processesFile)
	err := os.WriteFile(file+".new", text.Bytes(), 0o600)
	if err == nil {
		err = os.Rename(file+".new", file)
	}
	if err != nil {
		s.logf("write down the run's processes: %v", err)
	}
}
