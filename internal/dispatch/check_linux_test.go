package dispatch_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
	"unicode/utf8"

	"andon/internal/board"
	"andon/internal/config"
	"andon/internal/store"
	"andon/internal/store/sqlite"
	"andon/internal/worker"
	"andon/kanban"
)

// report is what an agent of these tests calls as `andon complete SUMMARY`.
func report(ctx context.Context) error {
	place := placeOf(os.Getenv("ANDON_HOME"))
	db, err := sqlite.Open(ctx, place.DB, store.Options{})
	if err != nil {
		return err
	}
	defer db.Close()
	run, err := strconv.ParseInt(os.Getenv("ANDON_RUN_ID"), 10, 64)
	if err != nil {
		return err
	}
	r := worker.Reporter{Board: board.New(db), Place: place, Root: os.Getenv("ANDON_HOME"), Self: os.Args[0],
		Profile: func(string) (config.Profile, error) { return config.Profile{}, fmt.Errorf("not told") }} // the supervisor knows
	r.Board.Checks = r.Checks
	_, err = r.Complete(ctx, kanban.TaskID(os.Getenv("ANDON_TASK")), kanban.Report{Run: kanban.RunID(run), Summary: os.Args[2]})
	return err
}

func checked(script, check string, on kanban.OnExit) config.Profile {
	p := shell(script, on)
	p.Check = config.Shell(check)
	return p
}

func (f *floor) proposals(id kanban.TaskID) []kanban.Proposal {
	f.t.Helper()
	all, err := f.board.Proposals(f.t.Context(), id)
	if err != nil {
		f.t.Fatal(err)
	}
	return all
}

// went tells how the checks of a card and its runs went.
func (f *floor) went(id kanban.TaskID) (checks []string, runs []kanban.Outcome) {
	for _, p := range f.proposals(id) {
		checks = append(checks, strings.TrimSpace(string(p.State)+" "+p.Exit))
	}
	for _, r := range f.card(id).Runs {
		runs = append(runs, r.Outcome)
	}
	return checks, runs
}

func (f *floor) wentSo(id kanban.TaskID, checks []string, runs []kanban.Outcome) {
	f.t.Helper()
	gotChecks, gotRuns := f.went(id)
	if !slices.Equal(gotChecks, checks) || !slices.Equal(gotRuns, runs) {
		f.t.Errorf("checks %q, runs %q; want %q, %q", gotChecks, gotRuns, checks, runs)
	}
	for _, r := range f.card(id).Runs {
		if left := alive(worker.Mark(placeOf(f.root), r.ID)); len(left) > 0 {
			f.t.Errorf("run %s left processes %v", r.ID, left)
		}
	}
	if found, err := f.db.Audit(f.t.Context()); err != nil || len(found) > 0 {
		f.t.Errorf("audit: %q, %v", found, err)
	}
}

// A refused report costs nothing but itself: the worker mends its work and reports
// again.
func TestCheckRefusesAndThenPasses(t *testing.T) {
	t.Parallel()
	f := newFloor(t, checked(`andon complete first && exit; touch ok; andon complete second`, `test -e ok || { echo no ok; exit 3; }`, kanban.OnExitProtocol))
	id := f.one()
	run := f.last(id)
	f.wentSo(id, []string{"refused exit 3", "passed exit 0"}, []kanban.Outcome{kanban.OutcomeCompleted})
	if run.Summary != "second" || run.Worker.Exit != "exit 0" {
		t.Errorf("summary %q, exit %q", run.Summary, run.Worker.Exit)
	}
	if got := f.proposals(id)[0].Output; got != "no ok\n" {
		t.Errorf("output %q", got)
	}
}

// The card's own check goes before its profile's.
func TestCheckOfTheCardWins(t *testing.T) {
	t.Parallel()
	f := newFloor(t, checked(`andon complete done`, `exit 9`, kanban.OnExitProtocol))
	c, _, err := f.board.Create(t.Context(), kanban.Draft{Title: "one", Assignee: "agent", MaxRetries: 1,
		Check: `test "$PWD" = "$ANDON_WORKSPACE" && test "$ANDON_TASK" = "` + "$HERMES_KANBAN_TASK" + `"`})
	if err != nil {
		t.Fatal(err)
	}
	f.dispatch()
	f.last(c.ID)
	f.wentSo(c.ID, []string{"passed exit 0"}, []kanban.Outcome{kanban.OutcomeCompleted})
}

