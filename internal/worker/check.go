package worker

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"andon/internal/board"
	"andon/internal/config"
	"andon/internal/home"
	"andon/internal/proc"
	"andon/kanban"
)

// How much of a check's output is kept, in bytes: who reads it wants to know how it
// began and how it ended.
const (
	outputHead = 8 << 10
	outputTail = 24 << 10
)

// examiner runs the checks of reports, be it a supervisor or who reports where
// there is none.
type examiner struct {
	board   *board.Board
	place   home.Board
	by      string // this process, as a lock names one
	grace   time.Duration
	profile func(name string) (config.Profile, error) // the error: it is not known
	where   func(context.Context, kanban.Task) (string, error)
	env     func(t kanban.Task, run *kanban.Run, p config.Profile) []string

	begun func(command string, limit time.Duration) // the check has begun; may be nil
}

// self names this process to the other judges of a board.
func self() string {
	id := proc.Self()
	return fmt.Sprintf("%s:%d:%s", proc.Hostname(), id.PID, id.Start)
}

// gone reports whether the process that runs a check is known to live no longer, or
// has been silent for longer than any check lasts.
func gone(p kanban.Proposal, limit time.Duration, now time.Time) bool {
	host, rest, _ := strings.Cut(p.By, ":")
	number, start, _ := strings.Cut(rest, ":")
	if pid, err := strconv.Atoi(number); err == nil && host == proc.Hostname() {
		return !proc.ID{PID: pid, Start: start}.Alive()
	}
	return now.Sub(p.StartedAt) > limit+time.Minute
}

// judge takes the check of a proposal, runs it and records the verdict. was is who
// had begun it before and is gone. An error of [kanban.ErrHeld] means that another
// was quicker; the context ends the check, and another may begin it anew.
func (e examiner) judge(ctx context.Context, a board.Awaited, was string) (kanban.Change, error) {
	name := a.Task.Assignee
	if a.Run != nil && a.Run.Open() && a.Run.Profile != "" {
		name = a.Run.Profile
	}
	profile, unknown := e.profile(name)
	dir, err := e.where(ctx, a.Task)
	if err != nil {
		return kanban.Change{}, fmt.Errorf("check the report on %s: workspace: %w", a.Task.ID, err)
	}
	argv, text, bad := command(a.Task, profile, string(e.place.Slug), dir)
	if text == "" && unknown != nil {
		return kanban.Change{}, &kanban.Error{Code: kanban.Invalid, Err: unknown,
			Msg: fmt.Sprintf("check the report on %s: whether profile %s has a check is not known: %v", a.Task.ID, name, unknown)}
	}
	c, err := e.board.Judge(ctx, a.Proposal, e.by, was, text)
	if err != nil {
		return c, err
	}
	p := c.Proposals[0]
	limit := a.Checking.Limit()
	v := kanban.Verdict{By: e.by, Passed: true, Exit: "no check"}
	switch {
	case bad != nil:
		v = kanban.Verdict{By: e.by, Exit: "not started", Output: bad.Error()}
	case len(argv) > 0:
		if e.begun != nil {
			e.begun(text, limit)
		}
		mark := fmt.Sprintf("ANDON_CHECK=%s/%d", e.place.Address(), p.ID)
		env := slices.DeleteFunc(e.env(a.Task, a.Run, profile), func(s string) bool {
			return strings.HasPrefix(s, "ANDON_CHECK=") || strings.HasPrefix(s, "ANDON_PROMPT_FILE=")
		})
		if v, err = e.examine(ctx, argv, dir, env, mark, limit); err != nil {
			back, cancel := context.WithTimeout(context.WithoutCancel(ctx), e.grace)
			defer cancel()
			return kanban.Change{}, errors.Join(err, e.board.Unjudge(back, p, e.by))
		}
		v.By = e.by
	}
	return e.settle(ctx, p, v)
}

// settle records a verdict, and does not lose it while others hold the board.
func (e examiner) settle(ctx context.Context, p kanban.Proposal, v kanban.Verdict) (c kanban.Change, err error) {
	for pause := time.Second; ; pause = min(2*pause, time.Minute) {
		c, err = e.board.Verdict(context.WithoutCancel(ctx), p, v)
		switch kanban.CodeOf(err) {
		case kanban.Busy, kanban.Unknown:
		default:
			return c, err
		}
		select {
		case <-ctx.Done():
			return c, err
		case <-time.After(pause):
		}
	}
}

