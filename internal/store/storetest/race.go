package storetest

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

const atGate = "at the gate"

// Race starts n processes of the test's own binary with the environment added,
// and returns what each of them printed, line by line. The processes come to the
// gates one after the other, with [Gate]; each gate is opened when all of them
// stand before it. A process that fails fails the test.
func Race(t testing.TB, n, gates int, env ...string) [][]string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	inherited, ours := make([]*os.File, gates), make([]*os.File, gates)
	for i := range gates {
		var err error
		if inherited[i], ours[i], err = os.Pipe(); err != nil {
			t.Fatal(err)
		}
		defer inherited[i].Close()
		defer ours[i].Close()
	}
	type process struct {
		cmd    *exec.Cmd
		says   *bufio.Scanner
		stderr strings.Builder
	}
	all := make([]*process, n)
	for i := range all {
		p := &process{cmd: exec.CommandContext(ctx, os.Args[0])}
		p.cmd.Env = append(os.Environ(), env...)
		p.cmd.ExtraFiles, p.cmd.Stderr = inherited, &p.stderr
		out, err := p.cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		p.says = bufio.NewScanner(out)
		if err := p.cmd.Start(); err != nil {
			t.Fatal(err)
		}
		all[i] = p
	}
	lines := make([][]string, n)
	read := func(i int) {
		for all[i].says.Scan() {
			if all[i].says.Text() == atGate {
				return
			}
			lines[i] = append(lines[i], all[i].says.Text())
		}
	}
	for g := range gates {
		for i := range all {
			read(i)
		}
		ours[g].Close()
	}
	for i, p := range all {
		read(i)
		if err := p.cmd.Wait(); err != nil {
			t.Errorf("process %d of %d: %v: %s", i, n, err, p.stderr.String())
		}
	}
	return lines
}

// Gate waits, in a process that [Race] started, until gate i is opened.
func Gate(i int) error {
	fmt.Println(atGate)
	f := os.NewFile(uintptr(3+i), "gate")
	defer f.Close()
	if _, err := f.Read(make([]byte, 1)); err == nil {
		return fmt.Errorf("gate %d spoke", i)
	}
	return nil
}
