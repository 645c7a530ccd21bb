package worker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"time"

	"andon/internal/board"
	"andon/internal/config"
	"andon/internal/fsx"
	"andon/internal/proc"
	"andon/internal/store"
	"andon/internal/workspace"
	"andon/kanban"
)

const (
	// How often the supervisor looks whether the card is still its own, if no
	// dispatcher tells it to. Fifty idle ones shall cost less than 1 % of a core.
	lookEvery = 5 * time.Second
	lookOften = time.Second      // where processes cannot be told
	farewell  = 10 * time.Second // an agent that has reported may take to end by itself
)

// Point is a moment in the life of a run at which a kill leaves something else
// behind. See the package comment.
type Point string

const (
	Told     Point = "told"     // the job is read; nothing is recorded
	Taken    Point = "taken"    // this process is recorded as the worker; no agent yet
	Started  Point = "started"  // the agent runs
	Exited   Point = "exited"   // the agent has ended; that is not recorded
	Recorded Point = "recorded" // it is
)

// Options is how a supervisor runs.
type Options struct {
	Self string      // this program's file
	At   func(Point) // called at each point; tests kill the process there

	NoCgroup bool  // as on a system where no control group can be made
	LogLimit int64 // bytes of the log beyond which a run begins it anew; zero: runLogLimit
}

// Supervise carries out the job that is written on in, and returns when the run
// has ended and that is recorded. It is the whole of a process: the context ends
// when the host wants the process gone.
func Supervise(ctx context.Context, in io.Reader, o Options) error {
	if o.At == nil {
		o.At = func(Point) {}
	}
	var job Job
	if err := json.NewDecoder(in).Decode(&job); err != nil {
		// The dispatcher was killed while it told us. The card goes back by itself.
		return fmt.Errorf("read the job: %w", err)
	}
	log, err := openLog(job.Board, job.Task)
	if err != nil {
		return err
	}
	defer log.Close()
	db, err := job.Board.Open(ctx, store.Options{Busy: job.Busy})
	if err != nil {
		return err
	}
	nudged, deaf := proc.Nudges() // before anybody can know of this process
	defer deaf()
	s := &supervisor{job: job, meter: job.Profile.Preset.Meter(), Options: o, log: log, board: board.New(db), run: kanban.Run{ID: job.Run, Task: job.Task}, nudged: nudged}
	s.board.Policy = func(string) kanban.Policy {
		return kanban.Policy{ProfileLimit: int64(job.Profile.MaxRetries), BoardLimit: int64(job.FailureLimit), Cooldown: job.RateLimitCooldown,
			Backoff: job.Backoff}
	}
	s.board.Checks = func(string) kanban.Checking { return job.Profile.Checking() }
	s.board.Deliver = deliver(job.Root, job.Board)
	return errors.Join(s.supervise(ctx), db.Close())
}

type supervisor struct {
	Options
	job     Job
	log     *os.File
	board   *board.Board
	run     kanban.Run
	attempt int
	began   time.Time     // by this process's own clock: the board's has whole seconds
	limit   time.Duration // of the run; zero: none
	agent   proc.ID
	cgroup  string    // the agent's control group; empty: none
	known   []proc.ID // the run's processes as last written down

	recordNext time.Time // not to be written down anew before

	wired   map[string]string // what the preset adds to the agent's environment
	meter   *config.Meter     // reads what the agent took; nil: nobody knows how
	logFrom int64             // where in the log its output begins
	cause   string            // why the agent was ended, if not by itself
	starved bool              // the system killed a process of the run for want of memory
	nudged  <-chan os.Signal  // somebody says that the card may have left this run
}

