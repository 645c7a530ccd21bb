package cli

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/spf13/cobra"

	"andon/internal/board"
	"andon/internal/config"
	"andon/internal/view"
	"andon/internal/yamlx"
	"andon/kanban"
)

func newApply(a *app) *cobra.Command {
	o := &apply{app: a}
	cmd := verb(words{
		use: "apply -f FILE", group: "cards",
		short: "make the cards of a file, as far as the board lacks them",
		long: `Make the cards and links of a YAML file that the board lacks, all or none of
them. Applying a file again changes nothing: its cards are known by the name of
the file and their own. A card in which the board and the file differ is left as
it is, with a warning.

  name: letters            # sets files apart; default: the name of the file
  cards:
    - name: write          # unique in the file
      title: Write it      # default: the name
      body: Two pages.
      assignee: ada
    - name: post
      parents: [write]     # names of this file, or ids of cards on the board

Further fields of a card: priority, tenant, workspace (scratch, dir:PATH,
worktree or worktree:PATH), branch, skills, resources, max_runtime,
max_retries, check, triage, blocked, model, provider and due (a time such as
2027-01-04 17:00).`,
		example: `  andon apply -f letters.yaml --dry-run
  andon apply -f letters.yaml
  generate-cards | andon apply -f - --json`,
		exits: "refused: a rule is broken, cards wait in a circle, or the file cannot be read",
	}, noWords, o.run)
	f := cmd.Flags()
	f.StringVarP(&o.file, "file", "f", "", "the file; - is standard input")
	f.BoolVar(&o.dryRun, "dry-run", false, "only say what would be made")
	return cmd
}

type apply struct {
	*app
	file   string
	dryRun bool
}

// maxCards bounds a file of cards, in bytes.
const maxCards = 16 << 20

type applied struct {
	Name   string        `json:"name"`
	DryRun bool          `json:"dry_run,omitempty"`
	Cards  []appliedCard `json:"cards"`
}

type appliedCard struct {
	Name    string         `json:"name"`
	ID      *kanban.TaskID `json:"id"` // null for one that is only to be made
	Created bool           `json:"created"`
	Linked  []string       `json:"linked"` // parents that a card on the board already was given
	Differs []string       `json:"differs"`
}

func (o *apply) run(ctx context.Context, _ []string) error {
	if o.file == "" {
		return usagef("which file? name it with -f; - is standard input")
	}
	g, err := o.read()
	if err != nil {
		return err
	}
	with := o.with
	if slices.ContainsFunc(g.Nodes, func(n kanban.Node) bool { return len(n.Draft.Resources) > 0 }) {
		with = o.configured
	}
	return with(ctx, func(s *session) error {
		for _, n := range g.Nodes {
			if err := s.haveResources(n.Draft.Resources); err != nil {
				return fmt.Errorf("card %q: %w", n.Name, err)
			}
		}
		do := s.Apply
		if o.dryRun {
			do = s.Preview
		}
		done, err := do(ctx, g)
		if err != nil {
			return err
		}
		v := applied{Name: g.Name, DryRun: o.dryRun, Cards: make([]appliedCard, len(done))}
		unmade := map[kanban.TaskID]string{}
		var made []kanban.Task
		for i, d := range done {
			if o.dryRun && d.Created {
				unmade[d.Task.ID] = d.Name
			}
			v.Cards[i] = newAppliedCard(d, unmade)
			if len(d.Differs) > 0 {
				o.warn("card %q on the board (%s) differs in %s; it is left as it is", d.Name, d.Task.ID, strings.Join(d.Differs, ", "))
			}
			if d.Created && !o.dryRun {
				made = append(made, d.Task)
			}
		}
		o.warnIdle(s, made...)
		if o.json {
			return view.JSON(o.Out, v)
		}
		for _, c := range v.Cards {
			o.printf("%s\n", c.line(o.dryRun))
		}
		return nil
	})
}

// newAppliedCard shows what became of a card. unmade are the names of those
// which a preview only says would be made: their ids mean nothing.
func newAppliedCard(a board.Applied, unmade map[kanban.TaskID]string) appliedCard {
	c := appliedCard{Name: a.Name, Created: a.Created, Linked: []string{}, Differs: []string{}}
	if unmade[a.Task.ID] == "" {
		c.ID = &a.Task.ID
	}
	for _, id := range a.Linked {
		c.Linked = append(c.Linked, or(unmade[id], string(id)))
	}
	c.Differs = append(c.Differs, a.Differs...)
	return c
}

func (c appliedCard) line(dryRun bool) string {
	name := view.Plain(c.Name)
	if c.ID != nil {
		name = string(*c.ID) + " " + name
	}
	did := "unchanged "
	switch {
	case c.Created && dryRun:
		did = "would create "
	case c.Created:
		did = "created "
	case len(c.Linked) > 0 && dryRun:
		did, name = "would link ", name+" to "+view.Plain(strings.Join(c.Linked, ", "))
	case len(c.Linked) > 0:
		did, name = "linked ", name+" to "+strings.Join(c.Linked, ", ")
	}
	return did + name
}

// read reads the file of cards.
func (o *apply) read() (kanban.Graph, error) {
	g := kanban.Graph{Name: "stdin"}
	if o.file != "-" {
		g.Name = strings.TrimSuffix(filepath.Base(o.file), filepath.Ext(o.file))
	}
	err := o.readCards(o.file, func(d *yamlx.Decoder, n ast.Node) error { return o.decode(&g, d, n) })
	return g, err
}

