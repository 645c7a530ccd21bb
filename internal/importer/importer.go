// Package importer reads the files of other tools as cards: bytes in, drafts and
// who waits for whom out. It touches neither files nor boards. What a status of
// theirs becomes is told in docs/export.md.
package importer

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"andon/kanban"
)

// Formats lists the names of the formats.
var Formats = []string{"beads", "task-master", "backlog", "github-json"}

// File is one file with its name, for what people are told.
type File struct {
	Name string
	Data []byte
}

// Convert reads files of a format. All but backlog have one.
func Convert(format string, files []File) (kanban.Bundle, error) {
	b := &bundle{Bundle: kanban.Bundle{Format: format}}
	var read func(File) error
	switch format {
	case "beads":
		read = b.beads
	case "task-master":
		read = b.taskMaster
	case "backlog":
		read = b.backlog
	case "github-json":
		read = b.github
	default:
		return b.Bundle, &kanban.Error{Code: kanban.Usage, Msg: fmt.Sprintf("unknown format %q", format), Hint: "it is one of " + strings.Join(Formats, ", ")}
	}
	for _, f := range files {
		f.Data = []byte(strings.TrimPrefix(string(f.Data), "\ufeff"))
		if !utf8.Valid(f.Data) {
			return b.Bundle, kanban.Invalidf("%s is not valid UTF-8", f.Name)
		}
		if err := read(f); err != nil {
			return b.Bundle, err
		}
	}
	b.gone()
	return b.Bundle, nil
}

// bundle is what a converter fills.
type bundle struct {
	kanban.Bundle
	deleted []string // ids whose cards the tool itself counts as gone
}

func (b *bundle) warn(format string, args ...any) {
	b.Warnings = append(b.Warnings, fmt.Sprintf(format, args...))
}

// gone takes links to what was deleted away: it holds nothing back.
func (b *bundle) gone() {
	for i := range b.Cards {
		b.Cards[i].After = slices.DeleteFunc(b.Cards[i].After, func(id string) bool { return slices.Contains(b.deleted, id) })
	}
}

// item is a card in the words of whichever tool.
type item struct {
	id, title   string
	parts       [][2]string // of the body: a heading, which may be empty, and text
	about       []string    // what andon has no field for
	assignee    string
	creator     string
	tenant      string
	priority    int64
	status      kanban.Status // empty: as its parents have it
	result      string
	after       []string
	comments    []kanban.Remark
	wasInFlight bool
}

func (b *bundle) add(i item) {
	title := strings.Join(strings.Fields(i.title), " ")
	if n := utf8.RuneCountInString(title); n > kanban.MaxTitle {
		i.parts = append([][2]string{{"", i.title}}, i.parts...)
		title = string([]rune(title)[:kanban.MaxTitle-1]) + "…"
		b.warn("%s: its title has %d characters; it is cut, and whole in the body", i.id, n)
	}
	var body []string
	for _, p := range i.parts {
		text := strings.TrimRight(p[1], " \t\r\n")
		switch {
		case strings.TrimSpace(text) == "":
		case p[0] == "":
			body = append(body, text)
		default:
			body = append(body, "## "+p[0]+"\n\n"+text)
		}
	}
	body = append(body, "("+strings.Join(append([]string{"imported from " + b.Format + ": " + i.id}, i.about...), "; ")+")")
	c := kanban.Brought{ID: i.id, After: i.after, Status: i.status, Result: i.result, Remarks: i.comments, Draft: kanban.Draft{
		Title: title, Body: strings.Join(body, "\n\n"), Assignee: i.assignee, CreatedBy: i.creator, Tenant: i.tenant, Priority: i.priority,
	}}
	if i.wasInFlight {
		b.warn("%s was being worked on; here nobody holds its card", i.id)
	}
	b.Cards = append(b.Cards, c)
}

// aside says something in the words of about, unless it is empty.
func aside(name string, values ...string) []string {
	values = slices.DeleteFunc(values, func(s string) bool { return strings.TrimSpace(s) == "" })
	if len(values) == 0 {
		return nil
	}
	return []string{name + " " + strings.Join(values, ", ")}
}

// remark is a comment, whose hour goes with its text: on the board it is new.
func remark(author, at, text string) kanban.Remark {
	if author = strings.TrimSpace(author); author == "" {
		author = "unknown"
	}
	if at = day(at); at != "" {
		text = "[" + at + "] " + text
	}
	return kanban.Remark{Author: author, Body: text}
}

// day is the day of a time in whichever form, for people.
func day(at string) string {
	at = strings.TrimSpace(at)
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02 15:04:05", "2006-01-02 15:04", "2006-01-02"} {
		if t, err := time.Parse(layout, at); err == nil {
			return t.Format("2006-01-02")
		}
	}
	return at
}

func bad(f File, where string, format string, args ...any) error {
	return &kanban.Error{Code: kanban.Invalid, Msg: f.Name + where + ": " + fmt.Sprintf(format, args...), Hint: "nothing was imported"}
}
