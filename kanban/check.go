package kanban

import (
	"strings"
	"time"
)

// A check is a command that judges a report before its card is done. The report
// waits as a [Proposal], which one process takes, carries the command out and
// says how it went. Package kanban decides what that means.

// What holds where a profile says nothing else.
const (
	DefaultCheckTimeout = 10 * time.Minute // after which a check counts as failed
	DefaultCheckBudget  = 3                // refusals after which a person is asked
)

// MaxCheck bounds the command of a card's check, in bytes.
const MaxCheck = 8 << 10

// Checking is how reports on the cards of a profile are judged.
type Checking struct {
	Profile bool // the profile has a check of its own
	Unknown bool // whether it has cannot be read here; the supervisor of a run knows
	Timeout time.Duration
	Budget  int64
}

func (k Checking) budget() int64 {
	if k.Budget > 0 {
		return k.Budget
	}
	return DefaultCheckBudget
}

// Limit is how long a check may take.
func (k Checking) Limit() time.Duration {
	if k.Timeout > 0 {
		return k.Timeout
	}
	return DefaultCheckTimeout
}

// ProposalState is where a proposal stands.
type ProposalState string

const (
	ProposalWaiting   ProposalState = "waiting"   // nobody has begun the check
	ProposalRunning   ProposalState = "running"   // somebody runs it
	ProposalPassed    ProposalState = "passed"    // the card was completed with the report
	ProposalRefused   ProposalState = "refused"   // the check failed
	ProposalAbandoned ProposalState = "abandoned" // no verdict: the card moved on, or the report could not be taken
)

// Proposal is a report that waits for its check, or the record of how that went.
// It is pinned to the run that was the card's when it was made.
type Proposal struct {
	ID      int64
	Task    TaskID
	Run     RunID // zero: the card was in no worker's hands
	Report  Report
	MadeAt  time.Time
	State   ProposalState
	By      string // who runs the check, as a lock names a process
	Command string
	Exit    string // how it ended, as [Exit.String] has it, or in words
	Output  string // its head and its tail; of an abandoned one, why

	StartedAt, EndedAt time.Time
}

// Open reports whether a verdict is awaited.
func (p Proposal) Open() bool { return p.State == ProposalWaiting || p.State == ProposalRunning }

// Stands reports whether a verdict would still count for the card.
func (p Proposal) Stands(t Task) bool {
	return p.Open() && p.Task == t.ID && p.Run == t.Run && t.Status.May(VerbComplete)
}

// Now is the state as it is, of a card that another program may have moved.
func (p Proposal) Now(t Task) ProposalState {
	if p.Open() && !p.Stands(t) {
		return ProposalAbandoned
	}
	return p.State
}

func (p Proposal) abandoned(why string, now time.Time) Proposal {
	p.State, p.Output, p.EndedAt = ProposalAbandoned, mended(why), now
	return p
}

// movedOn is what an abandoned proposal says of the card.
const movedOn = "the card left the run before its check had ended"

// Judged reports whether the report must wait for a check. A person may skip it,
// which the report then tells; a worker may not.
func (t Task) Judged(r Report, k Checking, run *Run) (_ Report, held bool, err error) {
	if r.NoCheck != "" && (r.Worker != "" || r.Run != 0) {
		return r, false, &Error{Code: Denied, Msg: sprintf("complete %s: only a person may skip the check", t.ID),
			Hint: "complete it without --no-check, or block it with a question"}
	}
	ours := run != nil && run.Open() && run.Worker.Start != ""
	if t.Check == "" && !k.Profile && !(k.Unknown && ours) {
		return r, false, nil
	}
	if r.NoCheck == "" {
		return r, true, nil
	}
	meta, err := object("the metadata", r.Metadata)
	if err != nil {
		return r, false, err
	}
	r.Metadata = ParsePayload(string(meta)).and(payload("check", "skipped by "+r.NoCheck)).raw()
	return r, false, nil
}

