package kanban

import (
	"slices"
	"strings"
)

// Bundle is what another tool had, as cards to be made.
type Bundle struct {
	Format   string
	Cards    []Brought
	Warnings []string
}

// Brought is a card of another tool.
type Brought struct {
	ID      string // there
	Draft   Draft
	After   []string // ids of cards of the bundle that it waits for
	Status  Status   // where it stood; empty: as its parents have it
	Result  string   // of one that is done
	Remarks []Remark
}

// Early is the promotion of t, which was made of the card, if there it was further on
// than its parents let it be here; ok is false if none is due.
func (c Brought) Early(t Task) (p Promotion, ok bool) {
	if t.Status != Todo || c.Status != Done && c.Status != Review {
		return p, false
	}
	return Promotion{Actor: c.Draft.CreatedBy, Reason: "it stood there", Force: true}, true
}

// Report is that of a card which was done there.
func (c Brought) Report() Report {
	result := c.Result
	if strings.TrimSpace(result) == "" {
		result = "done before it was imported"
	}
	return Report{Result: result, Summary: result}
}

// Request is that of a card which was in review there.
func (c Brought) Request() ReviewRequest {
	return ReviewRequest{Summary: "in review before it was imported"}
}

// Remark is a comment that somebody made elsewhere.
type Remark struct{ Author, Body string }

// Key is the idempotency key by which a card of the bundle is known again.
func (b Bundle) Key(id string) string { return b.Format + ":" + id }

// Clean returns the bundle with each draft in its stored form and the cards in an
// order in which every one comes after those it waits for. It refuses ids that
// are missing, used twice or unknown, and circles.
func (b Bundle) Clean() (Bundle, error) {
	g := Graph{Name: b.Format}
	cards := map[string]Brought{}
	for _, c := range b.Cards {
		switch c.Status {
		case "", Done, Archived, Review:
		case Blocked:
			c.Draft.Blocked = true
		case Triage:
			c.Draft.Triage = true
		default:
			return b, Invalidf("card %q: an imported card cannot be %s", c.ID, c.Status)
		}
		c.Remarks = slices.Clone(c.Remarks)
		c.Remarks = slices.DeleteFunc(c.Remarks, func(r Remark) bool { return strings.TrimSpace(r.Body) == "" })
		for i := range c.Remarks {
			r := &c.Remarks[i]
			if err := prose("the author of a comment on "+c.ID, &r.Author, "a comment on "+c.ID, &r.Body); err != nil {
				return b, err
			}
		}
		if err := prose("the result of "+c.ID, &c.Result); err != nil {
			return b, err
		}
		cards[c.ID] = c
		g.Nodes = append(g.Nodes, Node{Name: c.ID, Draft: c.Draft, After: c.After})
	}
	g, err := g.Clean()
	if err != nil {
		return b, err
	}
	b.Cards = nil
	for _, n := range g.Nodes {
		c := cards[n.Name]
		c.Draft = n.Draft
		c.Draft.IdempotencyKey = b.Key(c.ID)
		b.Cards = append(b.Cards, c)
	}
	return b, nil
}
