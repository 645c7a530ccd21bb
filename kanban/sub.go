package kanban

import "time"

// Sub is a chat's wish to hear of a card.
type Sub struct {
	Task     TaskID
	Platform string
	ChatID   string
	ThreadID string
	ChatType string
	UserID   string
	Profile  string // whose notifier delivers it
	Mode     string
	At       time.Time
	Cursor   EventID // the last event that was delivered
}

// CaughtUp stands, within a [Change], for the card's newest event once the change
// is stored.
const CaughtUp EventID = -1

// Inherit lets who hears of the parents hear of the card that the change makes,
// from its beginning, or links, from now on. subs are the parents', oldest first.
// The narrowness of what a link hands on is Hermes'.
func (c *Change) Inherit(subs []Sub, now time.Time) {
	for _, s := range subs {
		s.Task, s.At = c.Task.ID, now
		if c.Verb == VerbCreate {
			s.Cursor = 0
			if s.ChatType == "" {
				s.ChatType = "dm"
			}
			if s.Mode == "" {
				s.Mode = "notify"
			}
		} else {
			s.Cursor, s.ChatType, s.Mode = CaughtUp, "", "notify"
		}
		c.Subs = append(c.Subs, s)
	}
}
