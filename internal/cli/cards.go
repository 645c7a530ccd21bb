package cli

import (
	"context"
	"fmt"
	"strings"
	"unicode/utf8"

	"andon/internal/view"
	"andon/kanban"
)

// This file is what the verbs upon cards share: which cards are meant, who
// speaks, and how the answer is shown.

// isID reports whether a word looks like the id of a card and not like prose.
func isID(word string) bool {
	hex, ok := strings.CutPrefix(word, "t_")
	return ok && hex != "" && strings.Trim(hex, "0123456789abcdef") == ""
}

// card takes the card that is meant off the front of the words. A worker may
// leave its own out: there the first word is an id only if it looks like one.
func (a *app) card(words []string) (kanban.TaskID, []string, error) {
	own := a.own()
	if own != "" && (len(words) == 0 || !isID(words[0]) && words[0] != string(own)) {
		return own, words, nil
	}
	ids, err := a.ids(words)
	if err != nil {
		return "", nil, err
	}
	return ids[0], words[1:], nil
}

// cards is [app.card] together with the cards of --ids. Where those are named
// and no other, a worker's own card is not meant.
func (a *app) cards(words, more []string) (ids []kanban.TaskID, rest []string, err error) {
	if len(more) == 0 || len(words) > 0 && (a.own() == "" || isID(words[0])) {
		id, r, err := a.card(words)
		if err != nil {
			return nil, nil, err
		}
		ids, words = append(ids, id), r
	}
	for _, s := range more {
		ids = append(ids, kanban.TaskID(strings.TrimSpace(s)))
	}
	return ids, words, nil
}

// idsUsage is the help of --ids. [spread] makes it take several words.
const idsUsage = "more cards, to which the same is done"

// spread lets --ids and --rm take the ids that follow them, as scripts for Hermes
// write it: "--ids t_1 t_2" becomes "--ids t_1 --ids t_2".
func spread(args []string) []string {
	var out []string
	for i := 0; i < len(args); i++ {
		if args[i] == "--" {
			return append(out, args[i:]...)
		}
		out = append(out, args[i])
		flag := args[i]
		if flag != "--ids" && flag != "--rm" || i+1 == len(args) {
			continue
		}
		i++
		out = append(out, args[i])
		for ; i+1 < len(args) && isID(args[i+1]); i++ {
			out = append(out, flag, args[i+1])
		}
	}
	return out
}

// pins are the runs which a verb upon the cards is bound to, see [app.pin].
func (a *app) pins(ids []kanban.TaskID) (map[kanban.TaskID]kanban.RunID, error) {
	pins := map[kanban.TaskID]kanban.RunID{}
	for _, id := range ids {
		run, err := a.pin(id)
		if err != nil {
			return nil, err
		}
		pins[id] = run
	}
	return pins, nil
}

// speaker is the author of what this call remarks. A worker speaks as the
// profile of its run, whatever its environment or its flags say.
func (a *app) speaker(ctx context.Context, s *session) (string, error) {
	own := a.own()
	if own == "" {
		return a.author(), nil
	}
	id, err := a.pin(own)
	if err != nil {
		return "", err
	}
	run, err := s.Run(ctx, id)
	if err != nil {
		return "", err
	}
	if run != nil && run.Task == own && run.Profile != "" {
		return run.Profile, nil
	}
	t, err := s.Task(ctx, own)
	switch {
	case kanban.CodeOf(err) == kanban.NotFound: // the call is about another board
	case err != nil:
		return "", err
	case t.Assignee != "":
		return t.Assignee, nil
	}
	return a.author(), nil
}

// tell shows the card that a verb changed, or says it in one line.
func (a *app) tell(t kanban.Task, format string, args ...any) error {
	if a.json {
		return view.JSON(a.Out, view.NewTask(t))
	}
	a.printf(format+"\n", args...)
	return nil
}

// failure is a card with which a verb upon several did not succeed.
type failure struct {
	ID    kanban.TaskID `json:"id"`
	Error string        `json:"error"`
}

// each does a verb to one card after the other. do answers with a line for
// people and a value for scripts; where it fails, the error is told at once, the
// next card follows, and the verb as a whole has failed. A value beside an error
// takes the place of the plain [failure].
func (a *app) each(ids []kanban.TaskID, do func(kanban.TaskID) (line string, value any, err error)) error {
	failed := false
	values := make([]any, len(ids))
	for i, id := range ids {
		line, value, err := do(id)
		switch {
		case err != nil:
			failed = true
			a.say(err)
			if value == nil {
				value = failure{id, err.Error()}
			}
		case !a.json:
			a.printf("%s\n", line)
		}
		values[i] = value
	}
	if a.json {
		var v any = values
		if len(values) == 1 {
			v = values[0]
		}
		if err := view.JSON(a.Out, v); err != nil {
			return err
		}
	}
	if failed {
		return errSaid
	}
	return nil
}

// changed is the answer of a verb that changed one card, for [app.each].
func changed(c kanban.Change, err error, line string) (string, any, error) {
	if err != nil {
		return "", nil, err
	}
	return line, view.NewTask(c.Task), nil
}

// trim keeps the first limit characters of s and says what it left out.
func trim(s string, limit int) string {
	n := utf8.RuneCountInString(s)
	if n <= limit {
		return s
	}
	return fmt.Sprintf("%s… [trimmed, %d characters left out]", string([]rune(s)[:limit]), n-limit)
}