// readCards reads a file that tells of cards; "-" is standard input.
func (a *app) readCards(file string, decode func(*yamlx.Decoder, ast.Node) error) error {
	in := a.input
	if file == "-" {
		file = "stdin"
	} else {
		f, err := os.Open(file)
		if err != nil {
			return &kanban.Error{Code: kanban.Invalid, Err: err, Msg: "read the cards: " + err.Error()}
		}
		defer f.Close()
		in = f
	}
	data, err := io.ReadAll(io.LimitReader(in, maxCards+1))
	if err != nil {
		return &kanban.Error{Code: kanban.Invalid, Err: err, Msg: "read the cards: " + err.Error()}
	}
	err = yamlx.Read(file, data, maxCards, decode)
	if err != nil && kanban.CodeOf(err) == kanban.Internal { // no rule: the file is not as it must be
		err = &kanban.Error{Code: kanban.Usage, Err: err, Msg: err.Error()}
	}
	return err
}

func (o *apply) decode(g *kanban.Graph, d *yamlx.Decoder, n ast.Node) error {
	cards := &graphReader{app: o.app, Decoder: d, lines: map[string]int{}}
	if n != nil {
		err := d.Fields("", n, map[string]yamlx.Setter{
			"name": yamlx.Text(&g.Name),
			"cards": func(path string, n ast.Node) error {
				return d.List(path, n, `a list of cards, each as "- name: ..."`, cards.card)
			},
		})
		if err != nil {
			return err
		}
	}
	if len(cards.nodes) == 0 {
		return yamlx.Invalid("cards", "there is none; give at least one")
	}
	g.Nodes = cards.nodes
	return cards.resolve()
}

// graphReader reads the cards of a file.
type graphReader struct {
	*app
	*yamlx.Decoder
	nodes   []kanban.Node
	parents [][]string
	lines   map[string]int // where each card's name stands
}

func (r *graphReader) card(path string, n ast.Node) error {
	node := kanban.Node{Draft: kanban.Draft{CreatedBy: r.author(), Worker: r.own()}}
	t := &node.Draft
	var parents []string
	place := n
	err := r.Fields(path, n, map[string]yamlx.Setter{
		"name": func(path string, n ast.Node) error {
			place = n
			return yamlx.Text(&node.Name)(path, n)
		},
		"title":       yamlx.Text(&t.Title),
		"body":        yamlx.Text(&t.Body),
		"assignee":    yamlx.Text(&t.Assignee),
		"parents":     r.Texts(&parents, "a list of names and ids"),
		"priority":    yamlx.Integer(&t.Priority),
		"tenant":      yamlx.Text(&t.Tenant),
		"workspace":   r.workspace(t),
		"branch":      yamlx.Text(&t.Branch),
		"skills":      r.Texts(&t.Skills, "a list of names"),
		"resources":   r.Texts(&t.Resources, "a list of names of resources"),
		"max_runtime": config.DurationField(&t.MaxRuntime),
		"max_retries": func(path string, n ast.Node) error {
			err := yamlx.Integer(&t.MaxRetries)(path, n)
			if err == nil && t.MaxRetries < 1 {
				err = yamlx.Placed(n, path, "%d is not allowed; give 1 or more", t.MaxRetries)
			}
			return err
		},
		"due": func(path string, n ast.Node) error {
			s, err := yamlx.Scalar(path, n)
			switch {
			case err != nil:
				return err
			case strings.HasPrefix(strings.TrimSpace(s), "+"):
				return yamlx.Placed(n, path, "%q would be another time whenever the file is applied; give one such as 2027-01-04 17:00", s)
			}
			if t.DueAt, err = config.ParseTime(s, r.Now(), r.Zone); err != nil {
				return yamlx.Placed(n, path, "%v", err)
			}
			return nil
		},
		"check":    yamlx.Text(&t.Check),
		"triage":   yamlx.Bool(&t.Triage),
		"blocked":  yamlx.Bool(&t.Blocked),
		"model":    yamlx.Text(&t.Model),
		"provider": yamlx.Text(&t.Provider),
	})
	if err != nil {
		return err
	}
	if strings.TrimSpace(node.Name) == "" {
		return yamlx.Placed(place, path+".name", "a card needs a name; give one that no other card of the file has")
	}
	if line := r.lines[node.Name]; line > 0 {
		return yamlx.Placed(place, path+".name", "%q is the name of the card in line %d already", node.Name, line)
	}
	r.lines[node.Name] = place.GetToken().Position.Line
	for i, p := range parents {
		if slices.Contains(parents[:i], p) {
			return yamlx.Invalid(fmt.Sprintf("%s.parents[%d]", path, i), "%q is named twice; leave one", p)
		}
	}
	t.Title = or(t.Title, node.Name)
	if _, err := t.Clean(); err != nil { // here, where the place is known
		return &yamlx.Error{Field: path, Msg: err.Error(), Err: err}
	}
	r.nodes, r.parents = append(r.nodes, node), append(r.parents, parents)
	return nil
}

func (r *graphReader) workspace(t *kanban.Draft) yamlx.Setter {
	return func(path string, n ast.Node) error {
		s, err := yamlx.Scalar(path, n)
		if err != nil {
			return err
		}
		if t.WorkspaceKind, t.WorkspacePath, err = r.parseWorkspace(s); err != nil {
			return yamlx.Placed(n, path, "%v", err)
		}
		return nil
	}
}

// resolve tells the parents that are cards of the file from those on the board.
func (r *graphReader) resolve() error {
	for i, parents := range r.parents {
		for j, p := range parents {
			switch {
			case r.lines[p] > 0:
				r.nodes[i].After = append(r.nodes[i].After, p)
			case isID(p):
				r.nodes[i].Draft.Parents = append(r.nodes[i].Draft.Parents, kanban.TaskID(p))
			default:
				return yamlx.Invalid(fmt.Sprintf("cards[%d].parents[%d]", i, j), "%q is no card of this file; name one, or the id of a card on the board", p)
			}
		}
	}
	return nil
}
