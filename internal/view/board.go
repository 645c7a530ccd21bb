package view

import (
	"fmt"
	"strings"

	"github.com/mattn/go-runewidth"

	"andon/kanban"
)

// Board is a board as scripts see it. counts and total, which have the archived
// cards too, are null where they were not asked for or could not be had.
type Board struct {
	Slug        string                `json:"slug"`
	Name        string                `json:"name"`
	Description string                `json:"description"`
	Icon        string                `json:"icon"`
	Color       string                `json:"color"`
	Workdir     *string               `json:"default_workdir"`
	ProjectID   *string               `json:"project_id"`
	ProjectRepo *string               `json:"andon_project_repo"`
	CreatedAt   *int64                `json:"created_at"`
	Archived    bool                  `json:"archived"`
	ArchivedAs  *string               `json:"archived_as"` // the name by which it is restored
	DBPath      *string               `json:"db_path"`
	IsCurrent   bool                  `json:"is_current"`
	Counts      map[kanban.Status]int `json:"counts"`
	Total       *int                  `json:"total"`
}

// Count fills in the numbers of the board's cards.
func (b *Board) Count(counts map[kanban.Status]int) {
	total := 0
	for _, n := range counts {
		total += n
	}
	b.Counts, b.Total = counts, &total
}

// Cards are the numbers of a board's cards on one line.
func (b Board) Cards() string {
	switch {
	case b.ArchivedAs != nil:
		return "(put away as " + Plain(*b.ArchivedAs) + ")"
	case b.Counts == nil:
		return "(cannot be read)"
	case *b.Total == 0:
		return "(empty)"
	}
	var parts []string
	for _, s := range statuses(b.Counts) {
		parts = append(parts, fmt.Sprintf("%s %d", Plain(string(s)), b.Counts[s]))
	}
	text := strings.Join(parts, ", ")
	if b.Archived {
		text += " (left out of lists)"
	}
	return text
}

// BoardTable is a table of boards.
func BoardTable(boards []Board) string {
	slug, name := 0, 0
	for _, b := range boards {
		slug, name = max(slug, runewidth.StringWidth(b.Slug)), max(name, runewidth.StringWidth(b.title()))
	}
	var out strings.Builder
	for _, b := range boards {
		mark := " "
		if b.IsCurrent {
			mark = "●"
		}
		fmt.Fprintf(&out, "%s %s  %s  %s\n", mark, runewidth.FillRight(b.Slug, slug), runewidth.FillRight(b.title(), name), b.Cards())
	}
	return out.String()
}

func (b Board) title() string {
	name := Plain(b.Name)
	if b.Icon != "" {
		name = Plain(b.Icon) + " " + name
	}
	return name
}

// Opt is null in JSON for the zero value.
func Opt[T comparable](v T) *T { return opt(v) }
