package sqlite

import (
	"fmt"
	"slices"
	"strings"
)

// Some files of old have tables whose ids are texts, or subscriptions whose
// cursor is one: a program made them that did not know better. Such a table is
// made anew, within the transaction of the migration, and every row is kept.

// column is one of a table as the file has it.
type column struct {
	table, name, kind string
	key               bool
}

// drifted names the tables to make anew.
func drifted(columns []column) (tables []string) {
	for _, c := range columns {
		switch c.table {
		case "task_runs", "task_events", "task_comments":
			if c.name == "id" && !(strings.EqualFold(c.kind, "INTEGER") && c.key) {
				tables = append(tables, c.table)
			}
		case "kanban_notify_subs":
			if c.name == "last_event_id" && !strings.EqualFold(c.kind, "INTEGER") {
				tables = append(tables, c.table)
			}
		}
	}
	return tables
}

func (m *migration) columns() (all []column) {
	if m.err != nil {
		return nil
	}
	rows, err := m.conn.QueryContext(m.ctx, `SELECT m.name, c.name, c.type, c.pk > 0 FROM sqlite_schema m JOIN pragma_table_info(m.name) c WHERE m.type = 'table'`)
	if err != nil {
		m.err = err
		return nil
	}
	defer rows.Close()
	for rows.Next() {
		var c column
		if m.err = rows.Scan(&c.table, &c.name, &c.kind, &c.key); m.err != nil {
			return nil
		}
		all = append(all, c)
	}
	m.err = rows.Err()
	return all
}

// rebuild makes the drifted tables anew.
func (m *migration) rebuild() {
	before := m.columns()
	tables := drifted(before)
	if len(tables) == 0 {
		return
	}
	for _, t := range tables {
		m.exec(`ALTER TABLE ` + t + ` RENAME TO ` + t + `_legacy`)
	}
	m.exec(baseSchema) // makes the tables; their indexes still belong to the old ones
	after := m.columns()
	for _, t := range tables {
		m.refill(t, names(before, t), names(after, t))
	}
	m.exec(baseSchema) // now the indexes
}

// refill copies a table to its successor, in the order in which the rows were
// written. Ids are given anew, so what names a run is told its new one.
func (m *migration) refill(table string, old, canonical []string) {
	to, from := []string{}, []string{}
	for _, name := range canonical {
		switch {
		case !slices.Contains(old, name):
			continue
		case table == "kanban_notify_subs" && name == "last_event_id":
			from = append(from, `COALESCE(CAST(last_event_id AS INTEGER), 0)`)
		case name == "id":
			from = append(from, `row_number() OVER (ORDER BY rowid)`)
		default:
			from = append(from, name)
		}
		to = append(to, name)
	}
	m.exec(fmt.Sprintf(`INSERT INTO %s (%s) SELECT %s FROM %[1]s_legacy ORDER BY rowid`, table, strings.Join(to, ", "), strings.Join(from, ", ")))
	if table == "task_runs" {
		m.exec(`CREATE TEMP TABLE renumbered (was TEXT, id INTEGER)`)
		m.exec(`INSERT INTO renumbered SELECT CAST(id AS TEXT), row_number() OVER (ORDER BY rowid) FROM task_runs_legacy`)
		m.exec(`CREATE INDEX temp.by_name ON renumbered (was, id)`)
		for _, at := range []string{"task_events.run_id", "tasks.current_run_id"} {
			t, c, _ := strings.Cut(at, ".")
			m.exec(fmt.Sprintf(`UPDATE %s SET %s = (SELECT id FROM renumbered WHERE was = CAST(%[2]s AS TEXT) ORDER BY id LIMIT 1) WHERE %[2]s IS NOT NULL`, t, c))
		}
		m.exec(`DROP TABLE renumbered`)
	}
	m.exec(`DROP TABLE ` + table + `_legacy`)
}

func names(columns []column, table string) (list []string) {
	for _, c := range columns {
		if c.table == table {
			list = append(list, c.name)
		}
	}
	return list
}
