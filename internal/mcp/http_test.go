package mcp_test

import (
	"bufio"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"
)

// served is `andon serve` in a process of its own.
type served struct {
	h       *house
	address string // of the default board
	owner   string // the token
	stop    func() // asks it to end as a service manager does, and waits
}

// serve starts it for the test.
func (h *house) serve(args ...string) *served {
	h.t.Helper()
	cmd := h.command(nil, append([]string{"serve", "--listen", "127.0.0.1:0", "--json"}, args...)...)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		h.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		h.t.Fatal(err)
	}
	lines := bufio.NewReader(out)
	line, _ := lines.ReadBytes('\n')
	var first struct {
		Serving string
		File    string `json:"token_file"`
	}
	if err := json.Unmarshal(line, &first); err != nil {
		_ = cmd.Process.Kill()
		h.t.Fatalf("andon serve prints %q and ends with %v", line, cmd.Wait())
	}
	read := make(chan struct{})
	go func() { defer close(read); _, _ = io.Copy(io.Discard, lines) }()
	word, err := os.ReadFile(first.File)
	if err != nil {
		h.t.Error(err)
	}
	s := &served{h: h, address: first.Serving, owner: strings.TrimSpace(string(word))}
	stopped := false
	s.stop = func() {
		if stopped {
			return
		}
		stopped = true
		unknown := cmd.Process.Signal(syscall.SIGTERM) // to Windows
		if unknown != nil {
			_ = cmd.Process.Kill()
		}
		<-read
		if err := cmd.Wait(); err != nil && unknown == nil {
			h.t.Errorf("andon serve: %v", err)
		}
	}
	h.t.Cleanup(s.stop)
	return s
}

// bearing adds a token to every request.
type bearing string

func (b bearing) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("Authorization", "Bearer "+string(b))
	return many.RoundTrip(r)
}

// many keeps the connections of many clients.
var many = func() *http.Transport {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.MaxIdleConnsPerHost = 200
	return t
}()

// reach begins a session over HTTP; no board is the default one.
func (s *served) reach(token, board string, opts *mcp.ClientOptions) (*session, error) {
	address := s.address
	if board != "" {
		address += "/" + board
	}
	client := mcp.NewClient(&mcp.Implementation{Name: "test", Version: "1"}, opts)
	return begun(s.h.t.Context(), client, &mcp.StreamableClientTransport{Endpoint: address, HTTPClient: &http.Client{Transport: bearing(token)}})
}

// sit begins a session that must be begun. It ends with the test.
func (s *served) sit(token, board string, opts *mcp.ClientOptions) *session {
	s.h.t.Helper()
	session, err := s.reach(token, board, opts)
	if err != nil {
		s.h.t.Fatalf("a session at the board %q: %v", board, err)
	}
	session.t = s.h.t
	s.h.t.Cleanup(func() { _ = session.Close() }) // its server may have been stopped
	return session
}

// hello is what a client sends first.
const hello = `{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"x","version":"1"}}}`

// ask sends a request by hand, and returns its status and what came back.
func (s *served) ask(method, address, token string, change func(*http.Request), body io.Reader) (*http.Response, string) {
	s.h.t.Helper()
	r, err := http.NewRequestWithContext(s.h.t.Context(), method, address, body)
	if err != nil {
		s.h.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Accept", "application/json, text/event-stream")
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	if change != nil {
		change(r)
	}
	a, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		s.h.t.Fatalf("%s %s: %v", method, address, err)
	}
	defer a.Body.Close()
	text, err := io.ReadAll(a.Body)
	if err != nil {
		s.h.t.Fatalf("%s %s: %v", method, address, err)
	}
	return a, string(text)
}

// The owner sits at the board over HTTP as over the standard streams.
func TestServe(t *testing.T) {
	h := newHouse(t)
	h.andon("init")
	h.andon("boards", "create", "site")
	server := h.serve()
	s := server.sit(server.owner, "", nil)
	id := s.call("kanban_create", args{"title": "over HTTP", "assignee": "ada"})["task_id"].(string)
	if shown := h.andon("show", id); !strings.Contains(shown, "over HTTP") {
		t.Errorf("the card is %s", shown)
	}
	s.refused("no card t_00000000", "kanban_show", args{"task_id": "t_00000000"})
	other := server.sit(server.owner, "site", nil)
	if got := other.call("kanban_list", nil)["count"]; got != 0.0 {
		t.Errorf("the other board has %v cards", got)
	}
	if got := other.call("kanban_list", args{"board": "default"})["count"]; got != 1.0 {
		t.Errorf("the default board has %v cards, seen from the other", got)
	}
	local := h.sit(nil, nil)
	if len(local.tools) != len(s.tools) {
		t.Errorf("%d tools over HTTP, and %d over the standard streams", len(s.tools), len(local.tools))
	}
	// Sessions that are open, and their streams, do not keep it from ending.
	server.stop()
	if _, _, err := s.try("kanban_list", nil); err == nil {
		t.Error("a session outlives its server")
	}
	if got := h.andon("check"); got != "check: ok\n" {
		t.Errorf("check: %s", got)
	}
}

func TestServeReadOnly(t *testing.T) {
	h := newHouse(t)
	h.andon("init")
	server := h.serve("--read-only")
	s := server.sit(server.owner, "", nil)
	if s.tools["kanban_create"] != nil || s.tools["kanban_list"] == nil {
		t.Errorf("the tools are %v", s.tools)
	}
}

