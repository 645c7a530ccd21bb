package worker

import (
	"context"
	"strings"
	"time"

	"andon/internal/home"
	"andon/internal/proc"
	"andon/kanban"
)

// Local reports whether a claim was made on this host.
func Local(lock, host string) bool {
	host, _, _ = strings.Cut(host, ":")
	return strings.HasPrefix(lock, host+":")
}

// orphanGrace is the most that what a dead supervisor left gets from SIGTERM to
// SIGKILL: its agent died with it where the system sees to that, and the card waits.
const orphanGrace = time.Second

// End ends every process of a run from outside and says whether they are gone.
// The supervisor is asked to see to it, with grace from SIGTERM to SIGKILL; zero is
// 5 s; what a dead one left gets a second at most. One that does not hear is killed
// before anything else, so that it does not take the end of its agent for a crash; the
// agent dies with it. A worker on another host, or of none that is known, is left alone.
func End(ctx context.Context, b home.Board, run kanban.Run, host string, grace time.Duration) (kanban.Termination, error) {
	grace = Job{Grace: grace}.grace()
	x := kanban.Termination{PrevPID: run.WorkerPID, HostLocal: Local(run.Lock, host)}
	if !x.HostLocal || run.WorkerPID == 0 {
		return x, nil
	}
	supervisor := proc.ID{PID: int(run.WorkerPID), Start: run.Worker.Start}
	trees := []proc.Tree{{Root: supervisor}}
	wait := grace
	if run.Worker.Start != "" {
		if !supervisor.Alive() {
			grace = min(grace, orphanGrace)
		}
		wait = 0
		x.Sigkill = askToYield(ctx, b, run, grace)
		trees = append(trees, treeOf(b, run)) // as the supervisor last knew it
	}
	x.Attempted, x.Terminated = true, true
	var first error
	for _, t := range trees {
		res, err := proc.End(ctx, t, wait)
		x.Terminated = x.Terminated && res.Ended
		x.Sigkill = x.Sigkill || res.Killed
		if first == nil {
			first = err
		}
		wait = grace
	}
	if len(trees) > 1 {
		proc.RemoveCgroup(trees[1].Cgroup)
	}
	return x, first
}
