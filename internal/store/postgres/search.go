package postgres

import (
	"strings"
	"unicode/utf8"

	"andon/kanban"
)

// has lets the server look for what it knows as we do: the case of ASCII's
// letters, in any locale. For any other letter that has a case, for the signs of
// patterns, and for a space, which may be a line's end, any character does.
func has(column, word string) (cond string, arg any, exact bool) {
	exact = true
	pattern := strings.Map(func(r rune) rune {
		if strings.ContainsRune(`%_\ `, r) || r >= utf8.RuneSelf && kanban.Cased(r) {
			exact = false
			return '_'
		}
		return r
	}, word)
	return column + ` COLLATE "C" ILIKE ?`, "%" + pattern + "%", exact
}
