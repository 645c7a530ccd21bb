package mcp_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"
)

// What is said on a card while its worker works reaches the worker: as an update of
// the resource, as a message, and once with the answer to its next sign of life. Its
// own words do not come back to it.
func TestLiveComments(t *testing.T) {
	t.Run("over the standard streams", func(t *testing.T) {
		h := newHouse(t)
		liveComments(t, h, func(id, run string, opts *mcp.ClientOptions) *session {
			return h.sit([]string{"ANDON_TASK=" + id, "ANDON_RUN_ID=" + run}, opts)
		})
	})
	t.Run("over HTTP", func(t *testing.T) {
		h := newHouse(t)
		liveComments(t, h, func(id, run string, opts *mcp.ClientOptions) *session {
			server := h.serve()
			// The owner's session and one more of the worker do not take anything from it.
			server.sit(server.owner, "", nil)
			server.sit(h.token(id, run, time.Time{}), "", nil)
			return server.sit(h.token(id, run, time.Time{}), "", opts)
		})
	})
}

func liveComments(t *testing.T, h *house, sit func(id, run string, opts *mcp.ClientOptions) *session) {
	id, other := h.card("mine", "--assignee", "ada"), h.card("theirs", "--assignee", "bob")
	run := h.claim(id)
	h.andon("comment", id, "before the session")
	updates, messages := make(chan string, 100), make(chan string, 100)
	s := sit(id, run, &mcp.ClientOptions{
		ResourceUpdatedHandler: func(_ context.Context, r *mcp.ResourceUpdatedNotificationRequest) { updates <- r.Params.URI },
		//lint:ignore SA1019 see tell
		LoggingMessageHandler: func(_ context.Context, r *mcp.LoggingMessageRequest) {
			text, _ := json.Marshal(r.Params.Data)
			messages <- string(text)
		},
	})
	if err := s.Subscribe(t.Context(), &mcp.SubscribeParams{URI: "task://" + id}); err != nil {
		t.Fatal(err)
	}
	//lint:ignore SA1019 see tell
	if err := s.SetLoggingLevel(t.Context(), &mcp.SetLoggingLevelParams{Level: "warning"}); err != nil {
		t.Fatal(err)
	}
	s.call("kanban_comment", args{"task_id": id, "body": "my own"})
	h.andon("comment", other, "not for ada")
	h.andon("comment", id, "stop at\n# noon")
	if got := receive(t, updates); got != "task://"+id {
		t.Errorf("updated %q", got)
	}
	if got := receive(t, messages); !strings.Contains(got, `stop at\n\u003e # noon`) && !strings.Contains(got, `> stop at\n> # noon`) || strings.Contains(got, "my own") || !strings.Contains(got, id) {
		t.Errorf("the message is %s", got)
	}
	said, _ := s.call("kanban_heartbeat", nil)["comments"].([]any)
	if len(said) != 1 || said[0].(map[string]any)["body"] != "stop at\n# noon" || said[0].(map[string]any)["text"] != "comment from `user`:\n> stop at\n> # noon\n" {
		t.Errorf("the heartbeat tells %v", said)
	}
	if again := s.call("kanban_heartbeat", nil)["comments"]; again != nil {
		t.Errorf("the next heartbeat tells again: %v", again)
	}
	// So nobody may repeat the call when its answer was lost, as if nothing came of it.
	for tool, err := range s.Tools(t.Context(), nil) {
		if err != nil {
			t.Fatal(err)
		}
		if tool.Name == "kanban_heartbeat" && tool.Annotations.IdempotentHint {
			t.Error("a heartbeat is declared to be idempotent")
		}
	}
}

func receive(t *testing.T, from <-chan string) string {
	t.Helper()
	select {
	case s := <-from:
		return s
	case <-time.After(time.Minute):
		t.Fatal("nothing came within a minute")
		return ""
	}
}

// A card that has a check is finished by it, whoever reports.
func TestCompleteWaitsForTheCheck(t *testing.T) {
	h := newHouse(t)
	id := h.card("a", "--assignee", "ada", "--check", "exit 3")
	s := h.sit([]string{"ANDON_TASK=" + id, "ANDON_RUN_ID=" + h.claim(id)}, nil)
	s.refused("check", "kanban_complete", args{"summary": "done"})
	if got := s.call("kanban_show", nil)["task"].(map[string]any)["status"]; got != "running" {
		t.Errorf("the card is %v, want running", got)
	}
	// One that passes has the run that it ended.
	good := h.card("b", "--assignee", "ada", "--check", "exit 0")
	run := h.claim(good)
	s = h.sit([]string{"ANDON_TASK=" + good, "ANDON_RUN_ID=" + run}, nil)
	if got := s.call("kanban_complete", args{"summary": "done"})["run_id"]; fmt.Sprint(got) != run {
		t.Errorf("the run is %v, want %s", got, run)
	}
	other := h.card("c", "--assignee", "ada", "--check", "exit 0")
	run = h.claim(other)
	if got := h.sit(nil, nil).call("kanban_complete", args{"task_id": other, "summary": "done"})["run_id"]; fmt.Sprint(got) != run {
		t.Errorf("an orchestrator: the run is %v, want %s", got, run)
	}
}
