package config

import (
	"math"
	"testing"
	"time"
)

func TestParseDuration(t *testing.T) {
	t.Parallel()
	tests := []struct {
		in   string
		want time.Duration
		text string // of Duration.String
	}{
		{"0", 0, "0s"},
		{"90", 90 * time.Second, "1m30s"},
		{" 30s ", 30 * time.Second, "30s"},
		{"1.5h", 90 * time.Minute, "1h30m"},
		{"0.5s", 500 * time.Millisecond, "0.5s"},
		{"2d", 48 * time.Hour, "2d"},
		{"1H30M", 90 * time.Minute, "1h30m"},
		{"1d0.000000001s", 24*time.Hour + 1, "1d0.000000001s"},
		{"9223372036s", 9223372036 * time.Second, "106751d23h47m16s"},
	}
	for _, tt := range tests {
		got, err := ParseDuration(tt.in)
		if err != nil || got != tt.want {
			t.Errorf("ParseDuration(%q) = %v, %v, want %v", tt.in, got, err, tt.want)
		}
		if s := Duration(got).String(); s != tt.text {
			t.Errorf("Duration(%v).String() = %q, want %q", got, s, tt.text)
		}
	}
	for _, in := range []string{"", " ", "-1", "-1s", "+1s", "1.5", "s", "1x", "1ms", "1h30", "1 h", ".5s", "1.s", "1.2.3s", "1e3s", "0x10", "1_000",
		"9223372037s", "99999999999999999999", "106751d23h47m17s", "106752d", "106751.999d", "inf", "NaN", "1µs"} {
		if got, err := ParseDuration(in); err == nil {
			t.Errorf("ParseDuration(%q) = %v, want a refusal", in, got)
		}
	}
}

func FuzzParseDuration(f *testing.F) {
	for _, s := range []string{"90", "1.5h", "1h30m", "2d", "0.000000001s", "106751d23h47m16.854775807s", "-1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		d, err := ParseDuration(s)
		if err != nil {
			return
		}
		if d < 0 {
			t.Errorf("ParseDuration(%q) = %d, want no negative", s, int64(d))
		}
		if again, err := ParseDuration(Duration(d).String()); err != nil || again != d {
			t.Errorf("ParseDuration(%q) = %d, %v, want %d", Duration(d), int64(again), err, int64(d))
		}
	})
}

func TestDurationStringReadsBack(t *testing.T) {
	t.Parallel()
	for _, d := range []time.Duration{0, 1, 999999999, time.Second, math.MaxInt64} {
		if got, err := ParseDuration(Duration(d).String()); err != nil || got != d {
			t.Errorf("ParseDuration(%q) = %d, %v, want %d", Duration(d), got, err, d)
		}
	}
}

func TestEnvironment(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name         string
		f            func(func(string) string) time.Duration
		andon, other string
		def, two     time.Duration
		zero         time.Duration
	}{
		{"BusyTimeout", BusyTimeout, "ANDON_BUSY_TIMEOUT_MS", "HERMES_KANBAN_BUSY_TIMEOUT_MS", 120 * time.Second, 2 * time.Millisecond, 120 * time.Second},
		{"ClaimTTL", ClaimTTL, "ANDON_CLAIM_TTL_SECONDS", "HERMES_KANBAN_CLAIM_TTL_SECONDS", 900 * time.Second, 2 * time.Second, 900 * time.Second},
		{"CrashGrace", CrashGrace, "ANDON_CRASH_GRACE_SECONDS", "HERMES_KANBAN_CRASH_GRACE_SECONDS", 30 * time.Second, 2 * time.Second, 0},
		{"RateLimitCooldown", RateLimitCooldown, "ANDON_RATE_LIMIT_COOLDOWN_SECONDS", "HERMES_KANBAN_RATE_LIMIT_COOLDOWN_SECONDS", 300 * time.Second, 2 * time.Second, 0},
	}
	for _, tt := range tests {
		for _, c := range []struct {
			andon, other string
			want         time.Duration
		}{
			{"", "", tt.def},
			{"2", "", tt.two},
			{"", " 2 ", tt.two},
			{"2", "5", tt.two},
			{"x", "2", tt.two},
			{"-1", "2", tt.two},
			{"1.5", "", tt.def},
			{"0", "", tt.zero},
			{"9223372036854775807", "", tt.def},
		} {
			env := map[string]string{tt.andon: c.andon, tt.other: c.other}
			if got := tt.f(func(k string) string { return env[k] }); got != c.want {
				t.Errorf("%s with %v = %v, want %v", tt.name, env, got, c.want)
			}
		}
	}
}
