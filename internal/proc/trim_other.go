//go:build !linux

package proc

// Trim does nothing here.
func Trim() {}
