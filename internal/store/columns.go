package store

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"andon/kanban"
)

// column joins a column of a table with a field of the domain type: how it is
// read and what is stored. One list per table serves SELECT, INSERT and UPDATE,
// so a field cannot be read and forgotten when written.
type column[T any] struct {
	name  string
	dest  func(*T) any // for Scan
	value func(*T) any // nil is NULL
}

var taskColumns = []column[kanban.Task]{
	text("id", func(t *kanban.Task) *kanban.TaskID { return &t.ID }),
	textNotNull("title", func(t *kanban.Task) *string { return &t.Title }),
	text("body", func(t *kanban.Task) *string { return &t.Body }),
	text("assignee", func(t *kanban.Task) *string { return &t.Assignee }),
	text("status", func(t *kanban.Task) *kanban.Status { return &t.Status }),
	numberNotNull("priority", func(t *kanban.Task) *int64 { return &t.Priority }),
	text("created_by", func(t *kanban.Task) *string { return &t.CreatedBy }),
	unix("created_at", func(t *kanban.Task) *time.Time { return &t.CreatedAt }),
	unix("started_at", func(t *kanban.Task) *time.Time { return &t.StartedAt }),
	unix("completed_at", func(t *kanban.Task) *time.Time { return &t.CompletedAt }),
	text("workspace_kind", func(t *kanban.Task) *kanban.WorkspaceKind { return &t.WorkspaceKind }),
	text("workspace_path", func(t *kanban.Task) *string { return &t.WorkspacePath }),
	text("branch_name", func(t *kanban.Task) *string { return &t.Branch }),
	text("project_id", func(t *kanban.Task) *string { return &t.Project }),
	text("claim_lock", func(t *kanban.Task) *string { return &t.Lock }),
	unix("claim_expires", func(t *kanban.Task) *time.Time { return &t.Expires }),
	text("tenant", func(t *kanban.Task) *string { return &t.Tenant }),
	text("result", func(t *kanban.Task) *string { return &t.Result }),
	text("idempotency_key", func(t *kanban.Task) *string { return &t.IdempotencyKey }),
	numberNotNull("consecutive_failures", func(t *kanban.Task) *int64 { return &t.Failures }),
	number("worker_pid", func(t *kanban.Task) *int64 { return &t.WorkerPID }),
	text("last_failure_error", func(t *kanban.Task) *string { return &t.LastError }),
	seconds("max_runtime_seconds", func(t *kanban.Task) *time.Duration { return &t.MaxRuntime }),
	unix("last_heartbeat_at", func(t *kanban.Task) *time.Time { return &t.HeartbeatAt }),
	number("current_run_id", func(t *kanban.Task) *kanban.RunID { return &t.Run }),
	text("workflow_template_id", func(t *kanban.Task) *string { return &t.WorkflowTemplate }),
	text("current_step_key", func(t *kanban.Task) *string { return &t.StepKey }),
	list("skills", func(t *kanban.Task) *[]string { return &t.Skills }),
	text("model_override", func(t *kanban.Task) *string { return &t.Model }),
	text("provider_override", func(t *kanban.Task) *string { return &t.Provider }),
	text("reasoning_effort", func(t *kanban.Task) *string { return &t.Effort }),
	number("max_retries", func(t *kanban.Task) *int64 { return &t.MaxRetries }),
	flag("goal_mode", func(t *kanban.Task) *bool { return &t.GoalMode }),
	number("goal_max_turns", func(t *kanban.Task) *int64 { return &t.GoalMaxTurns }),
	text("session_id", func(t *kanban.Task) *string { return &t.Session }),
	text("block_kind", func(t *kanban.Task) *kanban.BlockKind { return &t.BlockKind }),
	numberNotNull("block_recurrences", func(t *kanban.Task) *int64 { return &t.BlockRecurrences }),
	millis("andon_retry_at", func(t *kanban.Task) *time.Time { return &t.RetryAt }),
	flagOrNull("andon_forced", func(t *kanban.Task) *bool { return &t.Forced }),
	unix("andon_start_at", func(t *kanban.Task) *time.Time { return &t.StartAt }),
	unix("andon_due_at", func(t *kanban.Task) *time.Time { return &t.DueAt }),
	text("andon_check", func(t *kanban.Task) *string { return &t.Check }),
	number("andon_refusals", func(t *kanban.Task) *int64 { return &t.Refusals }),
	list("andon_resources", func(t *kanban.Task) *[]string { return &t.Resources }),
}

