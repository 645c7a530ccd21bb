package cli

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"strings"
	"testing"

	"andon/internal/netguard"
	"andon/internal/view"
	"andon/kanban"
)

// A file of the web is kept under the name that its server, its address or the
// caller gives it; what is refused, too large or not there keeps nothing.
func TestAttachFromTheWeb(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/named":
			w.Header().Set("Content-Disposition", `attachment; filename="../../r.csv"`)
			w.Header().Set("Content-Type", "text/csv")
		case "/dots":
			w.Header().Set("Content-Disposition", `attachment; filename=".."`)
		case "/big":
			for range kanban.MaxAttachment>>20 + 1 {
				w.Write(make([]byte, 1<<20))
			}
		case "/gone":
			w.WriteHeader(http.StatusGone)
		}
		w.Write([]byte("body"))
	}))
	defer s.Close()
	p := newPlace(t)
	id := string(p.create(t, kanban.Draft{Title: "x"}).ID)
	call := func(web netguard.Guard, args ...string) (int, string, string) {
		t.Helper()
		var out, errs bytes.Buffer
		io := p.io(&out, &errs)
		io.Web = web
		return Main(t.Context(), append([]string{"attach", id, "--json"}, args...), io), out.String(), errs.String()
	}
	web := netguard.Guard{Permit: func(to netip.AddrPort) bool {
		return netip.AddrPortFrom(to.Addr().Unmap(), to.Port()).String() == s.Listener.Addr().String()
	}}
	for _, c := range []struct {
		args       []string
		name, kind string
	}{
		{[]string{"--url", s.URL + "/named"}, "r.csv", "text/csv"},
		{[]string{"--url", s.URL + "/a/letter.txt?q=1"}, "letter.txt", "text/plain; charset=utf-8"},
		{[]string{"--url", s.URL + "/"}, "download", "text/plain; charset=utf-8"},
		{[]string{"--url", s.URL + "/dots"}, "download (1)", "text/plain; charset=utf-8"},
		{[]string{"--url", s.URL + "/named", "--name", "mine.txt", "--content-type", "text/x-mine"}, "mine.txt", "text/x-mine"},
	} {
		code, out, errs := call(web, c.args...)
		var a view.Attachment
		if err := json.Unmarshal([]byte(out), &a); err != nil || code != 0 {
			t.Errorf("%q exits %d: %s %v", c.args, code, errs, err)
			continue
		}
		if a.Filename != c.name || a.ContentType == nil || *a.ContentType != c.kind || a.Size != 4 {
			t.Errorf("%q keeps %s", c.args, out)
		}
		if text, err := os.ReadFile(a.StoredPath); string(text) != "body" || err != nil {
			t.Errorf("%s holds %q, %v", a.StoredPath, text, err)
		}
	}
	before, err := p.Attachments(t.Context(), kanban.TaskID(id))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		web  netguard.Guard
		path string
		want string
	}{
		{web, "/big", "26214400 bytes"}, {web, "/gone?token=secret", "410 Gone"}, {netguard.Guard{}, "/named?token=secret", "is refused: it is loopback"},
	} {
		code, out, errs := call(c.web, "--url", s.URL+c.path)
		if code != 1 || out != "" || !strings.Contains(errs, c.want) || strings.Contains(errs, "secret") || strings.Count(errs, "\n") != 1 {
			t.Errorf("%s exits %d: %q %q, want %q", c.path, code, out, errs, c.want)
		}
	}
	if after, err := p.Attachments(t.Context(), kanban.TaskID(id)); err != nil || len(after) != len(before) {
		t.Errorf("%d files, %v; want the %d of before", len(after), err, len(before))
	}
	entries, err := os.ReadDir(p.home + "/kanban/attachments/" + id)
	if err != nil || len(entries) != len(before) {
		t.Errorf("%d files are on disk, %v; want %d", len(entries), err, len(before))
	}
}
