package store_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"andon/internal/store"
	"andon/internal/store/storetest"
	"andon/kanban"
)

var noon = time.Unix(1_700_000_000, 0)

// apply stores what ask decides about the card.
func apply(ctx context.Context, db *store.DB, id kanban.TaskID, ask func(*store.Tx, kanban.Task) (kanban.Change, error)) (c kanban.Change, err error) {
	err = db.Update(ctx, func(tx *store.Tx) error {
		t, err := tx.Task(ctx, id)
		if err != nil {
			return err
		}
		if c, err = ask(tx, t); err != nil {
			return err
		}
		return tx.Apply(ctx, &c)
	})
	return c, err
}

func mustApply(t *testing.T, db *store.DB, id kanban.TaskID, ask func(*store.Tx, kanban.Task) (kanban.Change, error)) kanban.Change {
	t.Helper()
	c, err := apply(t.Context(), db, id, ask)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func create(ctx context.Context, db *store.DB, id kanban.TaskID) error {
	return db.Update(ctx, func(tx *store.Tx) error {
		c, err := kanban.Create(id, kanban.Draft{Title: "Write " + string(id), WorkspaceKind: kanban.Scratch}, nil, tx.Now)
		if err != nil {
			return err
		}
		return tx.Apply(ctx, &c)
	})
}

func mustCreate(t *testing.T, db *store.DB, ids ...kanban.TaskID) {
	t.Helper()
	for _, id := range ids {
		if err := create(t.Context(), db, id); err != nil {
			t.Fatal(err)
		}
	}
}

func claim(tx *store.Tx, t kanban.Task) (kanban.Change, error) {
	return t.Claim(kanban.Claimant{Lock: "host:1", TTL: time.Minute}, nil, nil, tx.Now)
}

func comment(body string) func(*store.Tx, kanban.Task) (kanban.Change, error) {
	return func(tx *store.Tx, t kanban.Task) (kanban.Change, error) { return t.Comment("ada", body, tx.Now) }
}

func head(t *testing.T, db *store.DB) (id kanban.EventID) {
	t.Helper()
	if err := db.View(t.Context(), func(tx *store.Tx) (err error) {
		id, err = tx.Head(t.Context())
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return id
}

// full makes a value whose fields, and theirs, are all set. What the reader of a
// column forgets comes back as zero.
func full(t *testing.T, v reflect.Value) {
	for i := range v.NumField() {
		f := v.Field(i)
		switch f.Interface().(type) {
		case time.Time:
			f.Set(reflect.ValueOf(noon.Add(time.Duration(i) * time.Second)))
			continue
		case time.Duration:
			f.SetInt(int64(time.Duration(i+1) * time.Second))
			continue
		}
		switch f.Kind() {
		case reflect.String:
			f.SetString(fmt.Sprintf("%s ü", v.Type().Field(i).Name))
		case reflect.Int64:
			f.SetInt(int64(1000 + i))
		case reflect.Bool:
			f.SetBool(true)
		case reflect.Slice:
			if f.Type().Elem().Kind() == reflect.Uint8 {
				f.Set(reflect.ValueOf([]byte(`{"k": ["v", 1.5]}`)).Convert(f.Type()))
			} else {
				f.Set(reflect.ValueOf([]string{"a", "ü"}))
			}
		case reflect.Struct:
			full(t, f)
		default:
			t.Fatalf("field %s has kind %s, which this test does not know", v.Type().Field(i).Name, f.Kind())
		}
	}
}

func TestEveryFieldIsKept(t *testing.T) {
	for _, kind := range []string{"full", "zero"} {
		t.Run(kind, func(t *testing.T) {
			storetest.Each(t, func(t *testing.T, db *store.DB) {
				task, run := kanban.Task{}, kanban.Run{}
				if kind == "full" {
					full(t, reflect.ValueOf(&task).Elem())
					full(t, reflect.ValueOf(&run).Elem())
				}
				// What Check wants of a card and its run; the rest is as it was made.
				task.ID, task.Status, task.Run, task.Lock = "t_1", kanban.Blocked, 0, ""
				worker := run.Worker
				run.ID, run.Task, run.Worker, run.EndedAt = 0, "t_1", kanban.Worker{}, noon
				if kind == "zero" {
					run.Outcome, run.Status, run.StartedAt = kanban.OutcomeStale, "stale", noon // no run is without them
					task.CreatedAt, task.WorkspaceKind = noon, kanban.Scratch
				}
				made := kanban.Change{Verb: kanban.VerbCreate, Task: task, Runs: []kanban.Run{run}}
				var got kanban.Task
				var runs []kanban.Run
				if err := db.Update(t.Context(), func(tx *store.Tx) (err error) {
					if err = tx.Apply(t.Context(), &made); err != nil {
						return err
					}
					run = made.Runs[0]
					run.Worker = worker
					touched := kanban.Change{Was: task, Task: task, Runs: []kanban.Run{run}}
					if err = tx.Apply(t.Context(), &touched); err != nil {
						return err
					}
					if got, err = tx.Task(t.Context(), "t_1"); err != nil {
						return err
					}
					runs, err = tx.Runs(t.Context(), "t_1")
					return err
				}); err != nil {
					t.Fatal(err)
				}
				if d := cmp.Diff(task, got); d != "" {
					t.Errorf("card (-stored +read):\n%s", d)
				}
				if d := cmp.Diff([]kanban.Run{run}, runs); d != "" {
					t.Errorf("run (-stored +read):\n%s", d)
				}
			})
		})
	}
}

// What other programs keep in a row stays as it is, however odd: a column that we
// do not know, text where a number belongs, JSON that nobody can parse.
func TestApplyWritesOnlyWhatDiffers(t *testing.T) {
	storetest.Files(t, func(t *testing.T, db *store.DB) {
		mustCreate(t, db, "t_1")
		run := mustApply(t, db, "t_1", claim).Runs[0]
		storetest.Exec(t, db,
			`ALTER TABLE tasks ADD COLUMN neighbour TEXT`,
			`UPDATE tasks SET neighbour = 'mine', priority = 'high', skills = 'no json', created_at = '2024-05-01T10:00:00Z',
				max_runtime_seconds = 1.5, goal_mode = 'yes', tenant = '', block_recurrences = '', branch_name = x'ff00'`,
			`ALTER TABLE task_runs ADD COLUMN neighbour TEXT`,
			`UPDATE task_runs SET neighbour = 'mine', metadata = '{"a": NaN}', max_runtime_seconds = 'soon', summary = '', worker_pid = 'x'`)
		tasks := `SELECT neighbour, priority, skills, created_at, max_runtime_seconds, goal_mode, tenant, block_recurrences, hex(branch_name) b,
			typeof(priority) p, typeof(tenant) t, typeof(branch_name) n FROM tasks`
		runs := `SELECT neighbour, metadata, max_runtime_seconds, summary, worker_pid, typeof(max_runtime_seconds) m, typeof(summary) s FROM task_runs`
		before := append(storetest.Dump(t, db, tasks), storetest.Dump(t, db, runs)...)

		mustApply(t, db, "t_1", comment("hello"))
		mustApply(t, db, "t_1", func(tx *store.Tx, t kanban.Task) (kanban.Change, error) {
			r, err := tx.Run(context.Background(), run.ID)
			if err != nil {
				return kanban.Change{}, err
			}
			return t.Renew(*r, "host:1", time.Hour, tx.Now)
		})
		mustApply(t, db, "t_1", func(tx *store.Tx, t kanban.Task) (kanban.Change, error) {
			r, err := tx.Run(context.Background(), run.ID)
			if err != nil {
				return kanban.Change{}, err
			}
			return t.Agent(*r, 41, "then")
		})
		after := append(storetest.Dump(t, db, tasks), storetest.Dump(t, db, runs)...)
		if d := cmp.Diff(before, after); d != "" {
			t.Errorf("unrelated changes altered (-before +after):\n%s", d)
		}
		if got := storetest.Dump(t, db, `SELECT claim_expires = (SELECT claim_expires FROM tasks) AND claim_expires > unixepoch() + 60 AS renewed FROM task_runs`); !slices.Equal(got, []string{"renewed=1 "}) {
			t.Errorf("the lease was not renewed: %q", got)
		}
		storetest.Exec(t, db, `UPDATE tasks SET branch_name = NULL`)
	})
}

// As far as columns have types, too.
func TestApplyWritesOnlyWhatDiffersInTypedColumns(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		mustCreate(t, db, "t_1")
		mustApply(t, db, "t_1", claim)
		storetest.Exec(t, db, `ALTER TABLE tasks ADD COLUMN neighbour TEXT`,
			`UPDATE tasks SET neighbour = 'mine', skills = 'no json', tenant = '', goal_mode = 7, max_retries = 0`,
			`UPDATE task_runs SET metadata = '{"a": NaN}', summary = '', worker_pid = 0`)
		query := `SELECT t.neighbour, t.skills, t.tenant, t.goal_mode, t.max_retries, r.metadata, r.summary, r.worker_pid FROM tasks t, task_runs r`
		before := storetest.Dump(t, db, query)
		mustApply(t, db, "t_1", comment("hello"))
		mustApply(t, db, "t_1", func(tx *store.Tx, t kanban.Task) (kanban.Change, error) {
			r, err := tx.Run(context.Background(), t.Run)
			if err != nil {
				return kanban.Change{}, err
			}
			return t.Renew(*r, "host:1", time.Hour, tx.Now)
		})
		if d := cmp.Diff(before, storetest.Dump(t, db, query)); d != "" {
			t.Errorf("unrelated changes altered (-before +after):\n%s", d)
		}
	})
}

// Text is sorted and compared byte by byte, whatever the database's locale.
func TestTextIsComparedByBytes(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ids := []kanban.TaskID{"t_1", "t_A", "t_B", "t__", "t_a", "t_b", "t_ä", "t_ü"}
		for _, i := range []int{4, 2, 7, 0, 6, 3, 1, 5} {
			mustCreate(t, db, ids[i])
		}
		if err := db.View(t.Context(), func(tx *store.Tx) error {
			tasks, err := tx.List(t.Context(), store.Filter{Sort: "title", Prefix: "t_"})
			if err != nil {
				return err
			}
			var got []kanban.TaskID
			for _, task := range tasks {
				got = append(got, task.ID)
			}
			if !slices.Equal(got, ids) {
				t.Errorf("sorted by title: %q, want %q", got, ids)
			}
			tasks, err = tx.List(t.Context(), store.Filter{Prefix: "t_ä", Limit: 5})
			if len(tasks) != 1 {
				t.Errorf("beginning with t_ä: %d cards, want one", len(tasks))
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
	})
}

// Other programs have left an empty text or a zero where NULL is meant. Such a
// card is as good as any.
func TestApplyTakesEmptyForNull(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		mustCreate(t, db, "t_1")
		storetest.Exec(t, db, `UPDATE tasks SET claim_lock = '', current_run_id = 0`)
		if c := mustApply(t, db, "t_1", claim); c.Task.Status != kanban.Running {
			t.Errorf("claimed, the card is %s", c.Task.Status)
		}
	})
}

