package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"andon/internal/lock"
	"andon/internal/view"
	"andon/kanban"
)

func newRestore(a *app) *cobra.Command {
	o := &restore{app: a}
	return verb(words{
		use: "restore FILE", group: "more",
		short: "give the board the content of a backup",
		long: `Give the board the content of FILE, which is examined first and not altered. A
board that is in use is refused: stop the dispatcher, its workers and whatever
else has it open. What the board held is kept beside it, under a name that ends
in .replaced.TIME, and can be restored in the same way.`,
		example: `  andon restore ~/kanban-2026-03-01.db`,
		exits:   "FILE is no whole board, the board is in use, or it could not be done",
	}, cobra.ExactArgs(1), o.run)
}

type restore struct{ *app }

func (o *restore) run(ctx context.Context, args []string) (err error) {
	h, place, err := o.find()
	if err != nil {
		return err
	}
	file := h.DispatcherLock()
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return &kanban.Error{Code: kanban.Denied, Err: err, Msg: err.Error(), Hint: otherHome}
	}
	guard, held, err := lock.Poll(ctx, file, 50*time.Millisecond, singleWait)
	switch {
	case errors.Is(err, lock.ErrUnavailable):
		o.warn("restoring without the lock of the dispatcher: %v", err)
	case err != nil:
		return err
	case !held:
		return &kanban.Error{Code: kanban.Busy, Msg: fmt.Sprintf("%s is in use: a dispatcher serves %s", place.DB, h.Root), Hint: "stop it first"}
	default:
		defer func() { err = errors.Join(err, guard.Unlock()) }()
	}
	r, err := place.Restore(ctx, args[0], o.opening())
	if err != nil {
		return err
	}
	for _, f := range r.Findings {
		o.warn("on the restored board: %s", f)
	}
	if o.json {
		return view.JSON(o.Out, struct {
			DBPath   string   `json:"db_path"`
			Kept     string   `json:"kept,omitempty"`
			Findings []string `json:"findings"`
		}{place.DB, r.Kept, append([]string{}, r.Findings...)})
	}
	o.printf("Restored %s\n", view.Plain(place.DB))
	if r.Kept != "" {
		o.printf("What it held is in %s\n", view.Plain(r.Kept))
	}
	return nil
}