// Propose lets a report wait for its check. What could not be reported at all is
// refused at once. open are the card's proposals without a verdict: the run's own
// gets the new words, so that one check answers to all who wait for it; others are
// abandoned.
func (t Task) Propose(r Report, open []Proposal, run *Run, w Witness, now time.Time) (Change, error) {
	if c, err := t.Complete(r, run, w, now); err != nil || c.Refusal != nil {
		return c, err
	}
	c := Change{Was: t, Task: t}
	p := Proposal{Task: t.ID, Run: t.Run, MadeAt: now, State: ProposalWaiting}
	for _, o := range open {
		if o.Stands(t) {
			p = o
		} else if o.Open() {
			c.Proposals = append(c.Proposals, o.abandoned(movedOn, now))
		}
	}
	// What waits for its verdict is stored, too.
	if err := prose("the result", &r.Result, "the summary", &r.Summary); err != nil {
		return Change{}, err
	}
	var err error
	if r.Metadata, err = object("the metadata", r.Metadata); err != nil {
		return Change{}, err
	}
	p.Report = r
	c.Proposals = append(c.Proposals, p) // the last is the one that waits
	return c, nil
}

// Judge is the word of by that it runs the check from here on: of several, one
// gets it. was is who had begun before and is known to be gone; empty: nobody.
func (t Task) Judge(p Proposal, by, was, command string, now time.Time) (Change, error) {
	c := Change{Was: t, Task: t}
	switch {
	case !p.Open():
		return Change{}, &Error{Code: Conflict, Err: ErrSuperseded, Msg: sprintf("check the report on %s: it is %s already", t.ID, p.State)}
	case !p.Stands(t):
		c.Proposals = []Proposal{p.abandoned(movedOn, now)}
		c.Refusal = &Error{Code: Conflict, Err: ErrSuperseded, Msg: sprintf("check the report on %s: %s", t.ID, movedOn)}
		return c, nil
	case p.By != was:
		return Change{}, &Error{Code: Conflict, Err: ErrHeld, Msg: sprintf("check the report on %s: %s runs the check already", t.ID, p.By)}
	}
	p.State, p.By, p.Command, p.StartedAt = ProposalRunning, by, mended(command), now
	c.Proposals = []Proposal{p}
	return c, nil
}

// Verdict is how a check went.
type Verdict struct {
	By     string // who ran it
	Passed bool
	Exit   string
	Output string
}

// Verdict records how the check went: the card is done as the report says, or the
// refusal is kept and counted. The one that exhausts the budget blocks a running
// card, with the output as the question.
func (t Task) Verdict(p Proposal, v Verdict, k Checking, parents []Task, run *Run, w Witness, now time.Time) (Change, error) {
	switch {
	case p.State != ProposalRunning || p.By != v.By:
		return Change{}, &Error{Code: Conflict, Err: ErrSuperseded, Msg: sprintf("judge the report on %s: another has taken the check over", t.ID)}
	case !p.Stands(t):
		c := Change{Was: t, Task: t, Proposals: []Proposal{p.abandoned(movedOn, now)}}
		c.Refusal = &Error{Code: Conflict, Err: ErrSuperseded, Msg: sprintf("judge the report on %s: %s", t.ID, movedOn)}
		return c, nil
	}
	p.Exit, p.Output, p.EndedAt = mended(v.Exit), Redact(mended(v.Output)), now
	if v.Passed {
		r := p.Report
		r.Run = p.Run
		c, err := t.Complete(r, run, w, now)
		if err != nil || c.Refusal != nil {
			return c, err
		}
		p.State = ProposalPassed
		c.Proposals = []Proposal{p}
		return c, nil
	}
	p.State = ProposalRefused
	t2 := t
	t2.Refusals++
	if t.Status != Running || t2.Refusals < k.budget() {
		return Change{Was: t, Task: t2, Proposals: []Proposal{p}}, nil
	}
	c, err := t.Block(Block{Kind: NeedsInput, Author: "check", Run: p.Run, Reason: sprintf(
		"the check refused the report %d times; what is wrong?\n%s (%s)\n%s", t2.Refusals, firstLine(p.Command, 200), p.Exit, ends(plainOutput(p.Output), 400, 1500))}, parents, run, now)
	if err != nil {
		return Change{}, err
	}
	c.Task.Refusals = 0 // when it is let go on, it has all of them again
	c.Proposals = []Proposal{p}
	return c, nil
}

