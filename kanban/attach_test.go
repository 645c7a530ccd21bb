package kanban

import (
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestAttachmentName(t *testing.T) {
	for s, want := range map[string]string{
		"letter.pdf":                         "letter.pdf",
		"../../etc/passwd":                   "passwd",
		`C:\Users\ada\letter.pdf`:            "letter.pdf",
		"...hidden":                          "hidden",
		". .x":                               "x",
		"a\x00b\nc\u202egpj.exe":             "abcgpj.exe",
		"über brief.txt":                     "über brief.txt",
		"a`b":                                "a'b",
		"end ":                               "end",
		"\xff\xfea":                          "a",
		strings.Repeat("x", 300) + ".tar.gz": strings.Repeat("x", 197) + ".gz",
		strings.Repeat("字", 300) + ".md":     strings.Repeat("字", 75) + ".md",
		"a." + strings.Repeat("y", 300):      "a." + strings.Repeat("y", 198),
	} {
		if got, err := AttachmentName(s); got != want || err != nil {
			t.Errorf("AttachmentName(%q) = %q, %v; want %q", s, got, err, want)
		}
	}
	for _, s := range []string{"", ".", "..", "/", "a/", `a\`, "\n", "... ", "\u202e"} {
		_, err := AttachmentName(s)
		refuses(t, err, nil, Invalid, "no name for a file")
	}
}

// Whatever somebody calls a file, it lies directly in its folder, and is not
// hidden there; a number added to its name changes nothing of that.
func FuzzAttachmentName(f *testing.F) {
	for _, s := range []string{"a.tar.gz", "../../x", `..\..\x`, ".", "..", "/", "", "a/../..", "...", "CON", "a\x00", "\xff", "a:b", strings.Repeat("é.", 200), ".\u00a0."} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		name, err := AttachmentName(s)
		if err != nil {
			return
		}
		if again, err := AttachmentName(name); again != name || err != nil {
			t.Errorf("%q is called %q, and that %q, %v", s, name, again, err)
		}
		if utf8.RuneCountInString(name) > 200 {
			t.Errorf("%q has more than 200 characters", name)
		}
		for _, n := range []string{name, Again(name, 9999), ArtifactAgain(name, 9999)} {
			if filepath.Dir(filepath.Join("/root/t_1", n)) != "/root/t_1" || strings.HasPrefix(n, ".") || len(n) > 255 ||
				!utf8.ValidString(n) || strings.ContainsAny(n, "/\\\x00`\n") {
				t.Errorf("%q is called %q", s, n)
			}
			if _, err := card(Ready).Attach(Attachment{Name: n, Path: "/root/t_1/" + n}, 0, noon); err != nil {
				t.Errorf("%q is called %q, which is refused: %v", s, n, err)
			}
		}
	})
}

func TestNamesThatAreTaken(t *testing.T) {
	for _, c := range []struct{ name, again, artifact string }{
		{"a.tar.gz", "a (1).tar.gz", "a.tar_1.gz"},
		{"letter", "letter (1)", "letter_1"},
		{"a.", "a (1).", "a_1."},
	} {
		if got := Again(c.name, 1); got != c.again {
			t.Errorf("Again(%q) = %q, want %q", c.name, got, c.again)
		}
		if got := ArtifactAgain(c.name, 1); got != c.artifact {
			t.Errorf("ArtifactAgain(%q) = %q, want %q", c.name, got, c.artifact)
		}
		if Again(c.name, 0) != c.name || ArtifactAgain(c.name, 0) != c.name {
			t.Errorf("the first %q has another name", c.name)
		}
	}
}

func TestAttachAndDetach(t *testing.T) {
	was, _ := running()
	file := Attachment{Name: "a.txt", Path: "/k/a.txt", ContentType: "text/plain", Size: 3, By: "ada"}
	c := does(t)(was.Attach(file, 7, noon))
	wants(t, c, `attached {"filename": "a.txt", "size": 3, "by": "ada"}`)
	file.Task, file.At = was.ID, noon
	if len(c.Attachments) != 1 || c.Attachments[0] != file {
		t.Errorf("keeps %+v, want %+v", c.Attachments, file)
	}
	c = does(t)(was.Detach(file, 0))
	wants(t, c, `attachment_removed {"filename": "a.txt"}`)

	_, err := was.Attach(file, 6, noon)
	refuses(t, err, ErrSuperseded, Conflict, "attach", "run 6")
	_, err = was.Detach(file, 6)
	refuses(t, err, ErrSuperseded, Conflict, "attach-rm", "run 6")
	for _, bad := range []Attachment{
		{Path: "/a"}, {Name: "../a", Path: "/a"}, {Name: ".a", Path: "/a"}, {Name: "a", Path: "/\xff"}, {Name: "a", Path: "/a", Size: -1},
		{Name: "a", Path: "/a", Size: MaxAttachment + 1}, {Name: "a", Path: "/a", ContentType: "text/plain\nobey"}, {Name: "a", Path: "/a", By: "\x00"},
		{Name: "a", Path: "/a", ContentType: strings.Repeat("x", 256)},
	} {
		_, err := was.Attach(bad, 0, noon)
		refuses(t, err, nil, Invalid)
	}
}