// A decision about a card that is no longer as it was read is not stored, and
// neither is anything that came with it.
func TestFence(t *testing.T) {
	for name, moved := range map[string]string{
		"status": `UPDATE tasks SET status = 'todo'`,
		"lock":   `UPDATE tasks SET claim_lock = 'other:1'`,
		"run":    `UPDATE tasks SET current_run_id = 99`,
		"gone":   `DELETE FROM tasks`,
	} {
		t.Run(name, func(t *testing.T) {
			storetest.Each(t, func(t *testing.T, db *store.DB) {
				mustCreate(t, db, "t_1")
				var read kanban.Task
				if err := db.View(t.Context(), func(tx *store.Tx) (err error) {
					read, err = tx.Task(t.Context(), "t_1")
					return err
				}); err != nil {
					t.Fatal(err)
				}
				storetest.Exec(t, db, moved)
				before := storetest.Everything(t, db)
				err := db.Update(t.Context(), func(tx *store.Tx) error {
					c, err := claim(tx, read)
					if err != nil {
						return err
					}
					return tx.Apply(t.Context(), &c)
				})
				if err == nil || !strings.Contains(err.Error(), "t_1") {
					t.Errorf("got %v, want a refusal that names the card", err)
				}
				if d := cmp.Diff(before, storetest.Everything(t, db)); d != "" {
					t.Errorf("the refused change left (-before +after):\n%s", d)
				}
				storetest.Exec(t, db, `DELETE FROM tasks`, `DELETE FROM task_events`)
			})
		})
	}
}

