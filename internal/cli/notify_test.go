package cli

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"andon/internal/board"
	"andon/kanban"
)

// A dead target is told by a status, and a test that succeeds revives it on each
// board.
func TestStatusOfADeadTarget(t *testing.T) {
	p := newPlace(t)
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	yaml := "notify:\n  targets:\n    ops: {kind: command, argv: ['" + self + "', '-test.run=^$']}\n"
	if err := os.WriteFile(filepath.Join(p.home, "andon.yaml"), []byte(yaml), 0o600); err != nil {
		t.Fatal(err)
	}
	call := func(args ...string) (int, string, string) {
		var out, errs bytes.Buffer
		code := Main(t.Context(), args, p.io(&out, &errs))
		return code, out.String(), errs.String()
	}
	task := p.create(t, kanban.Draft{Title: "x", Subs: []kanban.Sub{{Platform: "command", ChatID: "ops"}}})
	if _, err := p.Block(t.Context(), task.ID, kanban.Block{Reason: "why"}); err != nil {
		t.Fatal(err)
	}
	c := board.Courier{Target: "ops", Platform: "command", Holder: kanban.Holder{PID: 1}}
	n, _, err := p.Take(t.Context(), c)
	if err != nil || n == nil {
		t.Fatalf("took %+v, %v", n, err)
	}
	if _, err := p.Settle(t.Context(), *n, kanban.Delivery{Error: "nobody there", Gone: true}); err != nil {
		t.Fatal(err)
	}
	code, out, errs := call("notify", "status")
	if code != 1 || !strings.Contains(out, "dead since ") || !strings.Contains(out, "nobody there") ||
		errs != "andon: dead, so nothing is delivered to them: ops (board default); mend what is wrong, then `andon notify test NAME`\n" {
		t.Errorf("status of a dead one: %d\n%s%s", code, out, errs)
	}
	if code, out, _ := call("notify", "status", "--json"); code != 1 || !strings.Contains(out, `"dead_since": 1`) {
		t.Errorf("as JSON: %d\n%s", code, out)
	}
	if code, out, errs := call("notify", "run", "--once"); code != 0 || out != "" ||
		!strings.Contains(errs, "andon: warning: the target ops is dead on the board default since ") {
		t.Errorf("a run while it is dead: %d\n%s%s", code, out, errs)
	}
	if code, out, errs := call("notify", "test", "ops"); code != 0 || !strings.Contains(out, "(boards: default)") {
		t.Errorf("test: %d\n%s%s", code, out, errs)
	}
	if code, out, errs := call("notify", "status"); code != 0 {
		t.Errorf("status of a revived one: %d\n%s%s", code, out, errs)
	}
	if code, out, errs := call("notify", "run", "--once"); code != 0 || strings.Count(out, "\n") != 1 || !strings.Contains(out, "— why") {
		t.Errorf("a run after: %d\n%s%s", code, out, errs)
	}
}
