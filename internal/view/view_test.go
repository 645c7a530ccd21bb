package view

import (
	"bytes"
	"testing"
	"time"

	"andon/kanban"
)

func TestPlain(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, in, want, lines string }{
		{"empty", "", "", ""},
		{"letters beyond ASCII", "Grüße, 世界 👋", "Grüße, 世界 👋", "Grüße, 世界 👋"},
		{"a family joined to one picture", "👩‍👧", "👩‍👧", "👩‍👧"},
		{"an escape sequence", "a\x1b[31mb", "a␛[31mb", "a␛[31mb"},
		{"bell, backspace, NUL", "\a\b\x00", "␇␈␀", "␇␈␀"},
		{"delete", "a\x7f", "a␡", "a␡"},
		{"a control sequence of eight bits", "a\u009b31m", "a\ufffd31m", "a\ufffd31m"},
		{"the same as a lone byte", "a\x9b31m", "a\ufffd31m", "a\ufffd31m"},
		{"a letter cut in two", "gr\xc3", "gr\ufffd", "gr\ufffd"},
		{"lines", "a\nb\tc", "a b c", "a\nb\tc"},
		{"lines of Windows", "a\r\nb", "a  b", "a\nb"},
		{"a line overwritten", "safe\rdanger", "safe danger", "safe danger"},
		{"line and paragraph separators", "a\u2028b\u2029c", "a b c", "a b c"},
		{"text turned round", "\u202egnp.exe", "\ufffdgnp.exe", "\ufffdgnp.exe"},
		{"marks of direction", "a\u200e\u200f\u061cb", "a\ufffd\ufffd\ufffdb", "a\ufffd\ufffd\ufffdb"},
		{"isolates", "\u2066a\u2069", "\ufffda\ufffd", "\ufffda\ufffd"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := Plain(tt.in); got != tt.want {
				t.Errorf("Plain(%q) = %q, want %q", tt.in, got, tt.want)
			}
			if got := PlainLines(tt.in); got != tt.lines {
				t.Errorf("PlainLines(%q) = %q, want %q", tt.in, got, tt.lines)
			}
			if got := Plain(Plain(tt.in)); got != tt.want {
				t.Errorf("Plain twice upon %q = %q, want %q", tt.in, got, tt.want)
			}
		})
	}
}

func TestJSON(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name       string
		in         any
		want, line string
	}{
		{"letters as they are", map[string]string{"a": "ü <&>"}, "{\n  \"a\": \"ü <&>\"\n}\n", "{\"a\":\"ü <&>\"}\n"},
		{"control characters escaped", "\x1b\n", "\"\\u001b\\n\"\n", "\"\\u001b\\n\"\n"},
		{"no runs", NewRuns(nil), "[]\n", "[]\n"},
		{"no cards", NewTasks(nil), "[]\n", "[]\n"},
		{"an event without payload", NewStreamEvent(kanban.Event{ID: 1, Task: "t_1", Kind: "x", At: time.Unix(5, 0)}),
			"{\n  \"id\": 1,\n  \"task_id\": \"t_1\",\n  \"kind\": \"x\",\n  \"payload\": null,\n  \"created_at\": 5,\n  \"run_id\": null\n}\n",
			`{"id":1,"task_id":"t_1","kind":"x","payload":null,"created_at":5,"run_id":null}` + "\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var b bytes.Buffer
			if err := JSON(&b, tt.in); err != nil || b.String() != tt.want {
				t.Errorf("JSON wrote %q, %v; want %q", b.String(), err, tt.want)
			}
			b.Reset()
			if err := JSONLine(&b, tt.in); err != nil || b.String() != tt.line {
				t.Errorf("JSONLine wrote %q, %v; want %q", b.String(), err, tt.line)
			}
		})
	}
	t.Run("what cannot be encoded writes nothing", func(t *testing.T) {
		t.Parallel()
		var b bytes.Buffer
		if err := JSON(&b, []any{1, func() {}}); err == nil || b.Len() > 0 {
			t.Errorf("JSON wrote %q, %v; want nothing and an error", b.String(), err)
		}
	})
}

func TestEveryStatusHasItsSign(t *testing.T) {
	t.Parallel()
	seen := map[string]kanban.Status{}
	for _, s := range kanban.Statuses {
		icon := Icon(s)
		if other, twice := seen[icon]; twice || icon == "?" {
			t.Errorf("Icon(%s) = %q, as for %s", s, icon, other)
		}
		seen[icon] = s
		if painted := (Style{Colour: true}).Paint(s, "x"); painted == "x" {
			t.Errorf("%s has no colour", s)
		}
	}
}

func TestRowsKeepToTheTerminal(t *testing.T) {
	t.Parallel()
	long := "a rather long title which does not fit"
	tests := []struct {
		name  string
		title string
		width int
		want  string
	}{
		{"no terminal", long, 0, long},
		{"it fits exactly", "12345678901234567", 63, "12345678901234567"},
		{"one too many", "123456789012345678", 63, "1234567890123456…"},
		{"no blank before the dots", "1234567 9012345 789", 63, "1234567 9012345…"},
		{"letters of two columns", "世界世界世界世界世界", 63, "世界世界世界世界…"},
		{"narrower than the columns before it", long, 20, "a rather…"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			task := kanban.Task{ID: "t_00000000", Status: kanban.Ready, Title: tt.title}
			want := "▶ t_00000000  ready     (unassigned)          " + tt.want
			if got := (Style{Width: tt.width}).Row(task); got != want {
				t.Errorf("Row(%q) at %d = %q, want %q", tt.title, tt.width, got, want)
			}
		})
	}
}

func TestRowHidesNothing(t *testing.T) {
	t.Parallel()
	task := kanban.Task{ID: "t_\x1b", Status: "st\x1b", Assignee: "a\x1b", Tenant: "t\x1b", Title: "x\x1b"}
	if got := Row(task); bytes.ContainsRune([]byte(got), '\x1b') {
		t.Errorf("Row = %q: it has a control character", got)
	}
}

func TestStats(t *testing.T) {
	t.Parallel()
	v := NewStats(time.Unix(880, 0), time.Unix(1000, 0))
	v.Count(kanban.Review, "ada", 2)
	v.Count(kanban.Ready, "", 1)
	v.Count(kanban.Ready, "bob-the-second", 3)
	v.Count("odd", "", 1)
	var b bytes.Buffer
	if err := JSONLine(&b, v); err != nil {
		t.Fatal(err)
	}
	const want = `{"by_status":{"odd":1,"ready":4,"review":2},"by_assignee":{"ada":{"review":2},"bob-the-second":{"ready":3}},"overdue":0,"oldest_ready_age_seconds":120,"now":1000}` + "\n"
	if got := b.String(); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	const text = `By status
  ▶ ready           4
  ◎ review          2
  ? odd             1
    total           7

By assignee
  ada             review 2
  bob-the-second  ready 3

Oldest ready card: 2m00s
`
	if got := v.Text(Style{}); got != text {
		t.Errorf("got\n%s\nwant\n%s", got, text)
	}
}
