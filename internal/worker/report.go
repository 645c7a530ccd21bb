package worker

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"andon/internal/attach"
	"andon/internal/board"
	"andon/internal/config"
	"andon/internal/home"
	"andon/internal/proc"
	"andon/kanban"
)

// deliver keeps the artifacts of a board's reports.
func deliver(root string, place home.Board) func(context.Context, kanban.Task, kanban.Report) (kanban.Report, func(), error) {
	files := attach.Of(place)
	files.Workspaces = func() []string { return home.WorkspaceRoots(root, place) }
	return files.Deliver
}

// Reporter completes cards, for every surface. Where a check holds a card, it waits
// for the verdict: the supervisor of the card's run runs the check, and where none
// lives, the reporter does.
type Reporter struct {
	Board *board.Board
	Place home.Board
	Root  string // the home
	Self  string // this program's file

	// Profile is what andon.yaml says of a profile; the error: it cannot be read.
	Profile func(name string) (config.Profile, error)

	// Waiting hears that a check has begun, or is waited for; may be nil.
	Waiting func(id kanban.TaskID, command string, limit time.Duration)
}

// Checks is for the board of a reporter: see [board.Board.Checks].
func (r Reporter) Checks(name string) kanban.Checking {
	p, err := r.Profile(name)
	k := p.Checking()
	k.Unknown = err != nil
	return k
}

// Refused is the error of a report that the check refused. It is [kanban.ErrRefused].
type Refused struct {
	Why      *kanban.Error
	Proposal kanban.Proposal // with the output
	Task     kanban.Task     // as it stands since
}

func (r *Refused) Error() string { return r.Why.Error() }

func (r *Refused) Unwrap() []error { return []error{r.Why, kanban.ErrRefused} }

// Complete is [board.Board.Complete] and then, if the report has to wait for a
// check, the wait. It returns the card as done, or why it is not: a [*Refused] if
// the check failed. If the context ends first, the report goes on waiting, and a
// supervisor judges it all the same.
func (r Reporter) Complete(ctx context.Context, id kanban.TaskID, report kanban.Report) (kanban.Change, error) {
	c, err := r.Board.Complete(ctx, id, report)
	if err != nil || len(c.Proposals) == 0 {
		return c, err
	}
	return r.wait(ctx, c)
}

// lookAgain is how often the one who judges is looked at: no commit tells of its
// death.
const lookAgain = time.Second

func (r Reporter) wait(ctx context.Context, c kanban.Change) (kanban.Change, error) {
	inner, cancel := context.WithCancel(ctx)
	wake, err := r.Board.Wake(inner) // before the first look, so that no commit falls between
	if err != nil {
		cancel()
		return c, err
	}
	defer func() {
		cancel()
		for range wake { // until its goroutine has ended
		}
	}()
	tick := time.NewTicker(lookAgain)
	defer tick.Stop()
	id, nudged, told := c.Proposals[len(c.Proposals)-1].ID, false, false
	for {
		a, err := r.Board.Proposed(ctx, id)
		if err != nil {
			return c, err
		}
		p := a.Proposal
		switch p.Now(a.Task) {
		case kanban.ProposalPassed:
			return kanban.Change{Verb: kanban.VerbComplete, Was: c.Was, Task: a.Task, Proposals: []kanban.Proposal{p}}, nil
		case kanban.ProposalRefused:
			return c, refused(a)
		case kanban.ProposalAbandoned:
			return c, errors.Join(abandoned(a), r.Board.Forsake(ctx, kanban.Run{ID: p.Run, Task: p.Task}))
		}
		free := p.State == kanban.ProposalWaiting || gone(p, a.Checking.Limit(), time.Now())
		if supervised(a) {
			if !nudged {
				nudged = true
				_ = proc.Nudge(supervisorOf(a)) // one that cannot be told looks by itself
			}
			if !told && p.State == kanban.ProposalRunning && r.Waiting != nil {
				told = true
				r.Waiting(p.Task, p.Command, a.Checking.Limit())
			}
		} else if free {
			_, err := r.examiner(p.Task).judge(ctx, a, p.By)
			if err == nil || errors.Is(err, kanban.ErrHeld) || errors.Is(err, kanban.ErrSuperseded) {
				continue // the proposal tells
			}
			if ctx.Err() != nil {
				err = waited(p.Task, context.Cause(ctx))
			}
			return c, err
		}
		select {
		case <-ctx.Done():
			return c, waited(p.Task, context.Cause(ctx))
		case <-wake:
		case <-tick.C:
		}
	}
}

