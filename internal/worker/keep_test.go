package worker

import (
	"slices"
	"testing"

	"andon/internal/proc"
)

// What was written down before the system was started anew, or half, ends nobody.
func TestParseProcesses(t *testing.T) {
	t.Parallel()
	want := []proc.ID{{PID: 5, Start: "77"}, {PID: 6, Start: "78"}}
	if got := parseProcesses("boot b\n5 77\nx\n6 78\n7\n", "b"); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if got := parseProcesses("boot a\n5 77\n", "b"); got != nil {
		t.Errorf("of another boot: %v", got)
	}
	if got := parseProcesses("", ""); got != nil {
		t.Errorf("of nothing: %v", got)
	}
}
