package mcp

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/modelcontextprotocol/go-sdk/auth"
	"github.com/modelcontextprotocol/go-sdk/mcp"

	"andon/internal/view"
	"andon/kanban"
)

// Bearer is who has shown a token at a board.
type Bearer struct {
	ID      string    // of this token at this board; nothing of its words
	Expires time.Time // zero: not by itself

	// Sit opens the board; one that is not there is [kanban.NotFound]. free lets go of what that took, and fresh says whether the
	// board is still the one that was opened.
	Sit func(context.Context) (s *Server, fresh func() bool, free func() error, err error)
}

// HTTP serves many agents over streamable HTTP: the default board at /mcp, each at
// /mcp/NAME. Whoever has no token learns nothing but that it is there (/healthz).
type HTTP struct {
	// Know tells who bears a token at a board; no name is the default board. A token
	// that is none is refused with [kanban.Denied].
	Know func(ctx context.Context, board, token string) (Bearer, error)

	Names    []string // hosts by whose names it is called, beside those of this machine
	Anywhere bool     // also by the addresses that others reach it at
	Warn     func(error)

	mu    sync.Mutex
	seats map[string]*seat // by the ids of their bearers
}

const (
	// grace is for what is being answered when the server is stopped.
	grace = 5 * time.Second

	// patience is how long an agent may take to take what it is sent: one that has
	// stopped to read must not keep the others of its token from what they are told.
	// It may be as slow to go on with what it sends.
	patience = 30 * time.Second

	// hurry is for the header of a request, and then for all that follows it from one
	// who is refused: whoever may say nothing holds no connection by saying it slowly.
	hurry = 10 * time.Second

	// forgotten is when a session of which nothing was heard is closed. Its agent
	// begins another if it comes back.
	forgotten = 24 * time.Hour
)

// Serve answers at the listener until the context ends.
func (h *HTTP) Serve(ctx context.Context, l net.Listener) error {
	life, end := context.WithCancel(context.WithoutCancel(ctx))
	defer end()
	h.seats = map[string]*seat{}
	server := &http.Server{
		Handler: h.handler(ctx, life), ReadHeaderTimeout: hurry, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10,
		ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelError), // of connections that broke
	}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(l) }()
	sweeping, rest := context.WithCancel(ctx)
	var sweeper sync.WaitGroup
	sweeper.Go(func() { h.sweep(sweeping) })
	var err error
	select {
	case err = <-ended:
	case <-ctx.Done():
		late, free := context.WithTimeout(life, grace)
		_ = server.Shutdown(late) // what is late is given up
		free()
		<-ended
	}
	rest()
	sweeper.Wait()
	end()
	h.clear()
	if closing := server.Close(); err == nil {
		err = closing
	}
	return err
}

type seatKey struct{}

