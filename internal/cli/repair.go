package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"andon/internal/view"
	"andon/kanban"
)

func newRepair(a *app) *cobra.Command {
	o := &repair{app: a}
	cmd := verb(words{
		use: "repair", group: "more",
		short: "examine the board's file and mend its indexes",
		long: `Read every byte of the board's file, and write damaged indexes anew: what an
index repeats is whole in its table. A copy of the file as it was is kept first,
beside it, as NAME.corrupt.HASH.bak. Any other damage is reported and left alone.

With --wal a sound file in another journal mode gets a write-ahead log, so that
readers and writers no longer wait for each other. That is refused while another
program has the file open. A program with an SQLite below 3.51.3 is not safe on
a file with a write-ahead log, and Hermes keeps away from one for that reason.`,
		example: `  andon repair
  andon repair --db /path/to/kanban.db --json | jq -r .status
  andon repair --wal`,
		exits: "the file is damaged beyond its indexes, or could not be examined",
	}, noWords, o.run)
	cmd.Flags().BoolVar(&o.wal, "wal", false, "give the file a write-ahead log")
	return cmd
}

type repair struct {
	*app
	wal bool
}

func (o *repair) run(ctx context.Context, _ []string) error {
	_, place, err := o.find()
	if err != nil {
		return err
	}
	r, err := place.Repair(ctx, o.wal, o.opening())
	if err != nil {
		return err
	}
	if o.json {
		if err := view.JSON(o.Out, r); err != nil {
			return err
		}
	}
	kept := "no copy of it could be kept"
	if r.BackupPath != "" {
		kept = "a copy of it as it was is " + r.BackupPath
	}
	switch r.Status {
	case "missing":
		o.text("no board at %s, and nothing to repair\n", r.DBPath)
	case "ok":
		o.text("ok: %s is whole\n", r.DBPath)
	case "repaired":
		o.text("repaired: the indexes %s of %s were written anew; %s\n", strings.Join(r.Reindexed, ", "), r.DBPath, kept)
	default:
		for _, m := range append(r.Messages, r.PostMessages...) {
			o.text("%s\n", m)
		}
		return &kanban.Error{Code: kanban.Damaged, Msg: fmt.Sprintf("%s is damaged, and it is not its indexes alone; %s", r.DBPath, kept),
			Hint: "`andon restore FILE` puts a backup in its place; without one, `sqlite3 COPY .recover` saves what can be read"}
	}
	return nil
}

// text prints a line for people.
func (o *repair) text(format string, args ...any) {
	if !o.json {
		o.printf("%s\n", view.Plain(strings.TrimSuffix(fmt.Sprintf(format, args...), "\n")))
	}
}