func (s *supervisor) supervise(ctx context.Context) error {
	s.At(Told)
	t, err := s.takeOver(ctx)
	if errors.Is(err, kanban.ErrSuperseded) {
		return nil // another has the card; nothing was started
	}
	if err != nil {
		return err
	}
	s.At(Taken)
	defer os.RemoveAll(s.runDir())
	cmd, err := s.prepare(ctx, t)
	if err != nil && ctx.Err() != nil { // the host wants this process gone, and the card is not to blame
		never := make(chan kanban.Exit, 1)
		never <- kanban.Exit{}
		return s.stopped(never)
	}
	if err != nil {
		return s.failed(ctx, err)
	}
	// Before anything is started, so that nothing escapes.
	defer proc.Adopt()()
	s.enclose()
	exited, err := s.start(cmd)
	if err != nil {
		proc.RemoveCgroup(s.cgroup)
		return s.failed(ctx, fmt.Errorf("start %s: %w", cmd.Path, err))
	}
	s.insist(ctx, "record the agent", func(ctx context.Context) error {
		_, err := s.board.Agent(ctx, s.run, int64(s.agent.PID), s.agent.Start)
		return err
	})
	s.record()
	s.At(Started)
	return s.watch(ctx, exited)
}

// takeOver records this process as the run's worker.
func (s *supervisor) takeOver(ctx context.Context) (kanban.Task, error) {
	t, err := s.board.Task(ctx, s.job.Task)
	if err != nil {
		return t, err
	}
	// A card whose workspace cannot be named is taken over all the same: its
	// failure must be this run's.
	path, err := workspace.Path(t, s.job.Board.Workspaces)
	if err != nil {
		path = t.WorkspacePath
	}
	self := proc.Self()
	c, err := s.board.Started(ctx, s.run, s.job.Lock, kanban.Worker{PID: int64(self.PID), Start: self.Start}, path)
	if err != nil {
		return t, err
	}
	s.run, s.limit, s.began = c.Runs[0], c.Runs[0].MaxRuntime, time.Now()
	return c.Task, nil
}

// prepare makes all that the agent needs.
func (s *supervisor) prepare(ctx context.Context, t kanban.Task) (*exec.Cmd, error) {
	if err := s.outlive(ctx); err != nil {
		return nil, err
	}
	t, err := s.place(ctx, t)
	if err != nil {
		return nil, fmt.Errorf("workspace: %w", err)
	}
	brief, err := s.board.Brief(ctx, t.ID)
	if err != nil {
		return nil, err
	}
	s.attempt = len(brief.Runs)
	_, check, err := command(t, s.job.Profile, string(s.job.Board.Slug), t.WorkspacePath)
	if err != nil {
		return nil, err
	}
	text := prompt(t, check, brief.Text(time.Now(), time.Local), s.job.Profile)
	if err := os.MkdirAll(s.runDir(), 0o755); err != nil {
		return nil, fmt.Errorf("make the folder of the run: %w", err)
	}
	if err := os.WriteFile(s.promptFile(), []byte(text), 0o600); err != nil {
		return nil, fmt.Errorf("write the prompt: %w", err)
	}
	card := config.Card{
		ID: string(t.ID), Title: t.Title, Prompt: text, PromptFile: s.promptFile(), Workspace: t.WorkspacePath,
		Board: string(s.job.Board.Slug), Run: int64(s.run.ID), Attempt: s.attempt,
		Profile: t.Assignee, Model: t.Model, Provider: t.Provider, Effort: t.Effort, Skills: t.Skills, Goal: t.GoalMode,
		Server: s.server(),
	}
	argv, err := s.job.Profile.Resolve(os.Getenv).Argv(card)
	if err == nil {
		s.wired, err = s.wire(card)
	}
	if err != nil {
		return nil, err
	}
	env := s.environment(t)
	program, err := find(argv[0], env)
	if err != nil {
		return nil, err
	}
	cmd := &exec.Cmd{Path: program, Args: argv, Dir: t.WorkspacePath, Env: env, Stdout: s.log, Stderr: s.log}
	if s.job.Profile.ReadsPrompt() {
		f, err := os.Open(s.promptFile())
		if err != nil {
			return nil, err
		}
		cmd.Stdin = f // closed with this process; the agent has it until then
	}
	proc.NewGroup(cmd)
	return cmd, nil
}

// scratchTip is what the first card with a scratch folder is told, once in a home.
const scratchTip = "This card works in a scratch folder, which is removed when the card is finished and no card that waits for it is left. " +
	"For what shall stay, give a card a folder of yours (--workspace dir:PATH) or a git worktree (--workspace worktree:PATH)."

