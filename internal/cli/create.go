package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"andon/internal/config"
	"andon/internal/home"
	"andon/internal/lock"
	"andon/internal/view"
	"andon/kanban"
)

func newCreate(a *app) *cobra.Command {
	o := &create{app: a}
	cmd := verb(words{
		use: "create [TITLE]", group: "cards",
		short: "make a card",
		long: `Make a card. It lands in ready, or in todo while one of its parents is not
finished. A running dispatcher starts it at once if its assignee is a profile of
andon.yaml; another assignee (a person, a worker elsewhere) is left alone.

On a terminal, without a title and a body, the card is written in $VISUAL or
$EDITOR.`,
		example: `  andon create "Write the letter" --assignee ada
  andon create "Fix the parser" --assignee ada --workspace worktree:~/src/parser
  andon create "Fix the lexer" --assignee ada --workspace worktree --check 'go test ./...'
  andon create "Post it" --assignee bob --parent t_1a2b3c4d
  git diff | andon create "Review this" --body - --assignee ada --json`,
		exits: "refused: blank title, unknown parent, a value that breaks a rule",
	}, func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 && o.inEditor() {
			return nil
		}
		return cobra.ExactArgs(1)(cmd, args)
	}, o.run)
	o.flags(cmd.Flags())
	return cmd
}

// flags are those of every verb that says what a card is like.
func (o *create) flags(f *pflag.FlagSet) {
	f.StringVar(&o.d.Body, "body", "", "text of the card; - reads standard input")
	f.StringVar(&o.bodyFile, "body-file", "", "read the text from a file; - is standard input")
	f.StringVar(&o.d.Assignee, "assignee", "", "profile or person that shall do it")
	f.StringArrayVar(&o.parents, "parent", nil, "card that must be done first (may be repeated)")
	f.StringVar(&o.workspace, "workspace", "scratch", "where the worker works: scratch, dir[:PATH] or worktree[:PATH]")
	f.StringVar(&o.d.Branch, "branch", "", "branch of the worktree (default wt/ID)")
	f.StringVar(&o.project, "project", "", "whose repository it is work on: a folder, or the project of a board; none: not the board's")
	f.StringVar(&o.d.Tenant, "tenant", "", "whose work it is")
	f.Int64Var(&o.d.Priority, "priority", 0, "higher is started first")
	f.BoolVar(&o.d.Triage, "triage", false, "land in triage, to be specified first")
	f.StringVar(&o.d.IdempotencyKey, "idempotency-key", "", "while a card with this key is on the board, that card is the answer")
	f.StringVar(&o.maxRuntime, "max-runtime", "", "end a run after this time, such as 30m")
	f.StringVar(&o.d.CreatedBy, "created-by", "", "who makes the card (default: the profile, else user)")
	f.StringArrayVar(&o.skills, "skill", nil, "skill for the worker (may be repeated)")
	f.StringArrayVar(&o.d.Resources, "resource", nil, "resource of andon.yaml that it takes one of as it runs (may be repeated)")
	f.Int64Var(&o.d.MaxRetries, "max-retries", 0, "failures in a row that block the card")
	f.StringVar(&o.d.Model, "model", "", "model for the worker")
	f.StringVar(&o.d.Provider, "provider", "", "provider of the model")
	f.BoolVar(&o.d.GoalMode, "goal", false, "goal mode")
	f.Int64Var(&o.d.GoalMaxTurns, "goal-max-turns", 0, "turns in goal mode")
	f.StringVar(&o.initial, "initial-status", "running", "running (the ordinary way) or blocked (a person must unblock it)")
	f.StringVar(&o.d.Check, "check", "", "shell command that must succeed in the workspace before the card is done")
	f.StringArrayVar(&o.notify, "notify", nil, "target of andon.yaml that hears what happens to the card (may be repeated)")
	f.StringVar(&o.due, "due", "", "by when it should be done: 2027-01-04 09:00, RFC 3339, or +2d")
	atFlag(f, &o.at)
	o.changed = f.Changed
}

type create struct {
	*app
	d                               kanban.Draft
	bodyFile, workspace, maxRuntime string
	at, due, project                string
	initial                         string
	parents, skills, notify         []string
	changed                         func(flag string) bool
}

