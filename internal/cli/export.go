package cli

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"andon/internal/portable"
	"andon/internal/view"
	"andon/kanban"
)

func newExport(a *app) *cobra.Command {
	o := &export{app: a}
	cmd := verb(words{
		use: "export [FILE]", group: "more",
		short: "write the whole board to a portable archive",
		long: `Write the board as it is now to FILE, a tar archive: cards, links, runs, events,
comments and subscriptions as JSON Lines, and the attached files. Agents and people
work on meanwhile. A name that ends in .gz or .tgz is compressed; - or no name is
standard output. The same board gives the same bytes, whatever database keeps it.
docs/export.md tells the format.

For a copy of a board in a file, byte for byte, there is backup.`,
		example: `  andon export board.tar.gz
  andon export --board ops | ssh other andon import -`,
		exits: "FILE is there already, there is no board, or it could not be done",
	}, cobra.MaximumNArgs(1), o.run)
	cmd.Flags().BoolVar(&o.force, "force", false, "replace FILE")
	return cmd
}

type export struct {
	*app
	force bool
}

func (o *export) run(ctx context.Context, args []string) error {
	_, place, err := o.find()
	if err != nil {
		return err
	}
	if err := there(ctx, place); err != nil {
		return err
	}
	file := ""
	if len(args) > 0 && args[0] != "-" {
		if file, err = filepath.Abs(args[0]); err != nil {
			return err
		}
		if info, err := os.Stat(file); err == nil && !info.Mode().IsRegular() {
			return &kanban.Error{Code: kanban.Denied, Msg: file + " is no file", Hint: "name a file"}
		}
		for _, end := range []string{"", "-wal", "-shm", "-journal"} {
			if file == place.DB+end {
				return &kanban.Error{Code: kanban.Denied, Msg: file + " is the board itself", Hint: "name another file"}
			}
		}
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			return &kanban.Error{Code: kanban.Denied, Err: err, Msg: err.Error()}
		}
	} else if o.Terminal {
		return usagef("an archive is nothing to look at; name a file, or send it on")
	} else if o.json {
		return usagef("--json goes with a file: standard output has the archive")
	}
	return o.with(ctx, func(s *session) error {
		x := portable.Exporting{Force: o.force, Warn: func(s string) { o.warn("%s", s) }}
		if file == "" {
			_, err := portable.Export(ctx, s.db, s.place, o.Out, x)
			return err
		}
		x.Gzip = strings.HasSuffix(file, ".gz") || strings.HasSuffix(file, ".tgz")
		if o.Terminal && !o.json {
			x.Progress = func(done, of int64) { o.printf("\r%d of %d kB", done>>10, of>>10) }
		}
		done, err := portable.ExportFile(ctx, s.db, s.place, file, x)
		if x.Progress != nil {
			o.printf("\r\x1b[K")
		}
		if err != nil {
			return err
		}
		if done.Running > 0 {
			o.warn("%s running; import takes such an archive with --running only", counted(done.Running, "card is", "cards are"))
		}
		if o.json {
			return view.JSON(o.Out, struct {
				File    string `json:"file"`
				Board   string `json:"board"`
				Bytes   int64  `json:"bytes"`
				Cards   int64  `json:"cards"`
				Events  int64  `json:"events"`
				Files   int64  `json:"files"`
				Running int64  `json:"running"`
			}{file, string(s.place.Slug), done.Bytes, done.Cards, done.Events, done.Files, done.Running})
		}
		o.printf("%s\n", view.Plain(file))
		return nil
	})
}

// archiveFile opens an archive for reading more than once; standard input is kept
// in a file meanwhile.
func (a *app) archiveFile(name string) (f *os.File, close func(), err error) {
	refuse := func(err error) (*os.File, func(), error) {
		return nil, nil, &kanban.Error{Code: kanban.Invalid, Err: err, Msg: "read the archive: " + err.Error()}
	}
	if name != "-" {
		if f, err = os.Open(name); err != nil {
			return refuse(err)
		}
		if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
			f.Close()
			return nil, nil, &kanban.Error{Code: kanban.Invalid, Err: err, Msg: "read the archive: " + name + " is no file", Hint: "name a file, or - for standard input"}
		}
		return f, func() { f.Close() }, nil
	}
	if f, err = os.CreateTemp("", "andon-import-"); err != nil {
		return refuse(err)
	}
	close = func() {
		f.Close()
		os.Remove(f.Name())
	}
	if _, err := io.Copy(f, a.input); err != nil {
		close()
		return refuse(err)
	}
	return f, close, nil
}
