package main

import (
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"andon/internal/home"
	"andon/internal/store"
	"andon/kanban"
)

const hundredThousand = 100_000

// lived makes a home whose board has had a life of half a year: most of its cards
// are done, each with its run and its history; the newest 7 % are in every other
// status.
func lived(b *testing.B, binary, root string) (andon func(args ...string) *exec.Cmd) {
	b.Helper()
	now := time.Now()
	random := rand.New(rand.NewPCG(1, 2))
	db, err := home.Board{DB: filepath.Join(root, "kanban.db")}.Open(b.Context(), store.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	const slice = 5_000
	half := 26 * 7 * 24 * time.Hour
	for from := 0; from < hundredThousand; from += slice {
		err := db.Update(b.Context(), func(tx *store.Tx) error {
			for i := from; i < from+slice; i++ {
				if err := liveOne(b, tx, random, i, now.Add(-half+time.Duration(i)*(half/hundredThousand))); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	return within(b, binary, root)
}

// liveOne makes card i and lets it live from begun on.
func liveOne(b *testing.B, tx *store.Tx, random *rand.Rand, i int, begun time.Time) error {
	d := someCard(i)
	d.Triage, d.Blocked = false, false
	if d.Assignee == "" {
		d.Assignee = "dan"
	}
	tx.Now = begun
	apply := func(c kanban.Change, err error) (kanban.Task, error) {
		if err != nil {
			return c.Task, err
		}
		err = tx.Apply(b.Context(), &c)
		return c.Task, err
	}
	t, err := apply(kanban.Create(idOf(i), d, nil, tx.Now))
	young := i >= hundredThousand*93/100
	if err != nil || young && i%4 == 0 {
		return err
	}
	tx.Now = tx.Now.Add(time.Duration(random.IntN(7200)) * time.Second)
	t, err = apply(t.Claim(kanban.Claimant{Lock: "here:1"}, nil, nil, tx.Now))
	if err != nil || young && i%4 == 1 {
		return err
	}
	run := kanban.Run{}
	if r, err := tx.Run(b.Context(), t.Run); err == nil && r != nil {
		run = *r
	}
	tx.Now = tx.Now.Add(time.Duration(random.IntN(14400)) * time.Second)
	switch {
	case young && i%4 == 2 || i%10 == 3: // it has a question, which a person answers in time
		t, err = apply(t.Block(kanban.Block{Reason: "which one?", Kind: kanban.NeedsInput, Author: "ada"}, nil, &run, tx.Now))
		if err != nil || young {
			return err
		}
		tx.Now = tx.Now.Add(time.Duration(random.IntN(7200)) * time.Second)
		if t, err = apply(t.Unblock(kanban.Unblock{Author: "user", Reason: "this one"}, nil, nil, tx.Now)); err != nil {
			return err
		}
		_, err = apply(t.Complete(kanban.Report{Summary: "done"}, nil, kanban.Witness{}, tx.Now))
	case young:
		_, err = apply(t.RequestReview(kanban.ReviewRequest{Summary: "look"}, &run, tx.Now))
	case i%20 == 7:
		t, err = apply(t.Fail(kanban.Failure{Class: kanban.Crashed, Exit: kanban.Exit{Code: 1}}, run, kanban.Policy{}, tx.Now))
		if err == nil {
			_, err = apply(t.Complete(kanban.Report{Summary: "done"}, nil, kanban.Witness{}, tx.Now))
		}
	default:
		_, err = apply(t.Complete(kanban.Report{Summary: "done", Run: run.ID}, &run, kanban.Witness{}, tx.Now))
	}
	return err
}

func write(b *testing.B, path, text string) {
	b.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		b.Fatal(err)
	}
}

// wait runs commands and reports how long one takes, and what it works.
func wait(b *testing.B, command func(i int) *exec.Cmd) {
	b.Helper()
	var took, cpu []float64
	for i := 0; b.Loop(); i++ {
		cmd := command(i)
		began := time.Now()
		if out, err := cmd.CombinedOutput(); err != nil {
			b.Fatalf("%v: %v\n%s", cmd.Args, err, out)
		}
		took = append(took, time.Since(began).Seconds()*1000)
		cpu = append(cpu, (cmd.ProcessState.UserTime()+cmd.ProcessState.SystemTime()).Seconds()*1000)
	}
	b.ReportMetric(median(took), "median-ms")
	b.ReportMetric(median(cpu), "cpu-ms") // what it costs by itself, whatever else the machine does
}
