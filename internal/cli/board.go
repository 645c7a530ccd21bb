package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"andon/internal/config"
	"andon/internal/home"
	"andon/internal/tui"
	"andon/kanban"
)

func newBoard(a *app) *cobra.Command {
	o := &screen{app: a}
	return verb(words{
		use: "board", group: "look",
		short: "work at the board on the whole terminal",
		long: `Show the board on the whole terminal, a column for each status, and keep it as it
is: what any process commits is seen at once. Keys do what the verbs do; what a
card's status does not allow is not offered. It needs a terminal; scripts and
pipes have "andon list" and "andon watch".

` + tui.Help(),
		example: `  andon board
  andon --board ops board`,
		exits: "the board could not be read",
	}, noWords, o.run)
}

type screen struct{ *app }

func (o *screen) run(ctx context.Context, _ []string) error {
	if o.json {
		return o.elsewhere("--json", "is for programs, and the board is for people")
	}
	if in, ok := o.In.(*os.File); !ok || !o.Terminal || !term.IsTerminal(int(in.Fd())) {
		return o.elsewhere("board", "needs a terminal for its input and its output")
	}
	if t := o.Env("TERM"); t == "dumb" || t == "" && runtime.GOOS != "windows" {
		return o.elsewhere("board", fmt.Sprintf("needs a terminal that can show a whole screen, and TERM is %q", t))
	}
	h, place, err := o.find()
	if err != nil {
		return err
	}
	desk, err := o.desk(ctx, h, place)
	if err != nil {
		return err
	}
	desk.s.tellUnread(o.app)
	opt := tui.Options{
		Desk: desk.Desk, In: o.In, Out: o.Out, Env: os.Environ(), Colour: o.Colour, Zone: o.Zone, Now: o.Now,
		People: slices.Sorted(maps.Keys(desk.s.config.Profiles)), Editor: editor(o.Env),
		At: func(s string) (time.Time, error) { return config.ParseTime(s, o.Now(), o.Zone) },
		Boards: func(context.Context) ([]string, error) {
			boards, err := h.Boards()
			names := make([]string, len(boards))
			for i, b := range boards {
				names[i] = string(b.Slug)
			}
			return names, err
		},
		Open: func(ctx context.Context, name string) (*tui.Desk, error) {
			slug, err := home.ParseSlug(name)
			if err != nil {
				return nil, err
			}
			place := h.Board(slug)
			if err := place.Look(ctx); err != nil && slug != home.Default {
				return nil, err // it is not made by looking at it
			}
			d, err := o.desk(ctx, h, place)
			if err != nil {
				return nil, err
			}
			return d.Desk, nil
		},
	}
	if opt.Author, err = o.speaker(ctx, desk.s); err != nil {
		return errors.Join(err, desk.Close())
	}
	return tui.Run(ctx, opt)
}

// elsewhere refuses, and tells what does the same without a screen.
func (o *screen) elsewhere(what, why string) error {
	return &kanban.Error{Code: kanban.Usage, Msg: what + " " + why,
		Hint: "`andon list` prints the cards, and `andon watch` what happens to them"}
}

// desk is an open board as the screen wants it.
type desk struct {
	*tui.Desk
	s *session
}

func (o *screen) desk(ctx context.Context, h home.Home, place home.Board) (desk, error) {
	quiet := *o.app // a warning would be written over the screen; the verbs give it
	quiet.Err = io.Discard
	s, err := quiet.openAt(ctx, h, place)
	if err != nil {
		return desk{}, err
	}
	if s.Journal != nil {
		s.Journal.Command = "" // each key is a command of its own
	}
	was, _ := os.Stat(place.DB) // of a board on a server there is nothing to see
	return desk{s: s, Desk: &tui.Desk{
		Name: string(place.Slug), Board: s.Board, Close: s.db.Close,
		There: func() (bool, error) {
			if was == nil {
				return true, nil
			}
			now, err := os.Stat(place.DB)
			if err != nil {
				return false, fmt.Errorf("the board's file is gone: %w; it is shown again when the file is back", err)
			}
			return os.SameFile(was, now), nil
		},
		Log: func(id kanban.TaskID) (io.ReadSeekCloser, error) {
			f, err := openLog(place.Logs, id)
			if err != nil {
				return nil, err // and not a nil file that looks like one
			}
			return f, nil
		},
		Why: func(ctx context.Context, id kanban.TaskID) ([]string, error) {
			w, err := quiet.why(ctx, s, quiet.dispatcher(s, 0).Limits, id)
			if err != nil {
				return nil, err
			}
			lines := []string{fmt.Sprintf("It is %s.", w.Task.Status)}
			for _, r := range w.Reasons {
				lines = append(lines, r.Text)
			}
			if len(w.Start) > 0 {
				lines = append(lines, "", "What would change it:")
			}
			for _, c := range w.Start {
				lines = append(lines, "  "+c)
			}
			return lines, nil
		},
		After: func(ctx context.Context, c kanban.Change) { quiet.tidy(ctx, s, c) },
		Cancel: func(ctx context.Context, id kanban.TaskID) (c kanban.Change, err error) {
			by, err := o.speaker(ctx, s)
			if err != nil {
				return c, err
			}
			err = take(ctx, s, "cancel", id, func(t kanban.Task, x kanban.Termination) (err error) {
				c, err = s.Cancel(ctx, id, by, t.Run, x)
				return err
			})
			return c, err
		},
		Reclaim: func(ctx context.Context, id kanban.TaskID, reason string) (c kanban.Change, err error) {
			err = take(ctx, s, "reclaim", id, func(t kanban.Task, x kanban.Termination) (err error) {
				c, err = s.Reclaim(ctx, id, reason, t.Run, x)
				return err
			})
			return c, err
		},
	}}, nil
}

// editor is the command that edits a file for this user.
func editor(env func(string) string) []string {
	for _, name := range []string{"VISUAL", "EDITOR"} {
		if words := strings.Fields(env(name)); len(words) > 0 {
			return words
		}
	}
	if runtime.GOOS == "windows" {
		return []string{"notepad"}
	}
	return []string{"vi"}
}
