package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/spf13/cobra"

	"andon/internal/view"
	"andon/internal/yamlx"
	"andon/kanban"
)

func newDecompose(a *app) *cobra.Command {
	o := &decompose{app: a, planning: planning{app: a, decompose: true}}
	cmd := verb(words{
		use: "decompose [ID]", group: "cards",
		short: "break a raw idea in triage up into cards",
		long: `Break an idea in triage up into the cards of a YAML or JSON file, all of them or
none. The idea leaves triage and waits for all its parts; parts that wait for no
other part are ready.

  cards:
    - name: draw           # unique in the file
      title: Draw a cover  # default: the name
      body: Two colours.
      assignee: ada
    - name: print
      parents: [draw]      # the parts that it waits for
      workspace: scratch   # default: as the idea's

Without a file the planner of andon.yaml, a program or a model, is asked: about
one idea, or with --all about every one in triage; --dry-run shows the graph that
it answers and changes nothing. What it answers is checked as a file is, and for
assignees of whom nobody knows, too many cards and too long texts; an answer that
breaks a rule is shown and changes nothing. It may answer that the idea is one
piece of work, which is then specified. An idea that is edited while the planner
thinks is left alone.`,
		example: `  andon decompose t_1a2b3c4d -f parts.yaml --assignee editor
  plan-it t_1a2b3c4d | andon decompose t_1a2b3c4d -f - --json
  andon decompose t_1a2b3c4d --plan --dry-run
  andon decompose --all --tenant press --json`,
		exits: "no such card, it is not in triage, or the file or the plan breaks a rule (with --all: for every idea)",
	}, cobra.MaximumNArgs(1), o.run)
	f := cmd.Flags()
	f.StringVarP(&o.file, "file", "f", "", "the parts; - is standard input")
	f.StringVar(&o.d.RootAssignee, "assignee", "", "who puts the parts together (default: as it is)")
	f.StringVar(&o.d.Author, "author", "", "who says it (default: the profile, else user)")
	f.BoolVar(&o.d.Hold, "hold", false, "leave the parts in todo until the next pass of a dispatcher")
	o.planning.flags(cmd)
	return cmd
}

type decompose struct {
	*app
	planning planning
	file     string
	d        kanban.Decomposition
}

// decomposed is the answer for scripts, on one line.
type decomposed struct {
	TaskID   kanban.TaskID   `json:"task_id"`
	OK       bool            `json:"ok"`
	Reason   *string         `json:"reason"`
	Fanout   bool            `json:"fanout"`
	ChildIDs []kanban.TaskID `json:"child_ids"`
	NewTitle *string         `json:"new_title"`
	DryRun   bool            `json:"dry_run,omitempty"`
	Plan     *planView       `json:"plan,omitempty"`   // of a dry run
	Answer   string          `json:"answer,omitempty"` // of the planner, if it was refused
}

func (o *decompose) run(ctx context.Context, args []string) error {
	switch {
	case o.file != "" && o.planning.asked():
		return usagef("-f gives the parts, and --plan, --all and --dry-run ask the planner for them; leave one")
	case o.file == "" && (o.planning.asked() || o.settings().Planner.Configured()):
		return o.planning.run(ctx, args, o.d, o.planned)
	case o.file == "":
		return usagef("which parts? name their file with -f (- is standard input), or give andon.yaml a planner, which is asked then")
	}
	ids, err := o.ids(args)
	if err != nil {
		return err
	}
	d := o.d
	parts := &partReader{app: o.app}
	if err := o.readCards(o.file, parts.read); err != nil {
		return err
	}
	d.Parts = parts.parts
	return o.with(ctx, func(s *session) error {
		if speaker, err := o.speaker(ctx, s); err != nil {
			return err
		} else if o.own() != "" || d.Author == "" {
			d.Author = speaker
		}
		root, made, err := s.Decompose(ctx, ids[0], d)
		v := decomposed{TaskID: ids[0], OK: err == nil, Fanout: err == nil, ChildIDs: []kanban.TaskID{}}
		for _, t := range made {
			v.ChildIDs = append(v.ChildIDs, t.ID)
		}
		if o.json {
			if err != nil {
				v.Reason = new(err.Error())
			}
			return errors.Join(err, view.JSONLine(o.Out, v))
		}
		if err != nil {
			return err
		}
		o.decomposed(s, root, made)
		return nil
	})
}

