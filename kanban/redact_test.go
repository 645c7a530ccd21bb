package kanban_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"andon/kanban"
)

// The keys of these tests are put together, so that nobody's search for keys finds
// them here.
var (
	letters   = "abcdefghijABCDEFGHIJ0123456789klmnop"
	githubKey = "ghp" + "_" + letters
	skKey     = "sk" + "-proj-" + letters
	awsID     = "AK" + "IA" + "IOSFODNN7EXAMPLE"
	slackKey  = "xox" + "b-1234567890-" + letters
	jwt       = "ey" + "JhbGciOiJIUzI1NiJ9.ey" + "JzdWIiOiIxMjM0NTY3ODkwIn0." + letters
	keyLines  = strings.Repeat(letters+letters[:28]+"\n", 3)
	keyBlock  = "-----BEGIN RSA PRIVATE " + "KEY-----\n" + keyLines + "-----END RSA PRIVATE " + "KEY-----"
)

func TestRedact(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"push with " + githubKey + ".", "push with [redacted: github token]."},
		{"gho" + githubKey[3:] + "," + "ghs" + githubKey[3:], "[redacted: github token],[redacted: github token]"},
		{"(github" + "_pat_11ABCDEFG0123456789_" + letters + ")", "([redacted: github token])"},
		{"TOKEN=glp" + "at-" + letters[:20], "TOKEN=[redacted: gitlab token]"},
		{"glp" + "at-" + letters + ".01." + letters[:9] + ". Then", "[redacted: gitlab token]. Then"},
		{"OPENAI_API_KEY=" + skKey + "\n", "OPENAI_API_KEY=[redacted: secret key]\n"},
		{"sk" + "-ant-api03-" + letters + "-_" + letters, "[redacted: secret key]"},
		{"sk" + "-" + letters, "[redacted: secret key]"},
		{"sk" + "_live_" + letters, "[redacted: secret key]"},
		{awsID, "[redacted: aws key]"},
		{"aws_secret_access_key = " + letters + "/+ab", "aws_secret_access_key = [redacted: aws key]"},
		{`"SecretAccessKey": "` + letters + `/+ab"`, `"SecretAccessKey": "[redacted: aws key]"`},
		{"'" + slackKey + "'", "'[redacted: slack token]'"},
		{"a " + jwt + " b", "a [redacted: jwt] b"},
		{"before\n" + keyBlock + "\nafter", "before\n[redacted: private key]\nafter"},
		{strings.ReplaceAll(keyBlock, "\n", `\n`), "[redacted: private key]"},
		{"cut off: " + keyBlock[:150], "cut off: [redacted: private key]"},
		{"-----BEGIN OPENSSH PRIVATE " + "KEY-----" + letters + "-----END OPENSSH PRIVATE " + "KEY-----", "[redacted: private key]"},
		{"Authorization: Bearer " + letters, "Authorization: Bearer [redacted: authorization]"},
		{`curl -H "authorization: token abc12345" x`, `curl -H "authorization: token [redacted: authorization]" x`},
		{"AUTHORIZATION: Basic dXNlcjpwYXNz\r\nHost: a", "AUTHORIZATION: Basic [redacted: authorization]\r\nHost: a"},
		{`{\"Proxy-Authorization\": \"Bearer abcd1234efgh\"}`, `{\"Proxy-Authorization\": \"Bearer [redacted: authorization]\"}`},
		{"Authorization: " + letters, "Authorization: [redacted: authorization]"},
		{"postgres://ada:hunter2@db.example:5432/a", "postgres://ada:[redacted: password]@db.example:5432/a"},
		{"redis://:p@ss:w0rd@h", "redis://:[redacted: password]@h"},
		{"git clone https://x-access-token:" + githubKey + "@github.com/a/b", "git clone https://x-access-token:[redacted: github token]@github.com/a/b"},
		{"größer " + githubKey + "→", "größer [redacted: github token]→"},
		{"é" + awsID + "é", "é[redacted: aws key]é"},
		{githubKey + " " + skKey + " " + githubKey, "[redacted: github token] [redacted: secret key] [redacted: github token]"},
	} {
		if got := kanban.Redact(c.text); got != c.want {
			t.Errorf("Redact(%q)\n got %q\nwant %q", c.text, got, c.want)
		}
		if got := kanban.Redact(c.want); got != c.want {
			t.Errorf("Redact again of %q is %q", c.want, got)
		}
	}
}

