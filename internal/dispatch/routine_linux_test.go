package dispatch_test

import (
	"fmt"
	"testing"
	"time"

	"andon/internal/config"
	"andon/internal/dispatch"
	"andon/internal/store"
	"andon/internal/store/storetest"
	"andon/kanban"
)

// A dispatcher makes the card of a routine that is due, and starts it in the same
// pass; a pass that only plans makes none.
func TestRoutineIsDispatched(t *testing.T) {
	t.Parallel()
	f := newFloor(t, shell("exit 0", kanban.OnExitComplete), "TEST_INTERVAL=1h")
	r, err := f.board.AddRoutine(t.Context(), kanban.Routine{Name: "r", Cron: "0 0 1 1 *", Zone: "UTC", Missed: kanban.MissedCatchUp,
		Recipe: kanban.Recipe{Draft: kanban.Draft{Title: "x", Assignee: "agent"}}})
	if err != nil {
		t.Fatal(err)
	}
	storetest.Exec(t, f.db, fmt.Sprintf(`UPDATE andon_routines SET next_at = %d`, time.Now().AddDate(-2, 0, 0).Unix()))
	d := &dispatch.Dispatcher{Board: f.board, Place: placeOf(f.root), Limits: dispatch.Limits{Profiles: map[string]config.Profile{"agent": {}}}}
	if report, err := d.Tick(t.Context(), true); err != nil || len(report.Fired) > 0 {
		t.Errorf("a dry run fired: %+v, %v", report, err)
	}
	f.dispatch()
	f.until("the routine's card to be done", func() bool {
		all, err := f.board.List(t.Context(), store.Filter{})
		return err == nil && len(all) == 1 && all[0].Status == kanban.Done
	})
	if now, err := f.board.Routine(t.Context(), "r"); err != nil || !now.NextAt.Equal(r.NextAt) || now.Outcome != kanban.RoutineMade {
		t.Errorf("the routine is %+v, %v", now, err)
	}
}
