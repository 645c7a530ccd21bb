package kanban

import "time"

// Thresholds say from when on something is a sign of trouble.
type Thresholds struct {
	Failures     int64 // in a row
	Crashes      int   // in a row
	BlockedStale time.Duration
	Stranded     time.Duration
	Cycles       int // blocks after an unblock, within CycleWindow
	CycleWindow  time.Duration
}
