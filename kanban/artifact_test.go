package kanban

import (
	"encoding/json"
	"slices"
	"testing"
)

func TestDeclared(t *testing.T) {
	for _, c := range []struct {
		r    Report
		want []string
	}{
		{Report{}, nil},
		{Report{Metadata: json.RawMessage(`{"a":1}`)}, nil},
		{Report{Metadata: json.RawMessage(`{"artifacts":null}`)}, nil},
		{Report{Metadata: json.RawMessage(`{"artifacts":"/w/a"}`)}, []string{"/w/a"}},
		{Report{Metadata: json.RawMessage(`{"artifacts":["/w/a","/w/b","/w/a"]}`), Artifacts: []string{"/w/b", "c"}}, []string{"/w/a", "/w/b", "c"}},
	} {
		if got, err := c.r.Declared(); err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%s and %q declare %q, %v; want %q", c.r.Metadata, c.r.Artifacts, got, err, c.want)
		}
	}
	for _, bad := range []Report{
		{Artifacts: []string{" "}}, {Artifacts: []string{"a\x00"}}, {Metadata: json.RawMessage(`{"artifacts":7}`)},
		{Metadata: json.RawMessage(`{"artifacts":[{"path":"/a"}]}`)}, {Metadata: json.RawMessage(`{"artifacts":[""]}`)},
	} {
		_, err := bad.Declared()
		refuses(t, err, nil, Invalid)
		_, err = card(Ready).Complete(bad, nil, Witness{}, noon)
		refuses(t, err, nil, Invalid)
	}
}

// In prose a path ends where a word or a quotation does, without the marks of the
// sentence around it.
func TestMentioned(t *testing.T) {
	for text, want := range map[string][]string{
		"see /w/t_1/a.pdf.": {"/w/t_1/a.pdf"},
		"(/w/t_1/a.pdf), `/w/t_1/b c` and /w/t_1/a.pdf!": {"/w/t_1/a.pdf", "/w/t_1/b"},
		"file:///w/t_1/x.html":                           {"/w/t_1/x.html"},
		`"/w/t_1/sub/über.txt"`:                          {"/w/t_1/sub/über.txt"},
		"</w/t_1/a>":                                     {"/w/t_1/a"},
		"/w/t_1/a:/w/t_1/b":                              {"/w/t_1/a:/w/t_1/b"},
		"/w/t_12/a /v/w/t_1/a x/w/t_1/a /w/t_1 /w/t_1/":  nil,
		"/w/t_1/../t_2/a":                                {"/w/t_1/../t_2/a"}, // where that leads is seen later
		"a=/w/t_1/a;":                                    {"/w/t_1/a"},
	} {
		if got := (Report{Summary: text}).Mentioned("/w/t_1/"); !slices.Equal(got, want) {
			t.Errorf("%q mentions %q, want %q", text, got, want)
		}
	}
	if got := (Report{Result: "/my work/t_1/a b"}).Mentioned("/my work/t_1"); !slices.Equal(got, []string{"/my work/t_1/a"}) {
		t.Errorf("below a folder with a blank: %q", got)
	}
	if got := (Report{Summary: "/a/b"}).Mentioned(""); got != nil {
		t.Errorf("below no folder: %q", got)
	}
}

func FuzzMentioned(f *testing.F) {
	f.Add("see /w/a.", "/w")
	f.Add("/w/", "/w/")
	f.Add("////", "/")
	f.Fuzz(func(t *testing.T, text, dir string) {
		for _, p := range (Report{Summary: text}).Mentioned(dir) {
			if len(p) == 0 {
				t.Errorf("%q mentions nothing below %q", text, dir)
			}
		}
	})
}

// What was delivered takes the place of what was declared: in the metadata, in
// the event, and as files of the card.
func TestCompleteWithArtifacts(t *testing.T) {
	was, run := running()
	r := Report{Run: 7, Summary: "s", Metadata: json.RawMessage(`{"n":1,"artifacts":["/w/a"],"z":2}`), Artifacts: []string{"/w/b"}}
	r = r.Delivered([]string{"/k/a", "/k/b"}, []Attachment{{Name: "a", Path: "/k/a", Size: 1, By: "kanban_complete"}})
	c := does(t)(was.Complete(r, run, Witness{}, noon))
	wants(t, c, `attached {"filename": "a", "size": 1, "by": "kanban_complete"}`,
		`completed {"result_len": 0, "summary": "s", "artifacts": ["/k/a", "/k/b"]}`)
	if got, want := string(c.Runs[0].Metadata), `{"n":1,"z":2,"artifacts":["/k/a","/k/b"]}`; got != want {
		t.Errorf("metadata %s, want %s", got, want)
	}
	if len(c.Attachments) != 1 || c.Attachments[0].Task != was.ID {
		t.Errorf("files %+v", c.Attachments)
	}

	r = Report{Artifacts: []string{"/x"}}
	c = does(t)(card(Ready).Complete(r, nil, Witness{}, noon)) // and nothing else is told: a run is made for it
	if got, want := string(c.Runs[0].Metadata), `{"artifacts":["/x"]}`; got != want {
		t.Errorf("metadata %s, want %s", got, want)
	}
}
