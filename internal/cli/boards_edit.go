package cli

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"andon/internal/home"
	"andon/internal/view"
	"andon/kanban"
)

func newBoardsCreate(a *app) *cobra.Command {
	o := &boardsCreate{app: a}
	cmd := verb(words{
		use: "create SLUG", aliases: []string{"new"},
		short: "make a board",
		long: `Make a board. One that is there already stays; what the flags say of it is
written down all the same.`,
		example: `  andon boards create ops --name "Operations" --switch
  andon boards create shop --project ~/src/shop`,
		exits: "a value breaks a rule, or the board cannot be made",
	}, cobra.ExactArgs(1), o.run)
	f := cmd.Flags()
	f.StringVar(&o.name, "name", "", "its name for people (default: made of the slug)")
	f.StringVar(&o.description, "description", "", "what it is for")
	f.StringVar(&o.icon, "icon", "", "a sign to know it by")
	f.StringVar(&o.color, "color", "", "a colour to know it by")
	f.BoolVar(&o.current, "switch", false, "make it the current board")
	f.StringVar(&o.workdir, "default-workdir", "", "folder of dir and worktree cards that name none")
	f.StringVar(&o.project, "project", "", "folder of the repository that its cards are about")
	o.changed = f.Changed
	return cmd
}

type boardsCreate struct {
	*app
	name, description, icon, color, workdir, project string
	current                                          bool
	changed                                          func(string) bool
}

func (o *boardsCreate) run(ctx context.Context, args []string) error {
	slug, err := slug(args[0])
	if err != nil {
		return err
	}
	h, err := o.changing()
	if err != nil {
		return err
	}
	for flag, text := range map[string]string{"name": o.name, "description": o.description, "icon": o.icon, "color": o.color} {
		if err := words1(flag, text); err != nil {
			return err
		}
	}
	if o.changed("name") && strings.TrimSpace(o.name) == "" {
		return kanban.Invalidf("--name: a board's name cannot be blank")
	}
	workdir, repo := "", ""
	if o.changed("default-workdir") && o.workdir != "" {
		if workdir, err = o.folder(o.workdir); err != nil {
			return err
		}
	}
	if o.changed("project") && o.project != "" {
		if repo, err = o.repository(o.project); err != nil {
			return err
		}
	}
	b, existed, err := h.Create(ctx, slug, o.Now(), func(m *home.Meta) {
		for _, f := range []struct {
			flag, text string
			to         *string
		}{{"name", o.name, &m.Name}, {"description", o.description, &m.Description}, {"icon", o.icon, &m.Icon}, {"color", o.color, &m.Color}} {
			if o.changed(f.flag) {
				*f.to = strings.TrimSpace(f.text)
			}
		}
		if o.changed("default-workdir") {
			m.Workdir = workdir
		}
		if o.changed("project") {
			m.SetRepo(repo)
		}
	}, o.opening())
	if err != nil {
		return err
	}
	if o.current {
		if err := h.Switch(ctx, slug); err != nil {
			return err
		}
	}
	current, err := h.Current()
	if err != nil {
		return err
	}
	v := newBoardView(b, current.Slug == slug)
	if o.json {
		o.count(ctx, b, &v)
		return view.JSON(o.Out, struct {
			view.Board
			Created bool `json:"created"`
		}{v, !existed})
	}
	did := "created"
	if existed {
		did = "already exists"
	}
	o.printf("Board '%s' %s.\nName:     %s\nDatabase: %s\n", slug, did, view.Plain(v.Name), view.Plain(b.Address()))
	switch {
	case v.IsCurrent:
		o.printf("It is the current board.\n")
	case b.OnServer():
		o.printf("`andon --board %s ...` works on it.\n", slug)
	default:
		o.printf("`andon boards switch %s` makes it the current board.\n", slug)
	}
	return nil
}

