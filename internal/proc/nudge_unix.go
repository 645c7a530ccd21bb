//go:build unix

package proc

import (
	"os"
	ossignal "os/signal"
	"syscall"
)

// CanNudge says whether [Nudge] does anything on this system.
const CanNudge = true

// nudge is a signal that does nothing to a process which does not expect it, and
// which a process without a terminal gets from nobody else.
const nudge = syscall.SIGWINCH

// Nudge tells a process to look about now. See [Nudges].
func Nudge(id ID) error { return send(id, func(p *os.Process) error { return p.Signal(nudge) }) }

// Nudges hears of each [Nudge] until stop is called; several may be heard as one.
func Nudges() (heard <-chan os.Signal, stop func()) {
	c := make(chan os.Signal, 1)
	ossignal.Notify(c, nudge)
	return c, func() { ossignal.Stop(c) }
}
