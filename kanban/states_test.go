package kanban

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// facts under which a verb is asked of a card. They are permissive: what the
// verb wants of the card besides its status is given.
type facts func(t Task) (Change, error)

// cases asks each verb in every way that can take a card to another place.
var cases = map[Verb][]facts{
	VerbCreate: {func(t Task) (Change, error) {
		c := Change{Verb: VerbCreate, Was: t, Task: t} // what exists cannot be made
		return c, c.Legal()
	}},
	VerbClaim: {
		func(t Task) (Change, error) { return t.Claim(Claimant{Lock: "host:1", Review: true}, nil, nil, noon) },
		func(t Task) (Change, error) {
			return t.Claim(Claimant{Lock: "host:1", Review: true}, parent(Todo), nil, noon)
		},
	},
	VerbHeartbeat: {func(t Task) (Change, error) { return t.Heartbeat(Heartbeat{Run: t.Run}, runOf(t), noon) }},
	VerbComplete:  {func(t Task) (Change, error) { return t.Complete(Report{Run: t.Run}, runOf(t), Witness{}, noon) }},
	VerbBlock: {
		func(t Task) (Change, error) { return t.Block(Block{Kind: NeedsInput}, nil, runOf(t), noon) },
		func(t Task) (Change, error) { return t.Block(Block{Kind: Dependency}, parent(Todo), runOf(t), noon) },
		func(t Task) (Change, error) {
			t.BlockKind, t.BlockRecurrences = NeedsInput, 1
			return t.Block(Block{Kind: NeedsInput}, nil, runOf(t), noon)
		},
	},
	VerbUnblock: {
		func(t Task) (Change, error) { return t.Unblock(Unblock{}, nil, nil, noon) },
		func(t Task) (Change, error) { return t.Unblock(Unblock{}, parent(Todo), nil, noon) },
	},
	VerbPromote: {
		func(t Task) (Change, error) { return t.PromoteBy(Promotion{}, nil) },
		func(t Task) (Change, error) { return t.PromoteBy(Promotion{Force: true}, parent(Todo)) },
	},
	VerbRequestReview: {func(t Task) (Change, error) { return t.RequestReview(ReviewRequest{Run: t.Run}, runOf(t), noon) }},
	VerbReopenReview: {
		func(t Task) (Change, error) { return t.ReopenReview(Reopening{}, nil, nil, noon) },
		func(t Task) (Change, error) { return t.ReopenReview(Reopening{}, parent(Todo), nil, noon) },
	},
	VerbSchedule: {func(t Task) (Change, error) { return t.Schedule(Schedule{Run: t.Run}, runOf(t), noon) }},
	VerbDue: {
		func(t Task) (Change, error) { return due(t, nil) },
		func(t Task) (Change, error) { return due(t, parent(Todo)) },
	},
	VerbFail: {
		func(t Task) (Change, error) {
			t.Run = 7
			return t.Fail(Failure{Class: Crashed}, *runOf(t), Policy{BoardLimit: 9}, noon)
		},
		func(t Task) (Change, error) {
			t.Run = 7
			return t.Fail(Failure{Class: Crashed}, *runOf(t), Policy{BoardLimit: 1}, noon)
		},
	},
	VerbReclaim: {func(t Task) (Change, error) {
		t.Lock = "host:11"
		return t.Reclaim("", t.Run, Termination{}, runOf(t), noon)
	}},
	VerbCancel:     {func(t Task) (Change, error) { return t.Cancel("ada", t.Run, Termination{}, runOf(t), noon) }},
	VerbEdit:       {func(t Task) (Change, error) { return t.Edit(Edit{Title: new("Another")}) }},
	VerbEditResult: {func(t Task) (Change, error) { return t.EditResult(ResultEdit{Result: "x"}, nil, noon) }},
	VerbSetModel:   {func(t Task) (Change, error) { return t.SetModel("m", "p") }},
	VerbSetEffort:  {func(t Task) (Change, error) { return t.SetEffort("high") }},
	VerbUnguard:    {func(t Task) (Change, error) { return t.Unguard("ada", "") }},
	VerbAssign: {func(t Task) (Change, error) {
		t.Lock = ""
		return t.Assign("bob")
	}},
	VerbAttach:  {func(t Task) (Change, error) { return t.Attach(Attachment{Name: "a.txt", Path: "/a.txt"}, t.Run, noon) }},
	VerbDetach:  {func(t Task) (Change, error) { return t.Detach(Attachment{ID: 1, Name: "a.txt"}, t.Run) }},
	VerbComment: {func(t Task) (Change, error) { return t.Comment("ada", "a word", noon) }},
	VerbLink: {
		func(t Task) (Change, error) { return t.Link(parent(Done)[0], nil) },
		func(t Task) (Change, error) { return t.Link(parent(Todo)[0], nil) },
	},
	VerbUnlink: {func(t Task) (Change, error) {
		return t.Unlink("t_0000000b", []Link{{Parent: "t_0000000b", Child: t.ID}})
	}},
	VerbDelete:  {func(t Task) (Change, error) { return t.Delete(Deletion{Was: t.Run}) }},
	VerbSpecify: {func(t Task) (Change, error) { return t.Specify(Specification{}, noon) }},
	VerbDecompose: {func(t Task) (Change, error) {
		c, err := t.Decompose(Decomposition{Parts: []Part{{Title: "x"}}}, []TaskID{"t_1"}, nil, noon)
		if err != nil {
			return Change{}, err
		}
		return c[len(c)-1], nil
	}},
	VerbArchive: {func(t Task) (Change, error) { return t.Archive(runOf(t), noon) }},
}

