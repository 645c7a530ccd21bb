package workspace

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"

	"andon/internal/proc"
)

const (
	askLimit = 30 * time.Second // for a question to git
	actLimit = 60 * time.Second // for what changes a repository, such as to check out a large one
	tries    = 40               // at what fails because another git is at the repository
)

// Git runs git. It is the zero value but for processes that must be known again.
type Git struct {
	Env []string // added to the environment
}

// gitError is what git says when it fails.
type gitError struct {
	args   []string
	stderr string
	err    error
}

func (e *gitError) Error() string {
	said := e.stderr
	// What is left of a fatal error is its last lines; progress stands before.
	if _, fatal, ok := strings.Cut(said, "fatal: "); ok {
		said = fatal
	}
	if said = strings.Join(strings.Fields(said), " "); said == "" {
		said = e.err.Error()
	}
	return fmt.Sprintf("git %s: %s", strings.Join(e.args, " "), said)
}

func (e *gitError) Unwrap() error { return e.err }

// kept are the variables by which git is told how to work. The others, above all
// GIT_DIR and GIT_INDEX_FILE, would send it to another repository than the one at
// hand: a hook or an alias that starts andon has them set.
var kept = []string{"GIT_EXEC_PATH", "GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM", "GIT_CONFIG_NOSYSTEM", "GIT_SSH", "GIT_SSH_COMMAND", "GIT_ASKPASS"}

func (g Git) environment() []string {
	env := slices.DeleteFunc(os.Environ(), func(e string) bool {
		name, _, _ := strings.Cut(e, "=")
		return strings.HasPrefix(name, "GIT_") && !slices.Contains(kept, name) || name == "LC_ALL" || name == "LANGUAGE"
	})
	// Its words are read: whether to try again depends on them.
	return append(append(env, "LC_ALL=C", "GIT_TERMINAL_PROMPT=0", "GIT_OPTIONAL_LOCKS=0"), g.Env...)
}

// run runs git in a folder. No shell is between, and hooks are off: whoever can
// write to a repository, such as the agent of an earlier card, could leave one
// there that would then run outside any run, with no limit and nobody to end it.
// The same goes for the monitor of files, which is a command as well.
func (g Git) run(ctx context.Context, limit time.Duration, dir string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, limit, fmt.Errorf("it did not end within %s", limit))
	defer cancel()
	cmd := exec.CommandContext(ctx, "git", append([]string{"-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false"}, args...)...)
	var out, said bytes.Buffer
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = dir, g.environment(), &out, &said
	// Asked to end, git takes back what it did by half.
	cmd.Cancel = func() error {
		if err := cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
			return cmd.Process.Kill()
		}
		return nil
	}
	cmd.WaitDelay = 5 * time.Second
	proc.NewGroup(cmd) // it ends with this process, which must keep its thread until then
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	err := proc.Start(cmd) // a supervisor buries whom it did not start so
	if err == nil {
		err = cmd.Wait()
	}
	if errors.Is(err, exec.ErrNotFound) {
		return "", errors.New("git is not on the PATH; worktrees need it")
	}
	if err != nil {
		if ctx.Err() != nil {
			err = context.Cause(ctx)
			said.Reset()
		}
		return "", &gitError{args: args, stderr: said.String(), err: err}
	}
	return out.String(), nil
}

func (g Git) ask(ctx context.Context, dir string, args ...string) (string, error) {
	out, err := g.insist(ctx, askLimit, dir, fixed(args...))
	return strings.TrimSuffix(out, "\n"), err
}

// yes asks a question that git answers by its exit status.
func (g Git) yes(ctx context.Context, dir string, args ...string) (bool, error) {
	_, err := g.ask(ctx, dir, args...)
	if exit, ok := errors.AsType[*exec.ExitError](err); ok && exit.ExitCode() == 1 {
		return false, nil
	}
	return err == nil, err
}

// act changes a repository.
func (g Git) act(ctx context.Context, dir string, args func() ([]string, error)) error {
	_, err := g.insist(ctx, actLimit, dir, args)
	return err
}

func fixed(args ...string) func() ([]string, error) {
	return func() ([]string, error) { return args, nil }
}

