package dispatch_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"andon/internal/config"
	"andon/internal/worker"
	"andon/kanban"
)

// temper is what an agent does, and how its card must end whatever happens to
// the dispatcher meanwhile.
type temper struct {
	name, profile, script string
	end                   kanban.Status
}

// Every agent first proves that no other agent of its card lives.
const alone = `exec 9>>"$ANDON_WORKSPACE/lock"; flock -n 9 || echo "$ANDON_TASK" >>"$TEST_ROOT/doubles"
case "$1" in
`

var tempers = []temper{
	{"finish", "steady", `sleep 0.05`, kanban.Done},
	{"fork", "steady", `setsid sh -c 'trap "" TERM; setsid sleep 300 & sleep 300' &`, kanban.Done},
	{"sessions", "steady", `setsid sleep 300 & setsid sh -c 'sleep 300 & sleep 0.05' ; exit 0`, kanban.Done},
	{"crash", "flaky", `exit 3`, kanban.Blocked},
	{"crash once", "flaky", `[ -e "$ANDON_WORKSPACE/tried" ] || { touch "$ANDON_WORKSPACE/tried"; kill -9 $$; }`, kanban.Done},
	{"quota once", "flaky", `[ -e "$ANDON_WORKSPACE/tried" ] || { touch "$ANDON_WORKSPACE/tried"; exit 75; }`, kanban.Done},
	{"silent", "sworn", `exit 0`, kanban.Blocked},
	{"hang", "sworn", `sleep 300`, kanban.Blocked},
	{"ignore", "sworn", `trap "" TERM; setsid sh -c 'trap "" TERM; sleep 300' & sleep 300; sleep 300`, kanban.Blocked},
}

func chaosProfiles() map[string]config.Profile {
	script := alone
	for _, m := range tempers {
		script += fmt.Sprintf("%q) %s ;;\n", m.name, m.script)
	}
	script += "esac"
	profiles := map[string]config.Profile{}
	for _, m := range tempers {
		p := config.Profile{Command: []string{"sh", "-c", script, "agent", "{{.Title}}"}, OnExit: kanban.OnExitComplete}
		if m.profile == "sworn" { // it must report, and never does
			p.OnExit, p.MaxRuntime = kanban.OnExitProtocol, config.Duration(time.Second)
		}
		profiles[m.profile] = p
	}
	return profiles
}

// Agents that crash, hang, say nothing, meet quotas, leave children behind and
// ignore what they are told, under a dispatcher that is killed twenty times:
// every card ends as its agent implies, no two agents ever had one card, and
// nothing is left running. ANDON_CHAOS is the number of cards.
func TestChaos(t *testing.T) {
	t.Parallel()
	cards := 36
	if n, err := strconv.Atoi(os.Getenv("ANDON_CHAOS")); err == nil {
		cards = n
	}
	f := newFloorOf(t, chaosProfiles(), "TEST_COOLDOWN=1s")
	seed := rand.Uint64()
	t.Logf("%d cards, seed %d", cards, seed)
	random := rand.New(rand.NewPCG(seed, 1))
	want := map[kanban.TaskID]temper{}
	for i := range cards {
		m := tempers[i%len(tempers)]
		c, _, err := f.board.Create(t.Context(), kanban.Draft{Title: m.name, Assignee: m.profile, Priority: random.Int64N(5), MaxRetries: 2})
		if err != nil {
			t.Fatal(err)
		}
		want[c.ID] = m
	}
	settled := func() bool {
		for id := range want {
			card := f.card(id)
			if card.Task.Status != kanban.Done && card.Task.Status != kanban.Blocked || card.Runs[len(card.Runs)-1].Worker.Exit == "" && card.Task.Status == kanban.Done {
				return false
			}
		}
		return true
	}
	const kills = 20
	for range kills {
		d := f.dispatch()
		head, err := f.board.Head(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		target := head + 1 + kanban.EventID(random.IntN(cards/4))
		f.within(time.Minute+time.Duration(cards)*time.Second, "events", func() bool {
			now, err := f.board.Head(t.Context())
			return err != nil || now >= target || settled()
		})
		d.Process.Kill()
		d.Wait()
	}
	f.dispatch()
	f.within(time.Minute+time.Duration(cards)*time.Second, "all cards to end", settled)

	if found, err := f.db.Audit(t.Context()); err != nil || len(found) > 0 {
		t.Errorf("audit: %q, %v", found, err)
	}
	if doubles, err := os.ReadFile(f.root + "/doubles"); err == nil {
		t.Errorf("two workers of one card lived at once: %s", doubles)
	}
	for id, m := range want {
		card := f.card(id)
		if card.Task.Status != m.end {
			t.Errorf("card %s (%s) is %s, want %s", id, m.name, card.Task.Status, m.end)
		}
		completed := 0
		for _, r := range card.Runs {
			if r.Outcome == kanban.OutcomeCompleted {
				completed++
			}
			if left := alive(worker.Mark(placeOf(f.root), r.ID)); len(left) > 0 {
				t.Errorf("card %s (%s): run %s left processes %v", id, m.name, r.ID, left)
			}
		}
		if once := m.end == kanban.Done; once != (completed == 1) || completed > 1 {
			t.Errorf("card %s (%s) was completed %d times", id, m.name, completed)
		}
		if gaveUp := slices.ContainsFunc(card.Events, func(e kanban.Event) bool { return e.Kind == kanban.EventGaveUp }); gaveUp != (m.end == kanban.Blocked) {
			t.Errorf("card %s (%s): given up %t", id, m.name, gaveUp)
		}
	}
}
