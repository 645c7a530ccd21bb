package notify

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/nicholas-fedor/shoutrrr"

	"andon/internal/config"
)

// service sends by the shoutrrr library, which knows many services.
type service struct {
	url    string
	scheme string
}

const serviceTime = 30 * time.Second

func newShoutrrr(t config.Target) (sender, error) {
	s := service{url: t.URL}
	s.scheme, _, _ = strings.Cut(t.URL, ":")
	if _, err := shoutrrr.CreateSender(t.URL); err != nil {
		return nil, s.explain(err)
	}
	return s, nil
}

// send waits no longer than its time. The library cannot be told to stop: a
// request that hangs ends when the service, or this process, does.
func (s service) send(ctx context.Context, m message) error {
	done := make(chan error, 1)
	go func() { done <- shoutrrr.Send(s.url, m.Data.Text) }()
	limit := time.NewTimer(serviceTime)
	defer limit.Stop()
	select {
	case err := <-done:
		return s.explain(err)
	case <-ctx.Done():
		return ctx.Err()
	case <-limit.C:
		return fmt.Errorf("send by %s: no answer within %s", s.scheme, serviceTime)
	}
}

var address = regexp.MustCompile(`[a-z][a-z0-9+.-]*://[^\s"]+`)

// explain is the library's error without what is secret: tokens are parts of the
// address, and it repeats them.
func (s service) explain(err error) error {
	if err == nil {
		return nil
	}
	text := strings.ReplaceAll(err.Error(), s.url, s.scheme+"://…")
	text = address.ReplaceAllStringFunc(text, func(a string) string {
		if u, err := url.Parse(a); err == nil && u.Scheme != s.scheme {
			return u.Scheme + "://" + u.Host
		}
		return s.scheme + "://…"
	})
	for _, part := range strings.FieldsFunc(s.url[len(s.scheme):], func(r rune) bool { return strings.ContainsRune(":/@?&=", r) }) {
		if plain, err := url.PathUnescape(part); err == nil && len(plain) >= 6 {
			text = strings.ReplaceAll(text, plain, "…")
		}
		if len(part) >= 6 {
			text = strings.ReplaceAll(text, part, "…")
		}
	}
	return errors.New("send by " + s.scheme + ": " + text)
}
