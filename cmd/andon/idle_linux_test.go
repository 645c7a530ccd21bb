package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"andon/internal/board"
	"andon/internal/home"
	"andon/internal/store"
	"andon/kanban"
)

// BenchmarkIdleSupervisors lets fifty agents do nothing under one dispatcher, and
// reports what their supervisors and the dispatcher cost: per cent of a core
// over ten seconds, and the memory of one supervisor. The ten seconds before are
// their start's, with the first look at the board and at their processes.
func BenchmarkIdleSupervisors(b *testing.B) {
	const agents, span = 50, 10 * time.Second
	dir := b.TempDir()
	binary, root := build(b, dir), filepath.Join(dir, "home")
	if err := os.Mkdir(root, 0o755); err != nil {
		b.Fatal(err)
	}
	file := fmt.Sprintf("dispatch: {max_in_progress: %d}\nprofiles: {idle: {command: [sleep, '3600']}}\n", agents)
	if err := os.WriteFile(filepath.Join(root, "andon.yaml"), []byte(file), 0o644); err != nil {
		b.Fatal(err)
	}
	db, err := home.Board{DB: filepath.Join(root, "kanban.db")}.Open(b.Context(), store.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	bd := board.New(db)
	for i := range agents {
		if _, _, err := bd.Create(b.Context(), kanban.Draft{Title: fmt.Sprint("idle ", i), Assignee: "idle"}); err != nil {
			b.Fatal(err)
		}
	}
	run := exec.Command(binary, "run")
	run.Env = append(os.Environ(), "ANDON_HOME="+root)
	if err := run.Start(); err != nil {
		b.Fatal(err)
	}
	var supervisors []int
	b.Cleanup(func() {
		run.Process.Kill()
		run.Wait()
		for _, pid := range supervisors {
			syscall.Kill(pid, syscall.SIGKILL) // their agents die with them
		}
	})
	err = bd.Until(b.Context(), func() (bool, error) {
		tasks, err := bd.List(b.Context(), store.Filter{Statuses: []kanban.Status{kanban.Running}})
		supervisors = nil
		for _, t := range tasks {
			if run, err := bd.Run(b.Context(), t.Run); err == nil && run != nil && run.Worker.AgentPID != 0 {
				supervisors = append(supervisors, int(run.Worker.PID)) // the card was read before, and may have none yet
			}
		}
		return len(supervisors) == agents, err
	})
	if err != nil {
		b.Fatal(err)
	}
	<-time.After(span)
	for b.Loop() {
		before, own := cpuOf(b, supervisors), cpuOf(b, []int{run.Process.Pid})
		<-time.After(span)
		percent := func(was, is time.Duration) float64 { return float64(is-was) / float64(span) * 100 }
		b.ReportMetric(percent(before, cpuOf(b, supervisors)), "%-of-a-core")
		b.ReportMetric(percent(own, cpuOf(b, []int{run.Process.Pid})), "%-dispatcher")
		b.ReportMetric(memoryOf(b, supervisors[0]), "MB-each")
	}
}

// cpuOf is the processor time that the processes have used, by the clock of the
// scheduler.
func cpuOf(b *testing.B, pids []int) (sum time.Duration) {
	b.Helper()
	for _, pid := range pids {
		threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", pid))
		if err != nil || len(threads) == 0 {
			b.Fatalf("process %d is gone: %v", pid, err)
		}
		for _, file := range threads {
			text, err := os.ReadFile(file)
			if err != nil {
				continue // a thread that ended meanwhile
			}
			ns, err := strconv.ParseInt(strings.Fields(string(text))[0], 10, 64)
			if err != nil {
				b.Fatal(err)
			}
			sum += time.Duration(ns)
		}
	}
	return sum
}

// memoryOf is the resident memory of a process, in MB.
func memoryOf(b *testing.B, pid int) float64 {
	b.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		b.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			kb, err := strconv.ParseFloat(strings.Fields(rest)[0], 64)
			if err != nil {
				b.Fatal(err)
			}
			return kb * 1024 / 1e6
		}
	}
	b.Fatalf("process %d has no memory", pid)
	return 0
}