// supervised reports whether the card's run has a supervisor that will look.
func supervised(a board.Awaited) bool {
	if a.Run == nil || !a.Run.Open() || a.Run.Worker.PID == 0 || a.Run.Worker.Start == "" {
		return false
	}
	if !Local(a.Run.Lock, proc.Hostname()) {
		return a.Task.Expires.After(time.Now())
	}
	return supervisorOf(a).Alive()
}

func supervisorOf(a board.Awaited) proc.ID {
	return proc.ID{PID: int(a.Run.Worker.PID), Start: a.Run.Worker.Start}
}

func (r Reporter) examiner(id kanban.TaskID) examiner {
	return examiner{
		board: r.Board, place: r.Place, by: self(), grace: defaultGrace, profile: r.Profile,
		where: func(ctx context.Context, t kanban.Task) (string, error) {
			if info, err := os.Stat(t.WorkspacePath); t.WorkspacePath != "" && err == nil && info.IsDir() {
				return t.WorkspacePath, nil
			}
			at, err := Workspace(ctx, r.Place, t)
			return at.Path, err
		},
		env: func(t kanban.Task, run *kanban.Run, p config.Profile) []string {
			s := supervisor{Options: Options{Self: r.Self}, job: Job{Root: r.Root, Board: r.Place, Task: t.ID, Run: t.Run, Lock: t.Lock, Profile: p}}
			if run != nil {
				s.run = *run
			}
			env := s.environment(t)
			if t.Run == 0 { // nobody's run is not named
				env = slices.DeleteFunc(env, func(e string) bool {
					name, _, _ := strings.Cut(e, "=")
					return name == "ANDON_RUN" || strings.HasSuffix(name, "_RUN_ID") || strings.HasSuffix(name, "_CLAIM_LOCK")
				})
			}
			return env
		},
		begun: func(command string, limit time.Duration) {
			if r.Waiting != nil {
				r.Waiting(id, command, limit)
			}
		},
	}
}

func refused(a board.Awaited) error {
	p, t := a.Proposal, a.Task
	hint := fmt.Sprintf("mend what it says and complete the card again; `andon show %s` has its output", t.ID)
	if t.Status != kanban.Running && p.Run != 0 {
		hint = fmt.Sprintf("its budget of refusals is used up: the card is %s now and waits for a person", t.Status)
	}
	return &Refused{Proposal: p, Task: t, Why: &kanban.Error{Code: kanban.Conflict, Hint: hint,
		Msg: fmt.Sprintf("complete %s: the check refused the report: %s", t.ID, p.Exit)}}
}

func abandoned(a board.Awaited) error {
	p, t := a.Proposal, a.Task
	if p.State == kanban.ProposalAbandoned && p.Exit == "" && p.Output != "" && p.Run == t.Run {
		return &kanban.Error{Code: kanban.Conflict, Msg: fmt.Sprintf("complete %s: the report could not be taken: %s", t.ID, p.Output)}
	}
	return &kanban.Error{Code: kanban.Conflict, Err: kanban.ErrSuperseded,
		Msg:  fmt.Sprintf("complete %s: the card left its run before the check had ended, and is %s", t.ID, t.Status),
		Hint: fmt.Sprintf("`andon show %s` tells why", t.ID)}
}

func waited(id kanban.TaskID, err error) error {
	return &kanban.Error{Code: kanban.Busy, Err: err, Msg: fmt.Sprintf("complete %s: gave up waiting for the check: %v", id, err),
		Hint: "the report stands, and the supervisor of the card's worker, if there is one, judges it all the same; complete the card again to wait for the verdict"}
}
