package kanban

import (
	"strings"
	"time"
)

// PauseScope is what a [Pause] is of: a board, all boards, or a profile.
type PauseScope string

const (
	ScopeBoard PauseScope = "board" // the one that says so
	ScopeAll   PauseScope = "all"
)

// ProfileScope is the cards of a profile, on all boards.
func ProfileScope(name string) PauseScope { return PauseScope("profile:" + CanonicalAssignee(name)) }

// ForgivenScope keeps when somebody said that a profile's rate limit is over. It is
// no pause.
func ForgivenScope(profile string) PauseScope { return PauseScope("forgiven:" + profile) }

// Profile is the profile that the scope is of; empty if of none.
func (s PauseScope) Profile() string {
	name, _ := strings.CutPrefix(string(s), "profile:")
	if name == string(s) {
		return ""
	}
	return name
}

// Pause is that no cards of a scope are started until somebody says so. What runs
// goes on.
type Pause struct {
	Scope  PauseScope
	Reason string
	Actor  string
	Since  time.Time
}

// Clean returns the pause in its stored form, or refuses it.
func (p Pause) Clean() (Pause, error) {
	if err := prose("the reason", &p.Reason); err != nil {
		return p, err
	}
	if err := cleanTexts("who pauses", p.Actor, "the profile", string(p.Scope)); err != nil {
		return p, err
	}
	p.Reason = strings.TrimSpace(p.Reason)
	if p.Scope != ScopeBoard && p.Scope != ScopeAll && p.Scope.Profile() == "" {
		return p, Invalidf("%q is nothing that can be paused", p.Scope)
	}
	return p, nil
}

// String is the scope in words.
func (s PauseScope) String() string {
	switch {
	case s == ScopeAll:
		return "every board"
	case s.Profile() != "":
		return "the profile " + s.Profile()
	}
	return "the board"
}
