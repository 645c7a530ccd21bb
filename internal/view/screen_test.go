package view

import (
	"bytes"
	"strings"
	"testing"
)

// However a text comes in pieces, the same is on the screen, and nothing of it
// steers; colours are let through where they are wanted, and put back at the end.
func TestScreen(t *testing.T) {
	onScreen(t, false, map[string]string{
		"plain\twords\nand lines\r\n":               "plain\twords\nand lines\n",
		"\x1b[1;31mred\x1b[0m \x1b[38:5:1mx\x1b[m":  "red x",
		"10%\r20%\rdone\n":                          "10%\n20%\ndone\n",
		"\x1b[2J\x1b]0;evil\x07\x08\u009b2J\u202ex": "␛[2J␛]0;evil␇␈\ufffd2J\ufffdx",
		"größer 語 👍":                                "größer 語 👍",
		"\xff\x9b31m.":                              "\ufffd\ufffd31m.",
		"\x1b[" + strings.Repeat("1;", 40) + "m.":   "␛[" + strings.Repeat("1;", 40) + "m.",
		"cut off \x1b[3":                            "cut off ␛[3",
	})
	onScreen(t, true, map[string]string{
		"plain\r\n": "plain\n",
		"\x1b[1;31mred\x1b[0m \x1b[38:5:8mx\x1b[m":                      "\x1b[1;31mred\x1b[0m \x1b[38:5:8mx\x1b[m\x1b[0m",
		"\x1b[38;5;8mx\x1b[48;2;5;6;8my":                                "\x1b[38;5;8mx\x1b[48;2;5;6;8my\x1b[0m",
		"\x1b[8mhidden\x1b[05mblinks\x1b[1;6mtoo\x1b[38;5;1;8mand this": "hiddenblinkstooand this",
		"\x1b[2J\x1b[1A\x1b]0;evil\x07\x1b[31m\x1b[0m":                  "␛[2J␛[1A␛]0;evil␇\x1b[31m\x1b[0m",
		"\x1b\x1b[32mgreen":                                             "␛\x1b[32mgreen\x1b[0m",
	})
}

func onScreen(t *testing.T, colours bool, shown map[string]string) {
	t.Helper()
	for text, want := range shown {
		for size := 1; size <= len(text); size++ {
			var out bytes.Buffer
			w := Screen(&out, colours)
			for i := 0; i < len(text); i += size {
				if n, err := w.Write([]byte(text[i:min(i+size, len(text))])); err != nil || n != min(size, len(text)-i) {
					t.Fatal(n, err)
				}
			}
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
			if got := out.String(); got != want {
				t.Errorf("%q in pieces of %d: %q, want %q", text, size, got, want)
				break
			}
		}
	}
}
