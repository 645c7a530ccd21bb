package cli

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"andon/internal/board"
	"andon/internal/home"
	"andon/internal/store"
	"andon/internal/view"
	"andon/kanban"
)

func newSearch(a *app) *cobra.Command {
	o := &search{app: a}
	cmd := verb(words{
		use: "search WORDS...", group: "look",
		short: "find cards by what is written on them",
		long: `Find the cards on which all the words occur: in the title, the body, the comments,
the result or the summaries of the runs, whatever their case. "A phrase" in quotes
occurs as it is, and a -word must not occur. The beginning of an id, such as
t_1a2b, finds the card. Archived cards are found too.

All boards of the home are searched unless --board names one. What is found in a
title comes first, then in a body, in results, in comments; the newer card first.`,
		example: `  andon search letter stamp
  andon search '"letter to the editor" -draft' --status done
  andon search deploy -staging --in title,comments --json | jq -r '.[].id'`,
		exits: "a board could not be read",
	}, cobra.ArbitraryArgs, o.run)
	f := cmd.Flags()
	f.BoolVar(&o.all, "all-boards", false, "search all boards of the home (so it is without --board)")
	f.StringVar(&o.status, "status", "", "only the cards in this status")
	f.StringVar(&o.f.Assignee, "assignee", "", "only the cards of this profile or person")
	f.StringSliceVar(&o.in, "in", nil, "where to look, parted by commas: "+strings.Join(kanban.Places(), ",")+" (default: everywhere)")
	f.StringArrayVar(&o.not, "not", nil, "word that must not occur (may be repeated); -WORD says the same")
	f.IntVar(&o.limit, "limit", 50, "at most so many cards (0: all)")
	return cmd
}

type search struct {
	*app
	f       store.SearchFilter
	all     bool
	status  string
	in, not []string
	limit   int
}

// minus lets a search have -words, which look like flags: "-draft" becomes
// "--not=draft".
func minus(root *cobra.Command, args []string) []string {
	if cmd, _, err := root.Find(args); err != nil || cmd.Name() != "search" {
		return args
	}
	args = slices.Clone(args)
	for i, s := range args {
		word, ok := strings.CutPrefix(s, "-")
		valued := i > 0 && strings.HasPrefix(args[i-1], "--") && !strings.Contains(args[i-1], "=") &&
			args[i-1] != "--json" && args[i-1] != "--all-boards"
		switch {
		case s == "--":
			return args
		case ok && word != "" && word[0] != '-' && word != "h" && !valued:
			args[i] = "--not=" + word
		}
	}
	return args
}

func (o *search) run(ctx context.Context, args []string) error {
	q, err := kanban.ParseQuery(strings.Join(args, " "), o.not, o.in)
	if err != nil {
		return usagef("%v", err)
	}
	if o.status != "" {
		s, err := kanban.ParseStatus(o.status)
		if err != nil {
			return usagef("--status: %v", err)
		}
		o.f.Statuses = []kanban.Status{s}
	}
	o.f.Assignee = kanban.CanonicalAssignee(o.f.Assignee)
	switch {
	case o.limit < 0:
		return usagef("--limit %d: it cannot be negative", o.limit)
	case o.all && o.places.Board != "":
		return usagef("--all-boards and --board exclude each other")
	}
	boards, err := o.searched()
	if err != nil {
		return err
	}
	type hit struct {
		board.Hit
		board string
	}
	var hits []hit
	failed := false
	width := 0
	for _, place := range boards {
		found, err := o.one(ctx, place, q)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			failed = true // one board does not hide what is found on the others
			o.say(err)
			continue
		}
		for _, h := range found {
			width = max(width, len(place.Slug))
			hits = append(hits, hit{h, string(place.Slug)})
		}
	}
	slices.SortStableFunc(hits, func(a, b hit) int { return a.Compare(b.Hit) })
	if o.limit > 0 {
		hits = hits[:min(o.limit, len(hits))]
	}
	shown := make([]view.Hit, len(hits))
	for i, h := range hits {
		shown[i] = view.NewHit(h.board, h.Task, h.Place, h.Text, q)
	}
	switch {
	case o.json:
		if err := view.JSON(o.Out, shown); err != nil {
			return err
		}
	case len(shown) == 0 && !failed:
		o.printf("(nothing found)\n")
	default:
		var b strings.Builder
		style := o.style()
		for _, h := range shown {
			b.WriteString(style.Hit(h, width, q))
		}
		o.printf("%s", b.String())
	}
	if failed {
		return errSaid
	}
	return nil
}

// searched are the boards to be searched: the one that --board names, else all.
func (o *search) searched() ([]home.Board, error) {
	h, place, err := o.find()
	if err != nil {
		return nil, err
	}
	if o.places.Board != "" {
		return []home.Board{place}, nil
	}
	return h.Boards()
}

// one searches a board. Where there is none yet, nothing is found or made.
func (o *search) one(ctx context.Context, place home.Board, q kanban.Query) (hits []board.Hit, err error) {
	switch err := place.Look(ctx); {
	case errors.Is(err, home.ErrAbsent):
		return nil, nil
	case err != nil:
		return nil, err
	}
	db, err := place.Open(ctx, o.opening())
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	return board.New(db).Search(ctx, q, o.f, o.limit)
}
