package cli

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"andon/kanban"
)

// silent is a standard input on which nobody ever says anything. It tells when it is
// listened to.
type silent struct{ asked context.CancelFunc }

func (s silent) Read([]byte) (int, error) {
	s.asked()
	select {}
}

// Ctrl-C ends a verb that waits for standard input, and nothing is changed then.
func TestCtrlCWhileStandardInputIsRead(t *testing.T) {
	p := newPlace(t)
	t.Chdir(t.TempDir())
	card := string(p.create(t, kanban.Draft{Title: "the only card"}).ID)
	before := p.everything(t, kanban.TaskID(card))
	ends := func(words string) {
		t.Helper()
		ctx, cancel := context.WithCancel(t.Context())
		var out, errs bytes.Buffer
		io := p.io(&out, &errs)
		io.In, io.Interactive = silent{cancel}, true
		code := Main(ctx, strings.Fields(words), io)
		if said := errs.String(); code != 1 || strings.Count(said, "\n") != 1 || !strings.HasPrefix(said, "andon: ") {
			t.Errorf("%s: status %d, %q", words, code, said)
		}
	}
	for _, words := range []string{
		"apply -f -", "create x --body-file -", "edit " + card + " --body-file -", "decompose " + card + " -f -",
		"import -", "import --from beads -", "config check -", "init --for claude-code",
	} {
		ends(words)
	}
	if after := p.everything(t, kanban.TaskID(card)); after != before {
		t.Errorf("before:\n%s\nafter:\n%s", before, after)
	}
	ends("attach " + card + " - --name x") // the folder for it is made first
}
