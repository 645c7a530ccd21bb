package dispatch

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"andon/internal/config"
	"andon/internal/store"
	"andon/kanban"
)

// What no plan may do, whatever the boards and the settings, and what each must.
func checkPlan(t *rapid.T) {
	all, l := fleet(t)
	plans := Plan(all, l)
	room := newRoom(all, l)
	for i, p := range plans {
		s := all[i]
		if s.Closed && len(p.Start)+len(p.Assign)+len(p.Held) > 0 {
			t.Fatalf("the plan for a board at which another dispatcher is: %+v", p)
		}
		if got := len(p.Start) + len(p.Held); !s.Closed && got != len(s.Ready) {
			t.Fatalf("of %d ready cards the plan speaks of %d", len(s.Ready), got)
		}
		for _, task := range p.Start {
			if holds := own(task, s.Pasts[task.ID], s.Now, l); len(holds) > 0 {
				t.Fatalf("%+v is started although %+v", task, holds)
			}
			room.count(s.Board, task)
		}
	}
	// No cap is exceeded that was not before, and none by a start.
	was := newRoom(all, l)
	over := func(what string, before, now, limit int) {
		if limit > 0 && now > max(limit, before) {
			t.Fatalf("%s: %d run, %d did before, and the limit is %d", what, now, before, limit)
		}
	}
	over("host", was.total, room.total, l.MaxInProgress)
	over("--max", was.total, room.total, l.Max)
	for name, b := range l.Boards {
		over("board "+name, was.boards[name], room.boards[name], b.MaxInProgress)
	}
	for name, p := range l.Profiles {
		over("profile "+name, was.busy[name], room.busy[name], p.MaxInProgress)
	}
	for name := range room.users {
		if before, now := len(was.users[name]), len(room.users[name]); now > max(l.Resources[name], before) {
			t.Fatalf("resource %s: %d of %d in use, %d were before", name, now, l.Resources[name], before)
		}
	}
	// What could still start would have been started; and what waits though it could
	// run had something more urgent, or as urgent, go before it.
	for i, p := range plans {
		for _, h := range p.Held {
			if len(h.Holds) == 0 || len(room.holds(all[i], h.Task)) == 0 {
				t.Fatalf("%+v waits, and nothing holds it", h.Task)
			}
			if len(was.holds(all[i], h.Task)) > 0 {
				continue // it could not have started before the others either
			}
			if !slices.ContainsFunc(plans, func(p Starts) bool {
				return slices.ContainsFunc(p.Start, func(s kanban.Task) bool { return s.Priority >= h.Task.Priority })
			}) {
				t.Fatalf("%+v waits for cards that are less urgent", h.Task)
			}
		}
	}
}

func TestPlanInvariants(t *testing.T) {
	t.Parallel()
	rapid.Check(t, checkPlan)
}

func FuzzPlan(f *testing.F) { f.Fuzz(rapid.MakeFuzz(checkPlan)) }

// An urgent card takes the room of one that is not, whosever turn it is.
func TestPriorityComesFirst(t *testing.T) {
	t.Parallel()
	l := limits()
	l.MaxInProgress = 1
	one := Snapshot{Board: "one", Now: now, Ready: []kanban.Task{{ID: "old", Assignee: "ada", Tenant: "acme"}}}
	two := Snapshot{Board: "two", Now: now, Ready: []kanban.Task{{ID: "urgent", Assignee: "ada", Tenant: "anvil", Priority: 1, CreatedAt: now}},
		Served: []store.Served{{Tenant: "anvil", Profile: "ada", Run: 1, At: now}}}
	ready(&one)
	ready(&two)
	if p := Plan([]Snapshot{one, two}, l); len(p[0].Start) != 0 || len(p[1].Start) != 1 {
		t.Errorf("started %+v, want the urgent card alone", p)
	}
}

// Among equally urgent cards each tenant, and each of its profiles, has its turn
// within a bound, however many cards the others have and however long those have
// waited; also if the clock is set back meanwhile.
func TestNobodyStarves(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		tenants := rapid.IntRange(1, 4).Draw(t, "tenants")
		profiles := rapid.IntRange(1, 3).Draw(t, "profiles")
		longest := rapid.IntRange(1, 4).Draw(t, "longest run")
		l := Limits{Dispatch: config.Dispatch{MaxInProgress: rapid.IntRange(1, 3).Draw(t, "cap")}, Profiles: map[string]config.Profile{}}
		for p := range profiles {
			l.Profiles[fmt.Sprint("p", p)] = config.Profile{}
		}
		boards := []Snapshot{{Board: "a"}, {Board: "b"}}[:rapid.IntRange(1, 2).Draw(t, "boards")]
		type key struct{ tenant, profile string }
		type running struct {
			board, until int
			task         kanban.Task
		}
		var work []running
		waited := map[key]int{} // starts of others since the pair has had a card waiting
		bound := tenants * profiles * longest * (l.MaxInProgress + 1)
		clock, runs := now, 0
		for step := range 150 {
			clock = clock.Add(time.Second)
			if step == 75 && rapid.Bool().Draw(t, "clock set back") {
				clock = clock.Add(-time.Hour)
			}
			for range rapid.IntRange(0, 4).Draw(t, "arrivals") {
				b := &boards[rapid.IntRange(0, len(boards)-1).Draw(t, "board")]
				// Some are always there in masses, and older than all others.
				tenant := min(rapid.IntRange(0, tenants*2).Draw(t, "tenant"), tenants-1)
				age := time.Duration(tenant) * time.Hour
				b.Ready = append(b.Ready, kanban.Task{ID: kanban.TaskID(fmt.Sprint(step, "-", len(b.Ready))), Status: kanban.Ready, Tenant: fmt.Sprint("t", tenant),
					Assignee: fmt.Sprint("p", rapid.IntRange(0, profiles-1).Draw(t, "profile")), CreatedAt: clock.Add(-age)})
			}
			work = slices.DeleteFunc(work, func(r running) bool { return r.until <= step })
			waits := map[key]bool{}
			for i := range boards {
				b := &boards[i]
				b.Now, b.Running = clock, nil
				for _, r := range work {
					if r.board == i {
						b.Running = append(b.Running, Worker{Held: store.Held{Task: r.task}})
					}
				}
				for _, task := range b.Ready {
					waits[key{task.Tenant, task.Assignee}] = true
				}
			}
			for i, p := range Plan(boards, l) {
				for _, task := range p.Start {
					k := key{task.Tenant, task.Assignee}
					for other := range waits {
						waited[other]++
					}
					waited[k] = 0
					work = append(work, running{i, step + rapid.IntRange(1, longest).Draw(t, "run"), task})
					runs++
					boards[i].Served = slices.DeleteFunc(boards[i].Served, func(s store.Served) bool { return s.Tenant == task.Tenant && s.Profile == task.Assignee })
					boards[i].Served = append(boards[i].Served, store.Served{Tenant: task.Tenant, Profile: task.Assignee, Run: kanban.RunID(runs), At: clock})
					boards[i].Ready = slices.DeleteFunc(boards[i].Ready, func(o kanban.Task) bool {
						return o.ID == task.ID && o.CreatedAt.Equal(task.CreatedAt) && o.Tenant == task.Tenant && o.Assignee == task.Assignee
					})
				}
			}
			for k, n := range waited {
				if !waits[k] {
					waited[k] = 0
				} else if n > bound {
					t.Fatalf("step %d: %v has waited while %d others were started; %d is the bound", step, k, n, bound)
				}
			}
		}
	})
}
