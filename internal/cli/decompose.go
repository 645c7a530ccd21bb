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
	o := &decompose{app: a}
	cmd := verb(words{
		use: "decompose ID -f FILE", group: "cards",
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
      workspace: scratch   # default: as the idea's`,
		example: `  andon decompose t_1a2b3c4d -f parts.yaml --assignee editor
  plan-it t_1a2b3c4d | andon decompose t_1a2b3c4d -f - --json`,
		exits: "no such card, it is not in triage, or the file breaks a rule",
	}, cobra.ExactArgs(1), o.run)
	f := cmd.Flags()
	f.StringVarP(&o.file, "file", "f", "", "the parts; - is standard input")
	f.StringVar(&o.d.RootAssignee, "assignee", "", "who puts the parts together (default: as it is)")
	f.StringVar(&o.d.Author, "author", "", "who says it (default: the profile, else user)")
	f.BoolVar(&o.d.Hold, "hold", false, "leave the parts in todo until the next pass of a dispatcher")
	return cmd
}

type decompose struct {
	*app
	file string
	d    kanban.Decomposition
}

// decomposed is the answer for scripts, on one line.
type decomposed struct {
	TaskID   kanban.TaskID   `json:"task_id"`
	OK       bool            `json:"ok"`
	Reason   *string         `json:"reason"`
	Fanout   bool            `json:"fanout"`
	ChildIDs []kanban.TaskID `json:"child_ids"`
	NewTitle *string         `json:"new_title"`
}

func (o *decompose) run(ctx context.Context, args []string) error {
	if o.file == "" {
		return usagef("which parts? name their file with -f; - is standard input")
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
		o.warnIdle(s, made...)
		o.printf("Decomposed %s into %d cards; it is %s and waits for them\n", root.ID, len(made), root.Status)
		for _, t := range made {
			o.printf("%s\n", o.style().Row(t))
		}
		return nil
	})
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
