package netguard

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

func TestCheck(t *testing.T) {
	for a, why := range map[string]string{
		"8.8.8.8": "", "1.1.1.1": "", "192.0.1.1": "", "172.15.0.1": "", "172.32.0.1": "", "100.63.255.255": "", "100.128.0.1": "",
		"2606:4700::1111": "", "2a00:1450::1": "", "::ffff:8.8.8.8": "",

		"127.0.0.1": "loopback", "127.255.0.1": "loopback", "::1": "loopback", "::ffff:127.0.0.1": "loopback",
		"0.0.0.0": "this host", "0.1.2.3": "this host", "::": "this host", "::ffff:0.0.0.0": "this host",
		"10.0.0.1": "private", "172.16.0.1": "private", "172.31.255.255": "private", "192.168.1.1": "private", "::ffff:10.0.0.1": "private",
		"fc00::1": "unique-local", "fdff::1": "unique-local",
		"169.254.1.1": "link-local", "fe80::1": "link-local", "fec0::1": "site-local",
		"100.64.0.1": "CGNAT", "100.127.255.255": "CGNAT",
		"224.0.0.1": "multicast", "239.1.1.1": "multicast", "ff02::1": "multicast", "255.255.255.255": "broadcast", "240.0.0.1": "reserved",
		"169.254.169.254": "metadata", "::ffff:169.254.169.254": "metadata", "fd00:ec2::254": "metadata", "168.63.129.16": "metadata",
		"100.100.100.200": "metadata", "192.0.0.192": "metadata",
		"64:ff9b::7f00:1": "NAT64", "64:ff9b::808:808": "NAT64", "64:ff9b:1::1": "NAT64",
		"2002:7f00:1::": "6to4", "2001::1": "Teredo", "::127.0.0.1": "hides an IPv4", "::8.8.8.8": "hides an IPv4",
		"192.0.2.1": "documentation", "198.51.100.1": "documentation", "203.0.113.1": "documentation", "2001:db8::1": "documentation", "3fff::1": "documentation",
		"198.18.0.1": "measurements", "192.88.99.1": "relay", "100::1": "reserved", "4000::1": "reserved", "5f00::1": "reserved",
		"fe80::1%eth0": "one network interface", "2606:4700::1111%eth0": "one network interface",
	} {
		err := Check(netip.MustParseAddr(a))
		if (err == nil) != (why == "") || err != nil && !strings.Contains(err.Error(), why) {
			t.Errorf("Check(%s) = %v, want %q", a, err, why)
		}
	}
	if Check(netip.Addr{}) == nil {
		t.Error("no address at all passed")
	}
}

func TestParse(t *testing.T) {
	for raw, why := range map[string]string{
		"http://example.org/a": "", "https://example.org": "", " https://example.org/a?b=c ": "",
		"": "scheme", "example.org/a": "scheme", "file:///etc/passwd": "scheme", "ftp://example.org/": "scheme", "gopher://x/": "scheme",
		"unix:///var/run/docker.sock": "scheme", "http:///a": "no host", "http://": "no host", "https://:80/": "no host",
		"http://ada:secret@example.org/": "name or a password", "http://ada@example.org/": "name or a password", "http://%zz/?secret": "no URL", "http://a b/": "no URL",
	} {
		_, err := Parse(raw)
		if (err == nil) != (why == "") || err != nil && !strings.Contains(err.Error(), why) {
			t.Errorf("Parse(%q): %v, want %q", raw, err, why)
		}
		if err != nil && strings.Contains(err.Error(), "secret") {
			t.Errorf("Parse(%q) tells what is secret: %v", raw, err)
		}
	}
}

// permit lets just these servers pass.
func permit(servers ...*httptest.Server) func(netip.AddrPort) bool {
	return func(to netip.AddrPort) bool {
		for _, s := range servers {
			if s.Listener.Addr().String() == netip.AddrPortFrom(to.Addr().Unmap(), to.Port()).String() {
				return true
			}
		}
		return false
	}
}

func serve(t *testing.T, h http.HandlerFunc) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s
}

