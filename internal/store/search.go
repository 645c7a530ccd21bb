package store

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"andon/kanban"
)

// Candidate is a card that a search may have found: whether it has, and where,
// the rule says.
type Candidate struct {
	ID    kanban.TaskID
	At    time.Time    // when the card was made
	Place kanban.Place // or a later one
}

// SearchFilter is which cards to search.
type SearchFilter struct {
	Statuses []kanban.Status // none: all
	Assignee string
}

// Candidates reads the cards that the query may find, the best first, at most n
// after those skipped. All that it finds are among them.
//
// The database looks through every text. On a board of 100 000 cards that takes
// 60 ms, and there is no index to be kept beside the texts.
func (tx *Tx) Candidates(ctx context.Context, q kanban.Query, f SearchFilter, skip, n int) ([]Candidate, error) {
	s := search{tx.has}
	places := append([]kanban.Place{kanban.InID}, q.In...)
	last := len(places) - 1
	rank := "CASE"
	var rankArgs []any
	for i, p := range places[:last] {
		cond, args := s.all(q.Words, places[:i+1])
		rank += fmt.Sprintf(" WHEN %s THEN %d", cond, p)
		rankArgs = append(rankArgs, args...)
	}
	rank += fmt.Sprintf(" ELSE %d END", places[last])
	cond, args := s.all(q.Words, places)
	where := []string{cond}
	for _, w := range q.Not {
		if cond, a, exact := s.any(w, places); exact {
			where = append(where, `NOT COALESCE(`+cond+`, 1 = 0)`) // a text that is not there has no words
			args = append(args, a...)
		}
	}
	if len(f.Statuses) > 0 {
		where = append(where, `t.status IN (`+marks(len(f.Statuses))+`)`)
		args = append(args, anys(f.Statuses)...)
	}
	if f.Assignee != "" {
		where = append(where, `t.assignee = ?`)
		args = append(args, f.Assignee)
	}
	rows, err := tx.query(ctx, `SELECT t.id, t.created_at, `+rank+` AS place FROM tasks t WHERE `+strings.Join(where, ` AND `)+
		` ORDER BY place, t.created_at DESC, t.id LIMIT ? OFFSET ?`, slices.Concat(rankArgs, args, []any{n, skip})...)
	found, err := collect(rows, err, func(c *Candidate) []any {
		return []any{&c.ID, unix("", func(c *Candidate) *time.Time { return &c.At }).dest(c), &c.Place}
	})
	if err != nil {
		return nil, fmt.Errorf("search: %w", err)
	}
	return found, nil
}

// search makes the conditions of a search.
type search struct {
	has func(column, word string) (cond string, arg any, exact bool)
}

// all is true of a card if each word is at one of the places.
func (s search) all(words []string, in []kanban.Place) (cond string, args []any) {
	conds := make([]string, len(words))
	for i, w := range words {
		c, a, _ := s.any(w, in)
		conds[i] = c
		args = append(args, a...)
	}
	return strings.Join(conds, " AND "), args
}

// any is true of a card if the word is at one of the places. exact says that it
// is true of no other.
func (s search) any(word string, in []kanban.Place) (cond string, args []any, exact bool) {
	var conds []string
	exact = true
	for _, p := range in {
		has := func(before, column, after string) {
			c, arg, ok := s.has(column, word)
			conds = append(conds, before+c+after)
			args = append(args, arg)
			exact = exact && ok
		}
		switch p {
		case kanban.InID:
			if kanban.IDPrefix(word) {
				conds = append(conds, `substr(t.id, 1, CAST(? AS INTEGER)) = ?`)
				args = append(args, utf8.RuneCountInString(word), word)
			} else {
				conds = append(conds, `t.id = ?`)
				args = append(args, word)
			}
		case kanban.InTitle:
			has(``, `t.title`, ``)
		case kanban.InBody:
			has(``, `t.body`, ``)
		case kanban.InResults:
			has(``, `t.result`, ``)
			has(`t.id IN (SELECT task_id FROM task_runs WHERE `, `summary`, `)`)
		case kanban.InComments:
			has(`t.id IN (SELECT task_id FROM task_comments WHERE `, `body`, `)`)
		}
	}
	return `(` + strings.Join(conds, ` OR `) + `)`, args, exact
}

// Documents reads what can be searched of the cards.
func (tx *Tx) Documents(ctx context.Context, ids []kanban.TaskID) (map[kanban.TaskID]*kanban.Document, error) {
	tasks, err := tx.Some(ctx, ids)
	if err != nil {
		return nil, err
	}
	docs := make(map[kanban.TaskID]*kanban.Document, len(tasks))
	for _, t := range tasks {
		docs[t.ID] = &kanban.Document{Task: t}
	}
	type line struct {
		task kanban.TaskID
		text string
	}
	lines := func(query string, add func(*kanban.Document, string)) error {
		for some := range slices.Chunk(ids, 500) {
			rows, err := tx.query(ctx, strings.Replace(query, "(ids)", "("+marks(len(some))+")", 1), anys(some)...)
			found, err := collect(rows, err, func(l *line) []any {
				return []any{&l.task, scanFunc(func(s string) { l.text = s })}
			})
			if err != nil {
				return err
			}
			for _, l := range found {
				if d := docs[l.task]; d != nil {
					add(d, l.text)
				}
			}
		}
		return nil
	}
	if err := lines(`SELECT task_id, summary FROM task_runs WHERE task_id IN (ids) AND summary IS NOT NULL ORDER BY id`,
		func(d *kanban.Document, s string) { d.Summaries = append(d.Summaries, s) }); err != nil {
		return nil, fmt.Errorf("read summaries: %w", err)
	}
	if err := lines(`SELECT task_id, body FROM task_comments WHERE task_id IN (ids) ORDER BY id`,
		func(d *kanban.Document, s string) { d.Comments = append(d.Comments, s) }); err != nil {
		return nil, fmt.Errorf("read comments: %w", err)
	}
	return docs, nil
}
