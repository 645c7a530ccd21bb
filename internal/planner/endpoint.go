package planner

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode/utf8"

	"andon/internal/config"
)

// endpoint asks a model by the API for chats that OpenAI's has made common.
type endpoint struct {
	config.Planner
	getenv func(string) string
	limit  time.Duration
}

const (
	connectTime = 15 * time.Second
	maxEnvelope = 4 * maxAnswer // escapes make a text longer
	maxHeaders  = 64 << 10
)

type message struct {
	Role    string `json:"role"`
	Content string `json:"content"`
}

func (e endpoint) ask(ctx context.Context, q question) (string, error) {
	key := ""
	if e.KeyEnv != "" {
		if key = strings.TrimSpace(e.getenv(e.KeyEnv)); key == "" {
			return "", fmt.Errorf("the variable %s, which is to have the endpoint's key, is not set in the environment of this process", e.KeyEnv)
		}
	}
	system := q.Instructions
	q.Instructions = "as told"
	user, err := q.json()
	if err != nil {
		return "", err
	}
	body, err := json.Marshal(map[string]any{
		"model":           e.Model,
		"messages":        []message{{"system", system}, {"user", string(user)}},
		"response_format": map[string]string{"type": "json_object"},
		"stream":          false,
	})
	if err != nil {
		return "", err
	}
	answer, err := e.post(ctx, key, body)
	// Whatever the other side sends back, it is not the key.
	answer = hide(answer, key)
	if err != nil && key != "" && strings.Contains(err.Error(), key) {
		err = errors.New(hide(err.Error(), key))
	}
	return answer, err
}

func hide(s, key string) string {
	if key == "" {
		return s
	}
	return strings.ReplaceAll(s, key, "[key]")
}

func (e endpoint) post(ctx context.Context, key string, body []byte) (string, error) {
	address := strings.TrimSuffix(strings.TrimRight(e.Endpoint, "/"), "/chat/completions") + "/chat/completions"
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return "", errors.New("the endpoint is no URL")
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", "andon")
	if key != "" {
		req.Header.Set("Authorization", "Bearer "+key)
	}
	client := http.Client{
		Transport: &http.Transport{
			Proxy: http.ProxyFromEnvironment, DialContext: (&net.Dialer{Timeout: connectTime}).DialContext, TLSHandshakeTimeout: connectTime,
			DisableKeepAlives: true, DisableCompression: true, MaxResponseHeaderBytes: maxHeaders,
		},
		// Whoever can redirect would be told idea and key that were meant for another.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	at := req.URL.Scheme + "://" + req.URL.Host
	res, err := client.Do(req)
	if err != nil {
		return "", e.told(at, err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(io.LimitReader(res.Body, maxEnvelope+1))
	switch code := res.StatusCode; {
	case code >= 300 && code < 400:
		return "", fmt.Errorf("%s answers %d and sends elsewhere, where no key is taken; write the new address into andon.yaml", at, code)
	case code != http.StatusOK:
		said := brief(complaint(text))
		if said != "" {
			said = ": " + said
		}
		return "", fmt.Errorf("%s answers %d %s%s", at, code, http.StatusText(code), said)
	case err != nil:
		return "", e.told(at, err)
	case len(text) > maxEnvelope:
		return "", fmt.Errorf("%s: %w", at, errTooLong)
	}
	return content(at, text)
}

// told is an error of the network without the address, which the caller names.
func (e endpoint) told(at string, err error) error {
	if errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("%s gave no answer within %s", at, config.Duration(e.limit))
	}
	if u, ok := errors.AsType[*url.Error](err); ok {
		err = u.Err
	}
	return fmt.Errorf("ask %s: %w", at, err)
}

// complaint is what an answer that is no success says.
func complaint(text []byte) string {
	var said struct {
		Error json.RawMessage `json:"error"`
	}
	var object struct {
		Message string `json:"message"`
	}
	var word string
	if json.Unmarshal(text, &said) == nil {
		if json.Unmarshal(said.Error, &object) == nil && object.Message != "" {
			return object.Message
		}
		if json.Unmarshal(said.Error, &word) == nil {
			return word
		}
	}
	return string(text[:min(len(text), 4<<10)])
}

// content takes the model's words out of what the endpoint wraps around them.
func content(at string, text []byte) (string, error) {
	var v struct {
		Choices []struct {
			Message struct {
				Content *string `json:"content"`
				Refusal string  `json:"refusal"`
			} `json:"message"`
			Reason string `json:"finish_reason"`
		} `json:"choices"`
	}
	if !utf8.Valid(text) { // which decoding would pass over
		return "", fmt.Errorf("%s answers what is not UTF-8 text", at)
	}
	if err := json.Unmarshal(text, &v); err != nil || len(v.Choices) == 0 {
		return string(text[:min(len(text), maxAnswer)]), fmt.Errorf("%s answers what is no chat completion; is it the address of such an API, as http://host/v1?", at)
	}
	c := v.Choices[0]
	words := ""
	if c.Message.Content != nil {
		words = *c.Message.Content
	}
	switch {
	case len(words) > maxAnswer:
		return words[:maxAnswer], errTooLong
	case c.Reason == "length":
		return words, errors.New("the model stopped half-way, at the most that it writes; try a coarser idea or another model")
	case words == "" && c.Message.Refusal != "":
		return "", fmt.Errorf("the model refuses: %s", brief(c.Message.Refusal))
	}
	return words, nil
}