func (o *create) run(ctx context.Context, args []string) error {
	d := o.d
	if err := o.fill(&d); err != nil {
		return err
	}
	if err := o.times(&d); err != nil {
		return err
	}
	file := ""
	if len(args) > 0 {
		d.Title = args[0]
	} else {
		ok := false
		var err error
		if file, ok, err = o.write(&d); err != nil || !ok {
			return err
		}
		ctx = context.WithoutCancel(ctx) // Ctrl-C was meant for the editor
	}
	with := o.with
	if len(o.notify)+len(o.d.Resources) > 0 {
		with = o.configured
	}
	return with(ctx, func(s *session) error {
		t, err := o.create(ctx, s, d)
		switch {
		case err != nil && file != "":
			return kept(err, file)
		case err != nil:
			return err
		case file != "":
			discard(file)
		}
		o.warnIdle(s, t)
		if t.Overdue(o.Now()) {
			o.warn("%s is overdue from the start: it was due at %s", t.ID, t.DueAt.In(o.Zone).Format("2006-01-02 15:04:05"))
		}
		if o.json {
			return view.JSON(o.Out, view.NewTask(t))
		}
		o.printf("Created %s  (%s, assignee=%s)\n", t.ID, t.Status, view.Plain(or(t.Assignee, "(unassigned)")))
		return nil
	})
}

func (o *create) create(ctx context.Context, s *session, d kanban.Draft) (t kanban.Task, err error) {
	if d.Subs, err = o.subs(s); err != nil {
		return t, err
	}
	if err := s.haveResources(d.Resources); err != nil {
		return t, err
	}
	if o.project != "" {
		if s.Defaults.Project, err = o.findProject(s.home, o.project); err != nil {
			return t, err
		}
	}
	t, _, err = s.Create(ctx, d)
	return t, err
}

// subs are the subscriptions that --notify asks for.
func (o *create) subs(s *session) (subs []kanban.Sub, err error) {
	for _, name := range o.notify {
		sub, err := s.targetSub(name)
		if err != nil {
			return nil, err
		}
		sub.Profile = o.profile()
		subs = append(subs, sub)
	}
	return subs, nil
}

// haveResources refuses what andon.yaml does not define: no dispatcher would ever
// start the card.
func (s *session) haveResources(names []string) error {
	for _, n := range names {
		if err := kanban.CheckResource(n); err != nil {
			return err
		}
		if _, ok := s.config.Resources[n]; !ok {
			return &kanban.Error{Code: kanban.Invalid, Msg: s.config.NoResource(n), Hint: "they stand in " + s.home.ConfigFile()}
		}
	}
	return nil
}

// inEditor reports whether a person is there to write the card, and has given no
// text of it.
func (o *create) inEditor() bool {
	return o.Interactive && !o.changed("body") && !o.changed("body-file")
}

// write lets a person write the card in an editor. ok is false if they did not.
func (o *create) write(d *kanban.Draft) (file string, ok bool, err error) {
	text := form{Assignee: d.Assignee, Priority: d.Priority}.text("A new card. What stands below the second rule is its body.", "Leave it without a title and a body, and nothing happens.")
	file, filled, err := o.fillIn(text)
	if err != nil {
		return "", false, err
	}
	f, err := parseForm(filled)
	if err != nil {
		return "", false, kept(fmt.Errorf("create a card: %w", err), file)
	}
	if f.blank() {
		discard(file)
		return "", false, o.nothing("Nothing was written, and no card made")
	}
	d.Title, d.Assignee, d.Priority, d.Body = f.Title, f.Assignee, f.Priority, f.Body
	return file, true, nil
}

// times puts the hours into the draft.
func (o *create) times(d *kanban.Draft) (err error) {
	if d.At, err = o.parseAt(o.at, o.at != ""); err != nil {
		return err
	}
	d.DueAt, err = o.parseDue(o.due, o.changed("due"))
	return err
}

// parseDue reads the value of --due; the zero time where it was not given.
func (a *app) parseDue(s string, given bool) (time.Time, error) {
	if !given {
		return time.Time{}, nil
	}
	at, err := config.ParseTime(s, a.Now(), a.Zone)
	if err == nil && at.Unix() <= 0 {
		err = fmt.Errorf("%q is before 1970", s)
	}
	if err != nil {
		return at, usagef("--due: %v", err)
	}
	return at, nil
}

