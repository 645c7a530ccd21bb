package config

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"andon/kanban"
)

const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

func environ(pairs ...string) func(string) string {
	return func(name string) string {
		for i := 0; i < len(pairs); i += 2 {
			if pairs[i] == name {
				return pairs[i+1]
			}
		}
		return ""
	}
}

func TestTargets(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		in   string
		want Target
	}{
		{"{kind: webhook, url: \"https://h/x\", secret: " + secret + ", follow: [blocked, gave_up]}",
			Target{Kind: Webhook, URL: "https://h/x", Secrets: []string{secret}, Follow: []kanban.EventKind{"blocked", "gave_up"}}},
		{"{kind: webhook, url: \"${URL}\", secrets: [\"${NEW}\", " + secret + "]}", Target{Kind: Webhook, URL: "${URL}", Secrets: []string{"${NEW}", secret}}},
		{"{kind: command, argv: [tell, 1, \"${HOME}\"]}", Target{Kind: Command, Argv: []string{"tell", "1", "${HOME}"}}},
		{"{kind: desktop}", Target{Kind: Desktop}},
		{"{kind: shoutrrr, url: \"slack://${TOKEN}@x\"}", Target{Kind: Shoutrrr, URL: "slack://${TOKEN}@x"}},
	} {
		c, err := Parse("andon.yaml", []byte("notify:\n  targets:\n    ops: "+tt.in+"\n"))
		if err != nil {
			t.Errorf("%s: %v", tt.in, err)
			continue
		}
		if diff := cmp.Diff(tt.want, c.Notify.Targets["ops"]); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.in, diff)
		}
	}
}

func TestTargetsRefused(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ in, want string }{
		{"x: {}", "notify.targets.x.kind: no kind; give one of webhook, command, desktop, shoutrrr"},
		{"x: {kind: telegram}", `notify.targets.x.kind: "telegram" is not allowed`},
		{"X: {kind: desktop}", `"X" is no name of a target`},
		{"x: {kind: desktop}\n    x: {kind: desktop}", "notify.targets.x: set twice"},
		{"x: {kind: desktop, url: \"a://b\"}", "notify.targets.x.url: a desktop target has none; leave it out"},
		{"x: {kind: desktop, secret: s3cret}", "notify.targets.x.secret: a desktop target has none"},
		{"x: {kind: desktop, argv: [a]}", "notify.targets.x.argv: a desktop target has none"},
		{"x: {kind: desktop, color: red}", "notify.targets.x.color: unknown field; known here: argv, follow, kind, secret, secrets, url"},
		{"x: {kind: webhook, secret: " + secret + "}", "notify.targets.x: no url"},
		{"x: {kind: webhook, url: \"https://h\"}", "notify.targets.x: no secret; a webhook is signed"},
		{"x: {kind: webhook, url: \"https://h\", secret: whsec_czNjcmV0}", "notify.targets.x.secret: it is no secret of a webhook"},
		{"x: {kind: webhook, url: \"https://h\", secret: a, secrets: [b]}", "secret and secrets are both given"},
		{"x: {kind: webhook, url: \"ftp://s3cret\", secret: " + secret + "}", "notify.targets.x.url: it is no http or https URL"},
		{"x: {kind: webhook, url: \"http://%zzs3cret\", secret: " + secret + "}", "notify.targets.x.url: it is no URL"},
		{"x: {kind: shoutrrr, url: s3cret}", "notify.targets.x.url: it is no URL of a service"},
		{"x: {kind: command}", "notify.targets.x: no argv"},
		{"x: {kind: command, argv: [\" \"]}", "notify.targets.x.argv[0]"},
		{"x: {kind: desktop, follow: [archived]}", `notify.targets.x.follow[0]: "archived" is no event that is told`},
		{"x: {kind: desktop, follow: blocked}", "give a list of kinds of events"},
	} {
		_, err := Parse("andon.yaml", []byte("notify:\n  targets:\n    "+tt.in+"\n"))
		if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "s3cret") || !strings.HasPrefix(err.Error(), "andon.yaml:3:") &&
			!strings.HasPrefix(err.Error(), "andon.yaml:4:") {
			t.Errorf("%s: %v, want %q", tt.in, err, tt.want)
		}
	}
}

// The environment is read when somebody delivers, and not before.
func TestResolve(t *testing.T) {
	t.Parallel()
	hook := Target{Kind: Webhook, URL: "https://h/${PATH_X}?${A}$HOME", Secrets: []string{"${NEW}", secret}}
	got, err := hook.Resolve("ops", environ("PATH_X", "in", "A", "b", "NEW", " "+secret+"\n"))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(Target{Kind: Webhook, URL: "https://h/in?b$HOME", Secrets: []string{secret, secret}}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if hook.Secrets[0] != "${NEW}" {
		t.Error("the configuration itself was changed")
	}
	for _, tt := range []struct {
		env  func(string) string
		want string
	}{
		{environ("PATH_X", "in", "NEW", secret), "notify.targets.ops.url: the variable A is not set"},
		{environ("PATH_X", "in", "A", "b"), "notify.targets.ops.secret: the variable NEW is not set"},
		{environ("PATH_X", "in", "A", "b", "NEW", "s3cret"), "notify.targets.ops.secret: it is no secret"},
	} {
		if _, err := hook.Resolve("ops", tt.env); err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("Resolve: %v, want %q", err, tt.want)
		}
	}
}

func TestExampleTargetsWorkWhenUncommented(t *testing.T) {
	t.Parallel()
	_, after, _ := strings.Cut(string(Example()), "\nnotify:\n  targets: {}")
	c, err := Parse("andon.yaml", []byte("notify:\n  targets:"+strings.ReplaceAll(after, "\n#   ", "\n  ")))
	if err != nil {
		t.Fatal(err)
	}
	if names := strings.Join(c.TargetNames(), " "); names != "chat me ops script" {
		t.Errorf("targets %q", names)
	}
	for _, name := range c.TargetNames() {
		if _, err := c.Notify.Targets[name].Resolve(name, environ("OPS_WEBHOOK_SECRET", secret, "SLACK_TOKEN", "x")); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
