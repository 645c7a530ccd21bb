package sqlite

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// holders names another process that has the file open, as far as the system
// lets us see. A program that is between two transactions in DELETE mode holds no
// lock, and yet it is there.
func holders(file string) string {
	want, err := os.Stat(file)
	if err != nil {
		return ""
	}
	links, _ := filepath.Glob("/proc/[0-9]*/fd/*")
	self := fmt.Sprintf("/proc/%d/", os.Getpid())
	for _, link := range links {
		if strings.HasPrefix(link, self) {
			continue
		}
		if target, err := os.Readlink(link); err != nil || filepath.Base(target) != filepath.Base(file) {
			continue // most are something else, and to ask about them may take long
		}
		if info, err := os.Stat(link); err == nil && os.SameFile(want, info) {
			return fmt.Sprintf("process %s has it open", strings.Split(link, "/")[2])
		}
	}
	return ""
}