// due asks whether a card goes on by itself whose hour has come. That it does not
// is no refusal that anybody is told; the test wants words.
func due(t Task, parents []Task) (Change, error) {
	t.StartAt = noon
	c, ok := t.Due(parents, noon)
	if !ok {
		return c, fmt.Errorf("due: not in %s", t.Status)
	}
	return c, nil
}

// Every verb, asked of a card in every status, reaches exactly the statuses that
// the table names, and where the table has no row it is refused with a message
// that names the status and the verb.
func TestEveryVerbInEveryStatus(t *testing.T) {
	for _, v := range Verbs {
		if len(cases[v]) == 0 {
			t.Errorf("verb %s has no case in this test", v)
		}
		for _, s := range Statuses {
			t.Run(string(v)+"/"+string(s), func(t *testing.T) {
				var reached []Status
				for _, ask := range cases[v] {
					before := card(s)
					c, err := ask(before)
					if !s.May(v) {
						if err == nil {
							t.Fatalf("the card went to %s, and the table has no row for it", c.Task.Status)
						}
						if !strings.Contains(err.Error(), string(v)) || !strings.Contains(err.Error(), string(s)) {
							t.Errorf("refusal %q does not name %s and %s", err, v, s)
						}
						continue
					}
					if err != nil {
						t.Errorf("refused: %v", err)
						continue
					}
					if err := c.Legal(); err != nil {
						t.Error(err)
					}
					if c.Was.Status != s {
						t.Errorf("the change was made of a card in %q, want %q", c.Was.Status, s)
					}
					reached = append(reached, c.Task.Status)
				}
				want := slices.Sorted(slices.Values(s.targets(v)))
				slices.Sort(reached)
				if got := slices.Compact(reached); !slices.Equal(got, want) {
					t.Errorf("reached %q, and the table says %q", got, want)
				}
			})
		}
	}
}

func TestCreateReachesWhatTheTableSays(t *testing.T) {
	var reached []Status
	for _, d := range []Draft{{}, {Parents: []TaskID{"t_0000000b"}}, {Triage: true}, {Blocked: true}, {At: noon.Add(1)}} {
		reached = append(reached, does(t)(Create("t_0000000a", d, parent(Running)[:len(d.Parents)], noon)).Task.Status)
	}
	if want := []Status{Ready, Todo, Triage, Blocked, Scheduled}; !slices.Equal(reached, want) {
		t.Errorf("created in %q, want %q", reached, want)
	}
	if to := Status("").targets(VerbCreate); !slices.Equal(to, reached) {
		t.Errorf("the table says %q, want %q", to, reached)
	}
}

func TestTableHasOneRowForAVerbAndAStatus(t *testing.T) {
	type cell struct {
		Verb
		Status
	}
	seen := map[cell]bool{}
	for _, m := range Moves {
		at := cell{m.Verb, m.From}
		if seen[at] {
			t.Errorf("two rows for %s from %q", m.Verb, m.From)
		}
		seen[at] = true
		if len(m.To) == 0 {
			t.Errorf("%s from %q leads nowhere", m.Verb, m.From)
		}
		if !slices.Contains(Verbs, m.Verb) {
			t.Errorf("verb %s is not in Verbs", m.Verb)
		}
		for _, s := range m.To {
			if !slices.Contains(Statuses, s) && (m.Verb != VerbDelete || s != Gone) {
				t.Errorf("%s leads to %q, which is no status", m.Verb, s)
			}
		}
	}
}

func TestLegalRefusesWhatIsNotInTheTable(t *testing.T) {
	c := Change{Verb: VerbComplete, Was: card(Todo), Task: card(Done)}
	refuses(t, c.Legal(), nil, Internal, "complete", "todo", "done")
	c = Change{Was: card(Ready), Task: card(Running)} // no verb moves no card
	refuses(t, c.Legal(), nil, Internal, "ready", "running")
}

// docs/states.md is the table of moves as people read it. Run this test with
// -update after a change of the table.
// A card in a status of another program's is not lost to this one: it can be put
// away, deleted and talked about, and goes nowhere else.
func TestForeignStatus(t *testing.T) {
	free := []Verb{VerbAssign, VerbComment, VerbLink, VerbUnlink, VerbUnguard, VerbAttach, VerbDetach, VerbDelete, VerbArchive, VerbEdit, VerbSetModel, VerbSetEffort}
	for _, v := range Verbs {
		for _, ask := range cases[v] {
			task := Task{ID: "t_1", Title: "x", Status: "failed", Assignee: "ada"}
			c, err := ask(task)
			if err == nil {
				err = c.Legal()
			}
			if (err == nil) != slices.Contains(free, v) {
				t.Errorf("%s: %v", v, err)
			}
			if want := map[Verb]Status{VerbArchive: Archived, VerbDelete: Gone}; err == nil && c.Task.Status != task.Status && c.Task.Status != want[v] {
				t.Errorf("%s leads to %q", v, c.Task.Status)
			}
		}
	}
}

