package importer

import (
	"encoding/json"
	"fmt"
	"strings"

	"andon/kanban"
)

type githubUser struct {
	Login string `json:"login"`
}

type githubIssue struct {
	Number    int64        `json:"number"`
	Title     string       `json:"title"`
	Body      string       `json:"body"`
	State     string       `json:"state"`
	Reason    string       `json:"stateReason"`
	URL       string       `json:"url"`
	Author    githubUser   `json:"author"`
	CreatedAt string       `json:"createdAt"`
	Assignees []githubUser `json:"assignees"`
	Labels    []struct {
		Name string `json:"name"`
	} `json:"labels"`
	Milestone *struct {
		Title string `json:"title"`
	} `json:"milestone"`
	Comments []struct {
		Author    githubUser `json:"author"`
		Body      string     `json:"body"`
		CreatedAt string     `json:"createdAt"`
	} `json:"comments"`
}

// github reads what `gh issue list --json` prints. An issue of which the address
// is known is told apart from those of other repositories.
func (b *bundle) github(f File) error {
	var issues []githubIssue
	if err := json.Unmarshal(f.Data, &issues); err != nil {
		return bad(f, "", "%v", err)
	}
	for n, x := range issues {
		if x.Number <= 0 {
			return bad(f, fmt.Sprintf(", issue %d of the list", n+1), "it has no number")
		}
		i := item{id: fmt.Sprint(x.Number), title: x.Title, parts: [][2]string{{"", x.Body}}, creator: x.Author.Login}
		if _, path, ok := strings.Cut(x.URL, "://"); ok {
			if at := strings.Split(path, "/"); len(at) >= 3 {
				i.id = fmt.Sprintf("%s/%s#%d", at[1], at[2], x.Number)
			}
		}
		for n, a := range x.Assignees {
			if n == 0 {
				i.assignee = a.Login
			} else {
				i.about = append(i.about, "also assigned to "+a.Login)
			}
		}
		var labels []string
		for _, l := range x.Labels {
			labels = append(labels, l.Name)
		}
		i.about = append(i.about, aside("labels", labels...)...)
		if x.Milestone != nil {
			i.about = append(i.about, aside("milestone", x.Milestone.Title)...)
		}
		i.about = append(i.about, aside("created", day(x.CreatedAt))...)
		i.about = append(i.about, aside("see", x.URL)...)
		switch {
		case strings.EqualFold(x.State, "closed") && strings.EqualFold(x.Reason, "not_planned"), strings.EqualFold(x.Reason, "duplicate"):
			i.status = kanban.Archived
		case strings.EqualFold(x.State, "closed"):
			i.status = kanban.Done
		case !strings.EqualFold(x.State, "open") && x.State != "":
			b.warn("%s: its state %q is not known; its card is ready", i.id, x.State)
		}
		for _, c := range x.Comments {
			i.comments = append(i.comments, remark(c.Author.Login, c.CreatedAt, c.Body))
		}
		b.add(i)
	}
	return nil
}
