package kanban

import (
	"path/filepath"
	"strings"
)

// Project is a repository in whose worktrees cards are worked on. Its zero value
// is none.
type Project struct {
	ID   string // stored with each card
	Slug string // the first part of the names of its branches
	Repo string // its folder
}

// Defaults are what a board gives to the cards that are made on it.
type Defaults struct {
	Workdir string // the folder for dir and worktree cards that name none; may be empty
	Project Project
}

// NewProject is the project of a repository's folder. id is the name by which its
// cards know it; if empty it is made of the folder's name, as the names of its
// branches are.
func NewProject(id, repo string) Project {
	slug := refName(filepath.Base(repo), maxSlug)
	if slug == "" {
		slug = "project"
	}
	if id == "" {
		id = slug
	}
	return Project{ID: id, Slug: slug, Repo: repo}
}

const maxSlug = 40 // of a part of a branch's name, in characters

// On is the clean draft as the board with these defaults makes the card id of it.
// A card of the board's project works in a worktree of its own; one that needs a
// folder and names none gets the board's. What the draft says itself stays.
func (d Draft) On(b Defaults, id TaskID) Draft {
	if p := b.Project; p.Repo != "" && (d.Project == "" || d.Project == p.ID) {
		d.Project = p.ID
		if d.WorkspaceKind == Scratch {
			d.WorkspaceKind = Worktree
		}
		if d.WorkspaceKind == Worktree && d.WorkspacePath == "" {
			d.WorkspacePath = filepath.Join(p.Repo, ".worktrees", string(id))
		}
		if d.WorkspaceKind == Worktree && d.Branch == "" {
			d.Branch = p.Branch(id, d.Title)
		}
	}
	if d.WorkspacePath == "" && d.WorkspaceKind != Scratch {
		d.WorkspacePath = b.Workdir
	}
	return d
}

// Branch names the branch of a card of the project.
func (p Project) Branch(id TaskID, title string) string {
	leaf := string(id)
	if slug := refName(title, maxSlug); slug != "" {
		leaf += "-" + slug
	}
	return p.Slug + "/" + leaf
}

// refName makes a part of a branch's name of a text: small letters and digits, "."
// and "_", and "-" for whatever else there is between them. git takes no name in
// which two dots meet, and no part that begins or ends with a dot or ends in
// ".lock".
func refName(s string, limit int) string {
	var b strings.Builder
	for _, r := range strings.ToLower(s) {
		last := byte(0)
		if b.Len() > 0 {
			last = b.String()[b.Len()-1]
		}
		switch {
		case 'a' <= r && r <= 'z' || '0' <= r && r <= '9' || r == '_' || r == '.' && last != '.':
			b.WriteByte(byte(r))
		case r != '.' && last != '-':
			b.WriteByte('-')
		}
	}
	name := strings.Trim(b.String(), "-.")
	name = name[:min(len(name), limit)]
	for {
		trimmed := strings.TrimSuffix(strings.Trim(name, "-."), ".lock")
		if trimmed == name {
			return name
		}
		name = trimmed
	}
}
