package kanban

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func clock(t testing.TB, s string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339, s)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func wound(t testing.TB, r Routine, now time.Time) Routine {
	t.Helper()
	r, err := r.Clean()
	if err == nil {
		r, err = r.Wound(now)
	}
	if err != nil {
		t.Fatal(err)
	}
	return r
}

var daily = Routine{Name: "daily", Cron: "0 9 * * *", Zone: "UTC", Recipe: Recipe{Draft: Draft{Title: "x"}}}

func TestRoutineDue(t *testing.T) {
	start := clock(t, "2026-11-23T12:00:00Z")
	busy := &Task{ID: "t_1", Status: Running}
	for _, c := range []struct {
		name    string
		change  func(*Routine)
		last    *Task
		now     string
		ok      bool
		made    string // the time of its card; empty: none
		outcome RoutineOutcome
		next    string
	}{
		{name: "not yet", now: "2026-11-24T08:59:59Z", next: "2026-11-24T09:00:00Z"},
		{name: "on time", now: "2026-11-24T09:00:00Z", ok: true, made: "2026-11-24T09:00:00Z", next: "2026-11-25T09:00:00Z"},
		{name: "a little late", now: "2026-11-24T09:09:59Z", ok: true, made: "2026-11-24T09:00:00Z", next: "2026-11-25T09:00:00Z"},
		{name: "missed", now: "2026-11-24T09:10:00Z", ok: true, outcome: RoutineMissed, next: "2026-11-25T09:00:00Z"},
		{name: "missed often, then on time", now: "2026-12-24T09:00:05Z", ok: true, made: "2026-12-24T09:00:00Z", next: "2026-12-25T09:00:00Z"},
		{name: "missed often", now: "2026-12-24T12:00:00Z", ok: true, outcome: RoutineMissed, next: "2026-12-25T09:00:00Z"},
		{name: "caught up", change: func(r *Routine) { r.Missed = MissedCatchUp }, now: "2026-12-24T12:00:00Z", ok: true, made: "2026-12-24T09:00:00Z", next: "2026-12-25T09:00:00Z"},
		{name: "caught up after years", change: func(r *Routine) { r.Missed, r.Cron = MissedCatchUp, "* * * * *" }, now: "2031-12-24T12:00:30Z", ok: true,
			made: "2031-12-24T12:00:00Z", next: "2031-12-24T12:01:00Z"},
		{name: "the last is unfinished", last: busy, now: "2026-11-24T09:00:00Z", ok: true, outcome: RoutineOverlap, next: "2026-11-25T09:00:00Z"},
		{name: "which is allowed", change: func(r *Routine) { r.Overlap = OverlapAllow }, last: busy, now: "2026-11-24T09:00:00Z", ok: true,
			made: "2026-11-24T09:00:00Z", next: "2026-11-25T09:00:00Z"},
		{name: "the last is finished", last: &Task{ID: "t_1", Status: Archived}, now: "2026-11-24T09:00:00Z", ok: true, made: "2026-11-24T09:00:00Z", next: "2026-11-25T09:00:00Z"},
		{name: "paused", change: func(r *Routine) { r.Paused = true }, now: "2026-12-24T09:00:00Z", next: "2026-11-24T09:00:00Z"},
		{name: "the clock goes back", now: "2020-01-01T09:00:00Z", next: "2026-11-24T09:00:00Z"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := daily
			if c.change != nil {
				c.change(&r)
			}
			r = wound(t, r, start)
			is, d, ok := r.Due(c.last, clock(t, c.now))
			made := ""
			if d != nil {
				made = is.LastAt.UTC().Format(time.RFC3339)
				if want := sprintf("routine:daily:%d", is.LastAt.Unix()); d.IdempotencyKey != want {
					t.Errorf("the key is %s, want %s", d.IdempotencyKey, want)
				}
			}
			if ok != c.ok || made != c.made || is.Outcome != c.outcome || is.NextAt.UTC().Format(time.RFC3339) != c.next {
				t.Errorf("got ok %v, card of %q, %q (%s), next %v", ok, made, is.Outcome, is.Error, is.NextAt.UTC())
			}
			if (is.Error != "") != (c.outcome != "") {
				t.Errorf("it says %q of %q", is.Error, is.Outcome)
			}
		})
	}
}

