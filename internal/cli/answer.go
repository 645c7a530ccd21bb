package cli

import (
	"errors"
	"io"

	"andon/kanban"
)

// answer is where a verb prints, and knows whether it got there. Who reads a file
// that a full disk has cut short must not take it for the whole.
type answer struct {
	to  io.Writer
	err error // the first
}

func (w *answer) Write(p []byte) (int, error) {
	n, err := w.to.Write(p)
	if err != nil && w.err == nil {
		w.err = err
	}
	return n, err
}

// judge is how a verb went that ended with err: one whose answer was lost did not
// do all that it was asked, though what it changed stays changed.
func (w *answer) judge(err error) error {
	if w.err == nil || err != nil && !errors.Is(err, w.err) {
		return err
	}
	if err == nil {
		err = w.err
	}
	return &kanban.Error{Code: kanban.Denied, Err: err, Msg: "the answer could not be written: " + err.Error(),
		Hint: "a change was made all the same, if this was to make one: look before it is repeated"}
}
