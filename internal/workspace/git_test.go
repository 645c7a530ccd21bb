package workspace_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"andon/internal/workspace"
	"andon/kanban"
)

// TestMain keeps the tests apart from the settings of who runs them.
func TestMain(m *testing.M) {
	os.Setenv("GIT_CONFIG_GLOBAL", os.DevNull)
	os.Setenv("GIT_CONFIG_NOSYSTEM", "1")
	os.Exit(m.Run())
}

// git runs git in a folder, without andon, and returns what it says.
func git(t *testing.T, dir string, args ...string) string {
	t.Helper()
	cmd := exec.Command("git", append([]string{"-c", "user.name=a", "-c", "user.email=a@b"}, args...)...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("git %q in %s: %v\n%s", args, dir, err, out)
	}
	return strings.TrimSpace(string(out))
}

// repository makes one with a commit, and returns its folder with no link in it.
func repository(t *testing.T) string {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	repo := filepath.Join(dir, "repo")
	git(t, dir, "init", "-q", "-b", "main", "repo")
	write(t, filepath.Join(repo, "a.txt"), "a\n")
	git(t, repo, "add", ".")
	git(t, repo, "commit", "-q", "-m", "first")
	return repo
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func worktree(id kanban.TaskID, path, branch string) kanban.Task {
	return kanban.Task{ID: id, Status: kanban.Running, WorkspaceKind: kanban.Worktree, WorkspacePath: path, Branch: branch}
}

// made makes the worktree of a card, which must succeed, and checks that it is one.
func made(t *testing.T, task kanban.Task, defaultDir string) workspace.Place {
	t.Helper()
	p, err := workspace.Git{}.Worktree(t.Context(), task, defaultDir)
	if err != nil {
		t.Fatalf("worktree of %+v: %v", task, err)
	}
	if got := git(t, p.Path, "rev-parse", "--show-toplevel"); filepath.FromSlash(got) != p.Path {
		t.Fatalf("%s is no worktree, but part of %s", p.Path, got)
	}
	if got := git(t, p.Path, "symbolic-ref", "--short", "HEAD"); got != p.Branch {
		t.Fatalf("%s is on %s, and said to be on %s", p.Path, got, p.Branch)
	}
	return p
}

func TestWorktreeIsMadeAndFound(t *testing.T) {
	t.Parallel()
	repo := repository(t)
	inside := filepath.Join(repo, ".worktrees", "t_1")
	elsewhere := filepath.Join(repo, "..", "apart")
	for _, c := range []struct {
		name           string
		task           kanban.Task
		defaultDir     string
		path, branch   string
		alreadyChanged bool
	}{
		{"below the board's folder", worktree("t_1", "", ""), repo, inside, "wt/t_1", false},
		{"found again", worktree("t_1", inside, "wt/t_1"), "", inside, "wt/t_1", true},
		{"found again without a path", worktree("t_1", "", ""), filepath.Join(repo, ".git", ".."), inside, "wt/t_1", true},
		{"the root of a repository", worktree("t_2", repo, "fix/two"), "", filepath.Join(repo, ".worktrees", "t_2"), "fix/two", false},
		{"a path of its own", worktree("t_3", elsewhere+"/../repo/sub/three", ""), "", filepath.Join(repo, "sub", "three"), "wt/t_3", false},
		{"another card's, on another branch", worktree("t_4", inside, ""), "", filepath.Join(repo, ".worktrees", "t_4"), "wt/t_4", false},
		{"lent by its branch", worktree("t_5", inside, "wt/t_1"), "", inside, "wt/t_1", true},
	} {
		p := made(t, c.task, c.defaultDir)
		if p.Path != c.path || p.Branch != c.branch {
			t.Errorf("%s: %+v, want %s on %s", c.name, p, c.path, c.branch)
		}
		left := filepath.Join(p.Path, "left.txt")
		if _, err := os.Stat(left); (err == nil) != c.alreadyChanged {
			t.Errorf("%s: what was left there is there: %v, want %t", c.name, err == nil, c.alreadyChanged)
		}
		write(t, left, "x")
	}
	// The repository does not see them as new files.
	if got := git(t, repo, "status", "--porcelain", "--", ".worktrees"); got != "" {
		t.Errorf("git status says %q", got)
	}
}

// A worker may change the branch of its worktree; its next run goes on there.
func TestWorktreeKeepsTheBranchOfItsWorker(t *testing.T) {
	t.Parallel()
	repo := repository(t)
	p := made(t, worktree("t_1", repo, ""), "")
	git(t, p.Path, "checkout", "-q", "-b", "other")
	if again := made(t, worktree("t_1", p.Path, p.Branch), ""); again.Path != p.Path || again.Branch != "other" {
		t.Errorf("the next run works at %+v, want %s on other", again, p.Path)
	}
	git(t, p.Path, "checkout", "-q", "--detach")
	again, err := workspace.Git{}.Worktree(t.Context(), worktree("t_1", p.Path, "other"), "")
	if err != nil || again.Path != p.Path || again.Branch != "other" {
		t.Errorf("amidst a rebase: %+v, %v; want %s", again, err, p.Path)
	}
}

// What a rebase has put aside is in no file and on no branch, and is not to be lost.
func TestWorktreeAmidstARebaseStays(t *testing.T) {
	t.Parallel()
	repo := repository(t)
	write(t, filepath.Join(repo, "b.txt"), "b\n")
	git(t, repo, "add", ".")
	git(t, repo, "commit", "-q", "-m", "second")
	p := made(t, worktree("t_1", repo, ""), "")
	task := worktree("t_1", p.Path, p.Branch)
	write(t, filepath.Join(p.Path, "a.txt"), "precious\n")
	git(t, p.Path, "-c", "sequence.editor=echo break >", "rebase", "-q", "-i", "--autostash", "HEAD~1")
	s, err := workspace.Git{}.State(t.Context(), task)
	if err != nil || s.Changed != 0 || s.Ahead != 0 {
		t.Fatalf("%+v, %v: nothing is tried here", s, err)
	}
	if _, err := (workspace.Git{}).Prune(t.Context(), s, false); err == nil || !strings.Contains(err.Error(), "rebase") {
		t.Errorf("pruned amidst a rebase: %v", err)
	}
	git(t, p.Path, "rebase", "--continue")
	if got, err := os.ReadFile(filepath.Join(p.Path, "a.txt")); string(got) != "precious\n" {
		t.Errorf("after the rebase: %q, %v", got, err)
	}
}

func TestWorktreeOnABranchThatIsThere(t *testing.T) {
	t.Parallel()
	repo := repository(t)
	git(t, repo, "branch", "topic")
	write(t, filepath.Join(repo, "b.txt"), "b\n")
	git(t, repo, "add", ".")
	git(t, repo, "commit", "-q", "-m", "second")
	p := made(t, worktree("t_1", repo, "topic"), "")
	if _, err := os.Stat(filepath.Join(p.Path, "b.txt")); err == nil {
		t.Error("the worktree is not at its branch, but at that of the repository")
	}
	if p = made(t, worktree("t_2", repo, ""), ""); !strings.Contains(git(t, p.Path, "log", "--format=%s"), "second") {
		t.Error("a new branch does not begin where the repository is")
	}
}

// The folder was removed by hand, or the one who made it was killed half-way.
func TestWorktreeIsMadeAnew(t *testing.T) {
	t.Parallel()
	repo := repository(t)
	p := made(t, worktree("t_1", repo, ""), "")
	if err := os.RemoveAll(p.Path); err != nil {
		t.Fatal(err)
	}
	made(t, worktree("t_1", p.Path, p.Branch), "")

	write(t, filepath.Join(repo, ".git", "worktrees", "t_1", "locked"), "initializing")
	if err := os.Remove(filepath.Join(p.Path, "a.txt")); err != nil {
		t.Fatal(err)
	}
	made(t, worktree("t_1", p.Path, p.Branch), "")
	if _, err := os.Stat(filepath.Join(p.Path, "a.txt")); err != nil {
		t.Errorf("a worktree that was made by half is used as it is: %v", err)
	}
}

// What cannot be made says why, and leaves the repository alone.
func TestWorktreeIsRefused(t *testing.T) {
	t.Parallel()
	repo := repository(t)
	dir := t.TempDir()
	empty := filepath.Join(dir, "empty")
	git(t, dir, "init", "-q", "empty")
	write(t, filepath.Join(dir, "file"), "x")
	write(t, filepath.Join(repo, "full", "x"), "x")
	before := git(t, repo, "worktree", "list") + git(t, repo, "branch")
	for _, c := range []struct {
		name       string
		task       kanban.Task
		defaultDir string
		why        string
	}{
		{"no path", worktree("t_1", "", ""), "", "names no path"},
		{"relative", worktree("t_1", "a/b", ""), "", "not absolute"},
		{"relative default", worktree("t_1", "", ""), "a/b", "not absolute"},
		{"no repository", worktree("t_1", dir, ""), "", "in no git repository"},
		{"no repository by default", worktree("t_1", "", ""), filepath.Join(dir, "x", "y"), "in no git repository"},
		{"a file", worktree("t_1", filepath.Join(dir, "file"), ""), "", "no folder"},
		{"no commit", worktree("t_1", empty, ""), "", "no commit yet"},
		{"a folder with files", worktree("t_1", filepath.Join(repo, "full"), ""), "", "already exists"},
		{"a branch that is an option", worktree("t_1", repo, "--detach"), "", "begins with a dash"},
		{"a branch with a space", worktree("t_1", repo, "a b"), "", "has a space"},
		{"a branch in use", worktree("t_1", repo, "main"), "", "already checked out"},
		{"an id that leads elsewhere", worktree("../t_1", repo, ""), "", "cannot name a folder"},
	} {
		if p, err := (workspace.Git{}).Worktree(t.Context(), c.task, c.defaultDir); err == nil || !strings.Contains(err.Error(), c.why) {
			t.Errorf("%s: %+v, %v; want an error with %q", c.name, p, err, c.why)
		} else if strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: the error has several lines: %q", c.name, err)
		}
	}
	if after := git(t, repo, "worktree", "list") + git(t, repo, "branch"); after != before {
		t.Errorf("the repository was %s\nand is %s", before, after)
	}
}

