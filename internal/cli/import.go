package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"andon/internal/home"
	"andon/internal/importer"
	"andon/internal/portable"
	"andon/internal/view"
)

func newImport(a *app) *cobra.Command {
	o := &load{app: a}
	cmd := verb(words{
		use: "import FILE", group: "more",
		short: "give an empty board the content of an archive, or any board another tool's cards",
		long: `Give a board without cards the content of an archive that export wrote: every
row with its id, the attached files, and the board's description. The archive is
checked to its last byte first; it is taken whole or not at all. - is standard
input.

Cards that are running in it are refused, unless --running takes them as they are:
their workers belong to the board that was exported, and here such a card goes back
to ready when its lease has ended. Not for a copy on the same host while the
original works: a dispatcher would take the original's workers for its own.

With --from, make the cards of another tool on any board, all or none: beads
(.beads/issues.jsonl), task-master (tasks.json), backlog (the folder backlog/tasks
of Backlog.md) or github-json (gh issue list --json number,title,body,state,
stateReason,labels,assignees,author,comments,createdAt,url). Importing again makes
what is new there, and leaves what was brought before as it is. What a status
becomes, docs/export.md tells.`,
		example: `  andon import board.tar.gz --dry-run
  andon import board.tar.gz --home ~/moved
  andon import --from beads .beads/issues.jsonl --dry-run`,
		exits: "the file is damaged or does not fit, the board has cards, or it could not be done",
	}, cobra.ExactArgs(1), o.run)
	f := cmd.Flags()
	f.BoolVar(&o.dryRun, "dry-run", false, "only check")
	f.BoolVar(&o.running, "running", false, "take running cards as they are")
	f.StringVar(&o.from, "from", "", "the tool whose cards they are: "+strings.Join(importer.Formats, ", "))
	return cmd
}

type load struct {
	*app
	dryRun, running bool
	from            string
}

// loaded is what scripts are told.
type loaded struct {
	Board    string   `json:"board"`
	DryRun   bool     `json:"dry_run"`
	Cards    int64    `json:"cards"`
	Runs     int64    `json:"runs"`
	Events   int64    `json:"events"`
	Comments int64    `json:"comments"`
	Files    int64    `json:"files"`
	Running  int64    `json:"running"`
	Checks   int64    `json:"checks"`
	Findings []string `json:"findings"`
}

func (o *load) run(ctx context.Context, args []string) error {
	if o.from != "" {
		if o.running {
			return usagef("--running goes with an archive; other tools' cards run nowhere")
		}
		return o.bring(ctx, args[0])
	}
	_, place, err := o.find()
	if err != nil {
		return err
	}
	f, close, err := o.archiveFile(args[0])
	if err != nil {
		return err
	}
	defer close()
	// An archive that is refused makes no board.
	absent := place.Look(ctx)
	if absent != nil && !errors.Is(absent, home.ErrAbsent) {
		return absent
	}
	if absent != nil {
		x, err := portable.Import(ctx, nil, place, f, portable.Importing{Running: o.running})
		if err != nil || o.dryRun {
			return o.tellLoaded(place, x, err)
		}
	}
	return o.with(ctx, func(s *session) error { return o.load(ctx, s, f) })
}

func (o *load) load(ctx context.Context, s *session, f *os.File) error {
	if s.db.Deny != nil {
		return s.db.Deny
	}
	x, err := portable.Import(ctx, s.db, s.place, f, portable.Importing{DryRun: o.dryRun, Running: o.running})
	return o.tellLoaded(s.place, x, err)
}

func (o *load) tellLoaded(place home.Board, x portable.Imported, err error) error {
	if err != nil {
		return fmt.Errorf("import: %w", err)
	}
	for _, f := range x.Findings {
		o.warn("in the archive, and so on the board: %s", f)
	}
	if x.Checks > 0 {
		o.warn("%s a check: a command of the archive that runs here when the card is completed", counted(x.Checks, "card has", "cards have"))
	}
	if o.json {
		return view.JSON(o.Out, loaded{string(place.Slug), o.dryRun, x.Cards, x.Runs, x.Events, x.Comments, x.Files, x.Running, x.Checks,
			append([]string{}, x.Findings...)})
	}
	did := "Imported"
	if o.dryRun {
		did = "Would import"
	}
	o.printf("%s %s, %s, %s and %s into the board %s\n", did, counted(x.Cards, "card", "cards"), counted(x.Events, "event", "events"),
		counted(x.Comments, "comment", "comments"), counted(x.Files, "file", "files"), place.Slug)
	return nil
}
