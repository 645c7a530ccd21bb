package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"andon/internal/board"
	"andon/internal/home"
	"andon/internal/view"
	"andon/kanban"
)

func newBoards(a *app) *cobra.Command {
	l := &boardsList{app: a}
	cmd := verb(words{
		use: "boards", group: "more",
		short: "list, make, name, put away and bring back boards",
		long: `List the boards of the home, or, with an action, make one, name it, say where
its cards work, put it away or bring it back. A board is known by its slug: 1 to
64 of a-z, 0-9, "-" and "_". The flag --board has no meaning here.`,
		example: `  andon boards
  andon boards create ops --name "Operations" --switch
  andon boards set-project ops ~/src/ops
  andon boards archive ops`,
		exits: "there is no such board, it is in use, or it could not be done",
	}, noWords, l.run)
	flag := func(c *cobra.Command) { c.Flags().BoolVar(&l.all, "all", false, "the boards that were put away, too") }
	flag(cmd)
	list := verb(words{
		use: "list", aliases: []string{"ls"},
		short: "list the boards with the numbers of their cards",
		example: `  andon boards list --all
  andon boards list --json | jq -r '.[] | select(.is_current) | .slug'`,
		exits: "the boards cannot be listed",
	}, noWords, l.run)
	flag(list)
	show := verb(words{
		use: "show [SLUG]", aliases: []string{"current"},
		short: "show the current board, or another",
		example: `  andon boards show
  andon boards show ops --json | jq .counts`,
		exits: "there is no such board",
	}, cobra.MaximumNArgs(1), (&boardsShow{a}).run)
	cmd.AddCommand(list, newBoardsCreate(a), show, newBoardsSwitch(a), newBoardsRename(a), newBoardsWorkdir(a), newBoardsProject(a),
		newBoardsRm(a), newBoardsArchive(a), newBoardsRestore(a))
	return cmd
}

// whole finds the home for what concerns boards as such: --board is passed over.
func (a *app) whole() (home.Home, error) {
	h, err := home.Find(a.places, a.Env, a.UserHome)
	if err != nil {
		err = &kanban.Error{Code: kanban.Usage, Err: err, Msg: err.Error()}
	}
	return h.Unasked(), err
}

// slug reads the name of a board. One that is none is a wrong call.
func slug(s string) (home.Slug, error) {
	slug, err := home.ParseSlug(s)
	if err != nil {
		err = &kanban.Error{Code: kanban.Usage, Err: err, Msg: err.Error()}
	}
	return slug, err
}

type boardsList struct {
	*app
	all bool
}

func (o *boardsList) run(ctx context.Context, _ []string) error {
	h, err := o.whole()
	if err != nil {
		return err
	}
	here, err := h.Here(ctx)
	if err != nil {
		return err
	}
	current, err := h.Current()
	if err != nil {
		return err
	}
	boards, shown := []view.Board{}, 0
	for _, b := range here {
		if b.Slug == current.Slug {
			b = current
		}
		v := newBoardView(b, b.Slug == current.Slug)
		if v.Archived && b.Slug != home.Default && !o.all {
			continue
		}
		shown++
		o.count(ctx, b, &v)
		boards = append(boards, v)
	}
	if o.all {
		shelf, err := h.Shelf(ctx)
		if err != nil {
			return err
		}
		for _, s := range shelf {
			boards = append(boards, newShelvedView(s))
		}
	}
	if o.json {
		return view.JSON(o.Out, boards)
	}
	o.printf("%s\nCurrent board: %s\n", view.BoardTable(boards), current.Slug)
	if shown > 1 {
		o.printf("`andon boards switch SLUG` makes another one the current board\n")
	}
	return nil
}

// count fills in the numbers of a board's cards. A board that cannot be read is
// only warned of: the others are there all the same.
func (a *app) count(ctx context.Context, b home.Board, v *view.Board) {
	err := b.Look(ctx)
	if errors.Is(err, home.ErrAbsent) { // to open it would make it
		v.Count(map[kanban.Status]int{})
		return
	}
	var counts map[kanban.Status]int
	if err == nil {
		counts, err = a.counts(ctx, b)
	}
	if err != nil {
		a.warn("board %s: %v", b.Slug, err)
		return
	}
	v.Count(counts)
}

func (a *app) counts(ctx context.Context, b home.Board) (counts map[kanban.Status]int, err error) {
	db, err := b.Open(ctx, a.opening())
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	return board.New(db).Counts(ctx)
}

func newBoardView(b home.Board, current bool) view.Board {
	m := b.Meta()
	return view.Board{
		Slug: string(b.Slug), Name: m.Name, Description: m.Description, Icon: m.Icon, Color: m.Color,
		Workdir: view.Opt(m.Workdir), ProjectID: view.Opt(m.Project), ProjectRepo: view.Opt(m.Repo), CreatedAt: view.Opt(m.CreatedAt),
		Archived: m.Archived, DBPath: view.Opt(b.Address()), IsCurrent: current,
	}
}

func newShelvedView(s home.Shelved) view.Board {
	m := s.Meta()
	return view.Board{
		Slug: string(s.Slug), Name: m.Name, Description: m.Description, Icon: m.Icon, Color: m.Color,
		Workdir: view.Opt(m.Workdir), ProjectID: view.Opt(m.Project), ProjectRepo: view.Opt(m.Repo), CreatedAt: view.Opt(m.CreatedAt),
		Archived: true, ArchivedAs: view.Opt(s.Name),
	}
}

type boardsShow struct{ *app }

func (o *boardsShow) run(ctx context.Context, args []string) error {
	h, err := o.whole()
	if err != nil {
		return err
	}
	b, err := h.Current()
	if err != nil {
		return err
	}
	current := b.Slug
	if len(args) > 0 {
		named, err := slug(args[0])
		if err != nil {
			return err
		}
		if named != current {
			if b, err = h.Known(named); err != nil {
				return err
			}
		}
	}
	v := newBoardView(b, b.Slug == current)
	if b.Slug != home.Default && b.OnServer() {
		if err := b.Look(ctx); errors.Is(err, home.ErrAbsent) {
			return h.NoBoard(b.Slug)
		} else if err != nil {
			return err
		}
	}
	o.count(ctx, b, &v)
	return o.showBoard(v)
}

// showBoard tells all there is about a board.
func (a *app) showBoard(v view.Board) error {
	if a.json {
		return view.JSON(a.Out, v)
	}
	var text strings.Builder
	line := func(what, value string) {
		if value != "" {
			fmt.Fprintf(&text, "%-13s %s\n", what+":", view.Plain(value))
		}
	}
	deref := func(s *string) string {
		if s == nil {
			return ""
		}
		return *s
	}
	line("Board", v.Slug)
	line("Name", v.Name)
	line("Description", v.Description)
	line("Database", deref(v.DBPath))
	line("Work folder", deref(v.Workdir))
	line("Project", deref(v.ProjectRepo))
	fmt.Fprintf(&text, "%-13s %s\n", "Cards:", v.Cards())
	a.printf("%s", text.String())
	return nil
}
