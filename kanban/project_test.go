package kanban

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func TestDraftOn(t *testing.T) {
	repo := filepath.FromSlash("/src/My Shop")
	shop := NewProject("", repo)
	tree := filepath.Join(repo, ".worktrees", "t_1")
	both := Defaults{Workdir: "/w", Project: shop}
	for _, tt := range []struct {
		name                        string
		d                           Draft
		b                           Defaults
		kind                        WorkspaceKind
		path, branch, project, said string
	}{
		{name: "nothing to give", kind: Scratch},
		{name: "scratch gets no folder", b: Defaults{Workdir: "/w"}, kind: Scratch},
		{name: "dir", d: Draft{WorkspaceKind: Dir}, b: Defaults{Workdir: "/w"}, kind: Dir, path: "/w"},
		{name: "dir with a path", d: Draft{WorkspaceKind: Dir, WorkspacePath: "/d"}, b: both, kind: Dir, path: "/d", project: "my-shop"},
		{name: "worktree", d: Draft{WorkspaceKind: Worktree}, b: Defaults{Workdir: "/w"}, kind: Worktree, path: "/w"},
		{name: "scratch in a project", b: both, kind: Worktree, path: tree, branch: "my-shop/t_1-fix-the-door", project: "my-shop"},
		{name: "worktree in a project", d: Draft{WorkspaceKind: Worktree}, b: both, kind: Worktree, path: tree, branch: "my-shop/t_1-fix-the-door", project: "my-shop"},
		{name: "what is said stays", d: Draft{WorkspaceKind: Worktree, WorkspacePath: "/x", Branch: "b"}, b: both, kind: Worktree, path: "/x", branch: "b", project: "my-shop"},
		{name: "dir in a project", d: Draft{WorkspaceKind: Dir}, b: both, kind: Dir, path: "/w", project: "my-shop"},
		{name: "its own project", d: Draft{Project: "my-shop"}, b: both, kind: Worktree, path: tree, branch: "my-shop/t_1-fix-the-door", project: "my-shop"},
		{name: "another project", d: Draft{Project: "p_1"}, b: both, kind: Scratch, project: "p_1"},
		{name: "a project of another name", b: Defaults{Project: NewProject("p_9", repo)}, kind: Worktree, path: tree, branch: "my-shop/t_1-fix-the-door", project: "p_9"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.d.Title = "Fix the door!"
			d, err := tt.d.Clean()
			if err != nil {
				t.Fatal(err)
			}
			c := does(t)(Create("t_1", d.On(tt.b, "t_1"), nil, noon)).Task
			if c.WorkspaceKind != tt.kind || c.WorkspacePath != tt.path || c.Branch != tt.branch || c.Project != tt.project {
				t.Errorf("got %s at %q, branch %q, project %q", c.WorkspaceKind, c.WorkspacePath, c.Branch, c.Project)
			}
		})
	}
}

func TestProjectBranch(t *testing.T) {
	p := NewProject("", "/src/Shop")
	for title, want := range map[string]string{
		"Fix the door":                      "shop/t_1-fix-the-door",
		"  -- Übung: äöü -- ":               "shop/t_1-bung",
		"!!!":                               "shop/t_1",
		"":                                  "shop/t_1",
		"v1.2_final":                        "shop/t_1-v1.2_final",
		"wait...what":                       "shop/t_1-wait.what",
		"well...":                           "shop/t_1-well",
		"mend go.lock":                      "shop/t_1-mend-go",
		"x.lock.lock":                       "shop/t_1-x",
		strings.Repeat("a", 50):             "shop/t_1-" + strings.Repeat("a", 40),
		strings.Repeat("a", 39) + " " + "b": "shop/t_1-" + strings.Repeat("a", 39),
	} {
		if got := p.Branch("t_1", title); got != want {
			t.Errorf("Branch(%q) = %q, want %q", title, got, want)
		}
	}
	for repo, want := range map[string]string{"/src/Shop": "shop", "/": "project", "/src/...": "project", "/src/a.lock": "a"} {
		if got := NewProject("", repo).Slug; got != want {
			t.Errorf("the slug of %s is %q, want %q", repo, got, want)
		}
	}
}

// git itself takes whatever name is made of a title.
func FuzzBranchIsARef(f *testing.F) {
	for _, s := range []string{"Fix it", "a..b", ".lock", "x.lock", "@{", "-", "a/b", "~^:?*[\\", "\x00\x7f", "@", "é.", strings.Repeat(".a", 40)} {
		f.Add(s, s)
	}
	git, err := exec.LookPath("git")
	if err != nil {
		f.Fatal(err) // the machine that tests a board of worktrees has git
	}
	f.Fuzz(func(t *testing.T, repo, title string) {
		branch := NewProject("", "/"+repo).Branch("t_1a2b3c4d", title)
		if out, err := exec.Command(git, "check-ref-format", "--branch", branch).CombinedOutput(); err != nil {
			t.Errorf("git refuses %q: %s", branch, out)
		}
	})
}
