package kanban

import (
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// MaxAttachment is the most that a file kept with a card may have, in bytes.
const MaxAttachment = 25 << 20

const (
	maxFileName      = 200 // characters
	maxFileNameBytes = 230 // file systems take 255, and a number may yet be added
	maxEnding        = 20  // bytes of an ending that is kept when a name is cut
)

// Attachment is a file kept with a card.
type Attachment struct {
	ID          int64
	Task        TaskID
	Name        string
	Path        string // absolute
	ContentType string
	Size        int64 // bytes
	By          string
	At          time.Time
}

// AttachmentName makes a name of what somebody calls a file: one that lies
// directly in a folder, is not hidden there, and can be shown and quoted as it
// is. It is an error if nothing is left. The name of a name is itself.
func AttachmentName(s string) (string, error) {
	name := leaf(s)
	if name == "" {
		return "", &Error{Code: Invalid, Msg: sprintf("%q gives no name for a file", cut(s, 80)), Hint: "name it with --name"}
	}
	return shortened(name), nil
}

func leaf(s string) string {
	name := strings.ReplaceAll(s, `\`, "/")
	name = name[strings.LastIndexByte(name, '/')+1:]
	name = strings.Map(func(r rune) rune {
		switch {
		case r == utf8.RuneError || !unicode.IsPrint(r):
			return -1
		case r == '`': // it would end the quotation in which workers are told the name
			return '\''
		}
		return r
	}, name)
	return strings.TrimRight(strings.TrimLeft(name, ". "), " ")
}

// shortened cuts a name, but not its ending.
func shortened(name string) string {
	if utf8.RuneCountInString(name) <= maxFileName && len(name) <= maxFileNameBytes {
		return name
	}
	ending := ""
	if i := strings.LastIndexByte(name, '.'); i > 0 && len(name)-i <= maxEnding {
		name, ending = name[:i], name[i:]
	}
	name = cut(name, maxFileName-utf8.RuneCountInString(ending))
	for len(name)+len(ending) > maxFileNameBytes {
		_, last := utf8.DecodeLastRuneInString(name)
		name = name[:len(name)-last]
	}
	return strings.TrimRight(name, " ") + ending
}

// Again is the name of the n-th further file that would be called name:
// "a (1).tar.gz". Zero is the name itself.
func Again(name string, n int) string {
	if n == 0 {
		return name
	}
	stem, ending := name, ""
	if i := strings.IndexByte(name, '.'); i > 0 {
		stem, ending = name[:i], name[i:]
	}
	return fmt.Sprintf("%s (%d)%s", stem, n, ending)
}

// ArtifactAgain is [Again] for what a worker made: "a.tar_1.gz".
func ArtifactAgain(name string, n int) string {
	if n == 0 {
		return name
	}
	stem, ending := name, ""
	if i := strings.LastIndexByte(name, '.'); i > 0 {
		stem, ending = name[:i], name[i:]
	}
	return fmt.Sprintf("%s_%d%s", stem, n, ending)
}

// Attach keeps a file with the card, whatever its status. The file is there
// already. run is the worker's; zero for a person.
func (t Task) Attach(a Attachment, run RunID, now time.Time) (Change, error) {
	if err := t.pinned(VerbAttach, run); err != nil {
		return Change{}, err
	}
	c := t.change(VerbAttach)
	return c, c.attach(a, now)
}

func (c *Change) attach(a Attachment, now time.Time) error {
	if err := cleanTexts("the name of the file", a.Name, "the path of the file", a.Path,
		"the content type", a.ContentType, "the author", a.By); err != nil {
		return err
	}
	switch {
	case a.Name == "" || leaf(a.Name) != a.Name || len(a.Name) > 255: // a number may have made it longer
		return Invalidf("attach to %s: %q is no name for a file that is kept", c.Task.ID, cut(a.Name, 80))
	case strings.ContainsFunc(a.ContentType, func(r rune) bool { return !unicode.IsPrint(r) || r == '`' }) || len(a.ContentType) > 255:
		return Invalidf("attach %s to %s: %q is no content type", a.Name, c.Task.ID, cut(a.ContentType, 80))
	case a.Size < 0 || a.Size > MaxAttachment:
		return TooLarge(a.Name)
	}
	a.Task, a.At = c.Task.ID, now
	c.Attachments = append(c.Attachments, a)
	c.event(EventAttached, 0, payload("filename", a.Name, "size", a.Size, "by", orNull(a.By)))
	return nil
}

// Detach gives up a file of the card's. The file is still there.
func (t Task) Detach(a Attachment, run RunID) (Change, error) {
	if err := t.pinned(VerbDetach, run); err != nil {
		return Change{}, err
	}
	c := t.change(VerbDetach)
	c.Detached = []Attachment{a}
	c.event(EventDetached, 0, payload("filename", a.Name))
	return c, nil
}

// TooLarge is the error for a file beyond [MaxAttachment].
func TooLarge(name string) error {
	return &Error{Code: Invalid, Msg: sprintf("%s has more than %d bytes (25 MiB), the most that is kept with a card", name, MaxAttachment),
		Hint: "put it where it can stay, and name its path"}
}
