package store_test

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"andon/internal/store"
	"andon/internal/store/storetest"
	"andon/kanban"
)

// writerEnv names the file that a process of this binary writes to until it is
// killed.
const writerEnv = "ANDON_TEST_WRITER"

func TestMain(m *testing.M) {
	if path := os.Getenv(writerEnv); path != "" {
		fmt.Fprintln(os.Stderr, write(context.Background(), path))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// write makes cards and takes each through its life. It says each step once it is
// acknowledged, and not before.
func write(ctx context.Context, path string) error {
	db, err := storetest.OpenAt(ctx, path, store.Options{})
	if err != nil {
		return err
	}
	for n := 0; ; n++ {
		id := kanban.TaskID(fmt.Sprintf("t_%d_%d", os.Getpid(), n))
		if err := create(ctx, db, id); err != nil {
			return err
		}
		fmt.Println(id, kanban.Ready)
		var run kanban.Run
		for _, step := range []func(*store.Tx, kanban.Task) (kanban.Change, error){
			claim,
			func(tx *store.Tx, t kanban.Task) (kanban.Change, error) {
				r, err := tx.Run(ctx, t.Run)
				if err != nil {
					return kanban.Change{}, err
				}
				run = *r
				return t.Started(run, "host:1", kanban.Worker{PID: 5, Start: "then"}, "/w")
			},
			func(tx *store.Tx, t kanban.Task) (kanban.Change, error) {
				r, err := tx.Run(ctx, t.Run)
				if err != nil {
					return kanban.Change{}, err
				}
				return t.Complete(kanban.Report{Summary: "done", Run: run.ID}, r, kanban.Witness{}, tx.Now)
			},
		} {
			c, err := apply(ctx, db, id, step)
			if err != nil {
				return err
			}
			fmt.Println(id, c.Task.Status)
		}
	}
}

// What was acknowledged is there after a crash, whenever it comes; and what was
// under way is there whole or not at all.
func TestCrash(t *testing.T) {
	const crashes = 20
	storetest.Places(t, func(t *testing.T, path string) {
		t.Parallel()
		random := rand.New(rand.NewPCG(7, 11))
		said := map[kanban.TaskID]kanban.Status{}
		for range crashes {
			writeUntilKilled(t, path, random, said)
			db, err := storetest.OpenAt(t.Context(), path, store.Options{})
			if err != nil {
				t.Fatal(err)
			}
			if err := db.View(t.Context(), func(tx *store.Tx) error {
				for id, at := range said {
					task, err := tx.Task(t.Context(), id)
					if err != nil {
						return err
					}
					if order[task.Status] < order[at] {
						t.Errorf("card %s was acknowledged as %s, and is %s", id, at, task.Status)
					}
				}
				return nil
			}); err != nil {
				t.Error(err)
			}
			storetest.Check(t, db)
			if err := db.Close(); err != nil {
				t.Error(err)
			}
			if t.Failed() {
				return
			}
		}
		if len(said) < crashes {
			t.Errorf("in %d lives the writers made %d cards; they never got going", crashes, len(said))
		}
	})
}

var order = map[kanban.Status]int{kanban.Ready: 1, kanban.Running: 2, kanban.Done: 3}

// writeUntilKilled notes every step that a writer said before it was killed, some
// steps and an instant after it began.
func writeUntilKilled(t *testing.T, path string, random *rand.Rand, said map[kanban.TaskID]kanban.Status) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, os.Args[0])
	cmd.Env = append(os.Environ(), writerEnv+"="+path)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	steps, instant := 1+random.IntN(30), time.Duration(random.IntN(4000))*time.Microsecond
	lines := bufio.NewReader(out)
	for n := 1; ; n++ {
		line, err := lines.ReadString('\n')
		if err != nil {
			break // half a line is no acknowledgement
		}
		var id kanban.TaskID
		var at kanban.Status
		if _, err := fmt.Sscan(line, &id, &at); err != nil || order[at] == 0 {
			t.Fatalf("the writer said %q: %v", line, err)
		}
		said[id] = at
		if n == steps {
			time.AfterFunc(instant, func() { cmd.Process.Kill() })
		}
	}
	if err := cmd.Wait(); err == nil || stderr.String() != "" {
		t.Fatalf("the writer ended by itself: %v, %s", err, stderr.String())
	}
}
