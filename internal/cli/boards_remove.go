package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"andon/internal/home"
	"andon/internal/view"
	"andon/kanban"
)

const inUseExits = "no such board or the default one, it is in use, or cards on it are running"

func newBoardsRm(a *app) *cobra.Command {
	o := &boardsRemove{app: a}
	cmd := verb(words{
		use: "rm SLUG", aliases: []string{"remove", "delete"},
		short: "put a board away, or with --delete remove it for good",
		long: `Put a board away with all that belongs to it, as archive does, or with --delete,
or called as delete, remove it for good. A board that any process has open is
refused, and one on which cards are running: let them end, or cancel them. With
--force such cards do not matter; a worker that is alive still has the board
open. The default board stays.`,
		example: `  andon boards rm ops
  andon boards rm ops --delete --dry-run
  andon boards rm ops --delete`,
		exits: inUseExits,
	}, cobra.ExactArgs(1), o.run)
	f := cmd.Flags()
	f.BoolVar(&o.how.Delete, "delete", false, "keep nothing of it")
	f.BoolVar(&o.dryRun, "dry-run", false, "only say what would be removed")
	f.BoolVar(&o.how.Force, "force", false, "although cards on it are running")
	o.delete = func() bool { return o.how.Delete || cmd.CalledAs() == "delete" }
	return cmd
}

func newBoardsArchive(a *app) *cobra.Command {
	o := &boardsRemove{app: a, delete: func() bool { return false }}
	cmd := verb(words{
		use: "archive SLUG", short: "put a board away",
		long: `Put a board away with all that belongs to it. It can be brought back with
"andon boards restore". See "andon boards rm --help" for when it is refused.`,
		example: `  andon boards archive ops
  andon boards restore ops`,
		exits: inUseExits,
	}, cobra.ExactArgs(1), o.run)
	f := cmd.Flags()
	f.BoolVar(&o.dryRun, "dry-run", false, "only say what would be put away")
	f.BoolVar(&o.how.Force, "force", false, "although cards on it are running")
	return cmd
}

type boardsRemove struct {
	*app
	how    home.Removal
	dryRun bool
	delete func() bool
}

// boardRemoval is what became of a board, or with a dry run what would.
type boardRemoval struct {
	Slug    home.Slug             `json:"slug"`
	Action  string                `json:"action"` // archived, deleted
	NewPath *string               `json:"new_path"`
	As      *string               `json:"archived_as"`
	DryRun  bool                  `json:"dry_run,omitempty"`
	DBPath  string                `json:"db_path,omitempty"`
	Counts  map[kanban.Status]int `json:"counts"`
	Files   int                   `json:"files,omitempty"`
	Bytes   int64                 `json:"bytes,omitempty"`
}

func (o *boardsRemove) run(ctx context.Context, args []string) error {
	slug, err := home.ParseSlug(args[0])
	if err != nil {
		return &kanban.Error{Code: kanban.Invalid, Err: err, Msg: err.Error()}
	}
	h, err := o.changing()
	if err != nil {
		return err
	}
	o.how.Delete = o.delete()
	if o.dryRun {
		return o.preview(ctx, h, slug)
	}
	wasCurrent, err := h.Current()
	if err != nil {
		return err
	}
	to, err := h.Remove(ctx, slug, o.Now(), o.how, o.opening())
	if err != nil {
		return err
	}
	v := boardRemoval{Slug: slug, Action: "deleted"}
	if !o.how.Delete {
		v.Action, v.NewPath, v.As = "archived", view.Opt(to.Dir), view.Opt(to.Name)
	}
	if o.json {
		return view.JSON(o.Out, v)
	}
	if o.how.Delete {
		o.printf("Board %s is deleted.\n", slug)
	} else {
		o.printf("Board %s is put away%s.\n`andon boards restore %s` brings it back.\n", slug, where(to), to.Name)
	}
	if wasCurrent.Slug == slug {
		if now, err := h.Current(); err == nil {
			o.printf("Current board: %s\n", now.Slug)
		}
	}
	return nil
}

func where(s home.Shelved) string {
	if s.Dir == "" {
		return " as " + s.Name
	}
	return " in " + view.Plain(s.Dir)
}

// preview tells what would go, and what would keep it from going.
func (o *boardsRemove) preview(ctx context.Context, h home.Home, slug home.Slug) error {
	if err := h.Removable(ctx, slug); err != nil {
		return err
	}
	b := h.Whole().Board(slug)
	v := boardRemoval{Slug: slug, Action: "archived", DryRun: true, DBPath: b.Address()}
	if o.how.Delete {
		v.Action = "deleted"
	}
	shown := newBoardView(b, false)
	o.count(ctx, b, &shown)
	v.Counts = shown.Counts
	if n := v.Counts[kanban.Running]; n > 0 && !o.how.Force {
		return home.Occupied(b, n)
	}
	if err := filepath.WalkDir(b.Dir, func(_ string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			info, err := d.Info()
			if err == nil {
				v.Files, v.Bytes = v.Files+1, v.Bytes+info.Size()
			}
			return nil
		}
		return nil // what cannot be seen, or went just now, is not counted
	}); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if o.json {
		return view.JSON(o.Out, v)
	}
	did := "put away"
	if o.how.Delete {
		did = "delete"
	}
	o.printf("Would %s the board %s: %s\nDatabase: %s\nFolder:   %s (%d files, %s)\n", did, slug, strings.Trim(shown.Cards(), "()"),
		view.Plain(b.Address()), view.Plain(b.Dir), v.Files, bytesText(v.Bytes))
	return nil
}

// bytesText is a size for people.
func bytesText(n int64) string {
	const kib = 1 << 10
	size := float64(n)
	for _, unit := range []string{"bytes", "KiB", "MiB", "GiB"} {
		if size < kib {
			if unit == "bytes" {
				return fmt.Sprintf("%d bytes", n)
			}
			return fmt.Sprintf("%.1f %s", size, unit)
		}
		size /= kib
	}
	return fmt.Sprintf("%.1f TiB", size)
}

func newBoardsRestore(a *app) *cobra.Command {
	return verb(words{
		use: "restore SHELVED", short: "bring back a board that was put away",
		long: `Bring back a board that was put away: SHELVED is its slug, and then the one put
away last comes back, or the name that "andon boards list --all" shows. A slug
that another board has meanwhile is refused.`,
		example: `  andon boards restore ops
  andon boards restore ops-1772323200`,
		exits: "no such board was put away, or its slug is taken",
	}, cobra.ExactArgs(1), func(ctx context.Context, args []string) error {
		h, err := a.changing()
		if err != nil {
			return err
		}
		b, err := h.Restore(ctx, args[0], a.Now(), a.opening())
		if err != nil {
			return err
		}
		current, err := h.Current()
		if err != nil {
			return err
		}
		v := newBoardView(b, current.Slug == b.Slug)
		if a.json {
			a.count(ctx, b, &v)
			return view.JSON(a.Out, v)
		}
		a.printf("Board %s is back.\n", b.Slug)
		if !v.IsCurrent && !b.OnServer() {
			a.printf("`andon boards switch %s` makes it the current board.\n", b.Slug)
		}
		return nil
	})
}
