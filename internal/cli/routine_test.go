package cli

import (
	"slices"
	"testing"

	"github.com/spf13/pflag"
)

// A routine takes every flag of create, and knows what to do with each.
func TestRoutineTakesTheFlagsOfCreate(t *testing.T) {
	a := &app{}
	create, edit := newCreate(a).Flags(), newRoutineEdit(a).Flags()
	create.VisitAll(func(f *pflag.Flag) {
		if edit.Lookup(f.Name) == nil {
			t.Errorf("a routine has no --%s", f.Name)
		}
	})
	edit.VisitAll(func(f *pflag.Flag) {
		_, field := routineFields[f.Name]
		if !field && !slices.Contains(routineOthers, f.Name) && f.Name != "idempotency-key" {
			t.Errorf("--%s of a routine does nothing", f.Name)
		}
	})
}
