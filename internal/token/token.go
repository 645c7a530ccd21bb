// Package token makes and reads the words by which a worker is known to be the one
// of a run: nobody without the key can make one, and one for a board, a card or a
// run is none for another. Whether the run is still the current one, and its lease
// has not expired, only the board knows.
package token

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"andon/kanban"
)

// Grant is what a token gives: to be the worker of a run of a card.
type Grant struct {
	Board   string // names the board apart from all others that the key is for
	Task    kanban.TaskID
	Run     kanban.RunID
	Expires time.Time // whole seconds; zero: with the run's lease alone
}

// KeySize is how many bytes a key has.
const KeySize = 32

// Prefix begins every token, so that it is known where it has no business to be.
const Prefix = "andon1."

// What a reader may branch on. Both are of code [kanban.Denied].
var (
	ErrBad     = errors.New("it is no token of this board")
	ErrExpired = errors.New("the token has expired")
)

// maxLength bounds what is looked at, in bytes.
const maxLength = 4096

type claims struct {
	Task    kanban.TaskID `json:"t"`
	Run     kanban.RunID  `json:"r"`
	Expires int64         `json:"e,omitempty"`
}

// Mint makes the token of a grant.
func Mint(key []byte, g Grant) (string, error) {
	if len(key) != KeySize || g.Board == "" || g.Task == "" || g.Run <= 0 {
		return "", errors.New("make a token: it needs a whole key, a board, a card and a run")
	}
	c := claims{Task: g.Task, Run: g.Run}
	if !g.Expires.IsZero() {
		c.Expires = g.Expires.Unix()
	}
	payload, err := json.Marshal(c)
	if err != nil {
		return "", err
	}
	return Prefix + encode(payload) + "." + encode(sign(key, g.Board, payload)), nil
}

// Verify reads a token that must be one of the board.
func Verify(key []byte, board, token string, now time.Time) (Grant, error) {
	bad := &kanban.Error{Code: kanban.Denied, Err: ErrBad, Msg: ErrBad.Error(), Hint: "a worker is given its own, as ANDON_TOKEN, by the dispatcher of this home"}
	body, ok := strings.CutPrefix(token, Prefix)
	first, second, parted := strings.Cut(body, ".")
	if !ok || !parted || len(key) != KeySize || len(token) > maxLength {
		return Grant{}, bad
	}
	payload, err := decode(first)
	mac, merr := decode(second)
	if err != nil || merr != nil || !hmac.Equal(mac, sign(key, board, payload)) {
		return Grant{}, bad
	}
	var c claims
	if json.Unmarshal(payload, &c) != nil || c.Task == "" || c.Run <= 0 {
		return Grant{}, bad
	}
	g := Grant{Board: board, Task: c.Task, Run: c.Run}
	if c.Expires != 0 {
		g.Expires = time.Unix(c.Expires, 0)
		if !now.Before(g.Expires) {
			return Grant{}, &kanban.Error{Code: kanban.Denied, Err: ErrExpired, Msg: ErrExpired.Error(), Hint: "its run is over; this worker should stop"}
		}
	}
	return g, nil
}

// sign is over the board too, which a token does not name.
func sign(key []byte, board string, payload []byte) []byte {
	m := hmac.New(sha256.New, key)
	m.Write([]byte("andon worker token\x00"))
	m.Write([]byte(board))
	m.Write([]byte{0})
	m.Write(payload)
	return m.Sum(nil)
}

func encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// decode is strict: of two spellings of one token only one is taken.
func decode(s string) ([]byte, error) {
	if strings.ContainsAny(s, "\r\n") {
		return nil, ErrBad
	}
	return base64.RawURLEncoding.Strict().DecodeString(s)
}
