package store

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"andon/kanban"
)

// Ref names a row of one of the [Travelling] tables.
type Ref struct {
	Table string
	Key   string // the values of the key as a JSON array
}

// MakeRef names the row with this key.
func MakeRef(table string, key ...any) Ref {
	b := []byte{'['}
	for i, v := range key {
		if i > 0 {
			b = append(b, ',')
		}
		var err error
		if b, err = appendValue(b, v); err != nil {
			panic(err) // ids are text and numbers
		}
	}
	return Ref{table, string(append(b, ']'))}
}

func travelling(name string) Table {
	i := slices.IndexFunc(Travelling, func(t Table) bool { return t.Name == name })
	if i < 0 {
		return Table{Name: name}
	}
	return Travelling[i]
}

// where finds the row that r names.
func (r Ref) where() (t Table, cond string, args []any, err error) {
	var key []json.RawMessage
	t = travelling(r.Table)
	if err := json.Unmarshal([]byte(r.Key), &key); err != nil || len(key) != len(t.Key) || len(key) == 0 {
		return t, "", nil, fmt.Errorf("%s is no key of %q", r.Key, r.Table)
	}
	var names []string
	for i, at := range t.Key {
		v, err := parseValue(key[i])
		if err != nil {
			return t, "", nil, err
		}
		names, args = append(names, t.Columns[at].Name+" = ?"), append(args, v)
	}
	return t, strings.Join(names, " AND "), args, nil
}

// Image is a row as it stands, with every column that its table has, be it another
// program's. Its zero value is a row that is not there.
type Image struct {
	columns []string
	values  []any
}

func (i Image) none() bool { return i.columns == nil }

