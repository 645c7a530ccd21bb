package sqlite

import (
	"bytes"

	"github.com/ncruces/go-sqlite3"

	"andon/kanban"
)

// has asks a function of our own: SQLite knows the case of no letters but ASCII's.
func has(column, word string) (cond string, arg any, exact bool) {
	return "andon_has(" + column + ", ?)", word, true
}

// addHas gives a connection the function. It belongs to the connection: the file
// names it nowhere.
func addHas(c *sqlite3.Conn) error {
	// Each word of a search is asked of the same texts, the title and the body of a
	// card, one after the other: to fold them is most of the work.
	var last [4]struct{ text, folded []byte }
	next := 0
	return c.CreateFunction("andon_has", 2, sqlite3.DETERMINISTIC, func(ctx sqlite3.Context, arg ...sqlite3.Value) {
		text, word := arg[0].RawText(), arg[1].RawText()
		for i := range last {
			if bytes.Equal(last[i].text, text) {
				ctx.ResultBool(bytes.Contains(last[i].folded, word))
				return
			}
		}
		l := &last[next]
		next = (next + 1) % len(last)
		l.text = append(l.text[:0], text...)
		l.folded = kanban.AppendFold(l.folded[:0], text)
		ctx.ResultBool(bytes.Contains(l.folded, word))
	})
}
