package importer

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"andon/kanban"
)

type masterTask struct {
	ID           name         `json:"id"`
	Title        string       `json:"title"`
	Description  string       `json:"description"`
	Details      string       `json:"details"`
	TestStrategy string       `json:"testStrategy"`
	Status       string       `json:"status"`
	Priority     string       `json:"priority"`
	Assignee     string       `json:"assignee"`
	Depends      []name       `json:"dependencies"`
	Subtasks     []masterTask `json:"subtasks"`
}

// name is an id that is a number or text.
type name string

func (n *name) UnmarshalJSON(data []byte) error {
	var s string
	if json.Unmarshal(data, &s) == nil {
		*n = name(strings.TrimSpace(s))
		return nil
	}
	var number json.Number
	if err := json.Unmarshal(data, &number); err != nil {
		return fmt.Errorf("%.40s is no id", data)
	}
	*n = name(number)
	return nil
}

// taskMaster reads .taskmaster/tasks/tasks.json: tags with lists of tasks, or, as
// it once was, one list.
func (b *bundle) taskMaster(f File) error {
	type list struct {
		Tasks []masterTask `json:"tasks"`
	}
	var tags map[string]json.RawMessage
	if err := json.Unmarshal(f.Data, &tags); err != nil {
		return bad(f, "", "%v", err)
	}
	if _, flat := tags["tasks"]; flat {
		var l list
		if err := json.Unmarshal(f.Data, &l); err != nil {
			return bad(f, "", "%v", err)
		}
		return b.masterTag(f, "master", l.Tasks)
	}
	for _, tag := range slices.Sorted(maps.Keys(tags)) {
		var l list
		if err := json.Unmarshal(tags[tag], &l); err != nil {
			return bad(f, ", tag "+tag, "%v", err)
		}
		if err := b.masterTag(f, tag, l.Tasks); err != nil {
			return err
		}
	}
	return nil
}

func (b *bundle) masterTag(f File, tag string, tasks []masterTask) error {
	id := func(n name) string { return tag + "/" + string(n) }
	for _, t := range tasks {
		if t.ID == "" {
			return bad(f, ", tag "+tag, "a task without an id")
		}
		i := b.masterItem(tag, id(t.ID), t)
		for _, d := range t.Depends {
			i.after = append(i.after, id(d))
		}
		before := slices.Clone(i.after)
		for _, s := range t.Subtasks {
			if s.ID == "" {
				return bad(f, ", task "+id(t.ID), "a subtask without an id")
			}
			of := func(n name) string { // a number is that of a sister
				if strings.Contains(string(n), ".") {
					return id(n)
				}
				return id(t.ID + "." + n)
			}
			sub := b.masterItem(tag, of(s.ID), s)
			sub.after = slices.Clone(before) // what the whole waits for, its parts wait for
			for _, d := range s.Depends {
				sub.after = append(sub.after, of(d))
			}
			i.after = append(i.after, sub.id)
			b.add(sub)
		}
		b.add(i)
	}
	return nil
}

func (b *bundle) masterItem(tag, id string, t masterTask) item {
	i := item{id: id, title: t.Title, assignee: t.Assignee, parts: [][2]string{
		{"", t.Description}, {"Details", t.Details}, {"Test strategy", t.TestStrategy}}}
	if tag != "master" {
		i.tenant = tag
	}
	i.priority = ranks[strings.ToLower(t.Priority)]
	switch strings.ToLower(t.Status) {
	case "pending", "":
	case "in-progress":
		i.wasInFlight = true
	case "done", "completed":
		i.status = kanban.Done
	case "review":
		i.status = kanban.Review
	case "blocked", "deferred":
		i.status = kanban.Blocked
	case "cancelled", "canceled":
		i.status = kanban.Archived
	default:
		b.warn("%s: its status %q is not known; its card stands where its links put it", id, t.Status)
	}
	return i
}

// ranks are priorities in words.
var ranks = map[string]int64{"critical": 2, "urgent": 2, "high": 1, "medium": 0, "low": -1}