func TestStatesDocument(t *testing.T) {
	path := filepath.Join("..", "docs", "states.md")
	want := statesDocument()
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(bytes.ReplaceAll(got, []byte("\r\n"), []byte("\n")), want) {
		t.Errorf("%s is not what the table of moves says; write it anew with: go test ./kanban -run TestStatesDocument -update", path)
	}
}

func statesDocument() []byte {
	var b bytes.Buffer
	b.WriteString(`# Where a card may go

Printed from the table of moves in ` + "`kanban/status.go`" + ` by a test; do not edit.

A cell says where the verb may take a card that is in the status. An empty cell:
the verb is refused there. "stays" means that the card is changed and its status
is not.

| status |`)
	for _, v := range Verbs {
		if v != VerbCreate {
			fmt.Fprintf(&b, " %s |", v)
		}
	}
	b.WriteString("\n|---|" + strings.Repeat("---|", len(Verbs)-1) + "\n")
	for _, s := range Statuses {
		fmt.Fprintf(&b, "| %s |", s)
		for _, v := range Verbs {
			if v == VerbCreate {
				continue
			}
			var to []string
			for _, target := range s.targets(v) {
				switch target {
				case s:
					to = append(to, "stays")
				case Gone:
					to = append(to, "gone")
				default:
					to = append(to, string(target))
				}
			}
			fmt.Fprintf(&b, " %s |", strings.Join(to, ", "))
		}
		b.WriteString("\n")
	}
	b.WriteString("\n`create` makes a card in " + join(Status("").targets(VerbCreate)) + ".\n")

	b.WriteString("\nThe moves that change the status:\n\n```mermaid\nstateDiagram-v2\n")
	for _, to := range Status("").targets(VerbCreate) {
		fmt.Fprintf(&b, "    [*] --> %s: create\n", to)
	}
	for _, from := range Statuses {
		for _, to := range Statuses {
			var by []string
			for _, v := range Verbs {
				if from != to && slices.Contains(from.targets(v), to) {
					by = append(by, string(v))
				}
			}
			if len(by) > 0 {
				fmt.Fprintf(&b, "    %s --> %s: %s\n", from, to, strings.Join(by, ", "))
			}
		}
	}
	b.WriteString("```\n")
	return b.Bytes()
}

func TestParseStatus(t *testing.T) {
	for _, s := range Statuses {
		if got, err := ParseStatus(string(s)); got != s || err != nil {
			t.Errorf("ParseStatus(%q) = %q, %v", s, got, err)
		}
	}
	_, err := ParseStatus("doing")
	refuses(t, err, nil, Invalid, `"doing"`, "triage", "archived")
	_, err = ParseBlockKind("mood")
	refuses(t, err, nil, Invalid, `"mood"`, "needs_input")
}

// The done and the archived satisfy every check alike.
func TestSettled(t *testing.T) {
	if got, want := Settled(), []Status{Done, Archived}; !slices.Equal(got, want) {
		t.Errorf("Settled() = %q, want %q", got, want)
	}
	for _, s := range Statuses {
		want := Todo
		if s == Done || s == Archived {
			want = Ready
		}
		if got := does(t)(card(Blocked).Unblock(Unblock{}, parent(s), nil, noon)).Task.Status; got != want {
			t.Errorf("unblocked with a parent in %s the card is %s, want %s", s, got, want)
		}
		d := Draft{Title: "x", Parents: []TaskID{"t_0000000b"}}
		if got := does(t)(Create("t_0000000a", d, parent(s), noon)).Task.Status; got != want {
			t.Errorf("created with a parent in %s the card is %s, want %s", s, got, want)
		}
		if got := does(t)(card(Ready).Link(parent(s)[0], nil)).Task.Status; got != want {
			t.Errorf("linked to a parent in %s the card is %s, want %s", s, got, want)
		}
		c, due := card(Todo).Promote(parent(s), Gate{}, Policy{})
		if due != (want == Ready) {
			t.Errorf("with a parent in %s promotion is due: %t (to %s)", s, due, c.Task.Status)
		}
		claim, err := card(Ready).Claim(Claimant{Lock: "h:1", TTL: time.Minute}, parent(s), nil, noon)
		if err != nil || (claim.Refusal == nil) != (want == Ready) {
			t.Errorf("claimed with a parent in %s: %v, refusal %v", s, err, claim.Refusal)
		}
		_, err = card(Todo).PromoteBy(Promotion{}, parent(s))
		if (err == nil) != (want == Ready) {
			t.Errorf("promoted by hand with a parent in %s: %v", s, err)
		}
	}
}
