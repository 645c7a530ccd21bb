package arch

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// docs/traps.md has a row for each trap, and names no test that is not there.
func TestTrapsDocument(t *testing.T) {
	root := filepath.Join("..", "..")
	tests := map[string]bool{}
	declared := regexp.MustCompile(`(?m)^func (Test\w+)\(`)
	if err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := os.ReadFile(path)
		for _, m := range declared.FindAllSubmatch(text, -1) {
			tests[string(m[1])] = true
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(root, "docs", "traps.md"))
	if err != nil {
		t.Fatal(err)
	}
	next := 1
	for _, m := range regexp.MustCompile(`(?m)^\| (\d+) \| .+ \| (.+) \|`).FindAllSubmatch(text, -1) {
		if string(m[1]) != strconv.Itoa(next) {
			t.Errorf("trap %s stands where %d should", m[1], next)
		}
		next++
		names := regexp.MustCompile("`(Test\\w+)`").FindAllSubmatch(m[2], -1)
		if len(names) == 0 {
			t.Errorf("trap %s names no test", m[1])
		}
		for _, name := range names {
			if !tests[string(name[1])] {
				t.Errorf("trap %s: there is no %s", m[1], name[1])
			}
		}
	}
	if next != 47 {
		t.Errorf("there are %d traps, want 46", next-1)
	}
}