// Text that only resembles a secret stays as it is.
func TestRedactLeaves(t *testing.T) {
	for _, text := range []string{
		"", "plain words", "t_1a2b3c4d", "ghp_short", "the prefix ghp_ of tokens", "xghp_" + letters,
		"sk-learn", "ask-" + letters, "sk-2024-a-branch-with-a-long-name-of-words", "risk-" + letters, "task-sk-me-anything-you-want-to-know",
		"AKIA", "AKIAshort", "AKIAiosfodnn7example1", "X" + awsID, awsID + "7", "ASIA is a continent, ASIA2026CONFERENCE too",
		"glpat-", "xoxb-hello-world-and-more", "eyJ", "eyJhbGciOiJIUzI1NiJ9", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIi",
		"commit 3f786850e387550fdab836ed7e6dc881de23001b", "sha256:" + strings.Repeat("0a1b2c3d", 8), "550e8400-e29b-41d4-a716-446655440000",
		"write -----BEGIN RSA PRIVATE " + "KEY----- on the first line", "between -----BEGIN PRIVATE " + "KEY----- and -----END PRIVATE " + "KEY-----",
		"-----BEGIN PUBLIC KEY-----\n" + keyLines + "-----END PUBLIC KEY-----", "-----BEGIN CERTIFICATE-----\n" + keyLines + "-----END CERTIFICATE-----",
		"Authorization: required for all", "authorization is a matter of trust", "Authorization: Bearer authentication", "Authorization: Basic authentication",
		`curl -H "Authorization: Bearer $TOKEN_1_OF_THE_JOB"`, "Authorization: Bearer ${{ secrets.TOKEN1 }}", "Authorization: Bearer <token-number-1>",
		"aws_secret_access_key comes from the vault", "SecretAccessKey: see the wiki",
		"https://example.com:8080/@ada:b", "https://ada@example.com", "ssh://git@host:22/a", "mailto:ada@example.com", "http://localhost:8080,admin@example.com",
		"postgres://ada:$PGPASSWORD@db/a", "postgres://ada:${PG_PASS}@db/a", "postgres://ada:{password}@db/a", "postgres://ada:***@db/a", "https://ada:%s@db/a",
		"see https://a.example/b?c=d:e@f", "time 12:30 @ noon", "://",
	} {
		if got := kanban.Redact(text); got != text {
			t.Errorf("Redact(%q) = %q", text, got)
		}
	}
}

// Whatever verb somebody's words come by, no secret among them is stored.
func TestNoVerbStoresSecrets(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	words := "see " + githubKey
	meta := json.RawMessage(`{"a":["` + skKey + `",{"b":"\u0067hp_` + letters + `"}],"n":1.50,"Authorization":"Bearer abc123456789","` + awsID + `":null}`)
	status := func(s kanban.Status) kanban.Task { return kanban.Task{ID: "t_1", Title: "a", Status: s} }
	running := status(kanban.Running)
	running.Run, running.Lock = 1, "h:1"
	run := &kanban.Run{ID: 1, Task: "t_1", Status: "running", StartedAt: now}
	draft := kanban.Draft{Title: words, Body: words}
	for name, do := range map[string]func() (any, error){
		"create": func() (any, error) {
			d, err := draft.Clean()
			if err != nil {
				return nil, err
			}
			return kanban.Create("t_1", d, nil, now)
		},
		"edit": func() (any, error) { return status(kanban.Todo).Edit(kanban.Edit{Title: &words, Body: &words}) },
		"specify": func() (any, error) {
			return status(kanban.Triage).Specify(kanban.Specification{Title: &words, Body: &words, Author: words}, now)
		},
		"decompose": func() (any, error) {
			return status(kanban.Triage).Decompose(kanban.Decomposition{Parts: []kanban.Part{{Title: words, Body: words}}, Author: words}, []kanban.TaskID{"t_2"}, nil, now)
		},
		"comment": func() (any, error) { return status(kanban.Done).Comment("ada", words, now) },
		"complete": func() (any, error) {
			return running.Complete(kanban.Report{Summary: words, Result: words, Metadata: meta, Artifacts: []string{"/" + githubKey}}, run, kanban.Witness{}, now)
		},
		"complete, refused": func() (any, error) {
			return running.Complete(kanban.Report{Summary: words, Created: []kanban.TaskID{kanban.TaskID(githubKey)}}, run, kanban.Witness{}, now)
		},
		"propose": func() (any, error) {
			return running.Propose(kanban.Report{Summary: words, Result: words, Metadata: meta}, nil, run, kanban.Witness{}, now)
		},
		"edit result": func() (any, error) {
			return status(kanban.Done).EditResult(kanban.ResultEdit{Result: words, Summary: words, Metadata: meta}, nil, now)
		},
		"block": func() (any, error) { return running.Block(kanban.Block{Reason: words, Author: "ada"}, nil, run, now) },
		"unblock": func() (any, error) {
			return status(kanban.Blocked).Unblock(kanban.Unblock{Reason: words, Author: "ada"}, nil, nil, now)
		},
		"schedule":  func() (any, error) { return running.Schedule(kanban.Schedule{Reason: words, Author: "ada"}, run, now) },
		"heartbeat": func() (any, error) { return running.Heartbeat(kanban.Heartbeat{Note: words}, run, now) },
		"review": func() (any, error) {
			return running.RequestReview(kanban.ReviewRequest{Summary: words, Reviewer: words}, run, now)
		},
		"reopen": func() (any, error) {
			return status(kanban.Review).ReopenReview(kanban.Reopening{Reason: words, Author: "ada"}, nil, nil, now)
		},
		"reclaim": func() (any, error) { return running.Reclaim(words, 1, kanban.Termination{}, run, now) },
		"promote": func() (any, error) {
			return status(kanban.Todo).PromoteBy(kanban.Promotion{Reason: words, Actor: words}, nil)
		},
		"unguard": func() (any, error) { return status(kanban.Ready).Unguard(words, words) },
		"fail": func() (any, error) {
			return running.Fail(kanban.Failure{Class: kanban.SpawnFailed, Error: words}, *run, kanban.Policy{}, now)
		},
		"bring": func() (any, error) {
			return kanban.Bundle{Format: "x", Cards: []kanban.Brought{{ID: "1", Draft: draft, Result: words, Remarks: []kanban.Remark{{Author: words, Body: words}}}}}.Clean()
		},
		"apply": func() (any, error) {
			return kanban.Graph{Name: "g", Nodes: []kanban.Node{{Name: "n", Draft: draft}}}.Clean()
		},
	} {
		c, err := do()
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		// As Go prints it, for the way in which a secret is stored does not matter.
		text := fmt.Sprintf("%+v", c)
		raw, _ := json.Marshal(c)
		if change, ok := c.(kanban.Change); ok {
			for _, r := range change.Runs {
				text += string(r.Metadata)
				if len(r.Metadata) > 0 && !json.Valid(r.Metadata) {
					t.Errorf("%s: the metadata is no longer JSON: %s", name, r.Metadata)
				}
			}
			text += fmt.Sprint(change.Refusal)
		}
		text += string(raw)
		for _, secret := range []string{letters, strings.ToLower(letters), awsID, "abc123456789"} {
			if strings.Contains(text, secret) {
				t.Errorf("%s stores %q:\n%s", name, secret, text)
			}
		}
		if !strings.Contains(text, "[redacted: github token]") {
			t.Errorf("%s does not say that something was there:\n%s", name, text)
		}
	}
}

