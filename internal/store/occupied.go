package store

import (
	"fmt"

	"andon/kanban"
)

// Occupied refuses to take a board away on which n cards are in status s.
func Occupied(board string, n int, s kanban.Status) error {
	cards := "cards are"
	if n == 1 {
		cards = "card is"
	}
	return &kanban.Error{Code: kanban.Conflict, Err: kanban.ErrConflict, Msg: fmt.Sprintf("on %s %d %s %s", board, n, cards, s),
		Hint: "let them end, or `andon cancel` them; --force takes the board away although they are not ended"}
}
