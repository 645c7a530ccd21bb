package config

import (
	"time"

	"andon/kanban"
)

// Diagnostics says from when on something is a sign of trouble.
type Diagnostics struct {
	FailureThreshold         int // failures in a row; 0 is the limit of the card's breaker
	CrashThreshold           int // crashes in a row
	BlockedStaleHours        int // a card blocked for so long, with no word on it
	StrandedThresholdSeconds int // a card ready for so long
	BlockCycleThreshold      int // blocks after an unblock, within
	BlockCycleWindowSeconds  int
}

func (d Diagnostics) validate(at string) error {
	if d.FailureThreshold < 0 {
		return invalid(at+".failure_threshold", "%d is not allowed; give 1 or more, or 0 for the card's own failure limit", d.FailureThreshold)
	}
	for _, f := range []struct {
		name  string
		value int
	}{
		{"crash_threshold", d.CrashThreshold}, {"blocked_stale_hours", d.BlockedStaleHours}, {"stranded_threshold_seconds", d.StrandedThresholdSeconds},
		{"block_cycle_threshold", d.BlockCycleThreshold}, {"block_cycle_window_seconds", d.BlockCycleWindowSeconds},
	} {
		if f.value < 1 {
			return invalid(at+"."+f.name, "%d is not allowed; give 1 or more", f.value)
		}
	}
	return nil
}

// Thresholds are the diagnostics as the rules take them.
func (c Config) Thresholds() kanban.Thresholds {
	d := c.Diagnostics
	return kanban.Thresholds{
		Failures: int64(d.FailureThreshold), Crashes: d.CrashThreshold, BlockedStale: time.Duration(d.BlockedStaleHours) * time.Hour,
		Stranded: time.Duration(d.StrandedThresholdSeconds) * time.Second, Cycles: d.BlockCycleThreshold,
		CycleWindow: time.Duration(d.BlockCycleWindowSeconds) * time.Second,
	}
}