// fill puts the flags that need reading into the draft, but for its hours.
func (o *create) fill(d *kanban.Draft) (err error) {
	for _, p := range o.parents {
		d.Parents = append(d.Parents, kanban.TaskID(p))
	}
	if d.WorkspaceKind, d.WorkspacePath, err = o.parseWorkspace(o.workspace); err != nil {
		return usagef("--workspace %v", err)
	}
	if o.changed("branch") {
		if err := kanban.CheckBranch(d.Branch); err != nil || d.Branch == "" {
			return usagef("--branch: %v", cmp.Or(err, errors.New("it is empty")))
		}
		if d.WorkspaceKind != kanban.Worktree {
			return usagef("--branch is for worktrees, and the workspace is %s; say --workspace worktree", d.WorkspaceKind)
		}
	}
	if o.maxRuntime != "" {
		if d.MaxRuntime, err = config.ParseDuration(o.maxRuntime); err != nil {
			return usagef("--max-runtime: %v", err)
		}
	}
	if o.changed("max-retries") && d.MaxRetries < 1 {
		return usagef("--max-retries %d: it must be 1 or more", d.MaxRetries)
	}
	switch o.initial {
	case "running":
	case "blocked":
		d.Blocked = true
	default:
		return usagef("--initial-status %q: it is running or blocked", o.initial)
	}
	if o.skills != nil {
		d.Skills = o.skills
	}
	if d.CreatedBy == "" {
		d.CreatedBy = o.author()
	}
	if o.changed("check") && strings.TrimSpace(d.Check) == "" {
		return usagef("--check: it is blank; give a command, or leave it out")
	}
	d.Worker = o.own()
	d.Body, err = o.text(d.Body, o.bodyFile, o.changed)
	return err
}

// readText reads a file, or standard input for "-". It stops reading soon after
// the most that a card takes.
func (a *app) readText(name string) (string, error) {
	in := a.input
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return "", &kanban.Error{Code: kanban.Invalid, Err: err, Msg: "read the body: " + err.Error()}
		}
		defer f.Close()
		in = f
	}
	text, err := io.ReadAll(io.LimitReader(in, kanban.MaxBody+1))
	if err == nil && len(text) > kanban.MaxBody {
		err = &kanban.Error{Code: kanban.Invalid, Msg: "read the body: it has more than 1 MiB, which is the most", Hint: "keep long material in a file and name its path"}
	}
	return string(text), err
}

// parseWorkspace reads scratch, dir or worktree, of which the last two may have a
// path behind ":" and else get the board's.
func (a *app) parseWorkspace(s string) (kanban.WorkspaceKind, string, error) {
	kind, path, named := strings.Cut(s, ":")
	switch k := kanban.WorkspaceKind(kind); {
	case k == kanban.Scratch && !named, (k == kanban.Dir || k == kanban.Worktree) && !named:
		return k, "", nil
	case (k == kanban.Dir || k == kanban.Worktree) && path != "":
		path = a.expand(path)
		if !filepath.IsAbs(path) {
			return "", "", fmt.Errorf("%q: the path must be absolute", s)
		}
		return k, filepath.Clean(path), nil
	}
	return "", "", fmt.Errorf("%q: it is scratch, dir[:/path/to/folder] or worktree[:/path]", s)
}

// expand writes out the user's home folder.
func (a *app) expand(path string) string {
	if rest, ok := strings.CutPrefix(path, "~"); ok && a.UserHome != "" && (rest == "" || os.IsPathSeparator(rest[0])) {
		return filepath.Join(a.UserHome, rest)
	}
	return path
}

// warnIdle says why nothing will start the cards, if that is so: once for each
// assignee, and once if there is no dispatcher to start those that could be.
func (a *app) warnIdle(s *session, tasks ...kanban.Task) {
	if s.unread != nil {
		return // that is what keeps them from starting, and it is said
	}
	said := map[string]bool{"": true}
	startable := false
	for _, t := range tasks {
		if _, known := s.config.Profiles[t.Assignee]; known {
			startable = startable || t.Status == kanban.Ready
		} else if !said[t.Assignee] {
			said[t.Assignee] = true
			a.warn("%s is no profile of %s, so no dispatcher here will start %s", t.Assignee, s.home.ConfigFile(), t.ID)
		}
	}
	if startable && !dispatching(s.home) {
		a.warn("no dispatcher serves %s just now; `andon run` starts one", s.home.Root)
	}
}

// dispatching reports whether a dispatcher, ours or Hermes', holds the home.
func dispatching(h home.Home) bool {
	if _, err := os.Stat(h.DispatcherLock()); err != nil {
		return false // none was ever started
	}
	guard, free, err := lock.Try(h.DispatcherLock())
	if free {
		guard.Unlock()
	}
	return !free || err != nil
}

func or(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}
