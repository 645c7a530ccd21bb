package board_test

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"andon/internal/board"
	"andon/internal/lock"
	"andon/internal/store"
	"andon/internal/store/storetest"
	"andon/kanban"
)

// soakEnv says how long the soak of each kind of board lasts.
const soakEnv = "ANDON_SOAK"

const (
	soakWriters = 8

	// longestWait is what no write waits longer than, but for a stalled disk: the
	// queue is served in order, and each of the others holds the board for one commit.
	longestWait = 2 * time.Second
)

// Writers that are killed at any moment, and replaced, lose nothing that was
// acknowledged, leave the board whole and no lock behind; and none of them waits
// long for its turn.
func TestSoak(t *testing.T) {
	lasts := 3 * time.Second
	if s := os.Getenv(soakEnv); s != "" {
		var err error
		if lasts, err = time.ParseDuration(s); err != nil {
			t.Fatalf("%s: %v", soakEnv, err)
		}
	}
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		seed := rand.Uint64()
		t.Logf("seed %d", seed)
		ctx, cancel := context.WithTimeout(t.Context(), lasts)
		defer cancel()
		stall := make(chan time.Duration, 1)
		go func() { stall <- longestSync(ctx, t, t.TempDir()) }()
		acks, killed := soak(ctx, t, db, seed)
		slowest := <-stall

		b := board.New(db)
		limit := longestWait + slowest
		free(t, db)
		begun := time.Now()
		add(t, b, kanban.Draft{})
		if took := time.Since(begun); took > limit {
			t.Errorf("when all were gone, a write took %v", took)
		}
		judge(t, b, acks)
		if len(acks) == 0 {
			t.Fatal("the writers never got going")
		}
		worst := slices.MaxFunc(acks, func(a, b ack) int { return cmp.Compare(a.took, b.took) })
		served, gap := worst.served(acks)
		t.Logf("%d writers killed, %d changes acknowledged; the longest took %v (%s; %d others were served meanwhile), the longest bare sync %v",
			killed, len(acks), worst.took, worst.verb, served, slowest)
		// Where the processors are given to others, each of those ahead takes long, and
		// the queue is not to blame as long as it moves, and in order.
		if worst.took > limit && (served > 2*soakWriters || gap > limit) {
			t.Errorf("%s of %s took %v, while %d others were served, and for %v nobody; want at most %v, the longest sync on this disk included",
				worst.verb, worst.task, worst.took, served, gap, limit)
		}
	})
}

// ack is what a writer said once a change was stored.
type ack struct {
	verb  kanban.Verb
	task  kanban.TaskID
	run   kanban.RunID
	event kanban.EventID // the last one of the change
	end   int64          // when, in microseconds of the epoch
	took  time.Duration
}

func (a ack) String() string {
	return fmt.Sprintln(a.verb, a.task, int64(a.run), int64(a.event), a.end, int64(a.took))
}

// served tells of the changes that others were told of while a waited: how many
// there were, and the longest time in which there was none.
func (a ack) served(acks []ack) (n int, gap time.Duration) {
	last := a.end - a.took.Microseconds()
	for _, b := range slices.SortedFunc(slices.Values(acks), func(a, b ack) int { return cmp.Compare(a.end, b.end) }) {
		if b.end > last && b.end <= a.end {
			n, gap, last = n+1, max(gap, time.Duration(b.end-last)*time.Microsecond), b.end
		}
	}
	return n - 1, gap // a itself was the last
}

// soak keeps writers at work until ctx ends, killing each after a while, and
// returns what they acknowledged.
func soak(ctx context.Context, t *testing.T, db *store.DB, seed uint64) (acks []ack, killed int) {
	var mu sync.Mutex
	var all sync.WaitGroup
	for w := range soakWriters {
		random := rand.New(rand.NewPCG(seed, uint64(w)))
		all.Go(func() {
			for ctx.Err() == nil && !t.Failed() {
				said := writeAWhile(ctx, t, db, random)
				mu.Lock()
				acks, killed = append(acks, said...), killed+1
				mu.Unlock()
			}
		})
	}
	all.Wait()
	return acks, killed
}

