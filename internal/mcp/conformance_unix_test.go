//go:build unix

package mcp_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// conformance are the workers that docs/worker-protocol.md shows to people, as
// settings of a profile.
func conformance(t *testing.T) map[string]string {
	t.Helper()
	dir, err := filepath.Abs(filepath.Join("..", "worker", "testdata", "conformance"))
	if err != nil {
		t.Fatal(err)
	}
	return map[string]string{
		"sh":     fmt.Sprintf("command: [sh, %q]", filepath.Join(dir, "worker.sh")),
		"python": fmt.Sprintf("command: [python3, -I, %q]", filepath.Join(dir, "worker.py")),
	}
}

// A worker in any language that keeps to the protocol leaves the history that one
// which speaks MCP leaves.
func TestConformanceWorkersFromSpawnToDone(t *testing.T) {
	h := newHouse(t)
	want := h.spawnToDone(fmt.Sprintf("command: [%q]\n    env: {%s: agent}", h.self, asAndon))
	for name, settings := range conformance(t) {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(want, newHouse(t).spawnToDone(settings)); diff != "" {
				t.Errorf("the histories differ (-MCP +%s):\n%s", name, diff)
			}
		})
	}
}

// What a worker may end with besides a report of success, and what becomes of its card.
func TestConformanceWorkersEndOtherwise(t *testing.T) {
	for name, settings := range conformance(t) {
		for _, c := range []struct{ title, on, event, status string }{
			{"ask", "protocol", "blocked", "blocked"},
			{"quota", "protocol", "rate_limited", "ready"},
			{"leave", "protocol", "gave_up", "blocked"},
			{"leave", "complete", "completed", "done"},
			{"dance; andon complete", "protocol", "gave_up", "blocked"},
		} {
			t.Run(name+" "+c.title+" "+c.on, func(t *testing.T) {
				h := newHouse(t)
				h.profile(settings + "\n    on_exit: " + c.on + "\n    max_retries: 1")
				id := h.run(c.title, "completed,blocked,gave_up,rate_limited,spawn_failed")
				var card struct {
					Task   struct{ Status string }
					Events []struct{ Kind string }
				}
				h.json(&card, "show", id)
				if last := card.Events[len(card.Events)-1].Kind; last != c.event || card.Task.Status != c.status {
					t.Errorf("the card is %s after %s, want %s after %s\n%s", card.Task.Status, last, c.status, c.event, h.andon("log", id))
				}
				if why := h.andon("why", id); c.title == "ask" && !strings.Contains(why, "To whom?") {
					t.Errorf("the question is not shown:\n%s", why)
				}
			})
		}
	}
}

// What is said while a worker waits for it reaches that worker.
func TestConformanceWorkersListen(t *testing.T) {
	for name, settings := range conformance(t) {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			h.profile(settings + "\n    max_retries: 1")
			id := h.run("listen", "commented,gave_up,spawn_failed")
			h.andon("comment", id, "green")
			h.andon("watch", "--after", "0", "--kinds", "completed,gave_up", "--limit", "1")
			if card := h.andon("show", id); !strings.Contains(card, "painted it green") {
				t.Errorf("the card is\n%s\n%s", card, h.andon("log", id))
			}
		})
	}
}
