package notify

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"andon/internal/config"
)

// webhook posts messages that are signed as Standard Webhooks has it.
type webhook struct {
	url    string
	keys   [][]byte
	client *http.Client
	now    func() time.Time
}

const (
	webhookTime = 15 * time.Second
	maxAnswer   = 64 << 10 // read of an answer, so that its connection can be used again
)

func newWebhook(t config.Target) (*webhook, error) {
	w := &webhook{url: t.URL, now: time.Now, client: &http.Client{
		Timeout: webhookTime,
		// Whoever can redirect would be told what was meant for another.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
	for _, s := range t.Secrets {
		key, err := config.ParseSecret(s)
		if err != nil {
			return nil, err
		}
		w.keys = append(w.keys, key)
	}
	return w, nil
}

// sign lists a signature for each secret: the receiver needs to know but one.
func (w *webhook) sign(id, timestamp string, body []byte) string {
	var all []string
	for _, key := range w.keys {
		mac := hmac.New(sha256.New, key)
		fmt.Fprintf(mac, "%s.%s.%s", id, timestamp, body)
		all = append(all, "v1,"+base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	}
	return strings.Join(all, " ")
}

func (w *webhook) send(ctx context.Context, m message) error {
	body := m.body()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, w.url, bytes.NewReader(body))
	if err != nil {
		return errors.New("the url of the target is none")
	}
	timestamp := strconv.FormatInt(w.now().Unix(), 10)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "andon")
	req.Header.Set("webhook-id", m.Data.ID)
	req.Header.Set("webhook-timestamp", timestamp)
	req.Header.Set("webhook-signature", w.sign(m.Data.ID, timestamp, body))
	at := req.URL.Scheme + "://" + req.URL.Host // the rest may be a secret
	resp, err := w.client.Do(req)
	if err != nil {
		if u, ok := errors.AsType[*url.Error](err); ok {
			if err = u.Err; u.Timeout() {
				err = fmt.Errorf("no answer within %s", webhookTime)
			}
		}
		return fmt.Errorf("post to %s: %w", at, err)
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, maxAnswer)) // what it says is of no use
	switch code := resp.StatusCode; {
	case code >= 200 && code < 300:
		return nil
	case code == http.StatusGone:
		return &refusal{msg: fmt.Sprintf("%s answers 410 Gone: it wants nothing more", at), gone: true}
	case code >= 300 && code < 400:
		return &refusal{msg: fmt.Sprintf("%s answers %d and sends elsewhere, where no message is taken; write the new url into andon.yaml", at, code)}
	default:
		return &refusal{msg: fmt.Sprintf("%s answers %d %s", at, code, http.StatusText(code)), wait: retryAfter(resp.Header.Get("Retry-After"), w.now())}
	}
}

// retryAfter reads the header of that name: seconds, or a date.
func retryAfter(s string, now time.Time) time.Duration {
	if n, err := strconv.ParseInt(strings.TrimSpace(s), 10, 32); err == nil {
		return max(time.Duration(n)*time.Second, 0)
	}
	if t, err := http.ParseTime(s); err == nil {
		return max(t.Sub(now), 0)
	}
	return 0
}
