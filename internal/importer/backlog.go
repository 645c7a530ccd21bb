package importer

import (
	"fmt"
	"strings"

	"github.com/goccy/go-yaml"

	"andon/kanban"
)

// maxMatter bounds the front matter of a file, which is YAML.
const maxMatter = 64 << 10

// backlog reads one Markdown file of backlog/tasks.
func (b *bundle) backlog(f File) error {
	text := strings.ReplaceAll(string(f.Data), "\r\n", "\n")
	matter, ok := strings.CutPrefix(text, "---\n")
	end := strings.Index("\n"+matter, "\n---\n")
	if strings.HasSuffix("\n"+matter, "\n---") && end < 0 {
		end = len(matter) - len("---")
	}
	if !ok || end < 0 {
		return bad(f, "", "it has no front matter between two lines of ---")
	}
	body := strings.TrimPrefix(strings.TrimPrefix(matter[end:], "---"), "\n")
	if matter = matter[:end]; len(matter) > maxMatter {
		return bad(f, "", "its front matter has %d bytes, and %d is the most", len(matter), maxMatter)
	}
	var m map[string]any
	if err := yaml.Unmarshal([]byte(matter), &m); err != nil {
		first, _, _ := strings.Cut(strings.TrimSpace(err.Error()), "\n")
		return bad(f, "", "its front matter: %s", first)
	}
	one := func(key string) string { return strings.Join(words(m[key]), ", ") }
	id := backlogID(one("id"))
	if id == "" {
		return bad(f, "", "it has no id")
	}
	i := item{id: id, title: one("title"), parts: [][2]string{{"", body}}, priority: ranks[strings.ToLower(one("priority"))]}
	who := words(m["assignee"])
	if len(who) > 0 {
		i.assignee = strings.TrimPrefix(who[0], "@")
		i.about = append(i.about, aside("also assigned to", who[1:]...)...)
	}
	i.creator = strings.TrimPrefix(one("reporter"), "@")
	for _, d := range words(m["dependencies"]) {
		i.after = append(i.after, backlogID(d))
	}
	i.about = append(i.about, aside("labels", words(m["labels"])...)...)
	i.about = append(i.about, aside("milestone", one("milestone"))...)
	i.about = append(i.about, aside("created", day(one("created_date")))...)
	parent := one("parent_task_id")
	if parent == "" {
		parent = one("parent")
	}
	i.about = append(i.about, aside("part of", backlogID(parent))...)
	switch status := strings.ToLower(strings.Join(strings.Fields(strings.NewReplacer("-", " ", "_", " ").Replace(one("status"))), " ")); status {
	case "to do", "todo", "":
	case "draft":
		i.status = kanban.Triage
	case "in progress", "doing":
		i.wasInFlight = true
	case "review", "in review":
		i.status = kanban.Review
	case "blocked", "on hold":
		i.status = kanban.Blocked
	case "done", "complete", "completed":
		i.status = kanban.Done
	case "cancelled", "canceled", "archived":
		i.status = kanban.Archived
	default:
		b.warn("%s: its status %q is not known; its card stands where its links put it", id, one("status"))
	}
	b.add(i)
	return nil
}

// backlogID is an id in one form: "2", "TASK-2" and "task-2" are the same.
func backlogID(s string) string {
	s = strings.ToLower(strings.TrimSpace(s))
	if s != "" && strings.Trim(s, "0123456789.") == "" {
		return "task-" + s
	}
	return s
}

// words are a value's texts, of a list or of one.
func words(v any) (all []string) {
	switch v := v.(type) {
	case nil:
	case []any:
		for _, w := range v {
			all = append(all, words(w)...)
		}
	default:
		if s := strings.TrimSpace(fmt.Sprint(v)); s != "" {
			all = append(all, s)
		}
	}
	return all
}
