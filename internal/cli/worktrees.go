package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"andon/internal/config"
	"andon/internal/view"
	"andon/internal/workspace"
	"andon/kanban"
)

func newWorktrees(a *app) *cobra.Command {
	o := &worktrees{app: a}
	cmd := verb(words{
		use: "worktrees", group: "more",
		short: "list the git worktrees of cards, and remove those that are done with",
		long: `List the git worktrees in which cards are worked on: the card, where it stands, its
branch, and what of the work is in no commit or on no other branch. The worktree of
a finished card stays until it is pruned, since its work may not be merged.`,
		example: `  andon worktrees
  andon worktrees list --json
  andon worktrees prune --dry-run`,
		exits: "git could not be asked about one of them",
	}, noWords, o.list)
	list := verb(words{
		use: "list", short: "list the git worktrees of cards", example: `  andon worktrees list --json`,
		exits: "git could not be asked about one of them",
	}, noWords, o.list)
	prune := verb(words{
		use: "prune", short: "remove the worktrees that are done with",
		long: `Remove the worktrees of cards that are done or archived, where nothing is lost by
it: all work is in commits, and these are on another branch, a tag or a remote. The
branch goes too if git finds it merged. The entry that is left of a folder which was
removed by hand is cleared. A worktree stays if andon did not make it, if it is
locked, or if a card that is not finished may need it.`,
		example: `  andon worktrees prune --dry-run
  andon worktrees prune --older 7d`,
		exits: "git could not remove one of them",
	}, noWords, o.prune)
	f := prune.Flags()
	f.BoolVar(&o.dryRun, "dry-run", false, "only say what would be removed")
	f.BoolVar(&o.force, "force", false, "also where work is in no commit, or commits are on no other branch: what is not committed is lost")
	o.changed = f.Changed
	f.StringVar(&o.older, "older", "", "only of cards finished so long ago, such as 7d")
	cmd.AddCommand(list, prune)
	return cmd
}

type worktrees struct {
	*app
	dryRun, force bool
	older         string
	changed       func(flag string) bool
}

// worktree is one of them, as scripts are told of it.
type worktree struct {
	Task   kanban.TaskID `json:"task_id"`
	Title  string        `json:"title"`
	Status kanban.Status `json:"status"`
	Path   string        `json:"path"`
	Branch *string       `json:"branch"`
	Exists bool          `json:"exists"`
	Clean  *bool         `json:"clean"`  // null: the folder is gone, or no worktree
	Ahead  *int          `json:"ahead"`  // commits that are nowhere else
	Merged *bool         `json:"merged"` // there are none
	Keeps  *string       `json:"keeps"`  // why prune leaves it alone

	state workspace.State
	task  kanban.Task
}

// look asks about every worktree that a card of the board has.
func (o *worktrees) look(ctx context.Context, s *session) (all []worktree, failed bool, err error) {
	cards, err := s.Places(ctx, kanban.Worktree, false)
	if err != nil {
		return nil, false, err
	}
	all = []worktree{}
	for _, t := range cards {
		state, err := workspace.Git{}.State(ctx, t)
		if ctx.Err() != nil {
			return nil, false, ctx.Err()
		}
		if err != nil {
			failed = true
			o.say(fmt.Errorf("look at the worktree of %s: %w", t.ID, err))
			continue
		}
		if !state.Known && t.StartedAt.IsZero() {
			continue // its path is where one shall be made
		}
		w := worktree{Task: t.ID, Title: t.Title, Status: t.Status, Path: state.Path, Exists: state.Exists, state: state, task: t}
		if state.Branch != "" {
			w.Branch = &state.Branch
		}
		if state.Known && state.Exists {
			clean, merged := state.Changed == 0, state.Ahead == 0
			w.Clean, w.Merged, w.Ahead = &clean, &merged, &state.Ahead
		}
		keeps, err := o.keeps(ctx, s, w)
		if err != nil {
			return nil, failed, err
		}
		if keeps != "" {
			w.Keeps = &keeps
		}
		all = append(all, w)
	}
	return all, failed, nil
}

// keeps says why a worktree is not to be removed; empty if it may be.
func (o *worktrees) keeps(ctx context.Context, s *session, w worktree) (string, error) {
	if why := w.state.Keeps(true); why != "" {
		return why, nil
	}
	h, err := s.Household(ctx, w.Task)
	if err != nil {
		return "", err
	}
	err = s.cleaner().Vacant(ctx, h, w.Path)
	if e, ok := errors.AsType[*kanban.Error](err); ok && e.Code == kanban.Conflict {
		return e.Msg, nil
	}
	if err != nil {
		return "", err
	}
	return w.state.Keeps(o.force), nil
}

