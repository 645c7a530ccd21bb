package kanban

import (
	"strings"
	"time"
)

// Scope is what a [Pause] is of: a board, all boards, or a profile.
type Scope string

const (
	ScopeBoard Scope = "board" // the one that says so
	ScopeAll   Scope = "all"
)

// ProfileScope is the cards of a profile, on all boards.
func ProfileScope(name string) Scope { return Scope("profile:" + CanonicalAssignee(name)) }

// ForgivenScope keeps when somebody said that a profile's rate limit is over. It is
// no pause.
func ForgivenScope(profile string) Scope { return Scope("forgiven:" + profile) }

// Profile is the profile that the scope is of; empty if of none.
func (s Scope) Profile() string {
	name, _ := strings.CutPrefix(string(s), "profile:")
	if name == string(s) {
		return ""
	}
	return name
}

// Pause is that no cards of a scope are started until somebody says so. What runs
// goes on.
type Pause struct {
	Scope  Scope
	Reason string
	Actor  string
	Since  time.Time
}

// Clean returns the pause in its stored form, or refuses it.
func (p Pause) Clean() (Pause, error) {
	if err := cleanTexts("the reason", p.Reason, "who pauses", p.Actor, "the profile", string(p.Scope)); err != nil {
		return p, err
	}
	p.Reason = strings.TrimSpace(p.Reason)
	if p.Scope != ScopeBoard && p.Scope != ScopeAll && p.Scope.Profile() == "" {
		return p, Invalidf("%q is nothing that can be paused", p.Scope)
	}
	return p, nil
}

// String is the scope in words.
func (s Scope) String() string {
	switch {
	case s == ScopeAll:
		return "every board"
	case s.Profile() != "":
		return "the profile " + s.Profile()
	}
	return "the board"
}