func get(t *testing.T, g Guard, address string, limit int64) (Found, string, error) {
	t.Helper()
	u, err := Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	found, err := g.Get(t.Context(), u, limit)
	if err != nil {
		return found, "", err
	}
	defer found.Body.Close()
	text, err := io.ReadAll(found.Body)
	return found, string(text), err
}

// mustRefuse fails the test unless the address was refused, for that reason.
func mustRefuse(t *testing.T, err error, words ...string) {
	t.Helper()
	if _, ok := errors.AsType[*Refused](err); !ok {
		t.Errorf("got %v, want a refusal", err)
		return
	}
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("the refusal %q does not say %q", err, w)
		}
	}
}

func TestGet(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "" || r.Header.Get("Cookie") != "" {
			t.Errorf("%s was asked for with %v", r.URL, r.Header)
		}
		switch r.URL.Path {
		case "/named":
			w.Header().Set("Content-Disposition", `attachment; filename="../r.txt"`)
		case "/umlaut":
			w.Header().Set("Content-Disposition", `attachment; filename*=UTF-8''%C3%BCber.txt`)
		case "/odd":
			w.Header()["Content-Type"] = []string{"no such thing"}
			w.Header().Set("Content-Disposition", `;;`)
		case "/gone":
			w.WriteHeader(http.StatusGone)
		case "/empty":
			w.WriteHeader(http.StatusNoContent)
			return
		}
		fmt.Fprint(w, "body")
	})
	g := Guard{Permit: permit(s)}
	for path, want := range map[string][2]string{
		"/named": {"../r.txt", "text/plain; charset=utf-8"}, "/umlaut": {"über.txt", "text/plain; charset=utf-8"},
		"/odd": {"odd", ""}, "/a/b%20c.pdf?q=1": {"b c.pdf", "text/plain; charset=utf-8"}, "/": {"", "text/plain; charset=utf-8"},
	} {
		found, text, err := get(t, g, s.URL+path, 100)
		if err != nil || text != "body" || [2]string{found.Name, found.ContentType} != want {
			t.Errorf("%s: %q %q %q, %v; want %q", path, found.Name, found.ContentType, text, err, want)
		}
	}
	for path, want := range map[string]string{"/gone": "410 Gone", "/empty": "204 No Content"} {
		if _, _, err := get(t, g, s.URL+path, 100); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", path, err, want)
		}
	}
}

