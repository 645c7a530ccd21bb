package cli

import (
	"encoding/xml"
	"io"
	"strings"
	"testing"
)

// Definitions name the program and the home whatever is in their paths, and leave the
// workers alone when the dispatcher stops.
func TestServiceDefinitions(t *testing.T) {
	unit := systemdUnit(`/opt/my "tools"/andon`, "run", `/home/50%/$x`)
	for _, want := range []string{`ExecStart="/opt/my \"tools\"/andon" run --home "/home/50%%/$$x"` + "\n", "\nType=notify\n", "\nKillMode=process\n",
		"\nOOMPolicy=continue\n", "\nWatchdogSec=", "\nRestart=on-failure\n"} {
		if !strings.Contains(unit, want) {
			t.Errorf("the unit lacks %q:\n%s", want, unit)
		}
	}
	plist := launchdPlist("l", "/a&b/andon", "serve", "/<home>", "/log")
	d := xml.NewDecoder(strings.NewReader(plist))
	var words []string
	for {
		token, err := d.Token()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if c, ok := token.(xml.CharData); ok && strings.TrimSpace(string(c)) != "" {
			words = append(words, string(c))
		}
	}
	if got := strings.Join(words, " "); !strings.Contains(got, "/a&b/andon serve --home /<home>") || !strings.Contains(plist, "<key>AbandonProcessGroup</key><true/>") {
		t.Errorf("the list says %q", got)
	}
}

func TestServiceElsewhere(t *testing.T) {
	o := &service{app: &app{IO: IO{Env: func(string) string { return "" }, UserHome: t.TempDir(), Self: "andon"}}}
	if _, err := o.define("plan9", "run"); err == nil || !strings.Contains(err.Error(), "neither systemd nor launchd") {
		t.Errorf("%v", err)
	}
}
