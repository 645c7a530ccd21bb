package proc

import "os"

// CanNudge says whether [Nudge] does anything on this system.
const CanNudge = false

// Nudge does nothing: Windows has no signal that a process without a console
// could hear.
func Nudge(ID) error { return nil }

// Nudges hears nothing.
func Nudges() (heard <-chan os.Signal, stop func()) { return nil, func() {} }
