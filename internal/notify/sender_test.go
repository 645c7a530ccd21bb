package notify

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"andon/internal/config"
	"andon/kanban"
)

const (
	secret    = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	oldSecret = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
)

// hook is a receiver of webhooks that answers as it is told.
type hook struct {
	*httptest.Server
	answer func(http.ResponseWriter, *http.Request)

	mu       sync.Mutex // one that hangs up is not waited for by whoever asks
	requests []*http.Request
	bodies   [][]byte
}

// received is what has come so far.
func (h *hook) received() ([]*http.Request, [][]byte) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.requests, h.bodies
}

func newHook(t *testing.T, answer func(http.ResponseWriter, *http.Request)) *hook {
	h := &hook{answer: answer}
	h.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		h.mu.Lock()
		h.requests, h.bodies = append(h.requests, r), append(h.bodies, body)
		h.mu.Unlock()
		h.answer(w, r)
	}))
	t.Cleanup(h.Close)
	return h
}

func (h *hook) target() map[string]config.Target {
	return map[string]config.Target{"hook": {Kind: config.Webhook, URL: h.URL + "/in?token=s3cret", Secrets: []string{secret, oldSecret}}}
}

func status(code int, headers ...string) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i < len(headers); i += 2 {
			w.Header().Set(headers[i], headers[i+1])
		}
		w.WriteHeader(code)
	}
}

// The reference library finds the signatures good with either secret, and a
// message that is sent again has the id it had.
func TestWebhookIsSigned(t *testing.T) {
	p := filePost(t)
	h := newHook(t, status(http.StatusInternalServerError))
	id := p.card()
	sub := kanban.Sub{Task: id, Platform: "webhook", ChatID: "hook", ThreadID: "7", UserID: "u", Mode: "wake", Metadata: `{"room":"é"}`}
	if _, err := p.Subscribe(t.Context(), sub); err != nil {
		t.Fatal(err)
	}
	p.block(id)
	p.once(h.target())
	h.answer = status(http.StatusAccepted)
	p.now = p.target("hook").NextAt
	p.once(h.target())
	requests, bodies := h.received()
	if len(requests) != 2 {
		t.Fatalf("%d requests", len(requests))
	}
	for i, r := range requests {
		for _, s := range []string{secret, oldSecret} {
			verifier, err := standardwebhooks.NewWebhook(s)
			if err != nil {
				t.Fatal(err)
			}
			if err := verifier.Verify(bodies[i], r.Header); err != nil {
				t.Errorf("request %d: %v", i, err)
			}
			if err := verifier.Verify(append(bodies[i], ' '), r.Header); err == nil {
				t.Errorf("request %d: another body has the same signature", i)
			}
		}
		if r.Method != http.MethodPost || r.Header.Get("Content-Type") != "application/json" || r.URL.Query().Get("token") != "s3cret" {
			t.Errorf("request %d: %s %s %v", i, r.Method, r.URL, r.Header)
		}
	}
	if a, b := requests[0].Header.Get("webhook-id"), requests[1].Header.Get("webhook-id"); a != b || a == "" {
		t.Errorf("ids %q and %q", a, b)
	}
	var m message
	if err := json.Unmarshal(bodies[0], &m); err != nil {
		t.Fatal(err)
	}
	d := m.Data
	if d.ID != requests[0].Header.Get("webhook-id") || d.TaskID != id || d.Kind != "blocked" || d.ThreadID != "7" || d.UserID != "u" ||
		d.Mode != "wake" || d.Assignee != "ada" || string(d.Metadata) != `{"room":"\u00e9"}` || !strings.Contains(string(d.Payload), `"reason":"why"`) {
		t.Errorf("the message is %s", bodies[0])
	}
}

// The example of the specification.
func TestSignature(t *testing.T) {
	w, err := newWebhook(config.Target{URL: "http://h", Secrets: []string{secret}})
	if err != nil {
		t.Fatal(err)
	}
	got := w.sign("msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", []byte(`{"test": 2432232314}`))
	if want := "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="; got != want {
		t.Errorf("signature %q, want %q", got, want)
	}
}

