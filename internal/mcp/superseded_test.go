package mcp_test

import (
	"context"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"
)

// ways are the two by which a worker reaches the board with a token: each begins a
// session at a board; no name is the default one.
func ways(h *house) map[string]func(token, board string, opts *mcp.ClientOptions) (*session, error) {
	server := h.serve()
	return map[string]func(token, board string, opts *mcp.ClientOptions) (*session, error){
		"over HTTP": server.reach,
		"over the standard streams": func(token, board string, opts *mcp.ClientOptions) (*session, error) {
			words := []string{"mcp", "--token", token}
			if board != "" {
				words = append(words, "--board", board)
			}
			cmd := h.command(nil, words...)
			cmd.Stderr = new(strings.Builder) // it is one that refuses, often
			return connect(h.t.Context(), cmd, opts)
		},
	}
}

// powerless checks that a session, or what came of beginning one, can do nothing, see
// nothing, and changes nothing.
func (h *house) powerless(name string, s *session, err error, tools map[string]args) {
	h.t.Helper()
	if err != nil {
		return
	}
	was := h.picture()
	for _, tool := range slices.Sorted(maps.Keys(tools)) {
		if got, _, _ := s.try(tool, tools[tool]); got != nil {
			h.t.Errorf("%s: %s is done: %v", name, tool, got)
		}
	}
	for _, address := range []string{"task://" + tools["kanban_show"]["task_id"].(string), "log://" + tools["kanban_show"]["task_id"].(string), "board://default", "board://site"} {
		if got, err := s.ReadResource(h.t.Context(), &mcp.ReadResourceParams{URI: address}); err == nil {
			h.t.Errorf("%s: reads %s: %v", name, address, got)
		}
		if err := s.Subscribe(h.t.Context(), &mcp.SubscribeParams{URI: address}); err == nil && s.ID() != "" { // without an id, the client does not wait for the answer
			h.t.Errorf("%s: subscribes to %s", name, address)
		}
	}
	if got, err := s.GetPrompt(h.t.Context(), &mcp.GetPromptParams{Name: "work-a-card", Arguments: map[string]string{}}); err == nil {
		h.t.Errorf("%s: gets the prompt %v", name, got)
	}
	if is := h.picture(); is != was {
		h.t.Errorf("%s: the board has changed", name)
	}
}

// end ends a session whose server may have gone.
func end(s *session) {
	if s != nil {
		_ = s.Close()
	}
}

// What the worker of a run was given is worth nothing once another run has begun:
// neither in the session that it had, nor in a new one; and it hears nothing more.
func TestSupersededTokenIsWorthNothing(t *testing.T) {
	h := newHouse(t)
	h.andon("init")
	blocked, other := h.card("b", "--initial-status", "blocked", "--assignee", "ada"), h.card("other", "--assignee", "ada")
	for way, begin := range ways(h) {
		id := h.card("mine", "--assignee", "ada")
		waiting := h.card("child", "--assignee", "ada", "--parent", id)
		first := h.token(id, h.claim(id), time.Time{})
		heard := make(chan string, 1000)
		old, err := begin(first, "", &mcp.ClientOptions{ResourceUpdatedHandler: func(_ context.Context, r *mcp.ResourceUpdatedNotificationRequest) { heard <- r.Params.URI }})
		if err != nil {
			t.Fatalf("%s: %v", way, err)
		}
		old.t = t
		for _, address := range []string{"task://" + id, "task://" + other} {
			if err := old.Subscribe(t.Context(), &mcp.SubscribeParams{URI: address}); err != nil {
				t.Fatal(err)
			}
		}
		old.call("kanban_comment", args{"task_id": other, "body": "while it may"})
		for got := ""; got != "task://"+other; {
			got = receive(t, heard)
		}

		h.andon("reclaim", id)
		second := h.token(id, h.claim(id), time.Time{})
		tools := good(id, blocked, other, waiting)
		h.powerless(way+", the session of run 1", old, nil, tools)
		again, err := begin(first, "", nil)
		h.powerless(way+", a new session with the token of run 1", again, err, tools)
		end(again)

		// Run 2 is not disturbed, and run 1 does not hear of it.
		for len(heard) > 0 {
			<-heard
		}
		news := make(chan string, 1000)
		now, err := begin(second, "", &mcp.ClientOptions{ResourceUpdatedHandler: func(_ context.Context, r *mcp.ResourceUpdatedNotificationRequest) { news <- r.Params.URI }})
		if err != nil {
			t.Fatalf("%s: run 2: %v", way, err)
		}
		now.t = t
		if err := now.Subscribe(t.Context(), &mcp.SubscribeParams{URI: "task://" + other}); err != nil {
			t.Fatal(err)
		}
		now.call("kanban_heartbeat", nil)
		now.call("kanban_comment", args{"task_id": other, "body": "run 2 speaks"})
		receive(t, news)
		now.call("kanban_complete", args{"summary": "done by run 2"})
		if len(heard) > 0 {
			t.Errorf("%s: run 1 still hears of %s", way, <-heard)
		}
		end(old)
		end(now)
	}
}

