package view

import (
	"time"

	"andon/kanban"
)

// Why is why a card is not worked on, as scripts see it. Start are the commands of
// which each would take the reason away.
type Why struct {
	ID      kanban.TaskID `json:"id"`
	Status  kanban.Status `json:"status"`
	Reasons []Reason      `json:"reasons"`
	Start   []string      `json:"start"`
}

// Reason is one thing that a card waits for.
type Reason struct {
	Kind  string         `json:"kind"`
	Text  string         `json:"text"`
	Until *int64         `json:"until,omitempty"`
	Data  map[string]any `json:"data"`
}

// Epoch is whole seconds, null for the zero time.
func Epoch(t time.Time) *int64 { return epoch(t) }
