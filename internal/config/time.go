package config

import (
	"fmt"
	"strings"
	"time"
)

// ParseTime reads a moment: RFC 3339, "2006-01-02 15:04" in the zone, or "+2h"
// from now. The zero time is never the answer.
func ParseTime(s string, now time.Time, zone *time.Location) (time.Time, error) {
	s = strings.TrimSpace(s)
	if after, ok := strings.CutPrefix(s, "+"); ok {
		d, err := ParseDuration(after)
		if err != nil {
			return time.Time{}, err
		}
		return now.Add(d), nil
	}
	if t, err := time.Parse(time.RFC3339, s); err == nil {
		return t, nil
	}
	t, err := time.ParseInLocation("2006-01-02 15:04", s, zone)
	if err != nil {
		return time.Time{}, fmt.Errorf("%q is no time: give 2026-01-31 18:00, 2026-01-31T18:00:00+01:00 or +2h", s)
	}
	return t, nil
}
