package kanban

import (
	"strings"
	"time"
	"unicode/utf8"
)

// Comment adds a remark of author to the card, whatever its status.
func (t Task) Comment(author, body string, now time.Time) (Change, error) {
	if strings.TrimSpace(body) == "" {
		return Change{}, Invalidf("comment on %s: the text is blank", t.ID)
	}
	if strings.TrimSpace(author) == "" {
		return Change{}, Invalidf("comment on %s: the author is blank", t.ID)
	}
	if err := prose("the comment", &body, "the author", &author); err != nil {
		return Change{}, err
	}
	c := t.change(VerbComment)
	c.comment(author, body, now)
	return c, nil
}

// comment keeps a remark without the space around it, of which its event tells as it
// was made.
func (c *Change) comment(author, body string, now time.Time) {
	c.Comments = append(c.Comments, Comment{Task: c.Task.ID, Author: strings.TrimSpace(author), Body: strings.TrimSpace(body), At: now})
	c.event(EventCommented, 0, payload("author", author, "len", utf8.RuneCountInString(body)))
}
