package worker

import (
	"fmt"
	"strings"
	"time"

	"andon/internal/proc"
	"andon/kanban"
)

// trailer is the last line of a run in the log: how its agent ended, and by whose
// doing. A signal alone tells neither the time limit from a person, nor either from
// the system that had no memory left.
func (s *supervisor) trailer(x kanban.Exit) {
	how := x.String()
	if name := signalName(x.Signal); name != "" {
		how += " (" + name + ")"
	}
	why := s.cause
	if s.starved {
		why = strings.TrimPrefix(why+"; out of memory: the system killed a process of the run", "; ")
	}
	if why != "" {
		why = "; " + why
	}
	fmt.Fprintf(s.log, "--- %s  run %s: %s%s\n", time.Now().Format(time.DateTime), s.run.ID, how, why)
}

// release removes the run's control group, once it has told whether the system
// killed for want of memory there.
func (s *supervisor) release() {
	s.starved = s.starved || proc.OutOfMemory(s.cgroup)
	proc.RemoveCgroup(s.cgroup)
}

// left is the cause of an end that somebody else's change of the card brought.
func left(run *kanban.Run) string {
	if run == nil {
		return "the card was deleted"
	}
	return fmt.Sprintf("the card is no longer this run's, which ended as %s", run.Outcome)
}