// Refusals have a budget over all attempts. The next attempt reads what was wrong,
// and in the end a person does.
func TestCheckBudgetAsksAPerson(t *testing.T) {
	t.Parallel()
	f := newFloor(t, checked(`cp "$ANDON_PROMPT_FILE" "$TEST_ROOT/prompt.$ANDON_ATTEMPT"; andon complete "try $ANDON_ATTEMPT"`,
		`echo "## Body: the bridge is down"; exit 2`, kanban.OnExitProtocol))
	id := f.one()
	f.until("the card to be blocked", func() bool { return f.card(id).Task.Status == kanban.Blocked })
	f.last(id)
	f.wentSo(id, []string{"refused exit 2", "refused exit 2", "refused exit 2"},
		[]kanban.Outcome{kanban.OutcomeReclaimed, kanban.OutcomeReclaimed, kanban.OutcomeBlocked})
	card := f.card(id)
	if card.Task.BlockKind != kanban.NeedsInput || card.Task.Failures != 0 || card.Task.Refusals != 0 {
		t.Errorf("blocked as %q with %d failures and %d refusals; want needs_input, 0, 0", card.Task.BlockKind, card.Task.Failures, card.Task.Refusals)
	}
	if n := len(card.Comments); n != 1 || !strings.Contains(card.Comments[0].Body, "the bridge is down") {
		t.Errorf("comments %+v, want the output as the question", card.Comments)
	}
	prompt, err := os.ReadFile(filepath.Join(f.root, "prompt.2"))
	if err != nil || !strings.Contains(string(prompt), "\n## Reports that the check refused\n") || !strings.Contains(string(prompt), "\n    ## Body: the bridge is down\n") {
		t.Errorf("the second attempt is not told: %v\n%s", err, prompt)
	}
}

// Who reported may die: the report is judged all the same, and the run ends only
// after the verdict.
func TestReporterKilledWhileItWaits(t *testing.T) {
	t.Parallel()
	f := newFloor(t, checked(`andon complete x & while [ ! -e began ]; do sleep 0.02; done; kill -9 $!; touch go; exit 0`,
		`touch began; while [ ! -e go ]; do sleep 0.02; done; sleep 0.3`, kanban.OnExitProtocol))
	id := f.one()
	if run := f.last(id); run.Summary != "x" {
		t.Errorf("summary %q, want x", run.Summary)
	}
	f.wentSo(id, []string{"passed exit 0"}, []kanban.Outcome{kanban.OutcomeCompleted})
}

