package proc

import (
	"bytes"
	"os"
	"regexp"
	"strconv"
	"testing"
)

func TestTrimLetsGoOfCode(t *testing.T) {
	resident := func() (kB int) {
		t.Helper()
		text, err := os.ReadFile("/proc/self/smaps")
		if err != nil {
			t.Fatal(err)
		}
		_, rest, _ := bytes.Cut(text, []byte(" r-xp "))
		m := regexp.MustCompile(`(?m)^Rss: +(\d+) kB$`).FindSubmatch(rest)
		if m == nil {
			t.Fatalf("no code in:\n%s", text)
		}
		kB, _ = strconv.Atoi(string(m[1]))
		return kB
	}
	resident() // what it takes to look is there before
	before := resident()
	Trim()
	if after := resident(); after >= before {
		t.Errorf("%d kB of code in memory, %d before", after, before)
	}
}
