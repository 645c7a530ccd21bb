package planner

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"

	"andon/internal/config"
	"andon/internal/proc"
)

// command asks a program. There is no shell, and nothing of a card is among the
// arguments.
type command struct {
	argv, env []string
	limit     time.Duration
}

const (
	pipeTime = 2 * time.Second // for the pipes of what it leaves behind
	maxWords = 200             // characters of its standard error, in an error
)

var errTooLong = fmt.Errorf("its answer is longer than %d bytes", maxAnswer)

func (c command) ask(ctx context.Context, q question) (string, error) {
	text, err := q.json()
	if err != nil {
		return "", err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	runtime.LockOSThread() // it dies with the thread that started it
	defer runtime.UnlockOSThread()
	out := &bounded{full: func() { cancel(errTooLong) }}
	var words proc.LastWords
	mark := "ANDON_PLANNER=" + rand.Text()
	cmd := exec.CommandContext(ctx, c.argv[0], c.argv[1:]...)
	cmd.Env, cmd.Stdin, cmd.Stdout, cmd.Stderr = append(config.Workerless(c.env), mark), bytes.NewReader(text), out, &words
	proc.NewGroup(cmd)
	cmd.WaitDelay = pipeTime
	var tree proc.Tree
	end := func() error { // nothing may cut this short
		_, err := proc.End(context.Background(), tree, 0)
		return err
	}
	started := make(chan struct{})
	cmd.Cancel = func() error {
		<-started
		if end() != nil {
			return cmd.Process.Kill()
		}
		return os.ErrProcessDone
	}
	if err := cmd.Start(); err != nil {
		return "", fmt.Errorf("start %s: %w", c.argv[0], err)
	}
	root := proc.ID{PID: cmd.Process.Pid}
	if id, ok := proc.Of(root.PID); ok {
		root = id
	}
	tree = proc.Tree{Mark: mark, Group: root.PID, Root: root}
	close(started)
	err = cmd.Wait()
	left := end() // whatever it left behind
	said := ""
	if line := brief(words.Line()); line != "" {
		said = ": " + line
	}
	exit, ended := errors.AsType[*exec.ExitError](err)
	switch cause := context.Cause(ctx); {
	case errors.Is(cause, errTooLong):
		return out.String(), errTooLong
	case errors.Is(cause, context.DeadlineExceeded):
		return out.String(), fmt.Errorf("%s was ended after %s%s", c.argv[0], config.Duration(c.limit), said)
	case cause != nil:
		return out.String(), cause
	case ended:
		return out.String(), fmt.Errorf("%s: %s%s", c.argv[0], exit.ProcessState, said)
	case err != nil && !errors.Is(err, exec.ErrWaitDelay): // what it left behind had its pipes
		return out.String(), fmt.Errorf("%s: %w", c.argv[0], err)
	}
	return out.String(), left
}

// bounded keeps as much as an answer may have.
type bounded struct {
	text []byte
	full func() // more came
}

func (b *bounded) Write(p []byte) (int, error) {
	n := min(len(p), maxAnswer-len(b.text))
	if b.text = append(b.text, p[:n]...); n < len(p) {
		b.full()
		return n, errTooLong
	}
	return n, nil
}

func (b *bounded) String() string { return string(b.text) }

// brief is a text of somebody else's for one line of an error.
func brief(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	if r := []rune(s); len(r) > maxWords {
		s = string(r[:maxWords]) + "…"
	}
	return s
}
