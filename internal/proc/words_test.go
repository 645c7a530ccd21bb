package proc

import (
	"fmt"
	"strings"
	"testing"
)

func TestLastWords(t *testing.T) {
	for text, want := range map[string]string{
		"": "", " \n\n": "", "one": "one", "one\ntwo\n \n": "two", "a\nb\xffc": "b\ufffdc",
		strings.Repeat("long ago\n", 5000) + "at last\n": "at last",
		strings.Repeat("x", 5000):                        strings.Repeat("x", wordsKept),
	} {
		for _, size := range []int{1, 7, len(text) + 1} {
			var w LastWords
			for i := 0; i < len(text); i += size {
				if _, err := fmt.Fprint(&w, text[i:min(i+size, len(text))]); err != nil {
					t.Fatal(err)
				}
			}
			if got := w.Line(); got != want {
				t.Errorf("of %.40q in pieces of %d: %.40q, want %.40q", text, size, got, want)
			}
		}
	}
}
