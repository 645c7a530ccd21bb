package yamlx

import (
	"errors"
	"io/fs"
	"strings"
	"testing"

	"github.com/goccy/go-yaml/ast"
)

func TestReadPlacesWhatDecodeRefuses(t *testing.T) {
	t.Parallel()
	decode := func(d *Decoder, n ast.Node) error {
		var flag bool
		var names []string
		if err := d.Fields("", n, map[string]Setter{"flag": Bool(&flag), "names": d.Texts(&names, "a list of names")}); err != nil {
			return err
		}
		if flag {
			return &Error{Field: "names[1]", Msg: "no friend of ours", Err: fs.ErrInvalid}
		}
		return nil
	}
	tests := []struct{ name, in, want string }{
		{"accepted", "names: [a, 1, true]\n", ""},
		{"list's element", "flag: true\nnames:\n  - a\n  - b\n", "f:4:5: names[1]: no friend of ours"},
		{"the nearest around it", "flag: true\nnames: [a]\n", "f:2:1: names[1]: no friend of ours"},
		{"flag", "flag: yes\n", `f:1:7: flag: the text "yes" is not allowed; give true or false`},
		{"no list", "names: a\n", `f:1:8: names: the text "a" is not allowed; give a list of names`},
		{"list in a list", "names: [[a]]\n", "f:1:9: names[0]: a list is not allowed; give a text"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := ""
			err := Read("f", []byte(tt.in), 100, decode)
			if err != nil {
				got = err.Error()
			}
			if got != tt.want {
				t.Errorf("Read: %q, want %q", got, tt.want)
			}
			if strings.Contains(tt.want, "friend") && !errors.Is(err, fs.ErrInvalid) {
				t.Errorf("Read: %v lost its cause", err)
			}
		})
	}
}

func TestReadGivesNoNodeForNoDocument(t *testing.T) {
	t.Parallel()
	called := false
	err := Read("f", []byte("# nothing\n"), 100, func(_ *Decoder, n ast.Node) error {
		called = true
		if n != nil {
			t.Errorf("node %v of an empty file", n)
		}
		return nil
	})
	if err != nil || !called {
		t.Errorf("Read = %v, called %v", err, called)
	}
}
