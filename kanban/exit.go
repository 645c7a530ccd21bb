package kanban

// Exit is how a process ended. Its zero value is an exit with status 0.
type Exit struct {
	Code    int
	Signal  int  // the signal that killed it; zero if it exited by itself
	Unknown bool // nobody was there to see
}

// RateLimitCode is the exit status by which a worker says that a quota stopped
// it: the attempt does not count (Hermes; EX_TEMPFAIL of sysexits.h).
const RateLimitCode = 75

func (x Exit) String() string {
	switch {
	case x.Unknown:
		return "unknown"
	case x.Signal != 0:
		return sprintf("signal %d", x.Signal)
	}
	return sprintf("exit %d", x.Code)
}

// OnExit is what a profile takes an exit with status 0 to mean when the worker
// gave no verdict.
type OnExit string

const (
	OnExitProtocol OnExit = "protocol" // a breach: the worker must say complete or block
	OnExitComplete OnExit = "complete" // the work is done
)