// Untaken closes a proposal whose check passed, or was not needed, and whose report
// could not be taken in the end. It costs no refusal.
func (t Task) Untaken(p Proposal, why string, now time.Time) Change {
	return Change{Was: t, Task: t, Proposals: []Proposal{p.abandoned(why, now)}}
}

// Left reports whether a worker that ended so after its report was refused, be it
// with the status of the refused command, may be taken to have given up on it. A
// signal or a quota is another matter.
func (p Proposal) Left(x Exit) bool {
	return p.State == ProposalRefused && x.Signal == 0 && !x.Unknown && x.Code != RateLimitCode
}

// Rejected ends the open run of a worker that left after its report was refused
// ([Proposal.Left]). The refusal is what counts, and not the end: the card is tried
// again after a rest.
func (t Task) Rejected(refused Proposal, run Run, x Exit, p Policy, now time.Time) (Change, error) {
	if t.Status != Running || t.Run != run.ID || !run.Open() {
		return Change{}, &Error{Code: Conflict, Err: ErrSuperseded, Msg: sprintf("end run %s of %s: its run moved on meanwhile", run.ID, t.ID)}
	}
	if run.Worker.Exit == "" {
		run.Worker.Exit, run.Worker.ExitedAt = x.String(), now
	}
	c := t.change(VerbReclaim)
	c.Task.Status, c.Task.RetryAt = Ready, now.Add(p.backoff(Breach, max(1, t.Refusals)))
	id := c.end(&run, ending{outcome: OutcomeReclaimed, err: "the check refused its report: " + refused.Exit}, false, now)
	c.event(EventReclaimed, id, payload("reason", "check_refused", "exit", refused.Exit, "refusals", t.Refusals, "prev_lock", orNull(t.Lock)))
	return c, nil
}

// CleanCheck gives the command of a card's check as it is stored; none is none.
// Only a person sets one: it runs on the worker's host, outside of whatever the
// worker is kept in.
func CleanCheck(command string, worker TaskID) (string, error) {
	command = strings.TrimSpace(command)
	if worker != "" {
		return "", &Error{Code: Denied, Msg: sprintf("set a check: the worker of %s may not, on no card", worker),
			Hint: "say in the card what is to be checked, or ask a person with `andon comment`"}
	}
	if len(command) > MaxCheck {
		return "", &Error{Code: Invalid, Msg: sprintf("the check has %d bytes, and %d is the most", len(command), MaxCheck), Hint: "put it into a script"}
	}
	return command, cleanText("the check", command)
}

// ends keeps the first and the last characters of a text.
func ends(s string, head, tail int) string {
	r := []rune(strings.TrimSpace(s))
	if len(r) <= head+tail {
		return string(r)
	}
	return sprintf("%s\n… [%d characters left out] …\n%s", string(r[:head]), len(r)-head-tail, string(r[len(r)-tail:]))
}

// Forsake closes the proposals that count no longer.
func (t Task) Forsake(open []Proposal, now time.Time) Change {
	c := Change{Was: t, Task: t}
	for _, p := range open {
		if p.Open() && !p.Stands(t) {
			c.Proposals = append(c.Proposals, p.abandoned(movedOn, now))
		}
	}
	return c
}

// Equal reports whether two reports say the same.
func (r Report) Equal(s Report) bool {
	a, err := EncodeJSON(r)
	b, err2 := EncodeJSON(s)
	return err == nil && err2 == nil && a == b
}

// GiveBack is the word of by that it runs the check no longer, and that another may.
func (t Task) GiveBack(p Proposal, by string) Change {
	c := Change{Was: t, Task: t}
	if p.State == ProposalRunning && p.By == by {
		p.State, p.By, p.StartedAt = ProposalWaiting, "", time.Time{}
		c.Proposals = []Proposal{p}
	}
	return c
}