// A token that ends by the clock, and one whose run has let its lease pass, end in
// sessions that are open as well as for new ones.
func TestExpiredTokenIsWorthNothing(t *testing.T) {
	h := newHouse(t)
	h.andon("init")
	blocked, other := h.card("b", "--initial-status", "blocked", "--assignee", "ada"), h.card("other", "--assignee", "ada")
	waiting := h.card("child", "--assignee", "ada", "--parent", other)
	type open struct {
		what, id, word string
		begin          func(token, board string, opts *mcp.ClientOptions) (*session, error)
		session        *session
	}
	var all []open
	for way, begin := range ways(h) {
		for _, kind := range []string{"the token", "the lease"} {
			id := h.card("mine", "--assignee", "ada")
			var word string
			if kind == "the token" {
				word = h.token(id, h.claim(id), time.Now().Add(5*time.Second))
			} else {
				h.andon("claim", id, "--ttl", "5")
				word = h.token(id, h.lastRun(id), time.Time{})
			}
			s, err := begin(word, "", nil)
			if err != nil {
				t.Fatalf("%s, %s: %v", way, kind, err)
			}
			s.t = t
			s.call("kanban_show", nil)
			all = append(all, open{way + ", " + kind, id, word, begin, s})
		}
	}
	for _, o := range all {
		for until := time.Now().Add(time.Minute); ; {
			got, refusal, err := o.session.try("kanban_show", nil)
			if got == nil {
				// The dispatcher may have taken the card back by then.
				if err == nil && !strings.Contains(refusal, "expired") && !strings.Contains(refusal, "no longer the current one") {
					t.Errorf("%s has expired, and its bearer is told %q", o.what, refusal)
				}
				break
			}
			if time.Now().After(until) {
				t.Fatalf("%s does not expire", o.what)
			}
		}
		tools := good(o.id, blocked, other, waiting)
		h.powerless(o.what+", the session", o.session, nil, tools)
		again, err := o.begin(o.word, "", nil)
		h.powerless(o.what+", a new session", again, err, tools)
		end(again)
		end(o.session)
	}
}

// A token is of one board: at another, on which a card and a run have the same names,
// and from its own by the name of another, it opens nothing.
func TestTokenOpensNoOtherBoard(t *testing.T) {
	h := newHouse(t)
	h.andon("init")
	h.andon("boards", "create", "site")
	there := h.card("there", "--assignee", "ada", "--board", "site")
	for way, begin := range ways(h) {
		id := h.card("mine", "--assignee", "ada")
		word := h.token(id, h.claim(id), time.Time{})
		if s, err := begin(word, "site", nil); err == nil {
			t.Errorf("%s: a session at another board: %v", way, s.tools)
			end(s)
		}
		was := h.andon("export", "-", "--board", "site")
		s, err := begin(word, "", nil)
		if err != nil {
			t.Fatal(err)
		}
		s.t = t
		for tool, a := range good(there, there, there, there) {
			a["board"] = "site"
			if got, _, _ := s.try(tool, a); got != nil {
				t.Errorf("%s: %s at another board: %v", way, tool, got)
			}
		}
		s.call("kanban_complete", args{"summary": "done"})
		if is := h.andon("export", "-", "--board", "site"); is != was {
			t.Errorf("%s: the other board has changed", way)
		}
		end(s)
	}
}
