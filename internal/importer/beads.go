package importer

import (
	"bytes"
	"encoding/json"
	"fmt"

	"andon/kanban"
)

type beadsIssue struct {
	ID          string   `json:"id"`
	Title       string   `json:"title"`
	Description string   `json:"description"`
	Design      string   `json:"design"`
	Acceptance  string   `json:"acceptance_criteria"`
	Notes       string   `json:"notes"`
	Status      string   `json:"status"`
	Priority    *int64   `json:"priority"`
	Type        string   `json:"issue_type"`
	Assignee    string   `json:"assignee"`
	CreatedAt   string   `json:"created_at"`
	CreatedBy   string   `json:"created_by"`
	CloseReason string   `json:"close_reason"`
	Ref         string   `json:"external_ref"`
	Labels      []string `json:"labels"`
	Depends     []struct {
		On   string `json:"depends_on_id"`
		Type string `json:"type"`
	} `json:"dependencies"`
	Comments []struct {
		Author    string `json:"author"`
		Text      string `json:"text"`
		CreatedAt string `json:"created_at"`
	} `json:"comments"`
}

// beads reads .beads/issues.jsonl: an issue per line.
func (b *bundle) beads(f File) error {
	n := 0
	for line := range bytes.Lines(f.Data) {
		n++
		if line = bytes.TrimSpace(line); len(line) == 0 {
			continue
		}
		where := fmt.Sprintf(" line %d", n)
		var x beadsIssue
		if err := json.Unmarshal(line, &x); err != nil {
			return bad(f, where, "%v", err)
		}
		if x.ID == "" {
			return bad(f, where, "an issue without an id")
		}
		i := item{id: x.ID, title: x.Title, assignee: x.Assignee, creator: x.CreatedBy, parts: [][2]string{
			{"", x.Description}, {"Design", x.Design}, {"Acceptance criteria", x.Acceptance}, {"Notes", x.Notes}}}
		blocks := false
		i.about = append(i.about, aside("type", x.Type)...)
		i.about = append(i.about, aside("labels", x.Labels...)...)
		i.about = append(i.about, aside("created", day(x.CreatedAt))...)
		i.about = append(i.about, aside("see", x.Ref)...)
		for _, d := range x.Depends {
			switch d.Type {
			case "blocks", "conditional-blocks", "waits-for", "":
				i.after, blocks = append(i.after, d.On), true
			case "parent-child":
				i.about = append(i.about, "part of "+d.On)
			default:
				i.about = append(i.about, d.Type+" "+d.On)
			}
		}
		if x.Priority != nil { // 0 is the most urgent, 2 the ordinary
			i.priority = 2 - *x.Priority
		}
		switch x.Status {
		case "open", "", "pinned":
		case "in_progress", "hooked":
			i.wasInFlight = true
		case "blocked":
			if !blocks { // else its links say so
				i.status = kanban.Blocked
			}
		case "deferred":
			i.status = kanban.Blocked
		case "closed":
			i.status, i.result = kanban.Done, x.CloseReason
		case "tombstone":
			b.deleted = append(b.deleted, x.ID)
			continue
		default:
			b.warn("%s: its status %q is not known; its card stands where its links put it", x.ID, x.Status)
		}
		for _, c := range x.Comments {
			i.comments = append(i.comments, remark(c.Author, c.CreatedAt, c.Text))
		}
		b.add(i)
	}
	return nil
}