var runColumns = []column[kanban.Run]{
	number("id", func(r *kanban.Run) *kanban.RunID { return &r.ID }),
	text("task_id", func(r *kanban.Run) *kanban.TaskID { return &r.Task }),
	text("profile", func(r *kanban.Run) *string { return &r.Profile }),
	text("step_key", func(r *kanban.Run) *string { return &r.StepKey }),
	text("status", func(r *kanban.Run) *string { return &r.Status }),
	text("claim_lock", func(r *kanban.Run) *string { return &r.Lock }),
	unix("claim_expires", func(r *kanban.Run) *time.Time { return &r.Expires }),
	number("worker_pid", func(r *kanban.Run) *int64 { return &r.WorkerPID }),
	seconds("max_runtime_seconds", func(r *kanban.Run) *time.Duration { return &r.MaxRuntime }),
	unix("last_heartbeat_at", func(r *kanban.Run) *time.Time { return &r.HeartbeatAt }),
	unix("started_at", func(r *kanban.Run) *time.Time { return &r.StartedAt }),
	unix("ended_at", func(r *kanban.Run) *time.Time { return &r.EndedAt }),
	text("outcome", func(r *kanban.Run) *kanban.Outcome { return &r.Outcome }),
	text("summary", func(r *kanban.Run) *string { return &r.Summary }),
	object("metadata", func(r *kanban.Run) *json.RawMessage { return &r.Metadata }),
	text("error", func(r *kanban.Run) *string { return &r.Error }),
}

// workerColumns are those of andon_runs, which holds what task_runs has no
// column for: Hermes may rebuild task_runs, so nothing is added to it.
var workerColumns = []column[kanban.Run]{
	number("pid", func(r *kanban.Run) *int64 { return &r.Worker.PID }),
	text("pid_start", func(r *kanban.Run) *string { return &r.Worker.Start }),
	number("agent_pid", func(r *kanban.Run) *int64 { return &r.Worker.AgentPID }),
	text("agent_start", func(r *kanban.Run) *string { return &r.Worker.AgentStart }),
	text("exit", func(r *kanban.Run) *string { return &r.Worker.Exit }),
	millis("exited_at", func(r *kanban.Run) *time.Time { return &r.Worker.ExitedAt }),
}

// usageColumns are what can change of a row of andon_usage.
var usageColumns = []column[kanban.Run]{
	text("model", func(r *kanban.Run) *string { return &r.Usage.Model }),
	numberNotNull("input", func(r *kanban.Run) *int64 { return &r.Usage.Input }),
	numberNotNull("output", func(r *kanban.Run) *int64 { return &r.Usage.Output }),
	numberNotNull("cache_read", func(r *kanban.Run) *int64 { return &r.Usage.CacheRead }),
	numberNotNull("cache_write", func(r *kanban.Run) *int64 { return &r.Usage.CacheWrite }),
	numberNotNull("cost", func(r *kanban.Run) *kanban.Money { return &r.Usage.Cost }),
	flag("measured", func(r *kanban.Run) *bool { return &r.Usage.Measured }),
}

// columnNames lists the columns as a SELECT wants them, each behind prefix.
func columnNames[T any](columns []column[T], prefix string) string {
	names := make([]string, len(columns))
	for i, c := range columns {
		names[i] = prefix + c.name
	}
	return strings.Join(names, ", ")
}

// dests are the places where Scan puts a row, in the order of the columns.
func dests[T any](columns []column[T], v *T) []any {
	d := make([]any, len(columns))
	for i, c := range columns {
		d[i] = c.dest(v)
	}
	return d
}

// The constructors below differ in what the zero value is stored as: NULL,
// unless the name says NotNull.

func text[T any, S ~string](name string, at func(*T) *S) column[T] {
	return column[T]{name,
		func(v *T) any { return scanFunc(func(s string) { *at(v) = S(s) }) },
		func(v *T) any {
			if s := *at(v); s != "" {
				return string(s)
			}
			return nil
		}}
}

func textNotNull[T any, S ~string](name string, at func(*T) *S) column[T] {
	c := text(name, at)
	c.value = func(v *T) any { return string(*at(v)) }
	return c
}

type integer interface{ ~int64 }

func number[T any, N integer](name string, at func(*T) *N) column[T] {
	c := numberNotNull(name, at)
	c.value = func(v *T) any { return orNull(int64(*at(v))) }
	return c
}

func numberNotNull[T any, N integer](name string, at func(*T) *N) column[T] {
	return column[T]{name,
		func(v *T) any { return &scanInt{func(n int64) { *at(v) = N(n) }} },
		func(v *T) any { return int64(*at(v)) }}
}

