package view

import (
	"encoding/json"
	"fmt"
	"strings"

	"andon/kanban"
)

// Sub is a subscription as scripts see it. The keys are a contract.
type Sub struct {
	TaskID   kanban.TaskID   `json:"task_id"`
	Platform string          `json:"platform"`
	ChatID   string          `json:"chat_id"`
	ChatType *string         `json:"chat_type"`
	ThreadID string          `json:"thread_id"`
	UserID   *string         `json:"user_id"`
	Profile  *string         `json:"notifier_profile"`
	Mode     string          `json:"delivery_mode"`
	Metadata json.RawMessage `json:"delivery_metadata"`
	Created  *int64          `json:"created_at"`
	Cursor   kanban.EventID  `json:"last_event_id"`
}

// NewSubs shows subscriptions; none is an empty array and not null.
func NewSubs(subs []kanban.Sub) []Sub {
	out := make([]Sub, len(subs))
	for i, s := range subs {
		metadata := json.RawMessage("{}") // also for what cannot be parsed
		if json.Valid([]byte(s.Metadata)) && strings.HasPrefix(s.Metadata, "{") {
			metadata = json.RawMessage(s.Metadata)
		}
		out[i] = Sub{
			TaskID: s.Task, Platform: s.Platform, ChatID: s.ChatID, ChatType: opt(s.ChatType), ThreadID: s.ThreadID, UserID: opt(s.UserID),
			Profile: opt(s.Profile), Mode: s.Mode, Metadata: metadata, Created: epoch(s.At), Cursor: s.Cursor,
		}
	}
	return out
}

// SubRow is a subscription on one line.
func SubRow(s kanban.Sub) string {
	line := fmt.Sprintf("%-10s  %s  cursor=%d", Plain(string(s.Task)), Plain(s.Where()), s.Cursor)
	if s.Profile != "" {
		line += "  owner=" + Plain(s.Profile)
	}
	var more []string
	if s.ChatType != "" && s.ChatType != kanban.DefaultChatType {
		more = append(more, Plain(s.ChatType))
	}
	if s.Mode != kanban.DefaultMode {
		more = append(more, Plain(s.Mode))
	}
	if len(more) > 0 {
		line += "  (" + strings.Join(more, ", ") + ")"
	}
	return line
}