// handler looks at who asks before anything of the request is read. Long answers end
// with ctx, and whatever is being done with life.
func (h *HTTP) handler(ctx, life context.Context) http.Handler {
	streams := mcp.NewStreamableHTTPHandler(func(r *http.Request) *mcp.Server {
		s, _ := r.Context().Value(seatKey{}).(*mcp.Server)
		return s
	}, &mcp.StreamableHTTPOptions{
		MaxRequestBodyBytes: maxLine, SessionTimeout: forgotten,
		DisableLocalhostProtection: true, // ours knows more names
	})
	seated := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Del("WWW-Authenticate")
		who := r.Context().Value(bearerKey{}).(*Bearer)
		server, err := h.sit(life, *who, r.Method == http.MethodPost && r.Header.Get("Mcp-Session-Id") == "")
		if err != nil {
			refuse(w, err)
			return
		}
		until, cancel := context.WithCancel(context.WithValue(r.Context(), seatKey{}, server))
		defer cancel()
		if r.Method == http.MethodGet {
			defer context.AfterFunc(ctx, cancel)()
		}
		control := http.NewResponseController(w)
		defer control.SetWriteDeadline(time.Time{}) // the connection may be used again, much later
		r = r.WithContext(until)
		r.Body = awaited{r.Body, control}
		streams.ServeHTTP(patient{w, control}, r)
	})
	verify := func(ctx context.Context, token string, r *http.Request) (*auth.TokenInfo, error) {
		who, err := h.Know(ctx, r.PathValue("board"), token)
		switch kanban.CodeOf(err) {
		case kanban.Denied, kanban.Conflict:
			return nil, fmt.Errorf("%w: %w", auth.ErrInvalidToken, err)
		}
		if err != nil { // which is not for everybody to read
			h.warn(err)
			return nil, errors.New("it cannot be said just now who has this token; try again")
		}
		*r.Context().Value(bearerKey{}).(*Bearer) = who
		return &auth.TokenInfo{UserID: who.ID, Expiration: who.Expires}, nil
	}
	known := auth.RequireBearerToken(verify, &auth.RequireBearerTokenOptions{AllowMissingExpiration: true})(seated)
	asked := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("WWW-Authenticate", `Bearer realm="andon"`)
		known.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), bearerKey{}, &Bearer{})))
	})
	mux := http.NewServeMux()
	mux.Handle("/mcp", asked)
	mux.Handle("/mcp/{$}", asked)
	mux.Handle("/mcp/{board}", asked)
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("ok\n")) })
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ContentLength != 0 { // the server reads the rest of it before it answers
			_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(hurry))
		}
		switch {
		case !h.called(r.Host):
			http.Error(w, "this is not a server of that name", http.StatusForbidden)
		case !sameOrigin(r):
			http.Error(w, "a page of another origin asks, and is not answered", http.StatusForbidden)
		default:
			mux.ServeHTTP(w, r)
		}
	})
}

type bearerKey struct{}

// refuse tells a client why it is not served.
func refuse(w http.ResponseWriter, err error) {
	status := http.StatusInternalServerError
	switch kanban.CodeOf(err) {
	case kanban.Denied, kanban.Conflict:
		w.Header().Set("WWW-Authenticate", `Bearer realm="andon", error="invalid_token"`)
		status = http.StatusUnauthorized
	case kanban.NotFound:
		status = http.StatusNotFound
	case kanban.Busy:
		status = http.StatusServiceUnavailable
	}
	http.Error(w, view.Plain(err.Error()), status)
}

// called says whether a name is one of this server. A browser that was led to this
// address by another name (DNS rebinding) gives that.
func (h *HTTP) called(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.ToLower(strings.Trim(host, "[]"))
	if host == "localhost" || slices.Contains(h.Names, host) {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && (ip.IsLoopback() || h.Anywhere)
}

// sameOrigin refuses what a browser asks for a page that came from elsewhere.
func sameOrigin(r *http.Request) bool {
	origins := r.Header.Values("Origin")
	if len(origins) == 0 {
		return true
	}
	u, err := url.Parse(origins[0])
	return err == nil && len(origins) == 1 && (u.Scheme == "http" || u.Scheme == "https") && strings.EqualFold(u.Host, r.Host)
}

// awaited is a body of which more must come now and then.
type awaited struct {
	io.ReadCloser
	control *http.ResponseController
}

func (a awaited) Read(b []byte) (int, error) {
	_ = a.control.SetReadDeadline(time.Now().Add(patience))
	n, err := a.ReadCloser.Read(b)
	if err == io.EOF {
		_ = a.control.SetReadDeadline(time.Time{}) // else the answer, too, would have to come by then
	}
	return n, err
}

// patient is an answer that ends if nobody takes it.
type patient struct {
	http.ResponseWriter
	control *http.ResponseController
}

func (p patient) Write(b []byte) (int, error) {
	_ = p.control.SetWriteDeadline(time.Now().Add(patience)) // where there is none, it waits
	return p.ResponseWriter.Write(b)
}

func (p patient) Flush() { _ = p.control.Flush() } // an error comes again with the next write

func (p patient) Unwrap() http.ResponseWriter { return p.ResponseWriter }
