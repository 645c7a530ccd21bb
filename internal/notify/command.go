package notify

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"time"

	"andon/internal/config"
	"andon/internal/proc"
	"andon/internal/view"
)

// command runs a program with the message as JSON on its standard input. There is
// no shell, and nothing of a card is among the arguments.
type command struct{ argv []string }

const (
	commandTime = 30 * time.Second
	endTime     = 2 * time.Second // for what it leaves behind, and its pipes
	maxWords    = 200             // of its standard error, in an error
)

func (c command) send(ctx context.Context, m message) error {
	env := config.Workerless(os.Environ())
	env = append(env, m.env...)
	env = append(env, "ANDON_NOTIFY_ID="+m.Data.ID, "ANDON_NOTIFY_TARGET="+m.Data.Target, "ANDON_NOTIFY_KIND="+string(m.Data.Kind),
		"ANDON_NOTIFY_TASK="+string(m.Data.TaskID), "ANDON_NOTIFY_TEXT="+m.Data.Text)
	return execute(ctx, c.argv, env, m.body())
}

// execute runs a program to its end. Exit 0 is success; one that takes too long
// is ended with all that it started.
func execute(ctx context.Context, argv, env []string, stdin []byte) error {
	ctx, cancel := context.WithTimeout(ctx, commandTime)
	defer cancel()
	runtime.LockOSThread() // it dies with the thread that started it
	defer runtime.UnlockOSThread()
	var words proc.LastWords
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Env, cmd.Stdin, cmd.Stderr = env, bytes.NewReader(stdin), &words
	proc.NewGroup(cmd)
	cmd.WaitDelay = endTime
	cmd.Cancel = func() error {
		tree := proc.Tree{Group: cmd.Process.Pid}
		if _, err := proc.End(context.WithoutCancel(ctx), tree, 0); err != nil {
			return cmd.Process.Kill()
		}
		return os.ErrProcessDone
	}
	err := cmd.Run()
	var said string
	if line := brief(words.Line()); line != "" {
		said = ": " + line
	}
	exit, ended := errors.AsType[*exec.ExitError](err)
	switch {
	case err == nil, errors.Is(err, exec.ErrWaitDelay): // it succeeded, and what it left behind has its pipes
		return nil
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return fmt.Errorf("%s was ended after %s%s", argv[0], commandTime, said)
	case ended:
		return fmt.Errorf("%s: %s%s", argv[0], exit.ProcessState, said)
	}
	return fmt.Errorf("start %s: %w", argv[0], err)
}

// brief is a line of somebody else's for an error.
func brief(line string) string {
	line = view.Plain(line)
	if r := []rune(line); len(r) > maxWords {
		line = string(r[:maxWords]) + "…"
	}
	return line
}
