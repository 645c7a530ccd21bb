// Package netguard fetches what an agent names on the web, and nothing that only
// this host or its network can see: an address is judged when it is connected
// to, at each hop, so neither a name that changes its address nor a redirect
// leads anywhere else.
package netguard

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"path"
	"strings"
	"syscall"
	"time"
)

// Guard fetches. Its zero value is the ordinary one.
type Guard struct {
	// Permit lets an address pass that would be refused. It is for tests, whose
	// servers are on this host. Nil: none.
	Permit func(netip.AddrPort) bool

	Resolver *net.Resolver // nil: the system's
	Timeout  time.Duration // of all of it, the body too; zero: 30 s
}

const (
	timeout   = 30 * time.Second
	redirects = 5
	headers   = 64 << 10 // bytes
)

// Found is what was fetched. Body is to be closed.
type Found struct {
	Name        string // the server's, else that of the path; may be anything, and empty
	ContentType string // media type and parameters; empty if the server gave none, or no such thing
	Body        io.ReadCloser
}

// Parse accepts the address of something on the web.
func Parse(raw string) (*url.URL, error) {
	u, err := url.Parse(strings.TrimSpace(raw))
	if err != nil {
		if ue, ok := errors.AsType[*url.Error](err); ok {
			err = ue.Err // without the address, which may hold a secret
		}
		return nil, fmt.Errorf("it is no URL: %w", err)
	}
	return u, accept(u)
}

func accept(u *url.URL) error {
	switch {
	case u.Scheme != "http" && u.Scheme != "https":
		return fmt.Errorf("its scheme is %q; only http and https are fetched", u.Scheme)
	case u.User != nil:
		return errors.New("it holds a name or a password; those are not sent")
	case u.Hostname() == "":
		return errors.New("it names no host")
	}
	return nil
}

// Plain is the address without what may be secret in it.
func Plain(u *url.URL) string {
	return (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path, RawPath: u.RawPath}).String()
}

// Get fetches what is at the address, of at most limit bytes; reading more of it
// fails. An address that must not be reached is a [*Refused] in the chain.
func (g Guard) Get(ctx context.Context, u *url.URL, limit int64) (Found, error) {
	if err := accept(u); err != nil {
		return Found{}, err
	}
	within := g.Timeout
	if within == 0 {
		within = timeout
	}
	ctx, cancel := context.WithTimeout(ctx, within)
	found, err := g.get(ctx, u, limit)
	if err != nil {
		cancel()
		return Found{}, told(err, within)
	}
	found.Body = &body{found.Body, cancel, within}
	return found, nil
}

func (g Guard) get(ctx context.Context, u *url.URL, limit int64) (Found, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return Found{}, err
	}
	req.Header.Set("User-Agent", "andon")
	req.Header.Set("Accept", "*/*")
	client := http.Client{
		// No proxy, whatever the environment says: it would be the one to connect.
		Transport: &http.Transport{
			DialContext: g.dial, DisableKeepAlives: true, DisableCompression: true,
			TLSHandshakeTimeout: timeout, MaxResponseHeaderBytes: headers,
		},
		CheckRedirect: func(req *http.Request, via []*http.Request) error {
			if len(via) > redirects {
				return fmt.Errorf("it was redirected more than %d times", redirects)
			}
			req.Header.Del("Referer") // the next server has no business with the last address
			if err := accept(req.URL); err != nil {
				return fmt.Errorf("it is redirected to %s: %w", Plain(req.URL), err)
			}
			return nil
		},
	}
	res, err := client.Do(req)
	if err != nil {
		return Found{}, err
	}
	switch {
	case res.StatusCode != http.StatusOK:
		err = fmt.Errorf("the server answers %q", res.Status)
	case res.ContentLength > limit:
		err = &http.MaxBytesError{Limit: limit}
	}
	if err != nil {
		res.Body.Close()
		return Found{}, err
	}
	return Found{
		Name: name(res.Header.Get("Content-Disposition"), u), ContentType: mediaType(res.Header.Get("Content-Type")),
		Body: http.MaxBytesReader(nil, res.Body, limit),
	}, nil
}

// dial connects to a host only if every address that it has may be reached: one
// that has a public address and a private one, too, means no good. What is then
// connected to is judged again, as the system is about to do it.
func (g Guard) dial(ctx context.Context, network, address string) (net.Conn, error) {
	host, service, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	if a, err := netip.ParseAddr(host); err == nil && a.Zone() != "" { // which looking it up could lose
		return nil, Check(a)
	}
	resolver := g.Resolver
	if resolver == nil {
		resolver = net.DefaultResolver
	}
	port, err := resolver.LookupPort(ctx, network, service)
	if err != nil {
		return nil, err
	}
	addrs, err := resolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return nil, err
	}
	for _, a := range addrs {
		if err := g.check(host, netip.AddrPortFrom(a, uint16(port))); err != nil {
			return nil, err
		}
	}
	d := net.Dialer{Control: func(_, address string, _ syscall.RawConn) error {
		to, err := netip.ParseAddrPort(address)
		if err != nil {
			return err
		}
		return g.check(host, to)
	}}
	var failed error
	for _, a := range addrs {
		conn, err := d.DialContext(ctx, network, netip.AddrPortFrom(a, uint16(port)).String())
		if err == nil {
			return conn, nil
		}
		failed = errors.Join(failed, err)
	}
	return nil, failed
}

func (g Guard) check(host string, to netip.AddrPort) error {
	err := Check(to.Addr())
	if err == nil || g.Permit != nil && g.Permit(to) {
		return nil
	}
	if r, ok := errors.AsType[*Refused](err); ok {
		r.Host = host
	}
	return err
}

// name is what the file is called: by the server, else by the path.
func name(disposition string, u *url.URL) string {
	if _, params, err := mime.ParseMediaType(disposition); err == nil && params["filename"] != "" {
		return params["filename"]
	}
	if leaf := path.Base(u.Path); leaf != "." && leaf != "/" {
		return leaf
	}
	return ""
}

func mediaType(header string) string {
	kind, params, err := mime.ParseMediaType(header)
	if err != nil || !strings.Contains(kind, "/") {
		return ""
	}
	text := mime.FormatMediaType(kind, params)
	if len(text) > 255 || strings.Contains(text, "`") { // the server's words end up before an agent
		return ""
	}
	return text
}

// body ends the fetch when it is closed.
type body struct {
	io.ReadCloser
	cancel context.CancelFunc
	within time.Duration
}

func (b *body) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err != nil && err != io.EOF {
		err = told(err, b.within)
	}
	return n, err
}

func (b *body) Close() error {
	defer b.cancel()
	return b.ReadCloser.Close()
}

// told is an error in one sentence, without the address, which the caller names.
func told(err error, within time.Duration) error {
	if r, ok := errors.AsType[*Refused](err); ok {
		return r
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("it took longer than %s: %w", within, context.DeadlineExceeded)
	}
	if m, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return fmt.Errorf("it has more than %d bytes, the most that is fetched", m.Limit)
	}
	if ue, ok := errors.AsType[*url.Error](err); ok {
		return ue.Err
	}
	return err
}
