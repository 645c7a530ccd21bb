package board_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"andon/internal/board"
	"andon/internal/store"
	"andon/internal/store/storetest"
	"andon/kanban"
)

// fireAll is a dispatcher's part in making the cards of routines.
func fireAll(ctx context.Context, b *board.Board, args []string) error {
	if args[0] == "gate" {
		if err := storetest.Gate(0); err != nil {
			return err
		}
	}
	fired, err := b.FireDue(ctx)
	for _, f := range fired {
		fmt.Println(f.Routine.Name, f.Card)
	}
	return err
}

func routine(t *testing.T, b *board.Board, r kanban.Routine) kanban.Routine {
	t.Helper()
	if r.Zone == "" {
		r.Zone = "UTC"
	}
	if r.Recipe.Draft.Title == "" {
		r.Recipe.Draft.Title = r.Name
	}
	r, err := b.AddRoutine(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func fire(t *testing.T, b *board.Board) []board.Fired {
	t.Helper()
	fired, err := b.FireDue(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return fired
}

func cards(t *testing.T, b *board.Board) []kanban.Task {
	t.Helper()
	all, err := b.List(t.Context(), store.Filter{Archived: true, Sort: "created"})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// The life of a routine, by an injected clock.
func TestRoutineFires(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		b := board.New(db)
		now := time.Date(2026, 3, 28, 12, 0, 0, 0, time.UTC)
		db.Now = func() time.Time { return now }
		ctx := t.Context()
		r := routine(t, b, kanban.Routine{Name: "night", Cron: "30 2 * * *", Zone: "Europe/Zurich",
			Recipe: kanban.Recipe{Draft: kanban.Draft{Title: "Look", Assignee: "ada", Skills: []string{"a"}}, DueIn: time.Hour}})
		first := time.Date(2026, 3, 29, 1, 0, 0, 0, time.UTC) // the clock is put forward over it
		if !r.NextAt.Equal(first) {
			t.Fatalf("next is %v", r.NextAt.UTC())
		}
		if f, err := b.Floor(ctx); err != nil || !f.Next.Equal(first) {
			t.Errorf("a dispatcher is woken at %v, %v", f.Next, err)
		}
		if got := fire(t, b); len(got) != 0 {
			t.Errorf("fired too early: %+v", got)
		}
		now = first
		got := fire(t, b)
		if len(got) != 1 || got[0].Card == "" || got[0].Routine.LastCard != got[0].Card || got[0].Routine.Outcome != kanban.RoutineMade {
			t.Fatalf("got %+v", got)
		}
		card, err := b.Task(ctx, got[0].Card)
		if err != nil || card.Title != "Look" || card.Assignee != "ada" || card.Status != kanban.Ready || !card.DueAt.Equal(first.Add(time.Hour)) ||
			card.IdempotencyKey != fmt.Sprintf("routine:night:%d", first.Unix()) || !slices.Equal(card.Skills, []string{"a"}) {
			t.Errorf("the card is %+v, %v", card, err)
		}
		if got := fire(t, b); len(got) != 0 {
			t.Errorf("fired twice: %+v", got)
		}
		// A clock that goes back and comes again fires nothing twice.
		now = first.Add(-26 * time.Hour)
		if got := fire(t, b); len(got) != 0 {
			t.Errorf("fired by a clock that went back: %+v", got)
		}
		// The next one comes while the card is unfinished.
		now = first.Add(23*time.Hour + 30*time.Minute)
		if got := fire(t, b); len(got) != 1 || got[0].Card != "" || got[0].Routine.Outcome != kanban.RoutineOverlap {
			t.Errorf("beside an unfinished card: %+v", got)
		}
		if _, err := b.RunRoutine(ctx, "night", false); kanban.CodeOf(err) != kanban.Conflict {
			t.Errorf("run beside an unfinished card: %v", err)
		}
		if _, err := b.Complete(ctx, card.ID, kanban.Report{}); err != nil {
			t.Fatal(err)
		}
		// Nobody was there for ten days: one look, no card, and the next time is ahead.
		now = now.Add(10*24*time.Hour + time.Hour)
		if got := fire(t, b); len(got) != 1 || got[0].Card != "" || got[0].Routine.Outcome != kanban.RoutineMissed || !got[0].Routine.NextAt.After(now) {
			t.Errorf("missed: %+v", got)
		}
		if _, err := b.EditRoutine(ctx, "night", func(r *kanban.Routine) error { r.Missed = kanban.MissedCatchUp; return nil }); err != nil {
			t.Fatal(err)
		}
		now = now.Add(10 * 24 * time.Hour)
		if got := fire(t, b); len(got) != 1 || got[0].Card == "" {
			t.Errorf("caught up: %+v", got)
		}
		if n := len(cards(t, b)); n != 2 {
			t.Errorf("there are %d cards", n)
		}
	})
}

func TestRoutineVerbs(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		b := board.New(db)
		now := time.Date(2026, 3, 28, 12, 0, 0, 0, time.UTC)
		db.Now = func() time.Time { return now }
		ctx := t.Context()
		routine(t, b, kanban.Routine{Name: "a", Cron: "@daily", CreatedBy: "ada"})
		if _, err := b.AddRoutine(ctx, kanban.Routine{Name: "a", Cron: "@daily", Zone: "UTC", Recipe: kanban.Recipe{Draft: kanban.Draft{Title: "x"}}}); kanban.CodeOf(err) != kanban.Conflict {
			t.Errorf("a second of one name: %v", err)
		}
		if _, err := b.AddRoutine(ctx, kanban.Routine{Name: "b", Cron: "@daily", Zone: "UTC", Recipe: kanban.Recipe{Draft: kanban.Draft{Title: "x",
			Parents: []kanban.TaskID{"t_nowhere"}}}}); !errors.Is(err, kanban.ErrNotFound) {
			t.Errorf("a parent that is not there: %v", err)
		}
		if _, err := b.PauseRoutine(ctx, "a", true); err != nil {
			t.Fatal(err)
		}
		if f, err := b.Floor(ctx); err != nil || !f.Next.IsZero() {
			t.Errorf("a paused routine wakes the dispatcher at %v, %v", f.Next, err)
		}
		now = now.Add(100 * time.Hour)
		if got := fire(t, b); len(got) != 0 {
			t.Errorf("fired while paused: %+v", got)
		}
		if task, err := b.RunRoutine(ctx, "a", false); err != nil || task.IdempotencyKey != "" {
			t.Errorf("run while paused: %+v, %v", task, err)
		}
		r, err := b.PauseRoutine(ctx, "a", false)
		if err != nil || !r.NextAt.Equal(time.Date(2026, 4, 2, 0, 0, 0, 0, time.UTC)) {
			t.Errorf("resumed for %v, %v", r.NextAt, err)
		}
		if got := fire(t, b); len(got) != 0 {
			t.Errorf("what came while it was paused fired: %+v", got)
		}
		if _, err := b.EditRoutine(ctx, "a", func(r *kanban.Routine) error { r.Cron = "0 0 30 2 *"; return nil }); kanban.CodeOf(err) != kanban.Invalid {
			t.Errorf("a line that never fires: %v", err)
		}
		r, err = b.EditRoutine(ctx, "a", func(r *kanban.Routine) error { r.Zone = "Asia/Kathmandu"; return nil })
		if err != nil || !r.NextAt.Equal(time.Date(2026, 4, 1, 18, 15, 0, 0, time.UTC)) {
			t.Errorf("elsewhere it is due at %v, %v", r.NextAt.UTC(), err)
		}
		if stored, err := b.Routine(ctx, "a"); err != nil || stored.Zone != "Asia/Kathmandu" || stored.CreatedBy != "ada" || stored.LastCard != r.LastCard || r.LastCard == "" {
			t.Errorf("stored is %+v, %v", stored, err)
		}
		if _, err := b.RemoveRoutine(ctx, "a"); err != nil {
			t.Fatal(err)
		}
		for name, err := range map[string]error{
			"show": func() error { _, err := b.Routine(ctx, "a"); return err }(), "pause": func() error { _, err := b.PauseRoutine(ctx, "a", true); return err }(),
			"run": func() error { _, err := b.RunRoutine(ctx, "a", false); return err }(), "remove": func() error { _, err := b.RemoveRoutine(ctx, "a"); return err }(),
			"edit": func() error { _, err := b.EditRoutine(ctx, "a", nil); return err }(),
		} {
			if !errors.Is(err, kanban.ErrNotFound) {
				t.Errorf("%s of one that is gone: %v", name, err)
			}
		}
		if n := len(cards(t, b)); n != 1 {
			t.Errorf("its card went along: %d are left", n)
		}
	})
}

