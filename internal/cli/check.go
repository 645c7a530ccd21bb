package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"andon/internal/home"
	"andon/internal/view"
	"andon/kanban"
)

func newCheck(a *app) *cobra.Command {
	o := &check{app: a}
	cmd := verb(words{
		use: "check", group: "more",
		short: "examine the board's file and what is in it",
		long: `Examine the board: the cards, runs and events for what contradicts itself, and
the file for damage. Every byte of the file is read once a day, by whichever
command comes first, and after any sign of damage; with --full it is read now.
It prints "check: ok", or what it found, one finding a line. It repairs nothing
but damaged indexes, of which a copy is kept; "andon repair" tells more.`,
		example: `  andon check
  andon check --full
  andon check --db /path/to/kanban.db --json | jq -r '.findings[]'`,
		exits: "something was found, or the file could not be examined",
	}, noWords, o.run)
	cmd.Flags().BoolVar(&o.full, "full", false, "read every byte of the file, however short ago that was done")
	return cmd
}

type check struct {
	*app
	full bool
}

func (o *check) run(ctx context.Context, _ []string) error {
	_, place, err := o.find()
	if err != nil {
		return err
	}
	if err := there(ctx, place); err != nil {
		return err
	}
	found := []string{}
	err = o.with(ctx, func(s *session) error {
		look := s.Contradictions
		if o.full {
			look = s.Check
		}
		more, err := look(ctx)
		found = append(found, more...)
		return err
	})
	switch {
	case kanban.CodeOf(err) == kanban.Damaged:
		found = append(found, err.Error())
	case err != nil:
		return err
	}
	if o.json {
		err = view.JSON(o.Out, struct {
			OK       bool     `json:"ok"`
			DBPath   string   `json:"db_path"`
			Findings []string `json:"findings"`
		}{len(found) == 0, place.Address(), found})
		if err != nil {
			return err
		}
	}
	if len(found) == 0 {
		if !o.json {
			o.printf("check: ok\n")
		}
		return nil
	}
	if !o.json {
		for _, f := range found {
			o.printf("%s\n", view.Plain(f))
		}
	}
	things := "findings"
	if len(found) == 1 {
		things = "finding"
	}
	return &kanban.Error{Code: kanban.Damaged, Msg: fmt.Sprintf("check: %d %s in %s", len(found), things, place.Address()),
		Hint: "nothing was changed; copy the file, with its -wal, before you do anything to it"}
}

// there refuses a place without a board. Whoever examines or copies a board
// believes that there is one: none is made for him.
func there(ctx context.Context, place home.Board) error {
	err := place.Look(ctx)
	if err != nil && kanban.CodeOf(err) == kanban.Internal {
		return &kanban.Error{Code: kanban.NotFound, Err: err, Msg: err.Error(), Hint: "name another with --db, --home or --board"}
	}
	return err
}