// Who has no token, calls the server by another name, or asks for a page of elsewhere,
// is told nothing; and nobody sends more than is taken.
func TestServeRefuses(t *testing.T) {
	h := newHouse(t)
	h.andon("init")
	server := h.serve()
	host := func(name string) func(*http.Request) { return func(r *http.Request) { r.Host = name } }
	origin := func(name string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set("Origin", name) }
	}
	port := server.address[strings.LastIndex(server.address, ":"):strings.LastIndex(server.address, "/")]
	root := strings.TrimSuffix(server.address, "/mcp")
	for name, c := range map[string]struct {
		method, address, token string
		change                 func(*http.Request)
		want                   int
	}{
		"no token":                 {"POST", server.address, "", nil, 401},
		"a wrong token":            {"POST", server.address, "hello", nil, 401},
		"part of the token":        {"POST", server.address, server.owner[1:], nil, 401},
		"a token that is no word":  {"POST", server.address, "a b", nil, 401},
		"no bearer":                {"POST", server.address, "", func(r *http.Request) { r.SetBasicAuth("owner", server.owner) }, 401},
		"a stream without a token": {"GET", server.address, "", nil, 401},
		"an end without a token":   {"DELETE", server.address, "", nil, 401},
		"no board, no token":       {"POST", server.address + "/nowhere", "", nil, 401},
		"no board":                 {"POST", server.address + "/nowhere", server.owner, nil, 404},
		"what no board is called":  {"POST", server.address + "/%2e%2e%2f", server.owner, nil, 404},
		"no such place":            {"POST", root + "/", server.owner, nil, 404},
		"another origin":           {"POST", server.address, server.owner, origin("https://evil.example"), 403},
		"an origin of this host":   {"POST", server.address, server.owner, origin("http://localhost:1"), 403},
		"an origin that is none":   {"POST", server.address, server.owner, origin("null"), 403},
		"its own origin":           {"POST", server.address, server.owner, origin(root), 200},
		"another origin and path":  {"GET", root + "/healthz", "", origin("https://evil.example"), 403},
		"another name":             {"POST", server.address, server.owner, host("evil.example"), 403},
		"another name, with port":  {"POST", server.address, server.owner, host("evil.example" + port), 403},
		"a name like ours":         {"POST", server.address, server.owner, host("localhost.evil.example" + port), 403},
		"another address":          {"POST", server.address, server.owner, host("192.0.2.1" + port), 403},
		"this machine's name":      {"POST", server.address, server.owner, host("localhost" + port), 200},
		"its sixth version":        {"POST", server.address, server.owner, host("[::1]" + port), 200},
		"its health":               {"GET", root + "/healthz", "", nil, 200},
		"the owner":                {"POST", server.address, server.owner, nil, 200},
	} {
		a, text := server.ask(c.method, c.address, c.token, c.change, strings.NewReader(hello))
		if a.StatusCode != c.want || a.StatusCode != 200 && (len(text) > 300 || strings.Count(text, "\n") != 1) {
			t.Errorf("%s: %d, want %d: %s", name, a.StatusCode, c.want, cut(text, 1000))
		}
		if asks := strings.HasPrefix(a.Header.Get("WWW-Authenticate"), "Bearer"); asks != (c.want == 401) {
			t.Errorf("%s: a token is asked for: %t", name, asks)
		}
	}
	// More than is taken is refused, said beforehand or not, and the server goes on.
	for name, body := range map[string]io.Reader{
		"with a length":    strings.NewReader(strings.Repeat(" ", 49<<20)),
		"without a length": io.MultiReader(io.LimitReader(spaces{}, 49<<20)),
	} {
		if a, text := server.ask("POST", server.address, server.owner, nil, body); a.StatusCode != 413 {
			t.Errorf("%s: %d %s, want 413", name, a.StatusCode, cut(text, 300))
		}
	}
	server.sit(server.owner, "", nil).call("kanban_list", nil)
}

// A session is of the token that began it: with another, it is not to be had, nor with
// the same at another board.
func TestSessionIsOfItsToken(t *testing.T) {
	h := newHouse(t)
	h.andon("init")
	h.andon("boards", "create", "site")
	server := h.serve()
	id := h.card("mine", "--assignee", "ada")
	worker := h.token(id, h.claim(id), time.Time{})
	s := server.sit(server.owner, "", nil)
	const ask = `{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"kanban_create","arguments":{"title":"stolen","assignee":"ada"}}}`
	for name, c := range map[string]struct {
		address, token string
		want           int
	}{
		"its own":         {server.address, server.owner, 200},
		"a worker's":      {server.address, worker, 403},
		"nobody's":        {server.address, "hello", 401},
		"none":            {server.address, "", 401},
		"a board's other": {server.address + "/site", server.owner, 403},
	} {
		body := ask
		if c.want == 200 {
			body = `{"jsonrpc":"2.0","id":7,"method":"ping"}`
		}
		for _, method := range []string{"POST", "DELETE"} {
			if method == "DELETE" && c.want == 200 {
				continue
			}
			a, text := server.ask(method, c.address, c.token, func(r *http.Request) {
				r.Header.Set("Mcp-Session-Id", s.ID())
				r.Header.Set("Mcp-Protocol-Version", "2025-06-18")
			}, strings.NewReader(body))
			if a.StatusCode != c.want {
				t.Errorf("%s with %s token: %d, want %d: %s", method, name, a.StatusCode, c.want, text)
			}
		}
	}
	if got := s.call("kanban_list", nil)["count"]; got != 1.0 {
		t.Errorf("there are %v cards, want the one", got)
	}
}

// spaces never end.
type spaces struct{}

func (spaces) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = ' '
	}
	return len(b), nil
}
