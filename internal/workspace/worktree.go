package workspace

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"andon/internal/fsx"
	"andon/kanban"
)

// Place is where a card's worker works, and on which branch.
type Place struct {
	Path   string
	Branch string
	Repo   string // where the worktree has to be made; empty: it is there
}

// Decide says where the worktree of a card is or has to be made. branch is the
// one the card wants, given whether it names a path, and s what git says of that
// path or, if it names none, of the board's default folder.
func Decide(id kanban.TaskID, branch string, given bool, s Spot) (Place, error) {
	inside := func(repo string) Place {
		return Place{Path: filepath.Join(repo, ".worktrees", string(id)), Branch: branch, Repo: repo}
	}
	switch {
	case s.Top == "":
		return Place{}, fmt.Errorf("%s is in no git repository", s.Path)
	case !given:
		return inside(s.Top), nil
	case s.Linked && s.Branch == branch:
		return Place{Path: s.Path, Branch: branch}, nil
	case s.Linked:
		// Another branch is checked out there, maybe another card's. If this is the
		// card's own place, its worker changed the branch, and goes on with it.
		if s.Main == "" || inside(s.Main).Path == s.Path {
			return here(s, branch), nil
		}
		return inside(s.Main), nil
	case s.Root:
		return inside(s.Main), nil
	}
	return Place{Path: s.Path, Branch: branch, Repo: s.Top}, nil
}

// Settle is p after a look at the place itself: a worktree of the same repository
// that is there already is taken as it is.
func (p Place) Settle(at Spot, common string) Place {
	if p.Repo != "" && at.Linked && at.Common == common {
		return here(at, p.Branch)
	}
	return p
}

// here is a worktree that is there. One between branches, as amidst a rebase,
// belongs to the one that was wanted.
func here(s Spot, branch string) Place {
	if s.Branch != "" {
		branch = s.Branch
	}
	return Place{Path: s.Path, Branch: branch}
}

// mark is a file in the git folder of a worktree that says whose it is. Only one
// that andon made is ever removed by it; git removes the file with the rest.
const mark = "andon"

// Worktree finds the worktree of a card, and makes it if it is not there.
// defaultDir is the board's folder for cards that name none; it may be empty. A
// worktree that was made only by half, because the one who made it was killed, is
// made anew.
func (g Git) Worktree(ctx context.Context, t kanban.Task, defaultDir string) (Place, error) {
	if err := local(t.ID); err != nil {
		return Place{}, err
	}
	branch := t.Branch
	if branch == "" {
		branch = "wt/" + string(t.ID)
	}
	if err := kanban.CheckBranch(branch); err != nil {
		return Place{}, err
	}
	path := t.WorkspacePath
	if path == "" {
		if path = defaultDir; path == "" {
			return Place{}, errors.New("the card names no path for its worktree, and the board has no default folder; " +
				"name a repository, as in --workspace worktree:/path/to/repo")
		}
	}
	if !filepath.IsAbs(path) {
		return Place{}, fmt.Errorf("the path %q of the worktree is not absolute", path)
	}
	s, err := g.Look(ctx, path)
	if err != nil {
		return Place{}, err
	}
	p, err := Decide(t.ID, branch, t.WorkspacePath != "", s)
	if err != nil {
		return Place{}, err
	}
	at := s
	if p.Path != s.Path {
		if at, err = g.Look(ctx, p.Path); err != nil {
			return Place{}, err
		}
	}
	if at.Linked && at.Common == s.Common && halfMade(at, filepath.Base(p.Path) == string(t.ID)) {
		if err := g.act(ctx, s.Common, fixed("worktree", "remove", "--force", "--force", "--", at.Path)); err != nil {
			return Place{}, err
		}
		at = Spot{Path: at.Path}
		p = Place{Path: p.Path, Branch: branch, Repo: s.Common}
	}
	if p = p.Settle(at, s.Common); p.Repo == "" {
		return p, nil
	}
	return p, g.make(ctx, p, t.ID)
}

// halfMade reports whether git was stopped while it made the worktree. While it
// does, it locks it. In the card's own place only the card's last attempt can
// have been at it, which is over; elsewhere another card's may be, for a while.
func halfMade(s Spot, own bool) bool {
	file := filepath.Join(s.Dir, "locked")
	why, err := os.ReadFile(file)
	if err != nil || strings.TrimSpace(string(why)) != "initializing" {
		return false
	}
	info, err := os.Stat(file)
	return own || err == nil && time.Since(info.ModTime()) > 2*actLimit
}

func (g Git) make(ctx context.Context, p Place, id kanban.TaskID) error {
	if _, err := g.ask(ctx, p.Repo, "check-ref-format", "--branch", p.Branch); err != nil {
		return err
	}
	if _, err := g.ask(ctx, p.Repo, "rev-parse", "--verify", "--quiet", "HEAD^{commit}"); err != nil {
		return fmt.Errorf("the repository %s has no commit yet, and a worktree needs one", p.Repo)
	}
	// A worktree whose folder was removed by hand stands in the way of a new one.
	if _, err := os.Lstat(p.Path); os.IsNotExist(err) {
		if err := g.forget(ctx, p.Repo, p.Path); err != nil {
			return err
		}
	}
	if there, err := os.ReadDir(p.Path); err == nil && len(there) > 0 { // git would find that out only after it made the branch
		return fmt.Errorf("%s already exists, and is not empty", p.Path)
	}
	if dir := filepath.Dir(p.Path); filepath.Base(dir) == ".worktrees" {
		if err := hide(dir); err != nil {
			return err
		}
	}
	err := g.act(ctx, p.Repo, func() ([]string, error) {
		there, err := g.branch(ctx, p.Repo, p.Branch) // an attempt that collided may have made it
		if there {
			return []string{"worktree", "add", "--", p.Path, p.Branch}, err
		}
		return []string{"worktree", "add", "-b", p.Branch, "--", p.Path, "HEAD"}, err
	})
	if err != nil {
		return err
	}
	dir, err := g.ask(ctx, p.Path, "rev-parse", "--absolute-git-dir")
	if err == nil {
		err = fsx.WriteFile(filepath.Join(dir, mark), []byte(string(id)+"\n"), 0o644)
	}
	return err
}

// branch reports whether the repository has the branch.
func (g Git) branch(ctx context.Context, repo, name string) (bool, error) {
	return g.yes(ctx, repo, "show-ref", "--verify", "--quiet", "refs/heads/"+name)
}

// forget removes the repository's entry for a worktree whose folder is gone, if it
// has one.
func (g Git) forget(ctx context.Context, repo, path string) error {
	entries, err := g.list(ctx, repo)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if actual(e.path) == actual(path) {
			return g.act(ctx, repo, fixed("worktree", "remove", "--", e.path))
		}
	}
	return nil
}

// hide makes the folder in which the worktrees of a repository lie. The
// repository shall neither list them as new files nor add them.
func hide(dir string) error {
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return err
	}
	err := os.Mkdir(dir, 0o755)
	if os.IsExist(err) {
		return nil
	}
	if err == nil {
		err = fsx.WriteFile(filepath.Join(dir, ".gitignore"), []byte("*\n"), 0o644)
	}
	return err
}