func TestAnswersOfWebhooks(t *testing.T) {
	elsewhere := newHook(t, status(200))
	for _, tt := range []struct {
		name   string
		answer func(http.ResponseWriter, *http.Request)
		says   string
		dead   bool
		wait   time.Duration // at least
	}{
		{"200", status(200), "", false, 0},
		{"204", status(204), "", false, 0},
		{"500", status(500), "answers 500 Internal Server Error", false, 0},
		{"404", status(404), "answers 404 Not Found", false, 0},
		{"gone", status(410), "answers 410 Gone", true, 0},
		{"redirect", status(307, "Location", elsewhere.URL), "answers 307 and sends elsewhere", false, 0},
		{"too many", status(429, "Retry-After", "600"), "answers 429 Too Many Requests", false, 10 * time.Minute},
		{"until a date", status(503, "Retry-After", time.Now().Add(time.Hour).UTC().Format(http.TimeFormat)), "answers 503", false, 59 * time.Minute},
		{"hangs up", func(w http.ResponseWriter, _ *http.Request) { panic(http.ErrAbortHandler) }, "post to http://127.0.0.1:", false, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := filePost(t)
			h := newHook(t, tt.answer)
			id := p.card()
			if _, err := p.Subscribe(t.Context(), kanban.Sub{Task: id, Platform: "webhook", ChatID: "hook"}); err != nil {
				t.Fatal(err)
			}
			p.block(id)
			r := p.once(h.target())
			if requests, _ := h.received(); len(r) != 1 || len(requests) != 1 {
				t.Fatalf("%d reports of %d requests", len(r), len(requests))
			}
			got := r[0]
			if !strings.Contains(got.Error, tt.says) || (got.Error == "") != (tt.says == "") || strings.Contains(got.Error, "s3cret") {
				t.Errorf("it says %q, want %q and no secret", got.Error, tt.says)
			}
			if dead := !got.Target.DeadSince.IsZero(); dead != tt.dead {
				t.Errorf("dead: %t", dead)
			}
			if rest := got.Target.NextAt.Sub(p.now); tt.says != "" && rest < tt.wait {
				t.Errorf("it rests %s, want %s at least", rest, tt.wait)
			}
		})
	}
	if requests, _ := elsewhere.received(); len(requests) != 0 {
		t.Errorf("a redirection was followed %d times", len(requests))
	}
}

// A long payload is left out, and the message stays small.
func TestLongPayloadIsLeftOut(t *testing.T) {
	p := filePost(t)
	h := newHook(t, status(200))
	id := p.card()
	if _, err := p.Subscribe(t.Context(), kanban.Sub{Task: id, Platform: "webhook", ChatID: "hook"}); err != nil {
		t.Fatal(err)
	}
	if _, err := p.Block(t.Context(), id, kanban.Block{Reason: strings.Repeat("é", 100_000)}); err != nil {
		t.Fatal(err)
	}
	p.once(h.target())
	_, bodies := h.received()
	if n := len(bodies[0]); n > 4096 || !strings.Contains(string(bodies[0]), "é…") {
		t.Errorf("the body has %d bytes", n)
	}
}

func TestShoutrrr(t *testing.T) {
	h := newHook(t, status(200))
	send := func(url string) error {
		return Test(t.Context(), "ops", config.Target{Kind: config.Shoutrrr, URL: url})
	}
	url := strings.Replace(h.URL, "http://", "generic+http://", 1) + "/s3cretpath?token=s3crettoken"
	if err := send(url); err != nil {
		t.Fatal(err)
	}
	_, bodies := h.received()
	if len(bodies) != 1 || !strings.Contains(string(bodies[0]), "andon reaches ops") {
		t.Errorf("it got %q", bodies)
	}
	h.answer = status(500)
	for _, bad := range []string{url, "slack://s3cret:token-token@channel", "nosuch://s3crettoken@x", "generic://%zzs3cret"} {
		if err := send(bad); err == nil || strings.Contains(err.Error(), "s3cret") || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v, want an error without what is secret", bad, err)
		} else {
			t.Log(err)
		}
	}
}

func TestDesktopArguments(t *testing.T) {
	const text = `"; do evil -- <b>&`
	if got, want := fmt.Sprintf("%q", desktop{"linux"}.argv("andon ops", text)), fmt.Sprintf("%q", []string{"notify-send", "--app-name=andon", "--", "andon ops",
		"&#34;; do evil -- &lt;b&gt;&amp;"}); got != want {
		t.Errorf("on Linux: %s, want %s", got, want)
	}
	mac := desktop{"darwin"}.argv("andon ops", text)
	if n := len(mac); mac[0] != "osascript" || mac[n-1] != text || mac[n-2] != "andon ops" || mac[n-3] != "--" || strings.Contains(strings.Join(mac[:n-2], " "), "evil") {
		t.Errorf("on macOS: %q", mac)
	}
}