// Cards of one repository are started at the same moment.
func TestWorktreesOfOneRepositoryAtOnce(t *testing.T) {
	t.Parallel()
	repo := repository(t)
	errs := [12]error{}
	var all sync.WaitGroup
	for i := range errs {
		all.Go(func() {
			_, errs[i] = workspace.Git{}.Worktree(t.Context(), worktree(kanban.TaskID(fmt.Sprintf("t_%d", i)), repo, ""), "")
		})
	}
	all.Wait()
	for i, err := range errs {
		if err != nil {
			t.Errorf("card %d: %v", i, err)
		}
	}
	if got := strings.Count(git(t, repo, "worktree", "list"), "\n"); got != len(errs) {
		t.Errorf("%d worktrees, want %d", got, len(errs))
	}
}

// Another git has the lock for a moment, or for good.
func TestGitWaitsForALock(t *testing.T) {
	t.Parallel()
	repo := repository(t)
	lock := filepath.Join(repo, ".git", "refs", "heads", "wt", "t_1.lock")
	write(t, lock, "")
	done := make(chan error)
	go func() {
		_, err := workspace.Git{}.Worktree(t.Context(), worktree("t_1", repo, ""), "")
		done <- err
	}()
	if err := os.Remove(lock); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Errorf("after the lock was freed: %v", err)
	}
}

// A hook of the repository, and the variables of a hook that starts andon, do not
// reach git.
func TestGitRunsNoHooksAndHeedsNoVariables(t *testing.T) {
	repo, other := repository(t), repository(t)
	hook := filepath.Join(repo, ".git", "hooks", "post-checkout")
	write(t, hook, "#!/bin/sh\ntouch '"+filepath.Join(repo, "ran")+"'\n")
	if err := os.Chmod(hook, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("GIT_DIR", filepath.Join(other, ".git"))
	t.Setenv("GIT_WORK_TREE", other)
	t.Setenv("GIT_INDEX_FILE", filepath.Join(other, "index"))
	p, err := workspace.Git{}.Worktree(t.Context(), worktree("t_1", repo, ""), "")
	if want := filepath.Join(repo, ".worktrees", "t_1"); err != nil || p.Path != want {
		t.Fatalf("%+v, %v; want %s", p, err, want)
	}
	if _, err := os.Stat(filepath.Join(repo, "ran")); err == nil {
		t.Error("the hook ran")
	}
}
