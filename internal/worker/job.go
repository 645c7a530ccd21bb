// Package worker runs one attempt at a card: a supervisor process that starts
// the agent, keeps its log, renews the lease, enforces the time limit, ends
// everything the agent started, and writes how it ended.
//
// The life of a run, and what a kill at each point leaves behind:
//
//  1. The dispatcher claims the card; its lock names the dispatcher's process.
//     Killed here: no worker is recorded and the claimer is dead, so the next
//     pass takes the card back, uncounted.
//  2. It starts a supervisor in a session of its own. Killed here: the
//     supervisor goes on by itself.
//  3. The supervisor records itself as the run's worker, by compare-and-set on
//     run and lock, before it starts anything. Killed before: as 1. Too late,
//     because the card was taken back: it starts nothing.
//  4. It starts the agent. Killed from here on: the agent dies with it, the
//     dispatcher ends what else the agent started, and the attempt counts as a
//     crash.
//  5. The agent ends; what it left running is ended; the end is written. Killed
//     before the writing: as 4. After: nothing is lost.
//  6. If the card is finished, the scratch folders that nobody needs are removed.
//     Killed before: they stay until `andon gc`.
package worker

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"andon/internal/config"
	"andon/internal/home"
	"andon/internal/proc"
	"andon/kanban"
)

// Job is all that a supervisor is told. The dispatcher resolves it, so that an
// edit of andon.yaml half-way changes nothing for a run that was claimed.
type Job struct {
	Root    string // the home
	Board   home.Board
	Task    kanban.TaskID
	Run     kanban.RunID
	Lock    string
	Profile config.Profile
	TTL     time.Duration // of the lease
	Busy    time.Duration // bound of each wait for the board
	Grace   time.Duration // from SIGTERM to SIGKILL; zero: 5 s

	// RateLimitCooldown, FailureLimit and Backoff judge a failure as the dispatcher
	// would.
	RateLimitCooldown time.Duration
	FailureLimit      int
	Backoff           kanban.Backoff
}

const defaultGrace = 5 * time.Second

func (j Job) grace() time.Duration {
	if j.Grace > 0 {
		return j.Grace
	}
	return defaultGrace
}

// Mark is the entry of the environment by which every process of a run is
// known. The board is named by its file or its address: two homes on one host may
// have boards of one name.
func Mark(b home.Board, run kanban.RunID) string {
	return fmt.Sprintf("ANDON_RUN=%s/%s", b.Address(), run)
}

// LogFile is where the output of the card's workers goes.
func LogFile(b home.Board, id kanban.TaskID) string { return filepath.Join(b.Logs, string(id)+".log") }

// HeardFile has the number of the newest comment that the worker of a run has read.
func HeardFile(b home.Board, run kanban.RunID) string {
	return filepath.Join(b.Runs, run.String(), "heard")
}

// Launch starts a supervisor for the job. self is this program's file. done is
// called, from another goroutine, when the supervisor has ended.
func Launch(self string, job Job, done func()) error {
	words, err := json.Marshal(job)
	if err != nil {
		return err
	}
	log, err := openLog(job.Board, job.Task)
	if err != nil {
		return err
	}
	defer log.Close()
	cmd := exec.Command(self, "supervise", string(job.Task), job.Run.String())
	cmd.Stdout, cmd.Stderr = log, log
	cmd.Dir = job.Root // not the folder the dispatcher was started in, which may go away
	proc.NewSession(cmd)
	in, err := cmd.StdinPipe()
	if err != nil {
		return fmt.Errorf("start the supervisor: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start the supervisor: %w", err)
	}
	// It is told before this returns: a dispatcher that does one pass ends at once,
	// and what a goroutine of its had still to say would be lost. One that ended
	// without listening is known by its end.
	_, _ = in.Write(words)
	_ = in.Close()
	go func() {
		_ = cmd.Wait() // what it has to say is on the board
		done()
	}()
	return nil
}

const (
	logLimit = 2 << 20 // bytes, beyond which a new run begins a new log (Hermes)
	logOld   = ".1"    // one older log is kept
)

// openLog opens the card's log to append to it.
func openLog(b home.Board, id kanban.TaskID) (*os.File, error) {
	if err := os.MkdirAll(b.Logs, 0o755); err != nil {
		return nil, fmt.Errorf("make the folder of the logs: %w", err)
	}
	// An id of another program's may be any text, and must not lead elsewhere.
	if name := string(id); filepath.Base(name) != name || !filepath.IsLocal(name) {
		return nil, fmt.Errorf("the card's id %q cannot name a log file", name)
	}
	name := LogFile(b, id)
	if info, err := os.Stat(name); err == nil && info.Size() > logLimit {
		_ = os.Rename(name, name+logOld) // one that cannot be put aside, as on Windows while somebody reads it, goes on
	}
	return os.OpenFile(name, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
}