func flag[T any](name string, at func(*T) *bool) column[T] {
	return column[T]{name,
		func(v *T) any { return &scanInt{func(n int64) { *at(v) = n != 0 }} },
		func(v *T) any {
			if *at(v) {
				return int64(1)
			}
			return int64(0)
		}}
}

func flagOrNull[T any](name string, at func(*T) *bool) column[T] {
	c := flag(name, at)
	value := c.value
	c.value = func(v *T) any { return orNull(value(v).(int64)) }
	return c
}

func seconds[T any](name string, at func(*T) *time.Duration) column[T] {
	return column[T]{name,
		func(v *T) any { return &scanInt{func(n int64) { *at(v) = time.Duration(n) * time.Second }} },
		func(v *T) any { return orNull(int64(*at(v) / time.Second)) }}
}

func unix[T any](name string, at func(*T) *time.Time) column[T] {
	return timeColumn(name, at, func(n int64) time.Time { return time.Unix(n, 0) }, time.Time.Unix)
}

func millis[T any](name string, at func(*T) *time.Time) column[T] {
	return timeColumn(name, at, time.UnixMilli, time.Time.UnixMilli)
}

func timeColumn[T any](name string, at func(*T) *time.Time, from func(int64) time.Time, to func(time.Time) int64) column[T] {
	return column[T]{name,
		func(v *T) any {
			return &scanInt{func(n int64) {
				if *at(v) = from(n); n == 0 {
					*at(v) = time.Time{}
				}
			}}
		},
		func(v *T) any {
			if t := *at(v); !t.IsZero() {
				return to(t)
			}
			return nil
		}}
}

// list is a JSON array of strings: none is NULL, an empty one is "[]". It is
// read leniently, as Hermes reads it.
func list[T any](name string, at func(*T) *[]string) column[T] {
	return column[T]{name,
		func(v *T) any {
			return scanFunc(func(s string) {
				*at(v) = nil
				var items []any
				if json.Unmarshal([]byte(s), &items) != nil || items == nil {
					return
				}
				*at(v) = []string{}
				for _, item := range items {
					if text := fmt.Sprint(item); item != nil && text != "" {
						*at(v) = append(*at(v), text)
					}
				}
			})
		},
		func(v *T) any {
			if *at(v) == nil {
				return nil
			}
			s, err := kanban.EncodeJSON(*at(v))
			if err != nil {
				panic(err) // strings always encode
			}
			return s
		}}
}

// object is a JSON object. Text that is none counts as absent.
func object[T any](name string, at func(*T) *json.RawMessage) column[T] {
	return column[T]{name,
		func(v *T) any {
			return scanFunc(func(s string) {
				if *at(v) = nil; json.Valid([]byte(s)) && strings.HasPrefix(strings.TrimSpace(s), "{") {
					*at(v) = json.RawMessage(s)
				}
			})
		},
		func(v *T) any {
			if len(*at(v)) == 0 {
				return nil
			}
			s, err := kanban.EncodeJSON(*at(v))
			if err != nil {
				panic(err) // the rule checked it, or Scan did
			}
			return s
		}}
}

func orNull(n int64) any {
	if n == 0 {
		return nil
	}
	return n
}

// scanFunc hands over text; NULL is the empty text.
type scanFunc func(string)

func (f scanFunc) Scan(src any) error {
	f(asText(src))
	return nil
}

// scanInt reads an integer; NULL is zero. SQLite columns hold what was put in,
// and other programs have put in reals and text: what can be read as a number
// is read, anything else is zero rather than a board that will not open.
type scanInt struct{ set func(int64) }

func (d *scanInt) Scan(src any) error {
	switch v := src.(type) {
	case int64:
		d.set(v)
	case float64:
		d.set(int64(v))
	case bool:
		d.set(0)
		if v {
			d.set(1)
		}
	case nil:
		d.set(0)
	default:
		s := asText(v)
		if n, err := strconv.ParseFloat(s, 64); err == nil {
			d.set(int64(n))
		} else {
			d.set(secondsOf(s))
		}
	}
	return nil
}

// secondsOf is a time that was stored as text, as Python writes it or SQLite's
// CURRENT_TIMESTAMP does, which is UTC; zero if the text is none.
func secondsOf(s string) int64 {
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05", time.DateTime} {
		if t, err := time.Parse(layout, s); err == nil {
			return t.Unix()
		}
	}
	return 0
}

// intTo puts an integer at a place, as leniently.
func intTo(at *int64) any { return &scanInt{func(n int64) { *at = n }} }

func asText(src any) string {
	switch v := src.(type) {
	case nil:
		return ""
	case string:
		return v
	case []byte:
		return string(v)
	}
	return fmt.Sprint(src)
}