// place makes the folder to work in and records where that is. A worktree's path
// and branch are found here, where git may be waited for: this process is recorded
// already, so nobody takes it for lost.
func (s *supervisor) place(ctx context.Context, t kanban.Task) (kanban.Task, error) {
	at, err := Workspace(ctx, s.job.Board, t, Mark(s.job.Board, s.job.Run))
	if err != nil {
		return t, err
	}
	tip := ""
	if t.WorkspaceKind == kanban.Scratch && fsx.Once(filepath.Join(s.job.Root, ".scratch_tip_shown")) {
		tip = scratchTip
	}
	if at.Path == t.WorkspacePath && at.Branch == t.Branch && tip == "" {
		return t, nil
	}
	c, err := s.board.Placed(ctx, s.run, at.Path, at.Branch, tip)
	return c.Task, err
}

// start starts the agent. Its exit comes on the channel.
func (s *supervisor) start(cmd *exec.Cmd) (<-chan kanban.Exit, error) {
	fmt.Fprintf(s.log, "--- %s  run %s, attempt %d: %s\n", time.Now().Format(time.DateTime), s.run.ID, s.attempt, cmd.Args[0])
	if info, err := s.log.Stat(); err == nil {
		s.logFrom = info.Size()
	}
	started, exited := make(chan error), make(chan kanban.Exit, 1)
	go func() {
		// The agent dies with the thread that started it, so this one stays.
		runtime.LockOSThread()
		cmd, err := s.begin(cmd)
		if err != nil {
			started <- err
			return
		}
		s.agent = proc.ID{PID: cmd.Process.Pid}
		if id, ok := proc.Of(s.agent.PID); ok {
			s.agent = id
		}
		started <- nil
		_ = cmd.Wait()
		exited <- exitOf(cmd.ProcessState)
	}()
	return exited, <-started
}

// watch stays with the agent until it has ended, and records that.
func (s *supervisor) watch(ctx context.Context, exited <-chan kanban.Exit) error {
	every := lookEvery
	if !proc.CanNudge {
		every = lookOften
	}
	look := time.NewTicker(every)
	defer look.Stop()
	renew := time.NewTicker(max(s.job.TTL/3, time.Second))
	defer renew.Stop()
	pulse, err := s.board.Pulse(ctx)
	if err != nil {
		pulse.Beat = func(context.Context) (bool, error) { return true, nil } // each look reads the card
	} else {
		defer pulse.Close()
	}
	var limit, leave <-chan time.Time
	if s.limit > 0 {
		limit = time.After(time.Until(s.began.Add(s.limit)))
	}
	bench, gone := s.bench(), exited
	defer bench.stop()
	known := false // since the last beat it was seen that the card is this run's
	glance := func() {
		if news, err := pulse.Beat(ctx); leave != nil || known && !news && err == nil {
			return
		}
		wait, left, err := s.superseded(ctx)
		if known = err == nil; left {
			leave = time.After(wait)
		} else if known {
			_ = bench.look(ctx) // a busy board is looked at again
		}
	}
	proc.Trim() // what it took to come here
	for {
		select {
		case x := <-gone:
			quota := s.quota(x)
			s.cause = "" // it ended by itself, whatever was about to end it
			if quota != nil {
				s.cause = "a quota stopped it"
			}
			if bench.busy(ctx, x, quota) {
				again := make(chan kanban.Exit, 1)
				again <- x
				exited, gone = again, nil // until the verdict is there
				continue
			}
			s.clear()
			return s.ended(ctx, x, quota)
		case x := <-bench.done:
			bench.over(x)
			gone, known = exited, false
			glance()
		case <-limit:
			bench.stop()
			s.cause = fmt.Sprintf("it had reached its time limit of %s", s.limit)
			res := s.clear()
			return s.ended(ctx, <-exited, &kanban.Failure{
				Class: kanban.TimedOut, PID: int64(s.agent.PID), Elapsed: time.Since(s.began), Limit: s.limit, Sigkill: res.Killed,
			})
		case <-leave:
			bench.stop()
			s.clear()
			return s.ended(ctx, <-exited, nil)
		case <-ctx.Done():
			bench.stop()
			return s.stopped(exited)
		case <-renew.C:
			if _, err := s.board.Renew(ctx, s.run, s.job.Lock, s.job.TTL); err != nil && !errors.Is(err, kanban.ErrSuperseded) {
				s.logf("renew the lease: %v", err) // the next tick tries again, long before it ends
			}
		case <-look.C:
			s.bound()
			s.record()
			glance()
		case <-s.nudged:
			if s.asked() {
				bench.stop()
				return s.yield(exited)
			}
			s.recordNext = time.Time{} // that is rare
			s.record()
			glance()
		}
	}
}