// Image reads a row.
func (tx *Tx) Image(ctx context.Context, r Ref) (i Image, err error) {
	t, cond, args, err := r.where()
	if err != nil {
		return i, err
	}
	rows, err := tx.query(ctx, `SELECT * FROM `+t.Name+` WHERE `+cond, args...)
	if err != nil {
		return i, fmt.Errorf("read a row of %s: %w", t.Name, err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	if !rows.Next() {
		return i, rows.Err()
	}
	names, err := rows.Columns()
	if err != nil {
		return i, err
	}
	row, places := make([]any, len(names)), make([]any, len(names))
	for n := range row {
		places[n] = &row[n]
	}
	if err := rows.Scan(places...); err != nil {
		return i, fmt.Errorf("read a row of %s: %w", t.Name, err)
	}
	for n, name := range names {
		if _, err := appendValue(nil, row[n]); err != nil && !t.knows(name) {
			continue // of a type that we have no word for
		}
		i.columns, i.values = append(i.columns, name), append(i.values, row[n])
	}
	return i, rows.Err()
}

func (t Table) knows(column string) bool {
	return slices.ContainsFunc(t.Columns, func(c Column) bool { return c.Name == column })
}

// Compare tells how a row was changed; ok is false if it was not.
func (r Ref) Compare(was, is Image) (row kanban.Row, ok bool, err error) {
	row = kanban.Row{Table: r.Table, Key: json.RawMessage(r.Key)}
	columns := was.columns
	if was.none() {
		columns = is.columns
	}
	var names []string
	for i, name := range columns {
		if !was.none() && !is.none() {
			a, err := appendValue(nil, was.values[i])
			if err != nil {
				return row, false, err
			}
			b, err := appendValue(nil, is.values[i])
			if err != nil {
				return row, false, err
			}
			if bytes.Equal(a, b) {
				continue
			}
		}
		names = append(names, name)
	}
	if row.Was, err = was.project(names); err != nil {
		return row, false, err
	}
	row.Is, err = is.project(names)
	return row, len(names) > 0, err
}

// project is the JSON object of some columns, null for a row that is not there.
func (i Image) project(names []string) (_ json.RawMessage, err error) {
	if i.none() {
		return json.RawMessage("null"), nil
	}
	b := []byte{'{'}
	for n, name := range i.columns {
		if !slices.Contains(names, name) {
			continue
		}
		if len(b) > 1 {
			b = append(b, ',')
		}
		if b, err = appendValue(b, name); err != nil {
			return nil, err
		}
		if b, err = appendValue(append(b, ':'), i.values[n]); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	return append(b, '}'), nil
}

// columnsOf are the names that an object has.
func columnsOf(object json.RawMessage) ([]string, map[string]json.RawMessage, error) {
	var values map[string]json.RawMessage
	if err := json.Unmarshal(object, &values); err != nil {
		return nil, nil, err
	}
	var names []string
	for name := range values {
		names = append(names, name)
	}
	slices.Sort(names)
	return names, values, nil
}

// Present reads the row as it is now, in the columns that the change altered.
func (tx *Tx) Present(ctx context.Context, r kanban.Row) (json.RawMessage, error) {
	is, err := tx.Image(ctx, Ref{r.Table, string(r.Key)})
	if err != nil || is.none() {
		return json.RawMessage("null"), err
	}
	names, _, err := columnsOf(r.Is)
	if err != nil {
		return nil, err
	}
	if len(names) == 0 { // it was not there
		names, _, err = columnsOf(r.Was)
	}
	if err != nil {
		return nil, err
	}
	return is.project(names)
}

// putBack gives a row what it had before a change.
func (tx *Tx) putBack(ctx context.Context, r kanban.Row) error {
	t, cond, args, err := Ref{r.Table, string(r.Key)}.where()
	if err != nil {
		return err
	}
	names, values, err := columnsOf(r.Was)
	if err != nil {
		return err
	}
	have, err := tx.columns(ctx, t)
	if err != nil {
		return err
	}
	var set []any
	for i, name := range names {
		if !slices.Contains(have, name) {
			return fmt.Errorf("%s has no column %q", t.Name, name)
		}
		v, err := parseValue(values[name])
		if err != nil {
			return err
		}
		names[i], set = `"`+strings.ReplaceAll(name, `"`, `""`)+`"`, append(set, v)
	}
	was, is := string(r.Was) != "null", string(r.Is) != "null"
	switch {
	case !was:
		_, err = tx.exec(ctx, `DELETE FROM `+t.Name+` WHERE `+cond, args...)
	case !is:
		_, err = tx.exec(ctx, `INSERT INTO `+t.Name+` (`+strings.Join(names, ", ")+`) VALUES (`+marks(len(names))+`)`, set...)
	default:
		_, err = tx.exec(ctx, `UPDATE `+t.Name+` SET `+strings.Join(names, " = ?, ")+` = ? WHERE `+cond, append(set, args...)...)
	}
	if err != nil {
		return fmt.Errorf("put back a row of %s: %w", t.Name, err)
	}
	return nil
}

// columns are the names that the table's columns have.
func (tx *Tx) columns(ctx context.Context, t Table) ([]string, error) {
	rows, err := tx.query(ctx, `SELECT * FROM `+t.Name+` WHERE 1 = 0`)
	if err != nil {
		return nil, fmt.Errorf("read the columns of %s: %w", t.Name, err)
	}
	defer rows.Close()
	return rows.Columns()
}

// Belongings names every row of a card, the card's own last.
func (tx *Tx) Belongings(ctx context.Context, id kanban.TaskID) (refs []Ref, err error) {
	for _, b := range belongings {
		t := travelling(b.table)
		if len(t.Key) == 0 {
			continue // of one database only
		}
		var names []string
		for _, at := range t.Key {
			names = append(names, t.Columns[at].Name)
		}
		rows, err := tx.query(ctx, `SELECT `+strings.Join(names, ", ")+` FROM `+t.Name+` WHERE `+b.where+` ORDER BY `+t.order, repeat(id, b.ids)...)
		if err != nil {
			return nil, fmt.Errorf("read the rows of %s: %w", id, err)
		}
		key := make([]any, len(names))
		places := make([]any, len(names))
		for i := range key {
			places[i] = &key[i]
		}
		for rows.Next() && err == nil {
			if err = rows.Scan(places...); err == nil {
				refs = append(refs, MakeRef(t.Name, key...))
			}
		}
		if err := errors.Join(err, rows.Err(), rows.Close()); err != nil {
			return nil, fmt.Errorf("read the rows of %s: %w", id, err)
		}
	}
	return refs, nil
}

// LastEvent is the number of the card's newest event, zero if it has none.
func (tx *Tx) LastEvent(ctx context.Context, id kanban.TaskID) (last kanban.EventID, err error) {
	err = tx.queryRow(ctx, `SELECT COALESCE(max(id), 0) FROM task_events WHERE task_id = ?`, id).Scan(&last)
	return last, err
}

// Journal keeps a change to be undone, and forgets those that cannot be any more.
func (tx *Tx) Journal(ctx context.Context, d *kanban.Deed) error {
	var text bytes.Buffer
	e := json.NewEncoder(&text)
	e.SetEscapeHTML(false) // rows are compared as they are written
	if err := e.Encode(d.Effect); err != nil {
		return err
	}
	if err := tx.ForgetOldDeeds(ctx, d.At); err != nil {
		return err
	}
	if err := tx.queryRow(ctx, `INSERT INTO andon_undo (command, made_at, actor, verb, task_id, change) VALUES (?, ?, ?, ?, ?, ?) RETURNING id`,
		d.Command, d.At.Unix(), d.Actor, d.Verb, d.Task, text.String()).Scan(&d.ID); err != nil {
		return fmt.Errorf("keep the change to be undone: %w", err)
	}
	return nil
}

// ForgetOldDeeds removes what was kept of changes that cannot be undone any more.
func (tx *Tx) ForgetOldDeeds(ctx context.Context, now time.Time) error {
	if _, err := tx.exec(ctx, `DELETE FROM andon_undo WHERE made_at <= ?`, now.Add(-kanban.UndoFor).Unix()); err != nil {
		return fmt.Errorf("forget old changes: %w", err)
	}
	return nil
}

// ForgetDeeds removes what was kept of a card's changes.
func (tx *Tx) ForgetDeeds(ctx context.Context, id kanban.TaskID) error {
	if _, err := tx.exec(ctx, `DELETE FROM andon_undo WHERE task_id = ?`, id); err != nil {
		return fmt.Errorf("forget the changes of %s: %w", id, err)
	}
	return nil
}

// Deeds reads the changes that were kept since, the newest first.
func (tx *Tx) Deeds(ctx context.Context, since time.Time) ([]kanban.Deed, error) {
	rows, err := tx.query(ctx, `SELECT id, command, made_at, actor, verb, task_id, change, undone_at FROM andon_undo WHERE made_at > ? ORDER BY id DESC`, since.Unix())
	deeds, err := collect(rows, err, func(d *kanban.Deed) []any { return dests(deedColumns, d) })
	if err != nil {
		return nil, fmt.Errorf("read what can be undone: %w", err)
	}
	return deeds, nil
}

var deedColumns = []column[kanban.Deed]{
	number("id", func(d *kanban.Deed) *int64 { return &d.ID }),
	text("command", func(d *kanban.Deed) *string { return &d.Command }),
	unix("made_at", func(d *kanban.Deed) *time.Time { return &d.At }),
	text("actor", func(d *kanban.Deed) *string { return &d.Actor }),
	text("verb", func(d *kanban.Deed) *kanban.Verb { return &d.Verb }),
	text("task_id", func(d *kanban.Deed) *kanban.TaskID { return &d.Task }),
	{name: "change", dest: func(d *kanban.Deed) any {
		return scanFunc(func(s string) {
			d.Effect = kanban.Effect{}
			_ = json.Unmarshal([]byte(s), &d.Effect) // without rows it is refused
		})
	}},
	unix("undone_at", func(d *kanban.Deed) *time.Time { return &d.Undone }),
}

// undo stores a change that puts back what another did.
func (tx *Tx) undo(ctx context.Context, c *kanban.Change) error {
	for _, r := range c.Undoes.Effect.Rows {
		if err := tx.putBack(ctx, r); err != nil {
			return err
		}
	}
	if _, err := tx.exec(ctx, `UPDATE andon_undo SET undone_at = ? WHERE id = ?`, tx.Now.Unix(), c.Undoes.ID); err != nil {
		return fmt.Errorf("keep that it was undone: %w", err)
	}
	return nil
}