// changing finds the home for a verb that changes its boards.
func (a *app) changing() (home.Home, error) {
	if err := a.delegated(); err != nil {
		return home.Home{}, err
	}
	h, err := a.whole()
	if err != nil {
		return h, err
	}
	if info, err := os.Stat(h.Root); err == nil && !info.IsDir() {
		return h, &kanban.Error{Code: kanban.Denied, Msg: fmt.Sprintf("the home %s is a file, and must be a folder", h.Root), Hint: otherHome}
	}
	return h, nil
}

// words1 refuses what cannot be one line of text.
func words1(what, text string) error {
	switch {
	case strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r == 0x7f }):
		return kanban.Invalidf("the %s of a board is one line, without control characters", what)
	case strings.ToValidUTF8(text, "") != text:
		return kanban.Invalidf("the %s of a board is not UTF-8", what)
	case len(text) > 4096:
		return kanban.Invalidf("the %s of a board has %d bytes, and 4096 is the most", what, len(text))
	}
	return nil
}

// folder checks a path that workers will be sent to.
func (a *app) folder(path string) (string, error) {
	path = a.expand(strings.TrimSpace(path))
	if !filepath.IsAbs(path) {
		return "", &kanban.Error{Code: kanban.Invalid, Msg: fmt.Sprintf("the folder %q is not an absolute path", path),
			Hint: "write it out: workers are started elsewhere"}
	}
	if err := words1("folder", path); err != nil {
		return "", err
	}
	info, err := os.Stat(path)
	if err == nil && !info.IsDir() {
		err = fmt.Errorf("%s is not a folder", path)
	}
	if err != nil {
		return "", &kanban.Error{Code: kanban.Invalid, Err: err, Msg: "the folder: " + err.Error()}
	}
	return filepath.Clean(path), nil
}

// repository checks the folder of a git repository.
func (a *app) repository(path string) (string, error) {
	path, err := a.folder(path)
	if err != nil {
		return "", err
	}
	if _, err := os.Stat(filepath.Join(path, ".git")); err != nil {
		return "", &kanban.Error{Code: kanban.Invalid, Err: err, Msg: path + " is not the folder of a git repository: it has no .git",
			Hint: "name the topmost folder of a checkout, or make one with `git init`"}
	}
	return path, nil
}

// findProject is the project that a card is asked to belong to: that of a
// repository's folder, that of a board of the home, or none.
func (a *app) findProject(h home.Home, name string) (kanban.Project, error) {
	switch strings.ToLower(strings.TrimSpace(name)) {
	case "none", "-", "null":
		return kanban.Project{}, nil
	}
	boards, err := h.Whole().Boards()
	if err != nil {
		return kanban.Project{}, err
	}
	path := a.expand(strings.TrimSpace(name))
	isPath := filepath.IsAbs(path)
	if isPath {
		if path, err = a.repository(path); err != nil {
			return kanban.Project{}, err
		}
	}
	for _, b := range boards {
		if p := b.Defaults().Project; p.Repo != "" && (isPath && p.Repo == path || !isPath && (p.ID == name || p.Slug == strings.ToLower(name))) {
			return p, nil
		}
	}
	if isPath {
		return kanban.NewProject("", path), nil
	}
	return kanban.Project{}, &kanban.Error{Code: kanban.Invalid, Msg: fmt.Sprintf("no board has the project %q", name),
		Hint: "give the absolute path of a repository, or name it for a board with `andon boards set-project`"}
}

func newBoardsSwitch(a *app) *cobra.Command {
	return verb(words{
		use: "switch SLUG", aliases: []string{"use"},
		short:   "make a board the current one",
		long:    "Make a board the current one: it is meant wherever no other is named.",
		example: `  andon boards switch ops`,
		exits:   "there is no such board",
	}, cobra.ExactArgs(1), func(ctx context.Context, args []string) error {
		slug, err := slug(args[0])
		if err != nil {
			return err
		}
		h, err := a.changing()
		if err != nil {
			return err
		}
		if err := h.Switch(ctx, slug); err != nil {
			return err
		}
		now, err := h.Current()
		if err != nil {
			return err
		}
		if now.Slug != slug {
			a.warn("the environment names the board %s, which is meant as long as it does", now.Slug)
		}
		if a.json {
			return view.JSON(a.Out, newBoardView(h.Whole().Board(slug), now.Slug == slug))
		}
		a.printf("Current board: %s\n", slug)
		return nil
	})
}

