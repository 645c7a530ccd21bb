package workspace

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"andon/kanban"
)

// State is how the worktree of a card stands. Its zero value is one that was
// never made.
type State struct {
	Path    string
	Exists  bool   // the folder is there
	Known   bool   // git knows it as a worktree beside a repository's first one
	Ours    bool   // andon made it, or Hermes
	Locked  bool   // somebody told git to keep it
	Branch  string // checked out there; of one whose folder is gone, the card's
	Amidst  string // what git was stopped at, such as a rebase; empty: nothing
	Changed int    // files with work that is in no commit, new ones included
	Ahead   int    // commits that no other branch, tag or remote branch has
	repo    string // the folder that all worktrees share
}

// State asks git how the worktree of a card stands.
func (g Git) State(ctx context.Context, t kanban.Task) (State, error) {
	s := State{Path: t.WorkspacePath, Branch: t.Branch}
	if s.Path == "" {
		return s, nil
	}
	if !filepath.IsAbs(s.Path) {
		return s, absolute(t)
	}
	spot, err := g.Look(ctx, s.Path)
	if err != nil || spot.Common == "" {
		s.Exists = spot.Exists
		return s, err
	}
	s.Exists, s.repo = spot.Exists, spot.Common
	entries, err := g.list(ctx, s.repo)
	if err != nil {
		return s, err
	}
	for _, e := range entries[min(1, len(entries)):] { // the first is the repository's own
		if actual(e.path) == spot.Path {
			s.Known, s.Locked = true, e.locked
		}
	}
	s.Known = s.Known && (spot.Linked || !s.Exists)
	s.Ours = s.Known && ours(spot, t.ID)
	if !s.Known || !s.Exists {
		return s, nil
	}
	s.Branch, s.Amidst = spot.Branch, amidst(spot.Dir)
	out, err := g.ask(ctx, spot.Path, "status", "--porcelain", "-z", "--untracked-files=normal")
	if err != nil {
		return s, err
	}
	for record := range strings.SplitSeq(out, "\x00") {
		if len(record) > 3 && record[2] == ' ' {
			s.Changed++
		}
	}
	return s, g.ahead(ctx, spot.Path, &s)
}

// amidst names what git has begun in a worktree and not ended. Until then it may keep
// work there that neither the files nor any branch show, such as what a rebase has
// put aside.
func amidst(dir string) string {
	for _, at := range []struct{ file, what string }{{"rebase-merge", "a rebase"}, {"rebase-apply", "a rebase"}, {"MERGE_HEAD", "a merge"},
		{"MERGE_AUTOSTASH", "a merge"}, {"CHERRY_PICK_HEAD", "a cherry-pick"}, {"REVERT_HEAD", "a revert"}, {"sequencer", "a cherry-pick or a revert"}} {
		if _, err := os.Lstat(filepath.Join(dir, at.file)); err == nil {
			return at.what
		}
	}
	return ""
}

// ahead counts the commits that would be out of reach without the branch, or, of
// a worktree on no branch, without the worktree.
func (g Git) ahead(ctx context.Context, dir string, s *State) error {
	args := []string{"rev-list", "--count", "HEAD", "--not"}
	if s.Branch != "" {
		args = append(args, "--exclude="+s.Branch)
	}
	out, err := g.ask(ctx, dir, append(args, "--branches", "--remotes", "--tags")...)
	if err == nil {
		s.Ahead, err = strconv.Atoi(out)
	}
	return err
}

// ours tells the worktrees that were made for the card from those that people
// made and lent to it.
func ours(s Spot, id kanban.TaskID) bool {
	if filepath.Base(s.Path) == string(id) && filepath.Base(filepath.Dir(s.Path)) == ".worktrees" {
		return true
	}
	dir := s.Dir
	if !s.Exists { // then nothing there leads to git's folder for it
		entries, _ := filepath.Glob(filepath.Join(s.Common, "worktrees", "*", "gitdir"))
		for _, e := range entries {
			if text, err := os.ReadFile(e); err == nil && actual(filepath.Dir(strings.TrimSpace(string(text)))) == s.Path {
				dir = filepath.Dir(e)
			}
		}
	}
	_, err := os.Stat(filepath.Join(dir, mark))
	return err == nil && dir != s.Common
}

// Keeps says why the worktree is not to be removed; empty if it may be. With force,
// work that is in no commit and commits that are nowhere else do not keep it, nor does
// what git was stopped at.
func (s State) Keeps(force bool) string {
	switch {
	case !s.Exists && !s.Known:
		return "it is gone"
	case !s.Known:
		return "it is no worktree of a repository"
	case !s.Ours:
		return "andon did not make it"
	case s.Locked:
		return "it is locked; `git worktree unlock` frees it"
	case force:
		return ""
	case s.Amidst != "":
		return fmt.Sprintf("git was stopped amidst %s there", s.Amidst)
	case s.Changed > 0:
		return fmt.Sprintf("%d files have work that is in no commit", s.Changed)
	case s.Ahead > 0:
		return fmt.Sprintf("%d commits are on no other branch", s.Ahead)
	}
	return ""
}

// Prune removes the worktree, or the entry for one whose folder is gone, and then
// the branch, if git finds that merged. Without force, git itself refuses to
// remove work that came up meanwhile.
func (g Git) Prune(ctx context.Context, s State, force bool) (branchGone bool, err error) {
	if why := s.Keeps(force); why != "" {
		return false, fmt.Errorf("%s stays: %s", s.Path, why)
	}
	args := []string{"worktree", "remove"}
	if force {
		args = append(args, "--force")
	}
	if err := g.act(ctx, s.repo, fixed(append(args, "--", s.Path)...)); err != nil {
		return false, err
	}
	if s.Branch == "" {
		return false, nil
	}
	// A branch that is not merged, or checked out elsewhere, is one that stays.
	err = g.act(ctx, s.repo, fixed("branch", "-d", "--", s.Branch))
	return err == nil, nil
}
