package kanban

import "time"

// Ended records how the agent of a run ended, and decides what that means. For
// a run that is no longer open the worker's verdict stands and only the exit is
// added; so it is harmless to say it twice. For an open run an exit with status
// 0 is completion or a breach, as the profile has it; [RateLimitCode] is a
// quota; anything else is a crash. f, if not nil, is what the supervisor knows
// better: a time-out, or that the agent never started.
func (t Task) Ended(run Run, x Exit, on OnExit, f *Failure, p Policy, now time.Time) (Change, error) {
	if run.Worker.Exit == "" && (f == nil || f.Class != SpawnFailed) {
		run.Worker.Exit, run.Worker.ExitedAt = x.String(), now
	}
	if t.Run != run.ID || !run.Open() {
		return Change{Was: t, Task: t, Runs: []Run{run}}, nil
	}
	switch {
	case f != nil:
		return t.Fail(*f, run, p, now)
	case x == Exit{} && on == OnExitComplete:
		return t.Complete(ExitReport(run.ID), &run, Witness{}, now)
	}
	fail := Failure{Class: Crashed, Exit: x, PID: run.Worker.AgentPID}
	switch x {
	case Exit{}:
		fail.Class = Breach
	case Exit{Code: RateLimitCode}:
		fail.Class = RateLimited
	}
	return t.Fail(fail, run, p, now)
}

// ExitReport is what a clean exit says where that is the report.
func ExitReport(run RunID) Report {
	return Report{Run: run, Metadata: payload("exit_code", 0).raw()}
}

// Agent records the process that the supervisor started for the run.
func (t Task) Agent(run Run, pid int64, start string) (Change, error) {
	run.Worker.AgentPID, run.Worker.AgentStart = pid, start
	return Change{Was: t, Task: t, Runs: []Run{run}}, nil
}