// Nothing on this host is reached that was not permitted, and not even knocked at.
func TestLocalServersAreNotReached(t *testing.T) {
	var reached atomic.Int32
	s := serve(t, func(http.ResponseWriter, *http.Request) { reached.Add(1) })
	_, port, err := net.SplitHostPort(s.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	for _, host := range []string{"127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "[::1]", "0.0.0.0", "[::]", "127.1.2.3"} {
		_, _, err := get(t, Guard{}, "http://"+host+":"+port+"/", 100)
		mustRefuse(t, err, "is refused")
	}
	_, _, err = get(t, Guard{}, "http://[::ffff:127.0.0.1]:"+port+"/", 100)
	mustRefuse(t, err, "127.0.0.1", "loopback")
	if n := reached.Load(); n > 0 {
		t.Errorf("the server was reached %d times", n)
	}
}

// fetchEnv makes a process of this binary fetch an address, through what it
// permits, and say what came of it.
const fetchEnv = "ANDON_TEST_FETCH"

func TestMain(m *testing.M) {
	if address, server, ok := strings.Cut(os.Getenv(fetchEnv), " "); ok {
		u, err := Parse(address)
		if err == nil {
			g := Guard{Permit: func(to netip.AddrPort) bool { return to.String() == server }}
			_, err = g.Get(context.Background(), u, 100)
		}
		fmt.Println(err)
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// The environment's proxy would be the one to connect, and judge nothing. A
// process looks for one but once, so this one is new.
func TestNoProxyOfTheEnvironment(t *testing.T) {
	var reached atomic.Int32
	proxy := serve(t, func(w http.ResponseWriter, r *http.Request) { reached.Add(1) })
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), fetchEnv+"=http://10.0.0.1/ "+proxy.Listener.Addr().String(),
		"HTTP_PROXY="+proxy.URL, "http_proxy="+proxy.URL, "ALL_PROXY="+proxy.URL, "NO_PROXY=", "no_proxy=")
	out, err := cmd.CombinedOutput()
	if want := "the address 10.0.0.1 is refused: it is private\n"; err != nil || string(out) != want {
		t.Errorf("got %q, %v; want %q", out, err, want)
	}
	if reached.Load() > 0 {
		t.Error("the proxy was asked")
	}
}

// Each hop is judged as the first is, and there are not many.
func TestRedirects(t *testing.T) {
	var private atomic.Int32
	inner := serve(t, func(http.ResponseWriter, *http.Request) { private.Add(1) })
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Referer") != "" {
			t.Errorf("the server is told of %s", r.Header.Get("Referer"))
		}
		to := map[string]string{
			"/inner": inner.URL, "/file": "file:///etc/passwd", "/login": "http://ada:x@example.org/",
			"/metadata": "http://169.254.169.254/latest", "/loop": "/loop",
		}[r.URL.Path]
		if n := strings.TrimPrefix(r.URL.Path, "/hops/"); n != r.URL.Path && n != "" {
			to = "/hops/" + n[1:]
		}
		if to == "" {
			fmt.Fprint(w, "there")
			return
		}
		http.Redirect(w, r, to, http.StatusFound)
	})
	g := Guard{Permit: permit(s)}
	_, _, err := get(t, g, s.URL+"/inner", 100)
	mustRefuse(t, err, "127.0.0.1", "loopback")
	if private.Load() > 0 {
		t.Error("the inner server was reached")
	}
	_, _, err = get(t, g, s.URL+"/metadata", 100)
	mustRefuse(t, err, "169.254.169.254", "metadata")
	for path, want := range map[string]string{"/file": `scheme is "file"`, "/login": "password", "/loop": "more than 5 times", "/hops/xxxxxx": "more than 5 times"} {
		if _, _, err := get(t, g, s.URL+path, 100); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", path, err, want)
		}
	}
	if _, text, err := get(t, g, s.URL+"/hops/xxxxx", 100); text != "there" || err != nil {
		t.Errorf("five hops: %q, %v", text, err)
	}
}

// No more is read than there may be, whatever the server says of it.
func TestLimit(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/said" {
			w.Header().Set("Content-Length", "1000000")
			return
		}
		for i := 0; i < 1<<20; i++ {
			if _, err := w.Write(make([]byte, 1024)); err != nil {
				return
			}
		}
	})
	g := Guard{Permit: permit(s)}
	for _, path := range []string{"/said", "/streamed"} {
		_, text, err := get(t, g, s.URL+path, 5000)
		if err == nil || !strings.Contains(err.Error(), "more than 5000 bytes") || len(text) > 5000 {
			t.Errorf("%s: %d bytes, %v", path, len(text), err)
		}
	}
}

// A server that says nothing, or stops in the middle, holds nobody for ever.
func TestTimeout(t *testing.T) {
	hold := make(chan struct{})
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/half" {
			fmt.Fprint(w, "half")
			w.(http.Flusher).Flush()
		}
		<-hold
	})
	t.Cleanup(func() { close(hold) }) // before the server is closed, which waits for it
	g := Guard{Permit: permit(s), Timeout: 50 * time.Millisecond}
	for _, path := range []string{"/silent", "/half"} {
		_, _, err := get(t, g, s.URL+path, 100)
		if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "longer than 50ms") {
			t.Errorf("%s: %v", path, err)
		}
	}
}