func newBoardsRename(a *app) *cobra.Command {
	return verb(words{
		use: "rename SLUG NAME", short: "give a board another name for people",
		long:    "Give a board another name for people. Its slug, by which it is known, never changes.",
		example: `  andon boards rename ops "Operations"`,
		exits:   "there is no such board, or the name is blank",
	}, cobra.ExactArgs(2), func(ctx context.Context, args []string) error {
		name := strings.TrimSpace(args[1])
		if name == "" {
			return kanban.Invalidf("a board's name cannot be blank")
		}
		if err := words1("name", name); err != nil {
			return err
		}
		return a.describe(ctx, args[0], func(m *home.Meta) { m.Name = name }, func(v view.Board) string {
			return fmt.Sprintf("Board %s is called %s now.", v.Slug, view.Plain(v.Name))
		})
	})
}

func newBoardsWorkdir(a *app) *cobra.Command {
	return verb(words{
		use: "set-default-workdir SLUG [PATH]", short: "say in which folder a board's cards work",
		long: `Say in which folder the dir and worktree cards of a board work that name none.
Cards that were made before keep theirs. Without PATH there is no such folder any
more.`,
		example: `  andon boards set-default-workdir ops /srv/ops
  andon boards set-default-workdir ops`,
		exits: "there is no such board, or PATH is not the absolute path of a folder",
	}, cobra.RangeArgs(1, 2), func(ctx context.Context, args []string) (err error) {
		path := ""
		if len(args) > 1 && args[1] != "" {
			if path, err = a.folder(args[1]); err != nil {
				return err
			}
		}
		return a.describe(ctx, args[0], func(m *home.Meta) { m.Workdir = path }, func(v view.Board) string {
			if path == "" {
				return fmt.Sprintf("Board %s has no default folder any more.", v.Slug)
			}
			return fmt.Sprintf("Cards of %s work in %s where they name no folder.", v.Slug, view.Plain(path))
		})
	})
}

func newBoardsProject(a *app) *cobra.Command {
	return verb(words{
		use: "set-project SLUG [PATH]", short: "say which repository a board's cards are about",
		long: `Say in which folder the git repository lies that a board's cards are about. Each
card that is made from now on works in a worktree of its own,
PATH/.worktrees/ID, on a branch of its own, PROJECT/ID-TITLE, unless it names
another workspace than scratch. Without PATH cards get scratch folders again.`,
		example: `  andon boards set-project shop ~/src/shop
  andon boards set-project shop`,
		exits: "there is no such board, or PATH is not the folder of a git repository",
	}, cobra.RangeArgs(1, 2), func(ctx context.Context, args []string) (err error) {
		repo := ""
		if len(args) > 1 && args[1] != "" {
			if repo, err = a.repository(args[1]); err != nil {
				return err
			}
		}
		return a.describe(ctx, args[0], func(m *home.Meta) { m.SetRepo(repo) }, func(v view.Board) string {
			if repo == "" {
				return fmt.Sprintf("Board %s has no project any more.", v.Slug)
			}
			return fmt.Sprintf("Cards of %s work in worktrees of %s.", v.Slug, view.Plain(repo))
		})
	})
}

// describe changes what is said of a board, and tells of it.
func (a *app) describe(ctx context.Context, name string, change func(*home.Meta), tell func(view.Board) string) error {
	slug, err := slug(name)
	if err != nil {
		return err
	}
	h, err := a.changing()
	if err != nil {
		return err
	}
	b, err := h.Describe(ctx, slug, a.Now(), change)
	if err != nil {
		return err
	}
	current, err := h.Current()
	if err != nil {
		return err
	}
	v := newBoardView(b, current.Slug == slug)
	if a.json {
		a.count(ctx, b, &v)
		return view.JSON(a.Out, v)
	}
	a.printf("%s\n", tell(v))
	return nil
}
