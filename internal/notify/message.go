package notify

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"andon/internal/board"
	"andon/internal/home"
	"andon/internal/view"
	"andon/kanban"
)

// message is what targets get, in the shape that Standard Webhooks advises.
type message struct {
	Type      string `json:"type"` // kanban. and the kind of event
	Timestamp string `json:"timestamp"`
	Data      data   `json:"data"`

	env []string // where the board is, for commands
}

type data struct {
	ID       string           `json:"id"` // the same for the same notification, however often it is sent
	Target   string           `json:"target"`
	Board    home.Slug        `json:"board,omitempty"`
	TaskID   kanban.TaskID    `json:"task_id,omitempty"`
	EventID  kanban.EventID   `json:"event_id,omitempty"`
	RunID    kanban.RunID     `json:"run_id,omitempty"`
	Kind     kanban.EventKind `json:"kind"`
	Text     string           `json:"text"` // one line for people
	Title    string           `json:"title,omitempty"`
	Assignee string           `json:"assignee,omitempty"`
	Status   kanban.Status    `json:"status,omitempty"` // of the card, as it is now
	Tenant   string           `json:"tenant,omitempty"`
	Payload  json.RawMessage  `json:"payload,omitempty"` // of the event; left out if it is long

	// Of the subscription; empty where the target follows the whole board.
	ThreadID string          `json:"thread_id,omitempty"`
	ChatType string          `json:"chat_type,omitempty"`
	UserID   string          `json:"user_id,omitempty"`
	Mode     string          `json:"delivery_mode,omitempty"`
	Metadata json.RawMessage `json:"delivery_metadata,omitempty"`
}

// maxPayload keeps messages small enough for any receiver; who wants all of an
// event asks the board.
const maxPayload = 16 << 10

func newMessage(root string, place home.Board, target string, n board.Notice) message {
	e, t := n.Event, n.Card
	m := message{
		Type: "kanban." + string(e.Kind), Timestamp: e.At.UTC().Format(time.RFC3339),
		Data: data{
			ID: noticeID(place, target, n), Target: target, Board: place.Slug, TaskID: e.Task, EventID: e.ID, RunID: e.Run, Kind: e.Kind,
			Text: view.Plain(e.Tell(string(place.Slug), t)), Title: t.Title, Assignee: t.Assignee, Status: t.Status, Tenant: t.Tenant,
		},
		env: []string{"ANDON_HOME=" + root, "ANDON_BOARD=" + string(place.Slug), "ANDON_DB=" + place.DB},
	}
	if payload, err := json.Marshal(e.Payload); err == nil && len(e.Payload) > 0 && len(payload) <= maxPayload {
		m.Data.Payload = payload
	}
	if s := n.Sub; s != nil {
		m.Data.ThreadID, m.Data.ChatType, m.Data.UserID, m.Data.Mode = s.ThreadID, s.ChatType, s.UserID, s.Mode
		if json.Valid([]byte(s.Metadata)) {
			m.Data.Metadata = json.RawMessage(s.Metadata)
		}
	}
	return m
}

// noticeID names one notification for good: a receiver that has seen it may drop
// what comes again. The event's time is in it because a board that was restored
// from a copy gives the numbers of its events anew.
func noticeID(place home.Board, target string, n board.Notice) string {
	thread, way := "", "board"
	if n.Sub != nil {
		thread, way = n.Sub.ThreadID, "card"
	}
	hash := sha256.Sum256(fmt.Appendf(nil, "%q %q %q %q %q %d %d %q", place.Slug, target, thread, way, n.Event.Task, n.Event.ID, n.Event.At.Unix(), n.Event.Kind))
	return "msg_" + hex.EncodeToString(hash[:16])
}

// testMessage is what a target is tested with.
func testMessage(target string, now time.Time) message {
	hash := sha256.Sum256(fmt.Appendf(nil, "test %q %d", target, now.UnixNano()))
	return message{
		Type: "kanban.test", Timestamp: now.UTC().Format(time.RFC3339),
		Data: data{ID: "msg_" + hex.EncodeToString(hash[:16]), Target: target, Kind: "test", Text: fmt.Sprintf("• andon reaches %s: this is a test", target)},
	}
}

// body is the message as JSON.
func (m message) body() []byte {
	text, err := json.Marshal(m)
	if err != nil {
		panic(err) // texts, numbers, and JSON that was found valid
	}
	return text
}

// sender brings messages to one target. A failure is one line without secrets.
type sender interface {
	send(ctx context.Context, m message) error
}
