//go:build !linux

package proc

// Adopt does nothing where the system has one parent for all that lose theirs.
func Adopt() (stop func()) { return func() {} }

// Boot is empty where the start of a process is a date, which does not come again.
func Boot() string { return "" }
