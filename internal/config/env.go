package config

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// BusyTimeout is how long a connection waits for the database's lock:
// ANDON_BUSY_TIMEOUT_MS, else HERMES_KANBAN_BUSY_TIMEOUT_MS, else two minutes.
func BusyTimeout(getenv func(string) string) time.Duration {
	return fromEnv(getenv, "BUSY_TIMEOUT_MS", time.Millisecond, 1, 2*time.Minute)
}

// ClaimTTL is how long a claim holds without renewal:
// ANDON_CLAIM_TTL_SECONDS, else HERMES_KANBAN_CLAIM_TTL_SECONDS, else 15 minutes.
func ClaimTTL(getenv func(string) string) time.Duration {
	return fromEnv(getenv, "CLAIM_TTL_SECONDS", time.Second, 1, 15*time.Minute)
}

// CrashGrace is how long after its start a worker is not yet judged dead:
// ANDON_CRASH_GRACE_SECONDS, else HERMES_KANBAN_CRASH_GRACE_SECONDS, else 30 s.
// It may be 0.
func CrashGrace(getenv func(string) string) time.Duration {
	return fromEnv(getenv, "CRASH_GRACE_SECONDS", time.Second, 0, 30*time.Second)
}

// RateLimitCooldown is how long a card rests after its worker met a rate limit:
// ANDON_RATE_LIMIT_COOLDOWN_SECONDS, else
// HERMES_KANBAN_RATE_LIMIT_COOLDOWN_SECONDS, else five minutes. 0 is no rest.
func RateLimitCooldown(getenv func(string) string) time.Duration {
	return fromEnv(getenv, "RATE_LIMIT_COOLDOWN_SECONDS", time.Second, 0, 5*time.Minute)
}

// fromEnv passes over a value which is no whole number of at least least, as
// Hermes does: a worker must not die of a variable its caller exported.
func fromEnv(getenv func(string) string, name string, unit time.Duration, least int64, def time.Duration) time.Duration {
	for _, family := range []string{"ANDON_", "HERMES_KANBAN_"} {
		n, err := strconv.ParseInt(strings.TrimSpace(getenv(family+name)), 10, 64)
		if err == nil && n >= least && n <= int64(math.MaxInt64/unit) {
			return time.Duration(n) * unit
		}
	}
	return def
}

// Workerless is the environment without what makes a process the worker of a
// card: a command speaks for nobody's card.
func Workerless(env []string) (kept []string) {
	for _, e := range env {
		name, _, _ := strings.Cut(e, "=")
		rest, ours := strings.CutPrefix(name, "ANDON_")
		if !ours {
			rest, ours = strings.CutPrefix(name, "HERMES_KANBAN_")
		}
		switch rest {
		case "TASK", "RUN_ID", "CLAIM_LOCK", "WORKSPACE", "BRANCH", "GOAL_MODE", "GOAL_MAX_TURNS", "PROMPT_FILE", "BOARD", "DB":
			if ours {
				continue
			}
		}
		kept = append(kept, e)
	}
	return kept
}
