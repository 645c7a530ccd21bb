//go:build unix

package notify

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"andon/internal/store/storetest"
	"andon/kanban"
)

// runner starts a runner in a process of its own and reports whether it was
// killed.
func (p *post) runner(how, point string, passes int) (killed bool) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, os.Args[0])
	cmd.Env = append(os.Environ(), runEnv+"="+strings.Join([]string{how, p.db.Path(), p.home.Root, p.file, point, fmt.Sprint(passes)}, "\n"))
	out, err := cmd.CombinedOutput()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok && exit.ExitCode() == -1 && ctx.Err() == nil {
		return true
	}
	if err != nil {
		p.t.Fatalf("the runner: %v: %s", err, out)
	}
	return false
}

// A runner that is killed loses no notification, whatever it was about, and at
// most the one it had in hand comes twice, with the same id.
func TestKilledAtEachPointOfADelivery(t *testing.T) {
	for _, c := range []struct {
		point string
		twice bool // what was in hand had arrived
	}{{"claimed", false}, {"sent", true}, {"settled", false}} {
		t.Run(c.point, func(t *testing.T) {
			storetest.Places(t, func(t *testing.T, path string) {
				p := newPost(t, path)
				if p.runner("once", "never", 0) { // the follower hears from here on
					t.Fatal("killed at no point")
				}
				const cards = 3
				for range cards {
					id := p.card("file")
					p.block(id)
					p.complete(id)
				}
				const messages = cards * 3 // of each card two, and the follower hears of the block
				kills := 0
				for p.runner("once", c.point, 1) {
					if kills++; kills > messages {
						t.Fatalf("killed %d times, and no end", kills)
					}
				}
				p.arrived(messages, kills, c.twice)
				if kills < 3 {
					t.Errorf("killed %d times only", kills)
				}
				if subs := p.subs(); len(subs) != 0 {
					t.Errorf("subscriptions to finished cards are left: %q", subs)
				}
				if rows := storetest.Dump(t, p.db, `SELECT target, task_id FROM andon_notify WHERE claimed_to IS NOT NULL`); len(rows) != 0 {
					t.Errorf("claims are left: %q", rows)
				}
				storetest.Check(t, p.db)
			})
		})
	}
}

// Likewise where targets are served side by side and the runner stays.
func TestRunnerKilledWhileItRuns(t *testing.T) {
	p := filePost(t)
	if p.runner("once", "never", 0) {
		t.Fatal("killed at no point")
	}
	const cards = 12
	for range cards {
		id := p.card("file")
		p.block(id)
		p.complete(id)
	}
	kills := 0
	for ; kills < 6; kills++ {
		if !p.runner("run", []string{"claimed", "sent", "settled"}[kills%3], 2) {
			t.Fatal("the runner ended by itself")
		}
	}
	if p.runner("once", "never", 0) {
		t.Fatal("killed at no point")
	}
	seen := map[string]int{}
	for _, m := range p.got() {
		seen[m.Data.ID]++
	}
	twice := 0
	for id, n := range seen {
		if twice += n - 1; n > kills {
			t.Errorf("%s came %d times", id, n)
		}
	}
	if len(seen) != cards*3 || twice > kills*2 { // each of the two targets had one in hand
		t.Errorf("%d notifications arrived, want %d; %d came again after %d kills", len(seen), cards*3, twice, kills)
	}
}

// arrived checks that all came, in order within a subscription, and how often.
func (p *post) arrived(messages, kills int, twice bool) {
	p.t.Helper()
	seen := map[string]int{}
	last := map[string]kanban.EventID{}
	total := 0
	for _, m := range p.got() {
		total++
		if seen[m.Data.ID]++; seen[m.Data.ID] > 1 {
			continue
		}
		key := fmt.Sprint(m.Data.Target, m.Data.TaskID)
		if m.Data.EventID <= last[key] {
			p.t.Errorf("of %s event %d came after %d", key, m.Data.EventID, last[key])
		}
		last[key] = m.Data.EventID
	}
	if len(seen) != messages {
		p.t.Errorf("%d notifications arrived, want %d", len(seen), messages)
	}
	want := messages
	if twice {
		want += kills
	}
	if total != want {
		p.t.Errorf("%d messages after %d kills, want %d", total, kills, want)
	}
}