// insist tries again while another git is at the repository: its locks do not
// wait. What to run is asked before each attempt.
func (g Git) insist(ctx context.Context, limit time.Duration, dir string, args func() ([]string, error)) (string, error) {
	for try := 1; ; try++ {
		words, err := args()
		if err != nil {
			return "", err
		}
		out, err := g.run(ctx, limit, dir, words...)
		if err == nil || try == tries || !collided(err) {
			return out, err
		}
		select {
		case <-ctx.Done():
			return "", ctx.Err()
		case <-time.After(10*time.Millisecond + rand.N(time.Duration(min(try, 10))*20*time.Millisecond)):
		}
	}
}

// collided reports whether git failed because another one was at the same files.
// The last two are of one that met a worktree which was just being made.
func collided(err error) bool {
	e, ok := errors.AsType[*gitError](err)
	return ok && slices.ContainsFunc([]string{".lock': File exists", "cannot lock ref", "could not lock", "Unable to create", "/commondir", "failed to read worktrees"},
		func(s string) bool { return strings.Contains(e.stderr, s) })
}

// Spot is what git says of a path.
type Spot struct {
	Path   string // with the links in it followed
	Exists bool
	Top    string // the working tree around it; empty: it is in none
	Main   string // the repository's first working tree; empty: it is in none, or the repository has none
	Common string // the folder that all worktrees of the repository share
	Dir    string // the git folder of this working tree
	Root   bool   // it is the top of the first working tree
	Linked bool   // it is the top of another one
	Branch string // which is checked out around it; empty: none
}

// Look asks git about a path, which need not exist.
func (g Git) Look(ctx context.Context, path string) (Spot, error) {
	s := Spot{Path: actual(path)}
	dir := s.Path
	for {
		info, err := os.Stat(dir)
		if err == nil && info.IsDir() {
			break
		}
		up := filepath.Dir(dir)
		if up == dir || err == nil {
			return s, fmt.Errorf("%s is no folder, and cannot become one", path)
		}
		dir = up
	}
	s.Exists = dir == s.Path
	out, err := g.ask(ctx, dir, "rev-parse", "--path-format=absolute", "--show-toplevel", "--git-dir", "--git-common-dir")
	if e, ok := errors.AsType[*gitError](err); ok &&
		(strings.Contains(e.stderr, "not a git repository") || strings.Contains(e.stderr, "must be run in a work tree")) {
		return s, nil
	}
	if err != nil {
		return s, err
	}
	lines := strings.Split(out, "\n")
	if len(lines) != 3 {
		return s, fmt.Errorf("the repository around %s has a newline in its path", path)
	}
	s.Top, s.Dir, s.Common = actual(lines[0]), actual(lines[1]), actual(lines[2])
	linked := s.Dir != s.Common
	s.Root, s.Linked = s.Top == s.Path && !linked, s.Top == s.Path && linked
	if s.Main = s.Top; linked {
		entries, err := g.list(ctx, dir)
		if err != nil {
			return s, err
		}
		if s.Main = ""; len(entries) > 0 && !entries[0].bare {
			s.Main = actual(entries[0].path)
		}
	}
	s.Branch, err = g.ask(ctx, dir, "symbolic-ref", "-q", "--short", "HEAD")
	if exit, ok := errors.AsType[*exec.ExitError](err); ok && exit.ExitCode() == 1 {
		err = nil
	}
	return s, err
}

// entry is a worktree as its repository knows it.
type entry struct {
	path   string
	bare   bool
	locked bool
}

func (g Git) list(ctx context.Context, dir string) ([]entry, error) {
	out, err := g.ask(ctx, dir, "worktree", "list", "--porcelain", "-z")
	if err != nil {
		return nil, err
	}
	var all []entry
	for line := range strings.SplitSeq(out, "\x00") {
		word, rest, _ := strings.Cut(line, " ")
		switch {
		case word == "worktree":
			all = append(all, entry{path: rest})
		case len(all) == 0:
		case word == "bare":
			all[len(all)-1].bare = true
		case word == "locked":
			all[len(all)-1].locked = true
		}
	}
	return all, nil
}
