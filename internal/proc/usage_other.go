//go:build !linux

package proc

import "time"

const canWeigh = false

func weigh(ID) (time.Duration, int64, bool) { return 0, 0, false }