// A card that cannot be made is no loop of failures, and keeps nothing else from
// being made.
func TestRoutineThatFails(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		b := board.New(db)
		now := time.Date(2026, 3, 28, 12, 0, 0, 0, time.UTC)
		db.Now = func() time.Time { return now }
		parent := add(t, b, kanban.Draft{})
		routine(t, b, kanban.Routine{Name: "bad", Cron: "@hourly", Recipe: kanban.Recipe{Draft: kanban.Draft{Title: "x", Parents: []kanban.TaskID{parent}}}})
		routine(t, b, kanban.Routine{Name: "good", Cron: "@hourly"})
		routine(t, b, kanban.Routine{Name: "spoiled", Cron: "@hourly"})
		storetest.Exec(t, db, `UPDATE andon_routines SET recipe = '{"title' WHERE name = 'spoiled'`)
		if _, err := b.Delete(t.Context(), parent, kanban.Deletion{}, nil); err != nil {
			t.Fatal(err)
		}
		version := storetest.Version(t, db)
		now = now.Add(time.Hour)
		got := fire(t, b)
		if len(got) != 3 || got[0].Routine.Outcome != kanban.RoutineFailed || !strings.Contains(got[0].Routine.Error, string(parent)) || got[1].Card == "" ||
			got[2].Routine.Outcome != kanban.RoutineFailed || !strings.Contains(got[2].Routine.Error, "title") {
			t.Fatalf("got %+v", got)
		}
		after := version()
		if got := fire(t, b); len(got) != 0 || version() != after {
			t.Errorf("tried again at once: %+v", got)
		}
		if rows := storetest.Dump(t, db, `SELECT recipe FROM andon_routines WHERE name = 'spoiled'`); rows[0] != `recipe={"title ` {
			t.Errorf("what could not be read was written over: %q", rows)
		}
		now = now.Add(time.Hour)
		if got := fire(t, b); len(got) != 3 || got[0].Routine.Outcome != kanban.RoutineFailed {
			t.Errorf("at the next time: %+v", got)
		}
		r, err := b.EditRoutine(t.Context(), "bad", func(r *kanban.Routine) error { r.Recipe.Draft.Parents = nil; return nil })
		if err != nil || r.Outcome != "" || r.Error != "" {
			t.Errorf("mended: %+v, %v", r, err)
		}
		now = now.Add(time.Hour)
		if got := fire(t, b); got[0].Card == "" {
			t.Errorf("mended, it made no card: %+v", got)
		}
	})
}