// A supervisor that is killed half-way takes the check with it, and the card is
// tried again, once.
func TestSupervisorKilledMidCheck(t *testing.T) {
	t.Parallel()
	f := newFloor(t, checked(`andon complete x`, `[ "$ANDON_ATTEMPT" = 2 ] && exit; setsid sleep 300 & sleep 300`, kanban.OnExitProtocol))
	f.dispatch()
	id := f.create(1)[0]
	f.until("the check", func() bool {
		all := f.proposals(id)
		return len(all) == 1 && all[0].State == kanban.ProposalRunning
	})
	if err := syscall.Kill(int(f.card(id).Runs[0].Worker.PID), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	f.until("the second run", func() bool { return f.settled([]kanban.TaskID{id}) })
	f.wentSo(id, []string{"abandoned", "passed exit 0"}, []kanban.Outcome{kanban.OutcomeCrashed, kanban.OutcomeCompleted})
}

// A check that hangs has failed, and all that it started ends with it, in whatever
// session.
func TestCheckTimesOut(t *testing.T) {
	t.Parallel()
	p := checked(`andon complete x; sleep 300`, `trap "" TERM; setsid sh -c 'trap "" TERM; sleep 300' & echo began; sleep 300`, kanban.OnExitProtocol)
	p.CheckTimeout, p.CheckBudget = config.Duration(time.Second), 1
	f := newFloor(t, p)
	id := f.one()
	f.last(id)
	f.wentSo(id, []string{"refused timed out after 1s"}, []kanban.Outcome{kanban.OutcomeBlocked})
	if got := f.proposals(id)[0].Output; got != "began\n" {
		t.Errorf("output %q", got)
	}
}

// The run's limit holds during a check, and ends it without a verdict.
func TestRunLimitEndsTheCheck(t *testing.T) {
	t.Parallel()
	p := checked(`andon complete x`, `trap "" TERM; setsid sleep 300 & sleep 300`, kanban.OnExitProtocol)
	p.MaxRuntime = config.Duration(time.Second)
	f := newFloor(t, p)
	id := f.one()
	f.last(id)
	f.wentSo(id, []string{"abandoned"}, []kanban.Outcome{kanban.OutcomeTimedOut})
}

// However much a check says, and whatever: the head and the tail are kept, as text.
func TestCheckOutputIsBounded(t *testing.T) {
	t.Parallel()
	p := checked(`andon complete x`, `printf 'begin\033[2J\0\377'; head -c 100000000 /dev/zero | tr '\0' x; echo; echo the end; exit 1`, kanban.OnExitProtocol)
	p.CheckBudget = 1
	f := newFloor(t, p)
	id := f.one()
	f.last(id)
	f.wentSo(id, []string{"refused exit 1"}, []kanban.Outcome{kanban.OutcomeBlocked})
	out := f.proposals(id)[0].Output
	if len(out) > 40<<10 || !strings.HasPrefix(out, "begin") || !strings.HasSuffix(out, "x\nthe end\n") || !utf8.ValidString(out) || strings.Contains(out, "\x00") {
		t.Errorf("%d bytes of output: %.40q ... %q", len(out), out, out[max(0, len(out)-40):])
	}
	for _, c := range f.card(id).Comments {
		if strings.Contains(c.Body, "\x1b") {
			t.Errorf("the question steers the terminal: %.60q", c.Body)
		}
	}
}

// What the check leaves running is ended when it ends, and the worker goes on.
func TestCheckLeavesNothingRunning(t *testing.T) {
	t.Parallel()
	f := newFloor(t, checked(`andon complete x || exit 5; sleep 1`, `setsid sleep 300 & exit 0`, kanban.OnExitProtocol))
	id := f.one()
	if run := f.last(id); run.Worker.Exit != "exit 0" {
		t.Errorf("exit %q", run.Worker.Exit)
	}
	f.wentSo(id, []string{"passed exit 0"}, []kanban.Outcome{kanban.OutcomeCompleted})
}

// Where a clean exit is the report, it is checked, too.
func TestCleanExitIsChecked(t *testing.T) {
	t.Parallel()
	f := newFloor(t, checked(`exit 0`, `test "$ANDON_ATTEMPT" = 2`, kanban.OnExitComplete))
	id := f.one()
	f.until("the second run", func() bool { return f.settled([]kanban.TaskID{id}) })
	f.wentSo(id, []string{"refused exit 1", "passed exit 0"}, []kanban.Outcome{kanban.OutcomeReclaimed, kanban.OutcomeCompleted})
	if got := string(f.card(id).Runs[1].Metadata); !strings.Contains(got, `"exit_code": 0`) {
		t.Errorf("metadata %s", got)
	}
}

// A card that another moved meanwhile has no use for the verdict. Hermes' own
// complete is not held.
func TestCheckOfACardThatMovedOn(t *testing.T) {
	t.Parallel()
	f := newFloor(t, checked(`andon complete x`, `sleep 300`, kanban.OnExitProtocol))
	id := f.one()
	f.until("the check", func() bool {
		all := f.proposals(id)
		return len(all) == 1 && all[0].State == kanban.ProposalRunning
	})
	// What Hermes writes, as far as it matters here.
	if err := f.db.Update(t.Context(), func(tx *store.Tx) error {
		card, err := tx.Task(t.Context(), id)
		if err != nil {
			return err
		}
		run, err := tx.Run(t.Context(), card.Run)
		if err != nil {
			return err
		}
		c, err := card.Complete(kanban.Report{Summary: "theirs"}, run, kanban.Witness{}, tx.Now)
		if err != nil {
			return err
		}
		return tx.Apply(t.Context(), &c)
	}); err != nil {
		t.Fatal(err)
	}
	if run := f.last(id); run.Summary != "theirs" {
		t.Errorf("summary %q", run.Summary)
	}
	f.wentSo(id, []string{"abandoned"}, []kanban.Outcome{kanban.OutcomeCompleted})
}
