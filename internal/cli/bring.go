package cli

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"andon/internal/importer"
	"andon/internal/view"
	"andon/kanban"
)

// This file is the part of import that makes cards of other tools' files.

// maxBring bounds what is read of such files, in bytes.
const maxBring = 64 << 20

type brought struct {
	From     string        `json:"from"`
	DryRun   bool          `json:"dry_run"`
	Created  int           `json:"created"`
	Existing int           `json:"existing"`
	Cards    []broughtCard `json:"cards"`
	Warnings []string      `json:"warnings"`
}

type broughtCard struct {
	Source  string         `json:"source"` // the id that it has there
	ID      *kanban.TaskID `json:"id"`     // null for one that is only to be made
	Title   string         `json:"title"`
	Status  kanban.Status  `json:"status"`
	Created bool           `json:"created"`
}

func (o *load) bring(ctx context.Context, path string) error {
	if !slices.Contains(importer.Formats, o.from) {
		return usagef("--from %q: it is one of %s", o.from, strings.Join(importer.Formats, ", "))
	}
	files, err := o.bringFiles(path)
	if err != nil {
		return err
	}
	b, err := importer.Convert(o.from, files)
	if err != nil {
		return fmt.Errorf("import from %s: %w", o.from, err)
	}
	if b, err = b.Clean(); err != nil {
		return fmt.Errorf("import from %s: %w", o.from, err)
	}
	for i := range b.Cards {
		if b.Cards[i].Draft.CreatedBy == "" {
			b.Cards[i].Draft.CreatedBy = o.author()
		}
	}
	return o.with(ctx, func(s *session) error {
		done, err := s.Bring(ctx, b, o.dryRun)
		if err != nil {
			return fmt.Errorf("import from %s: %w", o.from, err)
		}
		v := brought{From: o.from, DryRun: o.dryRun, Cards: []broughtCard{}, Warnings: append([]string{}, b.Warnings...)}
		var made []kanban.Task
		for _, d := range done {
			c := broughtCard{Source: d.Name, ID: &d.Task.ID, Title: d.Task.Title, Status: d.Task.Status, Created: d.Created}
			switch {
			case !d.Created:
				v.Existing++
			case o.dryRun:
				c.ID = nil
				v.Created++
			default:
				v.Created++
				made = append(made, d.Task)
			}
			v.Cards = append(v.Cards, c)
		}
		for _, w := range b.Warnings {
			o.warn("%s", w)
		}
		o.warnIdle(s, made...)
		if o.json {
			return view.JSON(o.Out, v)
		}
		for _, c := range v.Cards {
			o.printf("%s\n", view.Plain(c.line()))
		}
		did := "Imported"
		if o.dryRun {
			did = "Would import"
		}
		o.printf("%s %s, %d there already\n", did, counted(v.Created, "card", "cards"), v.Existing)
		return nil
	})
}

func (c broughtCard) line() string {
	did := "there already"
	switch {
	case c.Created && c.ID == nil:
		did = "would create"
	case c.Created:
		did = "created"
	}
	id := ""
	if c.ID != nil {
		id = string(*c.ID) + " "
	}
	return fmt.Sprintf("%s %s%s (%s) %s", did, id, c.Source, c.Status, c.Title)
}

// bringFiles reads the file that is named, or, of backlog, the files of a folder.
func (o *load) bringFiles(path string) (files []importer.File, err error) {
	refuse := func(err error) ([]importer.File, error) {
		return nil, &kanban.Error{Code: kanban.Invalid, Err: err, Msg: fmt.Sprintf("import from %s: %v", o.from, err)}
	}
	if path == "-" {
		data, err := io.ReadAll(io.LimitReader(o.input, maxBring+1))
		if err == nil && len(data) > maxBring {
			err = fmt.Errorf("standard input has more than %d bytes", maxBring)
		}
		if err != nil {
			return refuse(err)
		}
		return []importer.File{{Name: "stdin", Data: data}}, nil
	}
	info, err := os.Stat(path)
	if err != nil {
		return refuse(err)
	}
	names := []string{path}
	if info.IsDir() {
		if names, err = o.bringNames(path); err != nil {
			return refuse(err)
		}
	}
	left := int64(maxBring)
	for _, name := range names {
		info, err := os.Stat(name)
		if err == nil && !info.Mode().IsRegular() {
			err = fmt.Errorf("%s is no file", name)
		}
		if err == nil && info.Size() > left {
			err = fmt.Errorf("%s has more than %d bytes", path, maxBring)
		}
		if err != nil {
			return refuse(err)
		}
		data, err := os.ReadFile(name)
		if err != nil {
			return refuse(err)
		}
		left -= int64(len(data))
		files = append(files, importer.File{Name: name, Data: data})
	}
	return files, nil
}

// bringNames finds the files that are meant by a folder.
func (o *load) bringNames(dir string) ([]string, error) {
	usual := map[string][]string{
		"beads":       {".beads/issues.jsonl", "issues.jsonl"},
		"task-master": {".taskmaster/tasks/tasks.json", "tasks/tasks.json", "tasks.json"},
		"backlog":     {"backlog/tasks", "tasks", "."},
	}
	for _, place := range usual[o.from] {
		at := filepath.Join(dir, filepath.FromSlash(place))
		info, err := os.Stat(at)
		if err != nil {
			continue
		}
		if !info.IsDir() {
			return []string{at}, nil
		}
		if o.from != "backlog" {
			continue
		}
		entries, err := os.ReadDir(at)
		if err != nil {
			return nil, err
		}
		var names []string
		for _, e := range entries {
			if strings.EqualFold(filepath.Ext(e.Name()), ".md") && !strings.EqualFold(e.Name(), "readme.md") {
				names = append(names, filepath.Join(at, e.Name()))
			}
		}
		if len(names) > 0 {
			return names, nil
		}
	}
	return nil, fmt.Errorf("%s is a folder that has none of its files", dir)
}