// However the clock goes, each time makes at most one card, and a look makes at
// most one.
func TestRoutineNeverBursts(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		now := time.Date(2026, 3, 28, 0, 0, 0, 0, time.UTC)
		routine := Routine{Name: "x", Zone: rapid.SampledFrom([]string{"UTC", "Europe/Zurich", "Australia/Lord_Howe"}).Draw(r, "zone"),
			Cron:   rapid.SampledFrom([]string{"* * * * *", "*/20 * * * *", "30 2 * * *", "@daily", "0 9 * * 1-5"}).Draw(r, "cron"),
			Missed: rapid.SampledFrom(Misses).Draw(r, "missed"), Overlap: OverlapAllow, Recipe: Recipe{Draft: Draft{Title: "x"}}}
		routine = wound(t, routine, now)
		seen := map[string]bool{}
		for range rapid.IntRange(1, 60).Draw(r, "looks") {
			now = now.Add(rapid.SampledFrom([]time.Duration{time.Second, 59 * time.Second, time.Minute, time.Hour, 25 * time.Hour, -time.Hour, -26 * time.Hour,
				400 * 24 * time.Hour}).Draw(r, "by"))
			is, d, ok := routine.Due(nil, now)
			if !ok {
				if !reflect.DeepEqual(is, routine) {
					r.Fatalf("nothing was due, and it is another: %+v", is)
				}
				continue
			}
			if !is.NextAt.After(now) || is.LastAt.After(now) || is.LastAt.Before(routine.NextAt) {
				r.Fatalf("at %v: from %v to %v, next %v", now, routine.NextAt, is.LastAt, is.NextAt)
			}
			if d != nil {
				if seen[d.IdempotencyKey] {
					r.Fatalf("%s twice", d.IdempotencyKey)
				}
				seen[d.IdempotencyKey] = true
			}
			routine = is
			if _, _, again := routine.Due(nil, now); again {
				r.Fatalf("due again at %v", now)
			}
		}
	})
}

func TestRoutineDraft(t *testing.T) {
	now := clock(t, "2026-11-24T09:00:03Z")
	r := daily
	r.Recipe.Delay, r.Recipe.DueIn = time.Hour, 4*time.Hour
	r = wound(t, r, clock(t, "2026-11-24T00:00:00Z"))
	_, d, ok := r.Due(nil, now)
	if !ok || d == nil || !d.At.Equal(now.Add(time.Hour)) || !d.DueAt.Equal(clock(t, "2026-11-24T13:00:00Z")) {
		t.Errorf("got %+v", d)
	}
	if _, err := r.Run(&Task{ID: "t_1", Status: Ready}, false, now); CodeOf(err) != Conflict || !strings.Contains(err.Error(), "t_1 is unfinished (ready)") {
		t.Errorf("beside an unfinished card: %v", err)
	}
	if d, err := r.Run(&Task{ID: "t_1", Status: Ready}, true, now); err != nil || d.IdempotencyKey != "" || !d.DueAt.Equal(clock(t, "2026-11-24T13:00:03Z")) {
		t.Errorf("by force: %+v, %v", d, err)
	}
}

// A routine that another program has spoiled fails once and not again and again.
func TestSpoiledRoutine(t *testing.T) {
	r := wound(t, daily, clock(t, "2026-11-24T00:00:00Z"))
	r.Zone = "Mars/Phobos"
	is, d, ok := r.Due(nil, clock(t, "2026-11-24T09:00:00Z"))
	if !ok || d != nil || is.Outcome != RoutineFailed || !strings.Contains(is.Error, "Mars/Phobos") || !is.NextAt.IsZero() {
		t.Errorf("got %+v, %v, %v", is, d, ok)
	}
	if _, _, again := is.Due(nil, clock(t, "2027-11-24T09:00:00Z")); again {
		t.Error("it fails again")
	}
}

