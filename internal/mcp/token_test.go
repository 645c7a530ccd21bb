package mcp_test

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"andon/internal/home"
	"andon/internal/token"
	"andon/kanban"
)

// noEnd is of a token that ends with its run alone.
var noEnd time.Time

// token makes one as a supervisor does.
func (h *house) token(id, run string, expires time.Time) string {
	h.t.Helper()
	key, err := home.Home{Root: h.root}.Key(h.t.Context(), true)
	if err != nil {
		h.t.Fatal(err)
	}
	n, err := strconv.ParseInt(run, 10, 64)
	if err != nil {
		h.t.Fatal(err)
	}
	word, err := token.Mint(key, token.Grant{Board: h.place().Address(), Task: kanban.TaskID(id), Run: kanban.RunID(n), Expires: expires})
	if err != nil {
		h.t.Fatal(err)
	}
	return word
}

func (h *house) place() home.Board {
	h.t.Helper()
	found, err := home.Find(home.Flags{Home: h.root}, func(string) string { return "" }, "")
	if err != nil {
		h.t.Fatal(err)
	}
	b, err := found.Current()
	if err != nil {
		h.t.Fatal(err)
	}
	return b
}

func TestTokenIsRefused(t *testing.T) {
	h := newHouse(t)
	id := h.card("mine", "--assignee", "ada")
	run := h.claim(id)
	good := h.token(id, run, time.Time{})
	h.andon("boards", "create", "site")
	for name, c := range map[string]struct {
		args []string
		want string
	}{
		"expired":       {[]string{"--token", h.token(id, run, time.Now().Add(-time.Minute))}, "the token has expired"},
		"another board": {[]string{"--board", "site", "--token", good}, "it is no token of this board"},
		"cut":           {[]string{"--token", good[:len(good)-2]}, "it is no token of this board"},
		"no token":      {[]string{"--token", "hello"}, "it is no token of this board"},
	} {
		out, err := h.command(nil, append([]string{"mcp"}, c.args...)...).CombinedOutput()
		if err == nil || !strings.Contains(string(out), c.want) || strings.Count(string(out), "\n") != 1 {
			t.Errorf("%s: %v, %q, want one line with %q", name, err, out, c.want)
		}
	}
	// One that was good when the session began is refused once its run is over.
	s := h.sit(nil, nil, "--token", good)
	s.call("kanban_complete", args{"summary": "done"})
	s.refused("no longer the current one", "kanban_show", nil)
	s.refused("no longer the current one", "kanban_comment", args{"task_id": id, "body": "x"})
}

// Who is known by a token works for the tenant of the card, as one that has it in the
// environment: what it makes is of that tenant, unless it says otherwise.
func TestTokenIsOfATenant(t *testing.T) {
	h := newHouse(t)
	h.andon("init")
	for way, begin := range ways(h) {
		id := h.card("mine", "--assignee", "ada", "--tenant", "acme")
		s, err := begin(h.token(id, h.claim(id), time.Time{}), "", nil)
		if err != nil {
			t.Fatal(err)
		}
		s.t = t
		for given, want := range map[any]any{nil: "acme", "": nil, "other": "other"} {
			made := s.call("kanban_create", args{"title": "for whom", "assignee": "bob", "tenant": given})
			if got := s.call("kanban_show", args{"task_id": made["task_id"]})["task"].(map[string]any)["tenant"]; got != want {
				t.Errorf("%s: with the tenant %v it is made for %v, want %v", way, given, got, want)
			}
		}
		end(s)
	}
}
