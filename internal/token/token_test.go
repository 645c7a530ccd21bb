package token_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"andon/internal/token"
	"andon/kanban"
)

var (
	key   = []byte(strings.Repeat("k", token.KeySize))
	other = []byte(strings.Repeat("o", token.KeySize))
	now   = time.Unix(1_800_000_000, 0)
)

func mint(t *testing.T, g token.Grant) string {
	t.Helper()
	s, err := token.Mint(key, g)
	if err != nil {
		t.Fatalf("Mint(%+v): %v", g, err)
	}
	return s
}

func TestTokenIsOfOneBoardCardAndRun(t *testing.T) {
	g := token.Grant{Board: "/home/boards/a.db", Task: "t_1", Run: 7, Expires: now.Add(time.Minute)}
	s := mint(t, g)
	if got, err := token.Verify(key, g.Board, s, now); err != nil || got != g {
		t.Errorf("Verify of what was made = %+v, %v, want %+v", got, err, g)
	}
	for name, verify := range map[string]func() (token.Grant, error){
		"another board": func() (token.Grant, error) { return token.Verify(key, "/home/boards/b.db", s, now) },
		"another key":   func() (token.Grant, error) { return token.Verify(other, g.Board, s, now) },
		"no key":        func() (token.Grant, error) { return token.Verify(nil, g.Board, s, now) },
		"part of it":    func() (token.Grant, error) { return token.Verify(key, g.Board, s[:len(s)-1], now) },
		"nothing":       func() (token.Grant, error) { return token.Verify(key, g.Board, "", now) },
	} {
		if got, err := verify(); !errors.Is(err, token.ErrBad) || kanban.CodeOf(err) != kanban.Denied || got != (token.Grant{}) {
			t.Errorf("Verify with %s = %+v, %v, want ErrBad", name, got, err)
		}
	}
	// The words of one run with the seal of another.
	later := mint(t, token.Grant{Board: g.Board, Task: "t_1", Run: 8, Expires: g.Expires})
	mixed := later[:strings.LastIndexByte(later, '.')] + s[strings.LastIndexByte(s, '.'):]
	if _, err := token.Verify(key, g.Board, mixed, now); !errors.Is(err, token.ErrBad) {
		t.Errorf("Verify of run 8 with the seal of run 7: %v, want ErrBad", err)
	}
}

func TestTokenExpires(t *testing.T) {
	s := mint(t, token.Grant{Board: "a", Task: "t_1", Run: 7, Expires: now})
	if _, err := token.Verify(key, "a", s, now.Add(-time.Second)); err != nil {
		t.Errorf("a second before its end: %v", err)
	}
	for _, at := range []time.Time{now, now.Add(time.Hour)} {
		if _, err := token.Verify(key, "a", s, at); !errors.Is(err, token.ErrExpired) {
			t.Errorf("Verify at %v: %v, want ErrExpired", at, err)
		}
	}
	endless := mint(t, token.Grant{Board: "a", Task: "t_1", Run: 7})
	if g, err := token.Verify(key, "a", endless, now.AddDate(100, 0, 0)); err != nil || !g.Expires.IsZero() {
		t.Errorf("Verify of one without an hour = %+v, %v", g, err)
	}
}

func TestMintNeedsAll(t *testing.T) {
	for _, g := range []token.Grant{{Task: "t_1", Run: 1}, {Board: "a", Run: 1}, {Board: "a", Task: "t_1"}, {Board: "a", Task: "t_1", Run: -1}} {
		if s, err := token.Mint(key, g); err == nil {
			t.Errorf("Mint(%+v) = %q", g, s)
		}
	}
	if _, err := token.Mint(key[1:], token.Grant{Board: "a", Task: "t_1", Run: 1}); err == nil {
		t.Error("a short key made a token")
	}
}

// No change of any byte leaves a token what it was, and none makes reading panic.
func FuzzVerify(f *testing.F) {
	s, _ := token.Mint(key, token.Grant{Board: "a", Task: "t_1", Run: 7})
	f.Add(s)
	f.Add("andon1..")
	f.Add("andon1." + strings.Repeat("A", 5000))
	f.Add(s + "\n")
	f.Fuzz(func(t *testing.T, text string) {
		g, err := token.Verify(key, "a", text, now)
		if err == nil && text != s {
			t.Errorf("Verify(%q) = %+v, which nobody made", text, g)
		}
	})
}
