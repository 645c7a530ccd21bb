package mcp

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"andon/kanban"
)

// pipes is a listener within this process, whose time a test can let pass.
type pipes struct {
	conns chan net.Conn
	done  chan struct{}
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.done:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error {
	select {
	case <-p.done:
	default:
		close(p.done)
	}
	return nil
}

func (p *pipes) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 1} }

// speak serves one connection, on which it sends the words of a request, and tells the
// answer, after which the connection must end.
func speak(t *testing.T, serve func(context.Context, net.Listener) error, request string) *http.Response {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	l := &pipes{make(chan net.Conn), make(chan struct{})}
	served := make(chan error, 1)
	go func() { served <- serve(ctx, l) }()
	client, server := net.Pipe()
	_ = client.SetDeadline(time.Now().Add(24 * time.Hour)) // pipes have one
	l.conns <- server
	go func() { _, _ = io.WriteString(client, request) }()
	answer, err := http.ReadResponse(bufio.NewReader(client), nil)
	if err != nil {
		stop()
		t.Fatalf("there is no answer: %v", err)
	}
	if _, err := io.ReadAll(answer.Body); err != nil {
		t.Error(err)
	}
	if _, err := client.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
		t.Errorf("the connection stays: %v", err)
	}
	stop()
	if err := <-served; err != nil {
		t.Error(err)
	}
	return answer
}

// Who has no token, calls the server by another name or names no session of his holds
// no connection by sending slowly, or not at all: he is refused, and that ends it.
func TestSlowBodiesOfTheRefused(t *testing.T) {
	for name, c := range map[string]struct {
		header string
		want   int
	}{
		"no token":            {"Host: localhost\r\nContent-Length: 100\r\n", 401},
		"no token, no length": {"Host: localhost\r\nTransfer-Encoding: chunked\r\n", 401},
		"another name":        {"Host: evil.example\r\nContent-Length: 100\r\n", 403},
		"no session": {"Host: localhost\r\nContent-Length: 100\r\nAuthorization: Bearer good\r\nMcp-Session-Id: none\r\n" +
			"Content-Type: application/json\r\nAccept: application/json, text/event-stream\r\n", 404},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := HTTP{Know: func(_ context.Context, _, token string) (Bearer, error) {
					if token != "good" {
						return Bearer{}, &kanban.Error{Code: kanban.Denied, Msg: "no"}
					}
					return Bearer{ID: "one"}, nil
				}}
				if answer := speak(t, h.Serve, "POST /mcp HTTP/1.1\r\n"+c.header+"\r\n{"); answer.StatusCode != c.want {
					t.Errorf("the answer is %s, want %d", answer.Status, c.want)
				}
			})
		})
	}
}

// A body is waited for as long as some of it comes now and then; and when it is all
// there, what is asked may take its time.
func TestBodiesAreAwaited(t *testing.T) {
	for name, c := range map[string]struct {
		length string
		ends   bool
	}{"all of it": {"Content-Length: 5\r\nConnection: close", true}, "not all of it": {"Content-Length: 6", false}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				serve := func(ctx context.Context, l net.Listener) error {
					s := http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
						_, err := io.ReadAll(awaited{r.Body, http.NewResponseController(w)})
						if (err == nil) != c.ends {
							t.Errorf("reading it: %v", err)
						}
						<-time.After(2 * patience) // by the test's own clock
						if c.ends && r.Context().Err() != nil {
							t.Error("the request ends before it is answered")
						}
					})}
					go func() { <-ctx.Done(); _ = s.Close() }()
					if err := s.Serve(l); !errors.Is(err, http.ErrServerClosed) {
						return err
					}
					return nil
				}
				speak(t, serve, "POST / HTTP/1.1\r\nHost: localhost\r\n"+c.length+"\r\n\r\nhello")
			})
		})
	}
}
