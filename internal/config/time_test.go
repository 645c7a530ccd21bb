package config

import (
	"testing"
	"time"
)

func TestParseTime(t *testing.T) {
	zone := time.FixedZone("x", 3600)
	now := time.Date(2026, 1, 31, 17, 0, 0, 1, zone)
	for in, want := range map[string]time.Time{
		"2026-01-31 18:00":          time.Date(2026, 1, 31, 17, 0, 0, 0, time.UTC),
		" 2026-01-31T18:00:00Z ":    time.Date(2026, 1, 31, 18, 0, 0, 0, time.UTC),
		"2026-01-31T18:00:00+05:00": time.Date(2026, 1, 31, 13, 0, 0, 0, time.UTC),
		"+2h":                       time.Date(2026, 1, 31, 18, 0, 0, 1, time.UTC),
		"+90":                       time.Date(2026, 1, 31, 16, 1, 30, 1, time.UTC),
	} {
		if got, err := ParseTime(in, now, zone); err != nil || !got.Equal(want) {
			t.Errorf("ParseTime(%q) = %v, %v; want %v", in, got, err, want)
		}
	}
	for _, in := range []string{"", "+", "+-2h", "tomorrow", "18:00", "2026-02-30 10:00"} {
		if got, err := ParseTime(in, now, zone); err == nil {
			t.Errorf("ParseTime(%q) = %v, want a refusal", in, got)
		}
	}
}
