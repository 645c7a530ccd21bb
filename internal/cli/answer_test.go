package cli

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"andon/kanban"
)

// full is a disk that has room for so many bytes yet.
type full struct{ room int }

func (f *full) Write(p []byte) (int, error) {
	n := min(len(p), f.room)
	f.room -= n
	if n < len(p) {
		return n, errors.New("no space left on device")
	}
	return n, nil
}

// A verb whose answer could not be written, whole or from the middle on, does not
// end as if it had been; what it changed stays, and it says so.
func TestAnswerThatIsLost(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	card := string(p.create(t, kanban.Draft{Title: "the only card"}).ID)
	for _, words := range []string{
		"list", "list --json", "show " + card, "show " + card + " --json", "stats", "search only", "events " + card, "why", "graph", "boards",
		"assignees", "runs " + card, "comment " + card + " made", "comment " + card + " made --json", "version", "help list", "list --help", "help exit-codes",
	} {
		for _, room := range []int{0, 3} {
			var errs bytes.Buffer
			code := Main(t.Context(), strings.Fields(words), p.io(&full{room}, &errs))
			said := errs.String()
			if code != 1 || strings.Count(said, "\n") != 1 || !strings.HasPrefix(said, "andon: the answer could not be written: no space left on device; ") {
				t.Errorf("%s, with room for %d bytes: status %d, %q", words, room, code, said)
			}
		}
	}
	var out, errs bytes.Buffer
	if code := Main(t.Context(), []string{"show", card}, p.io(&out, &errs)); code != 0 || strings.Count(out.String(), "made") != 4 {
		t.Errorf("the comments that were made: status %d, %q, %q", code, out.String(), errs.String())
	}
}
