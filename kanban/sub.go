package kanban

import (
	"encoding/json"
	"slices"
	"strings"
	"time"
)

// Sub is a chat's, or a target's, wish to hear of a card. Task, Platform, ChatID
// and ThreadID together are its key.
type Sub struct {
	Task     TaskID
	Platform string
	ChatID   string
	ThreadID string
	ChatType string
	UserID   string
	Profile  string // whose notifier delivers it
	Mode     string
	Metadata string // a JSON object for whoever delivers it; empty: none
	At       time.Time
	Cursor   EventID // the last event that was delivered
}

// Where is the subscription's address: platform:chat[:thread].
func (s Sub) Where() string {
	if s.ThreadID == "" {
		return s.Platform + ":" + s.ChatID
	}
	return s.Platform + ":" + s.ChatID + ":" + s.ThreadID
}

// CaughtUp stands, within a [Change] or a new subscription, for the card's newest
// event once it is stored.
const CaughtUp EventID = -1

// What a subscription without a word of them has.
const (
	DefaultMode     = "notify"
	DefaultChatType = "dm"
)

// Modes are the ways in which a notification is delivered: told, told and the
// chat's agent woken, or only woken.
var Modes = []string{DefaultMode, "notify+wake", "wake"}

// ChatTypes are the kinds of chats.
var ChatTypes = []string{DefaultChatType, "group", "channel", "thread"}

// Clean returns the subscription with its words in their stored form, or says
// which of them breaks a rule. An empty address is refused: nobody would hear,
// and nobody would know.
func (s Sub) Clean() (Sub, error) {
	if err := cleanTexts("the platform", s.Platform, "the chat", s.ChatID, "the thread", s.ThreadID, "the chat's type", s.ChatType,
		"the user", s.UserID, "the notifier's profile", s.Profile, "the mode", s.Mode, "the metadata", s.Metadata); err != nil {
		return s, err
	}
	s.Platform = strings.ToLower(strings.TrimSpace(s.Platform))
	for _, text := range []*string{&s.ChatID, &s.ThreadID, &s.ChatType, &s.UserID, &s.Profile, &s.Mode} {
		*text = strings.TrimSpace(*text)
	}
	switch {
	case s.Platform == "":
		return s, Invalidf("a subscription needs a platform that is not blank")
	case s.ChatID == "":
		return s, Invalidf("a subscription needs a chat id that is not blank")
	case s.ChatType != "" && !slices.Contains(ChatTypes, s.ChatType):
		return s, Invalidf("unknown chat type %q; it is %s", s.ChatType, join(ChatTypes))
	case s.Mode != "" && !slices.Contains(Modes, s.Mode):
		return s, Invalidf("unknown delivery mode %q; it is %s", s.Mode, join(Modes))
	}
	var err error
	s.Metadata, err = cleanMetadata(s.Metadata)
	return s, err
}

// cleanMetadata keeps the texts, numbers and booleans of a JSON object, its keys
// sorted, in the form in which Hermes stores them.
func cleanMetadata(text string) (string, error) {
	if strings.TrimSpace(text) == "" {
		return "", nil
	}
	var all map[string]json.RawMessage
	if err := json.Unmarshal([]byte(text), &all); err != nil {
		return "", Invalidf("the metadata of a subscription is a JSON object, and %q is none", cut(text, 60))
	}
	for key, value := range all {
		if c := value[0]; c == '{' || c == '[' || c == 'n' {
			delete(all, key)
		}
	}
	if len(all) == 0 {
		return "", nil
	}
	compact, err := json.Marshal(all)
	return ascii(string(compact)), err
}

// ascii escapes what is not ASCII as JSON does.
func ascii(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case r < 0x80:
			b.WriteRune(r)
		case r > 0xffff:
			r -= 0x10000
			b.WriteString(sprintf(`\u%04x\u%04x`, 0xd800+r>>10, 0xdc00+r&0x3ff))
		default:
			b.WriteString(sprintf(`\u%04x`, r))
		}
	}
	return b.String()
}

// Subscribe is the subscription that is stored when want is asked for and have is
// there already, if any is. A new one hears from now on. An existing one takes
// what is said and keeps what is not; whose it is, is said once, and who asked
// never changes.
func Subscribe(have *Sub, want Sub, now time.Time) Sub {
	valid := slices.Contains(Modes, want.Mode)
	if have == nil {
		if want.At, want.Cursor = now, CaughtUp; want.ChatType == "" {
			want.ChatType = DefaultChatType
		}
		if !valid {
			want.Mode = DefaultMode
		}
		return want
	}
	s := *have
	if want.ChatType != "" {
		s.ChatType = want.ChatType
	}
	if s.Profile == "" {
		s.Profile = want.Profile
	}
	if valid {
		s.Mode = want.Mode
	}
	if want.Metadata != "" {
		s.Metadata = want.Metadata
	}
	return s
}

// Inherit lets who hears of the parents hear of the card that the change makes,
// from its beginning, or links, from now on. subs are the parents', oldest first.
// The narrowness of what a link hands on is Hermes'.
func (c *Change) Inherit(subs []Sub, now time.Time) {
	for _, s := range subs {
		s.Task, s.At, s.Metadata = c.Task.ID, now, ""
		if c.Verb == VerbCreate {
			s.Cursor = 0
			if s.ChatType == "" {
				s.ChatType = DefaultChatType
			}
			if s.Mode == "" {
				s.Mode = DefaultMode
			}
		} else {
			s.Cursor, s.ChatType, s.Mode = CaughtUp, "", DefaultMode
		}
		c.Subs = append(c.Subs, s)
	}
}
