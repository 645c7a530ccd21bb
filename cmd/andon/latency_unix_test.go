//go:build unix

package main

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"
)

// BenchmarkCreateToWorker measures, on an idle board with a dispatcher running,
// from the start of the process `andon create` to the first instruction of the
// worker. The worker's first instruction is a line into a pipe.
func BenchmarkCreateToWorker(b *testing.B) {
	andon := build(b, b.TempDir())
	for _, done := range []int{0, 100_000} {
		b.Run(fmt.Sprintf("done=%d", done), func(b *testing.B) { createToWorker(b, andon, done) })
	}
}

func createToWorker(b *testing.B, andon string, done int) {
	dir := b.TempDir()
	pipe := filepath.Join(dir, "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		b.Fatal(err)
	}
	home := filepath.Join(dir, "home")
	config := fmt.Sprintf("profiles:\n  w:\n    command: [sh, -c, 'echo >%s']\n    on_exit: complete\n", pipe)
	if err := os.MkdirAll(home, 0o755); err != nil {
		b.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(home, "andon.yaml"), []byte(config), 0o600); err != nil {
		b.Fatal(err)
	}
	finished(b, filepath.Join(home, "kanban.db"), done)
	env := append(os.Environ(), "ANDON_HOME="+home)
	dispatcher := exec.Command(andon, "run")
	dispatcher.Env = env
	out, err := dispatcher.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := dispatcher.Start(); err != nil {
		b.Fatal(err)
	}
	defer dispatcher.Wait()
	defer dispatcher.Process.Signal(os.Interrupt)
	lines := bufio.NewScanner(out)
	lines.Scan() // it says that it dispatches
	go func() {
		for lines.Scan() {
		}
	}()
	fifo, err := os.OpenFile(pipe, os.O_RDWR, 0)
	if err != nil {
		b.Fatal(err)
	}
	defer fifo.Close()
	started := bufio.NewReader(fifo)

	var took []time.Duration
	for b.Loop() {
		begin := time.Now()
		create := exec.Command(andon, "create", "measure me", "--assignee", "w")
		create.Env = env
		if out, err := create.CombinedOutput(); err != nil {
			b.Fatalf("create: %v\n%s", err, out)
		}
		if _, err := started.ReadString('\n'); err != nil {
			b.Fatal(err)
		}
		took = append(took, time.Since(begin))
		idle(b, andon, env)
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "median-ms")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
}

// idle waits until no card is running, so that the next one meets an idle board.
func idle(b *testing.B, andon string, env []string) {
	for {
		list := exec.Command(andon, "list", "--status", "running", "--json")
		list.Env = env
		out, err := list.Output()
		if err != nil {
			b.Fatal(err)
		}
		if string(out) == "[]\n" {
			return
		}
	}
}