// A name may change its address between two questions, and have several: what is
// connected to was judged, and one address that is refused refuses the name.
func TestNames(t *testing.T) {
	var reached atomic.Int32
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		reached.Add(1)
		fmt.Fprint(w, "there")
	})
	_, port, err := net.SplitHostPort(s.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	var asked atomic.Int32
	resolver := names(t, func(name string) []string {
		switch name {
		case "inner.test.":
			return []string{"127.0.0.1"}
		case "both.test.":
			return []string{"127.0.0.1", "10.0.0.1"}
		case "rebinding.test.": // permitted at first, and then another host of the network
			if asked.Add(1) == 1 {
				return []string{"127.0.0.1"}
			}
			return []string{"10.0.0.1"}
		}
		return nil
	})
	_, _, err = get(t, Guard{Resolver: resolver}, "http://inner.test:"+port+"/", 100)
	mustRefuse(t, err, "127.0.0.1 of inner.test", "loopback")
	// Its first address may be reached, and answers; its second may not.
	_, _, err = get(t, Guard{Resolver: resolver, Permit: permit(s)}, "http://both.test:"+port+"/", 100)
	mustRefuse(t, err, "10.0.0.1 of both.test", "private")
	// The first answer is permitted; if the name were asked for again, the second
	// would count.
	g := Guard{Resolver: resolver, Permit: permit(s)}
	if _, text, err := get(t, g, "http://rebinding.test:"+port+"/", 100); text != "there" || err != nil || asked.Load() != 1 {
		t.Errorf("%q, %v, asked %d times; want what was judged to be reached", text, err, asked.Load())
	}
	_, _, err = get(t, g, "http://rebinding.test:"+port+"/", 100)
	mustRefuse(t, err, "10.0.0.1", "rebinding.test", "private")
	if n := reached.Load(); n != 1 {
		t.Errorf("the server was reached %d times, want once", n)
	}
	if _, _, err := get(t, g, "http://nowhere.test/", 100); err == nil || !strings.Contains(err.Error(), "nowhere.test") {
		t.Errorf("a name that is none: %v", err)
	}
}

// The system is about to connect to an address that passed as another one: the
// last judge is the one at the socket.
func TestDialJudgesAgain(t *testing.T) {
	var calls atomic.Int32
	s := serve(t, func(http.ResponseWriter, *http.Request) {})
	g := Guard{Permit: func(netip.AddrPort) bool { return calls.Add(1) == 1 }}
	_, _, err := get(t, g, s.URL, 100)
	mustRefuse(t, err, "loopback")
	if n := calls.Load(); n != 2 {
		t.Errorf("judged %d times, want twice", n)
	}
}

// names is a resolver whose server on this host answers with IPv4 addresses.
func names(t *testing.T, answer func(name string) []string) *net.Resolver {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	t.Cleanup(func() {
		conn.Close()
		<-done
	})
	go func() {
		defer close(done)
		for buf := make([]byte, 512); ; {
			n, from, err := conn.ReadFrom(buf)
			if err != nil {
				return
			}
			_, _ = conn.WriteTo(reply(buf[:n], answer), from)
		}
	}()
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "udp", conn.LocalAddr().String())
	}}
}

// reply answers one question of DNS; AAAA has no answers.
func reply(question []byte, answer func(string) []string) []byte {
	name, end := "", 12
	for question[end] != 0 {
		label := int(question[end])
		name += string(question[end+1:end+1+label]) + "."
		end += 1 + label
	}
	end++
	kind := binary.BigEndian.Uint16(question[end:])
	var addrs []string
	if kind == 1 {
		addrs = answer(name)
	}
	out := append([]byte{}, question[:2]...)
	flags := uint16(0x8180)
	if kind == 1 && addrs == nil {
		flags |= 3 // there is no such name
	}
	out = binary.BigEndian.AppendUint16(out, flags)
	out = append(out, 0, 1, 0, byte(len(addrs)), 0, 0, 0, 0)
	out = append(out, question[12:end+4]...)
	for _, a := range addrs {
		out = append(out, 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4)
		ip := netip.MustParseAddr(a).As4()
		out = append(out, ip[:]...)
	}
	return out
}

func TestPlainHidesSecrets(t *testing.T) {
	u, err := url.Parse("https://example.org/a%2Fb?token=x#y")
	if err != nil {
		t.Fatal(err)
	}
	if got, want := Plain(u), "https://example.org/a%2Fb"; got != want {
		t.Errorf("Plain = %q, want %q", got, want)
	}
}
