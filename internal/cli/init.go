package cli

import (
	"context"
	"errors"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"andon/internal/config"
	"andon/internal/fsx"
	"andon/internal/view"
	"andon/kanban"
)

func newInit(a *app) *cobra.Command {
	o := &initialise{app: a}
	cmd := verb(words{
		use: "init", group: "more",
		short: "make a home, its board and an andon.yaml",
		long: `Make the home, its board and an andon.yaml that shows every setting. What is
there already stays as it is, so that it may be called again.

With --for, make the project in the current folder known to an agent instead:
claude-code, codex, gemini or opencode. Its settings get andon's tools, and the file
that it reads a section between two marks; everything else in them stays. What would
change is shown first, and asked about on a terminal.`,
		example: `  andon init
  andon init --home /srv/board
  andon init --for claude-code --dry-run`,
		exits: "the home cannot be written, or andon.yaml is not right",
	}, noWords, o.run)
	f := cmd.Flags()
	f.StringVar(&o.forAgent, "for", "", "make the current project known to this agent")
	f.BoolVar(&o.yes, "yes", false, "with --for: write without a question")
	f.BoolVar(&o.dryRun, "dry-run", false, "with --for: only show what would change")
	o.changed = f.Changed
	return cmd
}

type initialise struct {
	*app
	forAgent    string
	yes, dryRun bool
	changed     func(flag string) bool
}

type initialised struct {
	Home     string   `json:"home"`
	DB       string   `json:"db_path"`
	Config   string   `json:"config"`
	Profiles []string `json:"profiles"`
}

func (o *initialise) run(ctx context.Context, _ []string) error {
	switch {
	case o.changed("for"):
		return o.seatAgent()
	case o.yes || o.dryRun:
		return usagef("--yes and --dry-run are for --for")
	}
	return o.configured(ctx, func(s *session) error {
		file := s.home.ConfigFile()
		if _, err := os.Lstat(file); errors.Is(err, fs.ErrNotExist) {
			// The board may lie elsewhere, and then nobody has made the home yet.
			err := os.MkdirAll(s.home.Root, 0o755)
			if err == nil {
				err = fsx.WriteFile(file, config.Example(), 0o644)
			}
			if err != nil {
				return &kanban.Error{Code: kanban.Denied, Err: err, Msg: "write " + file + ": " + err.Error(), Hint: otherHome}
			}
		}
		v := initialised{Home: s.home.Root, DB: s.Path(), Config: file, Profiles: slices.Sorted(maps.Keys(s.config.Profiles))}
		if v.Profiles == nil {
			v.Profiles = []string{}
		}
		if o.json {
			return view.JSON(o.Out, v)
		}
		o.printf("Board:    %s\nSettings: %s\n", v.DB, v.Config)
		if len(v.Profiles) == 0 {
			o.printf("Profiles: none yet; andon.yaml shows how to make one\n")
		} else {
			o.printf("Profiles: %s\n", strings.Join(v.Profiles, ", "))
		}
		o.printf("\n`andon run` starts the cards that are given to a profile.\n")
		return nil
	})
}
