package fsx

import "os"

// Once makes an empty file and reports whether it was not there: of any number of
// processes that ask, at any time, one is told so. Where it cannot be made, none is.
func Once(path string) bool {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
	if err != nil {
		return false
	}
	return f.Close() == nil
}