func TestRoutineClean(t *testing.T) {
	for field, change := range map[string]func(*Routine){
		"name":                 func(r *Routine) { r.Name = "Ä b" },
		"cron":                 func(r *Routine) { r.Cron = "0 0 30 2 *" },
		"time zone":            func(r *Routine) { r.Zone = "Nowhere" },
		"policy: missed":       func(r *Routine) { r.Missed = "never" },
		"policy: overlap":      func(r *Routine) { r.Overlap = "x" },
		"card: a card needs":   func(r *Routine) { r.Recipe.Draft.Title = " " },
		"card: its time":       func(r *Routine) { r.Recipe.Draft.IdempotencyKey = "k" },
		"due date":             func(r *Routine) { r.Recipe.Draft.DueAt = time.Unix(1, 0) },
		"before its time":      func(r *Routine) { r.Recipe.DueIn = -1 },
		"cannot land in triag": func(r *Routine) { r.Recipe.Delay, r.Recipe.Draft.Triage = time.Hour, true },
	} {
		r := daily
		change(&r)
		if _, err := r.Clean(); CodeOf(err) != Invalid || !strings.Contains(err.Error(), field) {
			t.Errorf("%s: %v", field, err)
		}
	}
	r := daily
	r.Name, r.Cron, r.Recipe.Delay = " Daily ", " 0  9 * * * ", time.Hour
	if got, err := r.Clean(); err != nil || got.Name != "daily" || got.Cron != "0 9 * * *" || got.Missed != MissedSkip || got.Overlap != OverlapSkip ||
		!got.Recipe.Draft.At.IsZero() || got.Recipe.Draft.WorkspaceKind != Scratch {
		t.Errorf("got %+v, %v", got, err)
	}
}

// A recipe keeps every field of a draft that is not of one card.
func TestRecipeKeepsEveryField(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		var d Draft
		v := reflect.ValueOf(&d).Elem()
		for i := range v.NumField() {
			name := v.Type().Field(i).Name
			if rapid.IntRange(0, 4).Draw(r, name) == 0 {
				continue
			}
			switch f := v.Field(i); f.Interface().(type) {
			case time.Time, []Sub: // of each card; below
			case bool:
				f.SetBool(true)
			case []string:
				f.Set(reflect.ValueOf(rapid.SampledFrom([][]string{nil, {}, {"a", "b"}}).Draw(r, name)))
			case []TaskID:
				f.Set(reflect.ValueOf([]TaskID{"t_1"}))
			case time.Duration:
				f.SetInt(int64(time.Duration(rapid.IntRange(1, 9).Draw(r, name)) * time.Second))
			case int64:
				f.SetInt(rapid.Int64().Draw(r, name))
			default:
				f.SetString("<" + name + "> \u2028 \"")
			}
		}
		d.IdempotencyKey = ""
		if rapid.Bool().Draw(r, "subs") {
			d.Subs = []Sub{{Platform: "p", ChatID: "c", ThreadID: "t", ChatType: "dm", UserID: "u", Profile: "q", Mode: "notify", Metadata: "{}"}}
		}
		recipe := Recipe{Draft: d, Delay: 3 * time.Second, Project: rapid.SampledFrom([]*Project{nil, {}, {"a", "b", "/c"}}).Draw(r, "project")}
		text, err := recipe.Encode()
		if err != nil {
			r.Fatal(err)
		}
		got, err := ParseRecipe(text)
		if err != nil || !reflect.DeepEqual(got, recipe) {
			r.Fatalf("got %+v (%v)\nof %s\nwant %+v", got, err, text, recipe)
		}
	})
	if _, err := ParseRecipe("{"); err == nil {
		t.Error("half a recipe was read")
	}
}
