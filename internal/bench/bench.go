// Package bench measures a board under contention: many processes upon one file
// on a real disk, each taking cards through their lives. What it tells of is the
// board as users have it, so the work goes through package board and ends with
// an audit of what was written.
package bench

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"andon/internal/board"
	"andon/internal/store"
	"andon/kanban"
)

// Options is what to measure.
type Options struct {
	Procs      int
	Lifecycles int    // of each process
	Dir        string // a folder on the disk to measure; the bench makes and removes one of its own in it

	Open     func(ctx context.Context, path string) (*store.DB, error)
	Worker   func(ctx context.Context, path string) *exec.Cmd // a process that calls [Work] on this board
	Progress func(done, of int)                               // may be nil
}

// Result is what was measured. The keys are a contract.
type Result struct {
	Procs               int                     `json:"procs"`
	Lifecycles          int                     `json:"lifecycles"` // of each process
	Seconds             float64                 `json:"seconds"`
	LifecyclesPerSecond float64                 `json:"lifecycles_per_s"`
	CommitsPerSecond    float64                 `json:"commits_per_s"`
	Verbs               map[kanban.Verb]Latency `json:"verbs"`
	Turns               []int                   `json:"turns"`       // lifecycles that each process had done when the first had done all
	SyncsPerSecond      float64                 `json:"fsync_per_s"` // 4 KiB written and synced, nothing else: what the disk can do
	Ratio               float64                 `json:"ratio"`       // commits to syncs

	Sync Latency `json:"-"` // of those syncs
}

// Latency is how long something took.
type Latency struct {
	P50 float64 `json:"p50_ms"`
	P99 float64 `json:"p99_ms"`
	Max float64 `json:"max_ms"`
}

// Run measures. When it returns, its processes have ended and its folder is
// gone. A board that is not whole afterwards is an error.
func Run(ctx context.Context, o Options) (r Result, err error) {
	dir, err := os.MkdirTemp(o.Dir, "andon-bench-")
	if err != nil {
		return r, &kanban.Error{Code: kanban.Denied, Err: err, Msg: err.Error(), Hint: "name a folder that can be written with --dir"}
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()

	syncs, err := syncTimes(ctx, dir)
	if err != nil {
		return r, fmt.Errorf("measure the disk: %w", err)
	}
	db, err := o.Open(ctx, filepath.Join(dir, "kanban.db"))
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	begun, logs, err := o.race(ctx, db)
	if err != nil {
		return r, err
	}
	after, err := syncTimes(ctx, dir)
	if err != nil {
		return r, fmt.Errorf("measure the disk: %w", err)
	}
	found, err := db.Audit(ctx)
	if err != nil {
		return r, err
	}
	if len(found) > 0 {
		return r, &kanban.Error{Code: kanban.Damaged, Msg: fmt.Sprintf("the board is not whole after the bench (%d findings): %s", len(found), strings.Join(found, "; "))}
	}
	return o.judge(begun, logs, append(syncs, after...)), nil
}

// race starts the processes, lets them go together and collects what they say.
func (o Options) race(ctx context.Context, db *store.DB) (begun time.Time, logs []Log, err error) {
	ctx, cancel := context.WithCancel(ctx)
	var workers []*worker
	defer func() {
		cancel() // ends those that have not finished
		for _, w := range workers {
			w.cmd.Wait() // whoever finished has told how; of the others nothing is wanted
		}
	}()
	for range o.Procs {
		w, err := start(o.Worker(ctx, db.Path()))
		if err != nil {
			return begun, nil, fmt.Errorf("start a process: %w", err)
		}
		workers = append(workers, w)
	}
	for _, w := range workers {
		if line, err := w.out.ReadString('\n'); line != ready {
			return begun, nil, w.failed(ctx, err)
		}
	}
	begun = time.Now()
	for _, w := range workers {
		if _, err := io.WriteString(w.in, "go\n"); err != nil {
			return begun, nil, w.failed(ctx, err)
		}
	}

	var watching sync.WaitGroup
	watching.Go(func() { o.watch(ctx, db) })
	defer watching.Wait()
	defer cancel()
	logs = make([]Log, len(workers))
	failed := make(chan error, len(workers))
	for i, w := range workers {
		go func() {
			err := json.NewDecoder(w.out).Decode(&logs[i])
			if err != nil {
				cancel() // the others would go on for nothing
				err = w.failed(ctx, err)
			}
			w.in.Close()
			failed <- err
		}()
	}
	for range workers {
		if e := <-failed; err == nil {
			err = e // the first one ended the others
		}
	}
	return begun, logs, err
}

// watch tells of progress by the events on the board, of which each verb leaves
// one, so that the processes need not.
func (o Options) watch(ctx context.Context, db *store.DB) {
	if o.Progress == nil {
		return
	}
	b := board.New(db)
	tick := time.NewTicker(500 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if head, err := b.Head(ctx); err == nil {
			o.Progress(int(head)/len(Verbs), o.Procs*o.Lifecycles)
		}
	}
}

// worker is one of the processes.
type worker struct {
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Reader
	err bytes.Buffer
}

func start(cmd *exec.Cmd) (*worker, error) {
	w := &worker{cmd: cmd}
	cmd.Stderr = &w.err
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	w.out = bufio.NewReader(out)
	if w.in, err = cmd.StdinPipe(); err != nil {
		return nil, err
	}
	return w, cmd.Start()
}

// failed says why the process did not do its part.
func (w *worker) failed(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	w.in.Close()
	w.cmd.Wait() // its last words are complete only then
	if said := strings.TrimSpace(w.err.String()); said != "" {
		return fmt.Errorf("process %d: %s", w.cmd.Process.Pid, said)
	}
	return fmt.Errorf("process %d ended early: %w", w.cmd.Process.Pid, err)
}

func (o Options) judge(begun time.Time, logs []Log, syncs []time.Duration) Result {
	r := Result{Procs: o.Procs, Lifecycles: o.Lifecycles, Verbs: map[kanban.Verb]Latency{}}
	var first, last int64
	took := map[kanban.Verb][]time.Duration{}
	for i, l := range logs {
		end := l.Ends[len(l.Ends)-1]
		if last = max(last, end); i == 0 || end < first {
			first = end
		}
		for v, us := range l.Took {
			for _, n := range us {
				took[v] = append(took[v], time.Duration(n)*time.Microsecond)
			}
		}
	}
	for v, d := range took {
		r.Verbs[v] = latency(d)
	}
	for _, l := range logs {
		n, _ := slices.BinarySearch(l.Ends, first+1)
		r.Turns = append(r.Turns, n)
	}
	r.Seconds = float64(last-begun.UnixMicro()) / 1e6
	r.LifecyclesPerSecond = float64(o.Procs*o.Lifecycles) / r.Seconds
	r.CommitsPerSecond = r.LifecyclesPerSecond * float64(len(Verbs))
	r.Sync = latency(syncs)
	r.SyncsPerSecond = 1000 / r.Sync.P50
	r.Ratio = r.CommitsPerSecond / r.SyncsPerSecond
	return r
}

// latency sorts its samples.
func latency(samples []time.Duration) Latency {
	slices.Sort(samples)
	at := func(hundredths int) float64 {
		i := (len(samples)*hundredths+99)/100 - 1
		return float64(samples[i]) / float64(time.Millisecond)
	}
	return Latency{at(50), at(99), at(100)}
}