func TestEventsRiseAndAreNeverUsedAgain(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		mustCreate(t, db, "t_1", "t_2")
		last := head(t, db)
		for i := range 20 {
			id := kanban.TaskID(fmt.Sprintf("t_%d", 1+i%2))
			c := mustApply(t, db, id, comment(fmt.Sprint(i)))
			for _, e := range c.Events {
				if e.ID <= last {
					t.Fatalf("event %d came after event %d", e.ID, last)
				}
				last = e.ID
			}
		}
		storetest.Exec(t, db, `DELETE FROM task_events WHERE id > 10`)
		if c := mustApply(t, db, "t_1", comment("after the deletion")); c.Events[0].ID <= last {
			t.Errorf("event %d took a number that was used: the last was %d", c.Events[0].ID, last)
		}
	})
}

func TestRollbackLeavesNothing(t *testing.T) {
	broken := errors.New("second thoughts")
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		mustCreate(t, db, "t_1")
		before := storetest.Everything(t, db)
		half := func(tx *store.Tx) error {
			task, err := tx.Task(t.Context(), "t_1")
			if err != nil {
				return err
			}
			c, err := claim(tx, task)
			if err != nil {
				return err
			}
			return tx.Apply(t.Context(), &c)
		}
		if err := db.Update(t.Context(), func(tx *store.Tx) error { return errors.Join(half(tx), broken) }); !errors.Is(err, broken) {
			t.Errorf("Update returned %v, want what its function said", err)
		}
		func() {
			defer func() {
				if got := recover(); got != "out of order" {
					t.Errorf("recovered %v, want what the function panicked with", got)
				}
			}()
			_ = db.Update(t.Context(), func(tx *store.Tx) error {
				if err := half(tx); err != nil {
					t.Error(err)
				}
				panic("out of order")
			})
		}()
		ctx, cancel := context.WithCancel(t.Context())
		if err := db.Update(ctx, func(tx *store.Tx) error {
			defer cancel()
			return errors.Join(half(tx), broken)
		}); !errors.Is(err, broken) {
			t.Errorf("with its context cancelled, Update returned %v", err)
		}
		if d := cmp.Diff(before, storetest.Everything(t, db)); d != "" {
			t.Errorf("rolled back, and left (-before +after):\n%s", d)
		}
		mustApply(t, db, "t_1", claim) // nobody holds the board
	})
}