func (o *worktrees) list(ctx context.Context, _ []string) error {
	return o.with(ctx, func(s *session) error {
		all, failed, err := o.look(ctx, s)
		if err != nil {
			return err
		}
		switch {
		case o.json:
			err = view.JSON(o.Out, all)
		case len(all) == 0 && !failed:
			o.printf("no card of this board has a worktree\n")
		default:
			err = o.table(all)
		}
		if failed {
			err = errors.Join(err, errSaid)
		}
		return err
	})
}

func (o *worktrees) table(all []worktree) error {
	t := tabwriter.NewWriter(o.Out, 0, 0, 2, ' ', 0)
	for _, w := range all {
		branch := "(no branch)"
		if w.Branch != nil {
			branch = *w.Branch
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\n", view.Plain(string(w.Task)), w.Status, view.Plain(branch), w.words(), view.Plain(w.Path))
	}
	return t.Flush()
}

// words are the state of the worktree in a few.
func (w worktree) words() string {
	switch {
	case w.Clean == nil && !w.Exists:
		return "gone"
	case w.Clean == nil:
		return "no worktree"
	}
	var words []string
	if *w.Clean {
		words = append(words, "clean")
	} else {
		words = append(words, counted(w.state.Changed, "file", "files")+" changed")
	}
	if *w.Merged {
		words = append(words, "merged")
	} else {
		words = append(words, fmt.Sprintf("%d ahead", *w.Ahead))
	}
	return strings.Join(words, ", ")
}

// pruned is what scripts are told of a pruning.
type pruned struct {
	Removed []prunedOne `json:"removed"`
	Kept    []leftAlone `json:"kept"`
	DryRun  bool        `json:"dry_run"`
}

type prunedOne struct {
	Task          kanban.TaskID `json:"task_id"`
	Path          string        `json:"path"`
	Branch        *string       `json:"branch"`
	BranchDeleted bool          `json:"branch_deleted"` // false with dry_run: git decides
}

func (o *worktrees) prune(ctx context.Context, _ []string) error {
	var older time.Duration
	if o.changed("older") {
		var err error
		if older, err = config.ParseDuration(o.older); err != nil {
			return usagef("--older: %v", err)
		}
	}
	return o.with(ctx, func(s *session) error {
		all, failed, err := o.look(ctx, s)
		if err != nil {
			return err
		}
		v := pruned{Removed: []prunedOne{}, Kept: []leftAlone{}, DryRun: o.dryRun}
		for _, w := range all {
			if !w.state.Exists && !w.state.Known {
				continue // nothing is left of it
			}
			why := ""
			if w.Keeps != nil {
				why = *w.Keeps
			} else if at, err := s.FinishedAt(ctx, w.task); err != nil {
				return err
			} else if age := o.Now().Sub(at); age < older {
				why = fmt.Sprintf("%s was finished %s ago", w.Task, age.Round(time.Second))
			}
			if why != "" {
				v.Kept = append(v.Kept, leftAlone{w.Task, w.Path, why})
				continue
			}
			one := prunedOne{Task: w.Task, Path: w.Path, Branch: w.Branch}
			if !o.dryRun {
				if one.BranchDeleted, err = (workspace.Git{}).Prune(ctx, w.state, o.force); err != nil {
					failed = true
					o.say(fmt.Errorf("remove the worktree of %s: %w", w.Task, err))
					v.Kept = append(v.Kept, leftAlone{w.Task, w.Path, err.Error()})
					continue
				}
			}
			v.Removed = append(v.Removed, one)
		}
		err = o.tellPruned(v)
		if failed {
			err = errors.Join(err, errSaid)
		}
		return err
	})
}

func (o *worktrees) tellPruned(v pruned) error {
	if o.json {
		return view.JSON(o.Out, v)
	}
	if len(v.Removed)+len(v.Kept) == 0 {
		o.printf("no worktree to prune\n")
	}
	for _, r := range v.Removed {
		switch {
		case o.dryRun:
			o.printf("Would remove %s %s\n", r.Task, view.Plain(r.Path))
		case r.BranchDeleted:
			o.printf("Removed %s %s, and its branch %s\n", r.Task, view.Plain(r.Path), view.Plain(*r.Branch))
		default:
			o.printf("Removed %s %s\n", r.Task, view.Plain(r.Path))
		}
	}
	for _, k := range v.Kept {
		o.printf("Kept %s %s: %s\n", k.Task, view.Plain(k.Path), view.Plain(k.Reason))
	}
	return nil
}
