package cli

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"andon/kanban"
)

// form is what a person fills in of a card, in an editor.
type form struct {
	Title, Assignee string
	Priority        int64
	Body            string
}

const formRule = "---"

// text lays the form out: a head between two rules, and below it the body, of
// which every character counts. The notes are for the person.
func (f form) text(notes ...string) string {
	var b strings.Builder
	b.WriteString(formRule + "\n")
	for _, n := range notes {
		b.WriteString("# " + n + "\n")
	}
	// What is no one line cannot be shown as one; it stays as it is unless it is changed.
	line := func(name, value string) { b.WriteString(strings.TrimRight(name+": "+oneLine(value), " ") + "\n") }
	line("title", f.Title)
	line("assignee", f.Assignee)
	line("priority", strconv.FormatInt(f.Priority, 10))
	b.WriteString(formRule + "\n" + f.Body)
	if f.Body != "" && !strings.HasSuffix(f.Body, "\n") {
		b.WriteString("\n")
	}
	return b.String()
}

func oneLine(s string) string {
	return strings.TrimSpace(strings.NewReplacer("\r\n", " ", "\n", " ", "\r", " ").Replace(s))
}

// parseForm reads a form. A field that was taken out is empty. Lines of the head
// that begin with # are notes; the body has none, for # begins a heading there.
func parseForm(text string) (f form, err error) {
	text = strings.TrimPrefix(strings.ReplaceAll(text, "\r\n", "\n"), "\ufeff")
	if strings.TrimSpace(text) == "" {
		return f, nil
	}
	head, ok := strings.CutPrefix(strings.TrimLeft(text, "\n"), formRule+"\n")
	head, body, closed := strings.Cut("\n"+head, "\n"+formRule+"\n")
	if !closed { // there may be no line end after the last rule
		head, closed = strings.CutSuffix(head, "\n"+formRule)
	}
	if !ok || !closed {
		return f, errors.New(`the head must begin and end with a line that is "---"`)
	}
	seen := map[string]bool{}
	for i, line := range strings.Split(head, "\n")[1:] {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		name, value, ok := strings.Cut(line, ":")
		name, value = strings.ToLower(strings.TrimSpace(name)), strings.TrimSpace(value)
		n := i + 2 // the rule is the first
		switch {
		case !ok:
			return f, fmt.Errorf("line %d: %q has no colon; it is such as \"title: Write the letter\"", n, line)
		case seen[name]:
			return f, fmt.Errorf("line %d: %s is there twice", n, name)
		}
		seen[name] = true
		switch name {
		case "title":
			f.Title = value
		case "assignee":
			f.Assignee = value
		case "priority":
			if f.Priority, err = strconv.ParseInt(value, 10, 64); value != "" && err != nil {
				return f, fmt.Errorf("line %d: the priority is %q; it must be a whole number", n, value)
			}
			err = nil
		default:
			return f, fmt.Errorf("line %d: there is no field %q; it is title, assignee or priority", n, name)
		}
	}
	f.Body = strings.TrimRight(body, "\n")
	return f, nil
}

// blank reports whether nothing was written into the form.
func (f form) blank() bool { return f.Title == "" && strings.TrimSpace(f.Body) == "" }

// formOf shows a card. What is read back of it is the same where nothing was
// changed, so what differs was changed.
func formOf(t kanban.Task) form {
	return form{t.Title, t.Assignee, t.Priority, t.Body}
}
