package cli

import (
	"context"
	"path/filepath"

	"github.com/spf13/cobra"

	"andon/internal/view"
)

func newBackup(a *app) *cobra.Command {
	o := &backup{app: a}
	cmd := verb(words{
		use: "backup FILE", group: "more",
		short: "copy the board to a file while it is in use",
		long: `Copy the state that the board has now to FILE, while agents and people go on
working: with a write-ahead log nobody waits for it, in another journal mode
writers do. The copy is examined, every byte of it, before it gets its name. A
FILE that is there already stays, unless --force is given.

To copy the files of a board with cp or tar is no backup: what is in the log may
be missing from it.`,
		example: `  andon backup ~/kanban-$(date +%F).db
  andon backup --force /mnt/backup/kanban.db`,
		exits: "FILE is there already, the board is damaged, or it could not be done",
	}, cobra.ExactArgs(1), o.run)
	cmd.Flags().BoolVar(&o.force, "force", false, "replace FILE")
	return cmd
}

type backup struct {
	*app
	force bool
}

func (o *backup) run(ctx context.Context, args []string) error {
	_, place, err := o.find()
	if err != nil {
		return err
	}
	if err := there(ctx, place); err != nil {
		return err
	}
	file, err := filepath.Abs(args[0])
	if err != nil {
		return err
	}
	var progress func(done, of int)
	if o.Terminal && !o.json {
		progress = func(done, of int) { o.printf("\r%d of %d pages", done, of) }
	}
	c, err := place.Backup(ctx, file, o.force, progress, o.opening())
	if progress != nil {
		o.printf("\r\x1b[K")
	}
	if err != nil {
		return err
	}
	// They are the board's own: the copy is as good as what it is a copy of.
	for _, f := range c.Findings {
		o.warn("on the board, and so in the backup: %s", f)
	}
	if o.json {
		return view.JSON(o.Out, struct {
			File     string   `json:"file"`
			DBPath   string   `json:"db_path"`
			Bytes    int64    `json:"bytes"`
			Pages    int      `json:"pages"`
			Findings []string `json:"findings"`
		}{file, place.DB, c.Bytes, c.Pages, append([]string{}, c.Findings...)})
	}
	o.printf("%s\n", view.Plain(file))
	return nil
}
