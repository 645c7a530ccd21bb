package cli

import (
	"os"

	"golang.org/x/sys/windows"
)

// escapes reports whether the terminal understands colours. A Windows console
// does once it has been asked to.
func escapes(f *os.File) bool {
	h := windows.Handle(f.Fd())
	var mode uint32
	if windows.GetConsoleMode(h, &mode) != nil {
		return false
	}
	return windows.SetConsoleMode(h, mode|windows.ENABLE_VIRTUAL_TERMINAL_PROCESSING) == nil
}