// writeAWhile runs one writer, and kills it a random while after its first word.
func writeAWhile(ctx context.Context, t *testing.T, db *store.DB, random *rand.Rand) (said []ack) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	cmd := exec.CommandContext(ctx, os.Args[0]) // which kills it when ctx ends
	cmd.Env = append(os.Environ(), as("soak", db, fmt.Sprint(random.Uint64())))
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Error(err)
		return nil
	}
	while := time.Duration(random.Int64N(int64(1500 * time.Millisecond)))
	lines := bufio.NewReader(out)
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			break // half a line is no acknowledgement
		}
		if len(said) == 0 {
			defer time.AfterFunc(while, cancel).Stop()
		}
		var a ack
		if _, err := fmt.Sscan(line, &a.verb, &a.task, &a.run, &a.event, &a.end, &a.took); err != nil {
			t.Errorf("a writer said %q: %v", line, err)
		}
		said = append(said, a)
	}
	if err := cmd.Wait(); err == nil || ctx.Err() == nil || stderr.String() != "" {
		t.Errorf("a writer ended by itself: %v, %s", err, stderr.String())
	}
	return said
}

// judge looks for each acknowledged change on the board.
func judge(t *testing.T, b *board.Board, acks []ack) {
	t.Helper()
	history, err := b.Events(t.Context(), store.EventFilter{})
	if err != nil {
		t.Fatal(err)
	}
	events := map[kanban.EventID]kanban.Event{}
	for _, e := range history {
		events[e.ID] = e
	}
	tasks, err := b.List(t.Context(), store.Filter{Archived: true})
	if err != nil {
		t.Fatal(err)
	}
	cards := map[kanban.TaskID]kanban.Task{}
	for _, task := range tasks {
		cards[task.ID] = task
	}
	claimed := map[kanban.RunID]bool{}
	for _, a := range acks {
		task, ok := cards[a.task]
		if !ok {
			t.Errorf("%v: the card is not there", a)
		}
		if e, ok := events[a.event]; a.event != 0 && (!ok || e.Task != a.task || e.Run != a.run) {
			t.Errorf("%v: its event is %+v", a, e)
		}
		outcome := kanban.Outcome("")
		switch a.verb {
		case kanban.VerbClaim:
			if claimed[a.run] {
				t.Errorf("%v: two were told so", a)
			}
			claimed[a.run] = true
		case kanban.VerbComplete:
			outcome = kanban.OutcomeCompleted
			if !task.Status.Satisfied() {
				t.Errorf("%v: the card is %s", a, task.Status)
			}
		case kanban.VerbBlock:
			outcome = kanban.OutcomeBlocked
		case kanban.VerbFail:
			outcome = kanban.OutcomeCrashed
		case kanban.VerbReclaim:
			outcome = kanban.OutcomeReclaimed
		case kanban.VerbArchive:
			if task.Status != kanban.Archived {
				t.Errorf("%v: the card is %s", a, task.Status)
			}
		}
		if a.run == 0 {
			continue
		}
		if r, err := b.Run(t.Context(), a.run); err != nil || r == nil || r.Task != a.task || outcome != "" && r.Outcome != outcome {
			t.Errorf("%v: its run is %+v, %v", a, r, err)
		}
	}
}

// free fails the test if a lock beside the board's file is held still.
func free(t *testing.T, db *store.DB) {
	t.Helper()
	if _, err := os.Stat(db.Path()); err != nil {
		return // a board that is no file has no locks beside it
	}
	sidecars, err := filepath.Glob(db.Path() + ".*.lock")
	if err != nil || !slices.Contains(sidecars, db.Path()+".write.lock") {
		t.Errorf("the locks beside the board are %q, %v", sidecars, err)
	}
	for _, path := range sidecars {
		held, ok, err := lock.Try(path)
		if err != nil || !ok {
			t.Errorf("%s is held still: %v", path, err)
			continue
		}
		if err := held.Unlock(); err != nil {
			t.Error(err)
		}
	}
}

// longestSync does, until ctx ends, what the file system has to do for a commit: it
// syncs a page that is written over, as a write-ahead log does, and a file that is
// made and removed, as a rollback journal does. What that took at worst, the disk
// owes, not the queue.
func longestSync(ctx context.Context, t *testing.T, dir string) (longest time.Duration) {
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		t.Error(err)
		return 0
	}
	defer log.Close()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for ctx.Err() == nil {
		begun := time.Now()
		if err := errors.Join(writePage(log), journal(filepath.Join(dir, "journal"))); err != nil {
			t.Error(err)
			return longest
		}
		longest = max(longest, time.Since(begun))
		select {
		case <-tick.C:
		case <-ctx.Done():
		}
	}
	return longest
}

func journal(path string) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	return errors.Join(writePage(f), f.Close(), os.Remove(path))
}

func writePage(f *os.File) error {
	if _, err := f.WriteAt(make([]byte, 4096), 0); err != nil {
		return err
	}
	return syncData(f)
}