// command is the card's check, or else its profile's, and its text; the text is
// empty if there is none.
func command(t kanban.Task, p config.Profile, slug, dir string) (argv []string, text string, err error) {
	switch {
	case t.Check != "":
		return config.Shell(t.Check), t.Check, nil
	case len(p.Check) == 0:
		return nil, "", nil
	}
	argv, err = p.CheckArgv(config.Card{ID: string(t.ID), Title: t.Title, Board: slug, Run: int64(t.Run), Workspace: dir})
	text = strings.Join(argv, " ")
	if n := len(argv); n > 0 && slices.Equal(argv, config.Shell(argv[n-1])) {
		text = argv[n-1]
	}
	return argv, text, err
}

// examine runs the check and ends all that it started, verdict or not. The error is
// the context's.
func (e examiner) examine(ctx context.Context, argv []string, dir string, env []string, mark string, limit time.Duration) (kanban.Verdict, error) {
	env = append(env, mark)
	failed := func(err error) (kanban.Verdict, error) {
		return kanban.Verdict{Exit: "not started", Output: err.Error()}, nil
	}
	// One who began it before us and was killed may have left processes.
	if _, err := proc.End(ctx, proc.Tree{Mark: mark}, 0); err != nil && ctx.Err() != nil {
		return kanban.Verdict{}, err
	}
	program, err := find(argv[0], env)
	if err != nil {
		return failed(err)
	}
	r, w, err := os.Pipe()
	if err != nil {
		return failed(err)
	}
	cmd := &exec.Cmd{Path: program, Args: argv, Dir: dir, Env: env, Stdout: w, Stderr: w}
	proc.NewGroup(cmd)
	var out abridged
	read := make(chan struct{})
	go func() {
		defer close(read)
		out.fill(r)
	}()
	started, exited := make(chan error), make(chan kanban.Exit, 1)
	go func() {
		runtime.LockOSThread() // it dies with the thread that started it
		err := proc.Start(cmd)
		started <- err
		if err == nil {
			_ = cmd.Wait()
			exited <- exitOf(cmd.ProcessState)
		}
	}()
	err = <-started
	w.Close()
	defer r.Close()
	if err != nil {
		return failed(err)
	}
	root := proc.ID{PID: cmd.Process.Pid}
	if id, ok := proc.Of(root.PID); ok {
		root = id
	}
	end := func() error { // nothing may cut this short
		_, err := proc.End(context.Background(), proc.Tree{Mark: mark, Group: root.PID, Root: root}, e.grace)
		return err
	}
	var v kanban.Verdict
	late := time.NewTimer(limit)
	defer late.Stop()
	select {
	case x := <-exited:
		v.Exit, v.Passed = x.String(), x == kanban.Exit{}
		err = end()
	case <-late.C:
		v.Exit = "timed out after " + config.Duration(limit).String()
		err = end()
	case <-ctx.Done():
		return v, errors.Join(ctx.Err(), end())
	}
	select { // what was written before the end is there
	case <-read:
	case <-time.After(e.grace):
	}
	v.Output = out.String()
	if err != nil {
		v.Output += fmt.Sprintf("\n[what the check started does not end: %v]", err)
	}
	return v, nil
}

// abridged keeps the head and the tail of what is added.
type abridged struct {
	sync.Mutex
	head, tail []byte
	n          int64
}

func (a *abridged) add(p []byte) {
	a.Lock()
	defer a.Unlock()
	a.n += int64(len(p))
	n := min(outputHead-len(a.head), len(p))
	a.head, p = append(a.head, p[:n]...), p[n:]
	if a.tail = append(a.tail, p...); len(a.tail) > 2*outputTail {
		a.tail = append(a.tail[:0], a.tail[len(a.tail)-outputTail:]...)
	}
}

func (a *abridged) String() string {
	a.Lock()
	defer a.Unlock()
	tail := a.tail[max(0, len(a.tail)-outputTail):]
	if lost := a.n - int64(len(a.head)+len(tail)); lost > 0 {
		return fmt.Sprintf("%s\n… [%d bytes left out] …\n%s", a.head, lost, tail)
	}
	return string(a.head) + string(tail)
}

// fill adds all that can be read.
func (a *abridged) fill(r *os.File) {
	buf := make([]byte, 32<<10)
	for {
		n, err := r.Read(buf)
		a.add(buf[:n])
		if err != nil {
			return
		}
	}
}
