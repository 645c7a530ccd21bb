//go:build unix

package mcp_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A report that waits for its check does not keep the server from ending: it is given
// up, the card is as it was, and the worker may report again to the next server.
func TestServeStopsWhileACheckRuns(t *testing.T) {
	h := newHouse(t)
	begun, let := filepath.Join(t.TempDir(), "begun"), filepath.Join(t.TempDir(), "let")
	h.andon("init")
	id := h.card("mine", "--assignee", "ada", "--check", "touch "+begun+"; test -e "+let+" || exec sleep 3600")
	server := h.serve()
	s := server.sit(h.token(id, h.claim(id), noEnd), "", nil)
	answered := make(chan error, 1)
	go func() {
		got, refusal, err := s.try("kanban_complete", args{"summary": "done"})
		if err == nil {
			t.Errorf("it is answered: %v %s", got, refusal)
		}
		answered <- err
	}()
	watch := server.sit(server.owner, "", nil)
	for {
		if _, err := os.Stat(begun); err == nil {
			break
		}
		watch.call("kanban_show", args{"task_id": id})
	}
	server.stop()
	<-answered
	if got := h.show(id, "task"); got.(map[string]any)["status"] != "running" {
		t.Errorf("the card is %v", got)
	}
	if err := os.WriteFile(let, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	server = h.serve()
	server.sit(h.token(id, h.lastRun(id), noEnd), "", nil).call("kanban_complete", args{"summary": "done"})
}

// A board that is moved away while agents sit at it is no longer served, and neither is
// another that is made in its place to those who sat at the first.
func TestServedBoardIsExchanged(t *testing.T) {
	h := newHouse(t)
	h.andon("init")
	h.andon("boards", "create", "site")
	server := h.serve()
	s := server.sit(server.owner, "site", nil)
	s.call("kanban_create", args{"title": "of the first", "assignee": "ada"})
	if err := os.Rename(filepath.Join(h.root, "kanban", "boards", "site"), filepath.Join(t.TempDir(), "site")); err != nil { // andon itself would refuse
		t.Fatal(err)
	}
	if _, err := server.reach(server.owner, "site", nil); err == nil || !strings.Contains(err.Error(), "Not Found") {
		t.Errorf("a session at a board that was removed: %v", err)
	}
	h.andon("boards", "create", "site")
	if got, refusal, err := s.try("kanban_create", args{"title": "lost", "assignee": "ada"}); got != nil {
		t.Errorf("the session of the first is served on: %v %s %v", got, refusal, err)
	}
	now := server.sit(server.owner, "site", nil)
	if got := now.call("kanban_list", nil)["count"]; got != 0.0 {
		t.Errorf("the second board has %v cards at first", got)
	}
	now.call("kanban_create", args{"title": "of the second", "assignee": "ada"})
	if list := h.andon("list", "--board", "site"); !strings.Contains(list, "of the second") || strings.Contains(list, "lost") {
		t.Errorf("the second board is\n%s", list)
	}
}

// A session that works at another board than its own is not let go on at one that was
// removed, and finds the one that is made in its place; at its own, it must begin anew.
func TestExchangedBoardTakesNothing(t *testing.T) {
	h := newHouse(t)
	h.andon("init")
	server := h.serve()
	site := filepath.Join(h.root, "kanban", "boards", "site")
	for way, sit := range map[string]func(board string) *session{
		"over HTTP": func(board string) *session { return server.sit(server.owner, board, nil) },
		"over the standard streams": func(board string) *session {
			return h.sit([]string{"ANDON_BOARD=" + board}, nil)
		},
	} {
		h.andon("boards", "create", "site")
		visitor, resident := sit(""), sit("site")
		visitor.call("kanban_create", args{"title": "of the first", "assignee": "ada", "board": "site"})
		resident.call("kanban_create", args{"title": "of the first", "assignee": "ada"})
		if err := os.Rename(site, filepath.Join(t.TempDir(), "site")); err != nil {
			t.Fatal(err)
		}
		for name, s := range map[string]*session{"a visitor": visitor, "a resident": resident} {
			if got, refusal, err := s.try("kanban_create", args{"title": "lost", "assignee": "ada", "board": "site"}); got != nil {
				t.Errorf("%s, %s: a card on a board that was removed: %v %s %v", way, name, got, refusal, err)
			}
		}
		h.andon("boards", "create", "site")
		visitor.call("kanban_create", args{"title": "of the second", "assignee": "ada", "board": "site"})
		if got, refusal, err := resident.try("kanban_create", args{"title": "lost", "assignee": "ada"}); got != nil {
			t.Errorf("%s: a resident is served on: %v %s %v", way, got, refusal, err)
		}
		if list := h.andon("list", "--board", "site"); strings.Count(list, "of the second") != 1 || strings.Contains(list, "lost") || strings.Contains(list, "first") {
			t.Errorf("%s: the second board is\n%s", way, list)
		}
		end(visitor)
		end(resident)
		if err := os.Rename(site, filepath.Join(t.TempDir(), "site")); err != nil {
			t.Fatal(err)
		}
	}
}
