package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"andon/internal/trash"
	"andon/kanban"
)

func newDelete(a *app) *cobra.Command {
	o := &remove{app: a}
	cmd := verb(words{
		use: "delete ID...", group: "cards",
		short: "remove cards with all that belongs to them",
		long: `Remove cards with their history, comments and files. They are kept in the board's
folder trash for a day, unless purged, and undo brings them back. The worker of a running card is ended
first. Cards that waited for them alone become ready. To put a card away and keep
its history, archive it.`,
		example: `  andon delete t_1a2b3c4d
  andon delete t_1a2b3c4d --purge`,
		exits: "no such card, its worker does not end, or its files cannot be moved",
	}, cobra.MinimumNArgs(1), o.run)
	cmd.Flags().BoolVar(&o.purge, "purge", false, "keep nothing")
	return cmd
}

type remove struct {
	*app
	purge    bool
	archived bool // only cards that are archived
}

// deleted is what scripts are told of one card.
type deleted struct {
	ID      kanban.TaskID `json:"id"`
	Deleted bool          `json:"deleted"`
	Trash   *string       `json:"trash"`
}

func (o *remove) run(ctx context.Context, args []string) error {
	ids, err := o.ids(args)
	if err != nil {
		return err
	}
	return o.with(ctx, func(s *session) error {
		return o.each(ids, func(id kanban.TaskID) (string, any, error) {
			was, err := s.Task(ctx, id)
			if err != nil {
				return "", nil, err
			}
			var dir string
			remove := func(t kanban.Task, _ kanban.Termination) (err error) {
				options := trash.Options{Deletion: kanban.Deletion{Was: t.Run, Archived: o.archived}, Purge: o.purge}
				dir, err = trash.Delete(ctx, s.Board, s.place, id, options, o.Now())
				return err
			}
			if o.archived { // a card that is running is refused, and its worker left alone
				err = remove(kanban.Task{}, kanban.Termination{})
			} else {
				err = take(ctx, s, "delete", id, remove)
			}
			if err != nil {
				return "", nil, err
			}
			if o.purge { // else its day in the trash comes first
				o.tidyOrphan(ctx, s, was)
			}
			v := deleted{ID: id, Deleted: true}
			if dir != "" {
				v.Trash = &dir
			}
			return fmt.Sprintf("Deleted %s", id), v, nil
		})
	})
}