// A change that breaks the table of moves is a fault of ours: it is not stored.
func TestApplyRefusesWhatIsNotLegal(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		mustCreate(t, db, "t_1")
		before := storetest.Everything(t, db)
		_, err := apply(t.Context(), db, "t_1", func(_ *store.Tx, t kanban.Task) (kanban.Change, error) {
			c := kanban.Change{Verb: kanban.VerbHeartbeat, Was: t, Task: t}
			c.Task.Status = kanban.Done
			return c, nil
		})
		if err == nil {
			t.Error("a heartbeat finished a card")
		}
		if d := cmp.Diff(before, storetest.Everything(t, db)); d != "" {
			t.Errorf("it left (-before +after):\n%s", d)
		}
	})
}

func TestTaskThatIsNotThere(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		_, err := apply(t.Context(), db, "t_none", comment("x"))
		if !errors.Is(err, kanban.ErrNotFound) || kanban.CodeOf(err) != kanban.NotFound || !strings.Contains(err.Error(), "t_none") {
			t.Errorf("got %v, want ErrNotFound that names the card", err)
		}
	})
}

// Audit tells what is wrong; were it blind, no test that ends with it would prove
// anything.
func TestAuditFindsWhatIsWrong(t *testing.T) {
	for name, wrong := range map[string]string{
		"running without a run":  `UPDATE tasks SET status = 'running' WHERE id = 't_1'`,
		"open run of no card":    `INSERT INTO task_runs (task_id, status, started_at) VALUES ('t_gone', 'running', 1)`,
		"event of no card":       `INSERT INTO task_events (task_id, kind, created_at) VALUES ('t_gone', 'x', 1)`,
		"event of no run":        `INSERT INTO task_events (task_id, run_id, kind, created_at) VALUES ('t_1', 99, 'x', 1)`,
		"status of no programme": `UPDATE tasks SET status = 'doing'`,
		"waits for itself":       `INSERT INTO task_links VALUES ('t_1', 't_1')`,
		"held by somebody":       `UPDATE tasks SET claim_lock = 'h:1'`,
	} {
		t.Run(name, func(t *testing.T) {
			storetest.Places(t, func(t *testing.T, path string) {
				db := storetest.Open(t, path)
				mustCreate(t, db, "t_1")
				storetest.Check(t, db)
				storetest.Exec(t, db, wrong)
				if found, err := db.Audit(t.Context()); err != nil || len(found) == 0 {
					t.Errorf("Audit found %q (%v)", found, err)
				}
			})
		})
	}
}