// An edit of the one field leaves the others, though they came from elsewhere and
// have what would not be let in.
func TestEditRedactsOnlyWhatItIsGiven(t *testing.T) {
	title := "b"
	was := kanban.Task{ID: "t_1", Title: "a", Body: githubKey, Status: kanban.Todo}
	c, err := was.Edit(kanban.Edit{Title: &title})
	if err != nil || c.Task.Body != was.Body {
		t.Errorf("an edit of the title: %v, the body is %q", err, c.Task.Body)
	}
}

func FuzzRedact(f *testing.F) {
	for _, s := range []string{githubKey, skKey, awsID, slackKey, jwt, keyBlock, "Authorization: Bearer " + letters, "a://b:c@d", "a://b:" + skKey + "@" + jwt,
		"-----BEGIN PRIVATE " + "KEY-----" + githubKey + keyBlock, "Authorization: " + awsID + keyBlock} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		once := kanban.Redact(s)
		if twice := kanban.Redact(once); twice != once {
			t.Errorf("Redact(%q) = %q, and again %q", s, once, twice)
		}
		if utf8.ValidString(s) && !utf8.ValidString(once) {
			t.Errorf("Redact(%q) = %q, which is not valid UTF-8", s, once)
		}
	})
}

// A text of the greatest length, without a secret, full of them, and full of what
// only begins as they do.
func BenchmarkRedact(b *testing.B) {
	fill := func(s string) string { return strings.Repeat(s, kanban.MaxBody/len(s)) }
	for name, text := range map[string]string{
		"prose": fill("The quick brown fox jumps over the lazy dog, and asks why.\n"), "keys": fill(githubKey + " " + keyBlock + "\n"),
		"sk": fill("sk-"), "jwt": fill("-eyJ"), "jwt parts": fill("-eyJaaaaaaaaa.eyJaaaaaaaaa"), "begin": fill("-----BEGIN PRIVATE " + "KEY-----"),
		"authorization": fill("Authorization:"), "aws": fill("ecretAccessKey="), "url": fill("://a"), "slack": fill("xoxb-"),
	} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				kanban.Redact(text)
			}
		})
	}
}
