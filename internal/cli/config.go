package cli

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"

	"github.com/spf13/cobra"

	"andon/internal/config"
	"andon/internal/home"
	"andon/internal/view"
	"andon/kanban"
)

func newConfig(a *app) *cobra.Command {
	cmd := verb(words{
		use: "config", group: "more",
		short: "check andon.yaml, or print its schema",
		example: `  andon config check
  andon config schema > andon.schema.json`,
		exits: "what is checked is not right",
	}, noWords, nil)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
	cmd.AddCommand(verb(words{
		use: "check [FILE]", short: "say whether andon.yaml is right",
		long: `Say whether andon.yaml, or FILE (- is standard input), is right: whether every
field is known and in its bounds, and every command can be rendered safely. The
first thing that is not is told with its line and column. Nothing is started.`,
		example: `  andon config check
  andon config check --json ./andon.yaml`,
		exits: "it is not right, or cannot be read",
	}, cobra.MaximumNArgs(1), (&configCheck{a}).run), verb(words{
		use: "schema", short: "print the JSON Schema of andon.yaml",
		long: `Print the JSON Schema of andon.yaml, by which an editor completes and checks it.
What a command may hold, the schema does not know; "andon config check" does.`,
		example: `  andon config schema > andon.schema.json`,
		exits:   "it cannot be written",
	}, noWords, func(context.Context, []string) error {
		_, err := a.Out.Write(config.Schema())
		return err
	}))
	return cmd
}

type configCheck struct{ *app }

// configReport is what was found, as scripts see it.
type configReport struct {
	OK     bool          `json:"ok"`
	File   string        `json:"file"`
	Errors []configError `json:"errors"`
}

type configError struct {
	Line    int    `json:"line"` // from 1; 0 if unknown, as is the column then
	Column  int    `json:"column"`
	Field   string `json:"field"`
	Message string `json:"message"`
}

func (o *configCheck) run(_ context.Context, args []string) error {
	file := ""
	if len(args) > 0 {
		file = args[0]
	} else {
		h, err := home.Find(o.places, o.Env, o.UserHome)
		if err != nil {
			return &kanban.Error{Code: kanban.Usage, Err: err, Msg: err.Error()}
		}
		file = h.ConfigFile()
	}
	cfg, err := o.read(file)
	absent := errors.Is(err, fs.ErrNotExist) && len(args) == 0
	bad, isBad := errors.AsType[*config.Error](err)
	if err != nil && !isBad && !absent {
		return &kanban.Error{Code: kanban.NotFound, Err: err, Msg: err.Error(), Hint: "name another file, or make one with `andon init`"}
	}
	if o.json {
		v := configReport{OK: bad == nil, File: file, Errors: []configError{}}
		if bad != nil {
			v.Errors = append(v.Errors, configError{bad.Line, bad.Col, bad.Field, bad.Msg})
		}
		if err := view.JSON(o.Out, v); err != nil {
			return err
		}
	}
	switch {
	case bad != nil:
		return &kanban.Error{Code: kanban.Invalid, Err: bad, Msg: bad.Error()}
	case o.json:
	case absent:
		o.printf("There is no %s, and the defaults hold; `andon init` makes one.\n", view.Plain(file))
	default:
		o.printf("%s: ok, %s\n", view.Plain(file), counted(len(cfg.Profiles), "profile", "profiles"))
	}
	return nil
}

func (o *configCheck) read(file string) (config.Config, error) {
	if file == "-" {
		data, err := io.ReadAll(io.LimitReader(o.input, 1<<20)) // more than a file may have
		if err != nil {
			return config.Config{}, err
		}
		return config.Parse("stdin", data)
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return config.Config{}, err
	}
	return config.Parse(file, data)
}
