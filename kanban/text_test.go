package kanban

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"
)

// Every text that a caller gives passes one door: what one of the databases
// cannot store is refused on all.
func TestEveryTextIsCleaned(t *testing.T) {
	task, run := running()
	draft := func(alter func(*Draft, string)) func(string) error {
		return func(s string) error {
			d := Draft{Title: "x", WorkspaceKind: Worktree, Model: "m"}
			alter(&d, s)
			_, err := d.Clean()
			return err
		}
	}
	verb := func(ask func(string) (Change, error)) func(string) error {
		return func(s string) error {
			_, err := ask(s)
			return err
		}
	}
	for name, give := range map[string]func(string) error{
		"title":           draft(func(d *Draft, s string) { d.Title = s }),
		"body":            draft(func(d *Draft, s string) { d.Body = s }),
		"assignee":        draft(func(d *Draft, s string) { d.Assignee = s }),
		"creator":         draft(func(d *Draft, s string) { d.CreatedBy = s }),
		"tenant":          draft(func(d *Draft, s string) { d.Tenant = s }),
		"session":         draft(func(d *Draft, s string) { d.Session = s }),
		"idempotency key": draft(func(d *Draft, s string) { d.IdempotencyKey = s }),
		"workspace path":  draft(func(d *Draft, s string) { d.WorkspacePath = "/" + s }),
		"branch":          draft(func(d *Draft, s string) { d.Branch = s }),
		"project":         draft(func(d *Draft, s string) { d.Project = s }),
		"model":           draft(func(d *Draft, s string) { d.Model = s }),
		"provider":        draft(func(d *Draft, s string) { d.Provider = s }),
		"skill":           draft(func(d *Draft, s string) { d.Skills = []string{"go", s} }),

		"claim/lock":       verb(func(s string) (Change, error) { return card(Ready).Claim(Claimant{Lock: s}, nil, nil, noon) }),
		"complete/result":  verb(func(s string) (Change, error) { return task.Complete(Report{Result: s}, run, Witness{}, noon) }),
		"complete/summary": verb(func(s string) (Change, error) { return task.Complete(Report{Summary: s}, run, Witness{}, noon) }),
		"complete/metadata": verb(func(s string) (Change, error) {
			return task.Complete(Report{Metadata: json.RawMessage(`{"k": "` + s + `"}`)}, run, Witness{}, noon)
		}),
		"block/reason":   verb(func(s string) (Change, error) { return task.Block(Block{Reason: s, Author: "a"}, nil, run, noon) }),
		"block/author":   verb(func(s string) (Change, error) { return task.Block(Block{Reason: "r", Author: s}, nil, run, noon) }),
		"unblock/reason": verb(func(s string) (Change, error) { return card(Blocked).Unblock(Unblock{Reason: s}, nil, nil, noon) }),
		"unblock/author": verb(func(s string) (Change, error) {
			return card(Blocked).Unblock(Unblock{Reason: "r", Author: s}, nil, nil, noon)
		}),
		"heartbeat/note":  verb(func(s string) (Change, error) { return task.Heartbeat(Heartbeat{Note: s}, run, noon) }),
		"promote/reason":  verb(func(s string) (Change, error) { return card(Todo).PromoteBy(Promotion{Reason: s}, nil) }),
		"promote/actor":   verb(func(s string) (Change, error) { return card(Todo).PromoteBy(Promotion{Actor: s}, nil) }),
		"reclaim/reason":  verb(func(s string) (Change, error) { return task.Reclaim(s, task.Run, Termination{}, run, noon) }),
		"assign":          verb(func(s string) (Change, error) { return card(Ready).Assign(s) }),
		"comment/body":    verb(func(s string) (Change, error) { return task.Comment("a", s, noon) }),
		"comment/author":  verb(func(s string) (Change, error) { return task.Comment(s, "b", noon) }),
		"review/summary":  verb(func(s string) (Change, error) { return task.RequestReview(ReviewRequest{Summary: s}, run, noon) }),
		"review/reviewer": verb(func(s string) (Change, error) { return task.RequestReview(ReviewRequest{Reviewer: s}, run, noon) }),
		"reopen/reason":   verb(func(s string) (Change, error) { return card(Review).ReopenReview(Reopening{Reason: s}, nil, nil, noon) }),
		"reopen/author": verb(func(s string) (Change, error) {
			return card(Review).ReopenReview(Reopening{Reason: "r", Author: s}, nil, nil, noon)
		}),
		"schedule/reason": verb(func(s string) (Change, error) { return task.Schedule(Schedule{Reason: s}, run, noon) }),
		"schedule/author": verb(func(s string) (Change, error) { return task.Schedule(Schedule{Reason: "r", Author: s}, run, noon) }),
		"cancel/by":       verb(func(s string) (Change, error) { return task.Cancel(s, task.Run, Termination{}, run, noon) }),
		"edit/title":      verb(func(s string) (Change, error) { return task.Edit(Edit{Title: &s}) }),
		"edit/body":       verb(func(s string) (Change, error) { return task.Edit(Edit{Body: &s}) }),
		"edit/result":     verb(func(s string) (Change, error) { return card(Done).EditResult(ResultEdit{Result: s}, nil, noon) }),
		"edit/summary":    verb(func(s string) (Change, error) { return card(Done).EditResult(ResultEdit{Summary: s}, nil, noon) }),
		"model/set":       verb(func(s string) (Change, error) { return task.SetModel(s, "") }),
		"provider/set":    verb(func(s string) (Change, error) { return task.SetModel("m", s) }),
		"unguard/actor":   verb(func(s string) (Change, error) { return task.Unguard(s, "") }),
		"unguard/reason":  verb(func(s string) (Change, error) { return task.Unguard("a", s) }),
		"specify/title":   verb(func(s string) (Change, error) { return card(Triage).Specify(Specification{Title: &s}, noon) }),
		"specify/author": verb(func(s string) (Change, error) {
			return card(Triage).Specify(Specification{Body: new("b"), Author: s}, noon)
		}),
		"decompose/title": verb(func(s string) (Change, error) {
			_, err := card(Triage).Decompose(Decomposition{Parts: []Part{{Title: s}}}, []TaskID{"t_1"}, nil, noon)
			return Change{}, err
		}),
		"decompose/author": verb(func(s string) (Change, error) {
			_, err := card(Triage).Decompose(Decomposition{Parts: []Part{{Title: "x"}}, Author: s}, []TaskID{"t_1"}, nil, noon)
			return Change{}, err
		}),
		"start/workspace": verb(func(s string) (Change, error) {
			return task.Started(*run, run.Lock, Worker{PID: 1}, "/"+s)
		}),
	} {
		t.Run(name, func(t *testing.T) {
			refuses(t, give("a\x00b"), nil, Invalid)
			refuses(t, give("a\xffb"), nil, Invalid, "UTF-8")
			if err := give("aß漢b"); err != nil {
				t.Errorf("good text was refused: %v", err)
			}
		})
	}
}