// superseded reports whether the card has left this run, and how long the agent
// may take to end by itself: some time if it was its own report.
func (s *supervisor) superseded(ctx context.Context) (wait time.Duration, gone bool, err error) {
	run, err := s.board.Run(ctx, s.run.ID)
	switch {
	case err != nil:
		return 0, false, err // the board is busy; the next look will tell
	case run != nil && run.Open():
		return 0, false, nil
	}
	s.cause = left(run)
	if run == nil {
		return 0, true, nil
	}
	switch run.Outcome {
	case kanban.OutcomeCompleted, kanban.OutcomeBlocked, kanban.OutcomeReviewRequested, kanban.OutcomeScheduled:
		return farewell, true, nil
	}
	return 0, true, nil
}

// clear ends every process of the run but this one, and verifies it.
func (s *supervisor) clear() proc.Result {
	t := s.tree()
	for {
		// Nothing may cut this short: a card must not be given to another while
		// its last worker lives.
		res, err := proc.End(context.Background(), t, s.job.grace())
		if res.Ended {
			s.release()
			return res
		}
		s.logf("the worker does not end: %v", err)
	}
}

// stopped ends the run because the host wants this process gone. It is no fault
// of the card.
func (s *supervisor) stopped(exited <-chan kanban.Exit) error {
	s.cause = "the supervisor was told to stop; the card goes back, uncounted"
	res := s.clear()
	x := <-exited
	s.accountSoon()
	s.trailer(x)
	ctx, cancel := context.WithTimeout(context.Background(), s.job.Busy)
	defer cancel()
	_, err := s.board.Lapse(ctx, s.run, kanban.Stopped, 0, kanban.Termination{
		PrevPID: s.run.WorkerPID, HostLocal: true, Attempted: true, Terminated: true, Sigkill: res.Killed,
	})
	if errors.Is(err, kanban.ErrSuperseded) {
		return nil
	}
	return err
}

// failed ends a run whose agent never started.
func (s *supervisor) failed(ctx context.Context, why error) error {
	s.logf("not started: %v", why)
	return s.ended(ctx, kanban.Exit{}, &kanban.Failure{Class: kanban.SpawnFailed, Error: why.Error()})
}

// ended records how the run ended.
func (s *supervisor) ended(ctx context.Context, x kanban.Exit, f *kanban.Failure) error {
	if f == nil || f.Class != kanban.SpawnFailed {
		s.account(ctx)
		s.trailer(x)
	}
	s.At(Exited)
	var c kanban.Change
	err := s.insist(ctx, "record the end", func(ctx context.Context) (err error) {
		c, err = s.board.Ended(ctx, s.run, x, s.job.Profile.OnExit, f)
		return err
	})
	s.At(Recorded)
	s.forsake(ctx)
	if err == nil && c.Task.Status.Satisfied() {
		clean := Cleaner{Board: s.board, Place: s.job.Board, Root: s.job.Root}
		if err := clean.After(context.WithoutCancel(ctx), c.Task.ID, s.run.ID); err != nil {
			s.logf("clean up: %v", err) // what is left, `andon gc` finds
		}
	}
	return err
}

// insist repeats what must not be lost while others hold the board. It gives up
// with the process, or when the board says that there is nothing to record.
func (s *supervisor) insist(ctx context.Context, what string, do func(context.Context) error) error {
	for pause := time.Second; ; pause = min(2*pause, time.Minute) {
		err := do(context.WithoutCancel(ctx))
		switch kanban.CodeOf(err) {
		case kanban.Busy, kanban.Unknown:
		default:
			if err != nil {
				s.logf("%s: %v", what, err)
			}
			return err
		}
		s.logf("%s: %v; again in %s", what, err, pause)
		select {
		case <-ctx.Done():
			return err
		case <-time.After(pause):
		}
	}
}