// A board's project and folder, or the routine's own project, are those of create.
func TestRoutineKeepsToTheBoard(t *testing.T) {
	b, _ := open(t)
	b.Defaults = kanban.Defaults{Workdir: "/w", Project: kanban.NewProject("p", "/src/p")}
	for name, c := range map[string]struct {
		recipe    kanban.Recipe
		kind      kanban.WorkspaceKind
		path, own string
	}{
		"board": {kanban.Recipe{}, kanban.Worktree, "/src/p/.worktrees/", "p"},
		"own":   {kanban.Recipe{Project: new(kanban.NewProject("q", "/src/q"))}, kanban.Worktree, "/src/q/.worktrees/", "q"},
		"none":  {kanban.Recipe{Project: &kanban.Project{}, Draft: kanban.Draft{WorkspaceKind: kanban.Dir}}, kanban.Dir, "/w", ""},
	} {
		c.recipe.Draft.Title = name
		routine(t, b, kanban.Routine{Name: name, Cron: "@daily", Recipe: c.recipe})
		task, err := b.RunRoutine(t.Context(), name, false)
		if err != nil || task.WorkspaceKind != c.kind || !strings.HasPrefix(task.WorkspacePath, c.path) || task.Project != c.own {
			t.Errorf("%s: %+v, %v", name, task, err)
		}
	}
}

const routines = 25

// dueRoutines makes routines that are all due now.
func dueRoutines(t *testing.T, b *board.Board, db *store.DB, n int) {
	t.Helper()
	for i := range n {
		routine(t, b, kanban.Routine{Name: fmt.Sprint("r", i), Cron: "0 0 1 1 *", Missed: kanban.MissedCatchUp})
	}
	storetest.Exec(t, db, fmt.Sprintf(`UPDATE andon_routines SET next_at = %d`, time.Now().AddDate(-2, 0, 0).Unix()))
}

// once fails the test unless each routine that made a card made one, and knows of
// it; n says how many did, if that is not known -1. It is one look: what a process
// that was killed has sent, a server may still do.
func once(t *testing.T, db *store.DB, n int) {
	t.Helper()
	got := storetest.Dump(t, db, `SELECT (SELECT count(*) FROM tasks) AS cards, (SELECT count(*) FROM andon_routines WHERE last_card IN (SELECT id FROM tasks)) AS known,
		(SELECT count(*) FROM andon_routines WHERE outcome IS NOT NULL) AS fired`)[0]
	var cards, known, fired int
	if _, err := fmt.Sscanf(got, "cards=%d known=%d fired=%d", &cards, &known, &fired); err != nil || cards != known || known != fired || n >= 0 && cards != n {
		t.Errorf("%s (%v), want %d", got, err, n)
	}
}

// Of several dispatchers at once, one makes the card of each routine.
func TestDispatchersRaceForRoutines(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		b := board.New(db)
		dueRoutines(t, b, db, routines)
		lines := 0
		for _, l := range storetest.Race(t, 6, 1, as("fire", db, "gate")) {
			lines += len(l)
		}
		if lines != routines {
			t.Errorf("%d were told of %d", lines, routines)
		}
		once(t, db, routines)
	})
}

// A dispatcher that is killed in between leaves each routine before its card or
// after it.
func TestKilledBetweenRoutines(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		b := board.New(db)
		dueRoutines(t, b, db, routines)
		for len(cards(t, b)) < routines-5 {
			until := len(cards(t, b)) + 1 + rand.IntN(4)
			cmd := exec.Command(os.Args[0])
			cmd.Env = append(os.Environ(), as("fire", db, "now"))
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			for len(cards(t, b)) < min(until, routines) {
			}
			_ = cmd.Process.Kill() // it may have ended
			_ = cmd.Wait()
			once(t, db, -1)
		}
		fire(t, b)
		once(t, db, routines)
	})
}