func TestCut(t *testing.T) {
	for _, tt := range []struct {
		in    string
		limit int
		want  string
	}{
		{"", 3, ""}, {"abc", 3, "abc"}, {"abcd", 3, "abc"}, {"äöü", 3, "äöü"}, {"äöüx", 3, "äöü"}, {"漢字", 1, "漢"}, {"abc", 0, ""},
		{"👩‍🚀x", 3, "👩‍🚀"}, // characters are code points
	} {
		if got := cut(tt.in, tt.limit); got != tt.want {
			t.Errorf("cut(%q, %d) = %q, want %q", tt.in, tt.limit, got, tt.want)
		}
	}
}

func TestFirstLine(t *testing.T) {
	for in, want := range map[string]string{
		"": "", " \n\t": "", "one": "one", "\n\n  one\ntwo": "one", "one\r\ntwo": "one", "äöüäöü": "äöüä",
	} {
		if got := firstLine(in, 4); got != want {
			t.Errorf("firstLine(%q, 4) = %q, want %q", in, got, want)
		}
	}
}

func FuzzCut(f *testing.F) {
	f.Add("äöü", 2)
	f.Add("", 0)
	f.Fuzz(func(t *testing.T, s string, limit int) {
		if limit < 0 {
			return
		}
		got := cut(s, limit)
		if !strings.HasPrefix(s, got) || utf8.RuneCountInString(got) != min(limit, utf8.RuneCountInString(s)) {
			t.Errorf("cut(%q, %d) = %q", s, limit, got)
		}
	})
}