// decomposed tells what was done.
func (a *app) decomposed(s *session, root kanban.Task, made []kanban.Task) {
	a.warnIdle(s, made...)
	a.printf("Decomposed %s into %d cards; it is %s and waits for them\n", root.ID, len(made), root.Status)
	for _, t := range made {
		a.printf("%s\n", a.style().Row(t))
	}
}

// planned shows what the planner made of an idea.
func (o *decompose) planned(s *session, id kanban.TaskID, v verdict, err error) error {
	switch {
	case o.json:
		d := decomposed{TaskID: id, OK: err == nil, Fanout: err == nil && !v.spec, ChildIDs: []kanban.TaskID{}, NewTitle: v.title,
			DryRun: o.planning.dryRun, Plan: o.planning.planView(v), Answer: v.answer}
		for _, t := range v.made {
			d.ChildIDs = append(d.ChildIDs, t.ID)
		}
		if err != nil {
			d.Reason, d.Plan = new(err.Error()), nil
		}
		return view.JSONLine(o.Out, d)
	case err != nil:
	case o.planning.dryRun:
		o.planning.showPlan(v)
	case v.spec:
		o.specified(v.task, v.title)
	default:
		o.decomposed(s, v.task, v.made)
	}
	return nil
}

// partReader reads the parts of an idea.
type partReader struct {
	*app
	*yamlx.Decoder
	parts []kanban.Part
	names []string
	after []func() error // names a part's parents, once all parts are known
}

func (r *partReader) read(d *yamlx.Decoder, n ast.Node) error {
	r.Decoder = d
	if n != nil {
		err := d.Fields("", n, map[string]yamlx.Setter{
			"cards": func(path string, n ast.Node) error {
				return d.List(path, n, `a list of cards, each as "- name: ..."`, r.part)
			},
		})
		if err != nil {
			return err
		}
	}
	if len(r.parts) == 0 {
		return yamlx.Invalid("cards", "there is none; give at least one")
	}
	for _, name := range r.after {
		if err := name(); err != nil {
			return err
		}
	}
	return nil
}

func (r *partReader) part(path string, n ast.Node) error {
	var p kanban.Part
	var name string
	var parents []string
	var draft kanban.Draft
	err := r.Fields(path, n, map[string]yamlx.Setter{
		"name":     yamlx.Text(&name),
		"title":    yamlx.Text(&p.Title),
		"body":     yamlx.Text(&p.Body),
		"assignee": yamlx.Text(&p.Assignee),
		"parents":  r.Texts(&parents, "a list of names"),
		"workspace": func(path string, n ast.Node) error {
			g := graphReader{app: r.app, Decoder: r.Decoder}
			return g.workspace(&draft)(path, n)
		},
	})
	p.WorkspaceKind, p.WorkspacePath = draft.WorkspaceKind, draft.WorkspacePath
	switch {
	case err != nil:
		return err
	case strings.TrimSpace(name) == "":
		return yamlx.Placed(n, path+".name", "a part needs a name; give one that no other part of the file has")
	case slices.Contains(r.names, name):
		return yamlx.Placed(n, path+".name", "%q is the name of another part; give another", name)
	}
	p.Title = or(p.Title, name)
	i := len(r.parts)
	r.parts, r.names = append(r.parts, p), append(r.names, name)
	r.after = append(r.after, func() error {
		for k, parent := range parents {
			at := slices.Index(r.names, parent)
			if at < 0 {
				return yamlx.Placed(n, fmt.Sprintf("%s.parents[%d]", path, k), "there is no part %q in the file", parent)
			}
			r.parts[i].After = append(r.parts[i].After, at)
		}
		return nil
	})
	return nil
}
