//go:build !unix

package cli

import "os"

// hangups hears nothing: the system has no such signal.
func hangups() (<-chan os.Signal, func()) { return nil, func() {} }
