package cli_test

import (
	"bytes"
	"context"
	"os"
	"strings"
	"testing"

	"andon/internal/cli"
)

// slowPerson says yes, and has changed a file before.
type slowPerson struct{ file, words string }

func (p *slowPerson) Read(b []byte) (int, error) {
	if err := os.WriteFile(p.file, []byte(p.words), 0o600); err != nil {
		return 0, err
	}
	return copy(b, "y\n"), nil
}

// What somebody writes into a file while the question stands is not written over.
func TestInitForLeavesWhatIsNewer(t *testing.T) {
	t.Chdir(t.TempDir())
	const words = "written while andon asked\n"
	var out, errs bytes.Buffer
	status := cli.Main(context.Background(), []string{"init", "--for", "claude-code"}, cli.IO{
		In: &slowPerson{"CLAUDE.md", words}, Out: &out, Err: &errs, Interactive: true, Env: func(string) string { return "" },
	})
	if status != 1 || !strings.Contains(errs.String(), "CLAUDE.md was changed by somebody else meanwhile; nothing was written") {
		t.Errorf("status %d, and it says %q", status, &errs)
	}
	if got, err := os.ReadFile("CLAUDE.md"); err != nil || string(got) != words {
		t.Errorf("CLAUDE.md is %q, %v", got, err)
	}
	if _, err := os.Lstat(".mcp.json"); !os.IsNotExist(err) {
		t.Errorf(".mcp.json was written: %v", err)
	}
}
