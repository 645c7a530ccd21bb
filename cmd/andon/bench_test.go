package main

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"andon/internal/home"
	"andon/internal/store"
	"andon/kanban"
)

// The benchmarks here time whole processes, as a person or an agent waits for
// them, and report medians: the mean of a busy machine tells of its neighbours.

const boardSize = 10_000

func someCard(i int) kanban.Draft {
	return kanban.Draft{
		Title:    fmt.Sprintf("Card %d: write to the people who wait for an answer", i),
		Body:     strings.Repeat("What is to be done, and how to know that it is done. ", 6),
		Assignee: []string{"ada", "bob", "cyd", ""}[i%4], CreatedBy: "user", Priority: int64(i % 7),
		WorkspaceKind: kanban.Scratch, Triage: i%10 == 0, Blocked: i%25 == 1,
	}
}

// command builds the command and makes it a home whose board has many cards.
func command(b *testing.B) (andon func(args ...string) *exec.Cmd) {
	b.Helper()
	dir := b.TempDir()
	return with(b, build(b, dir), filepath.Join(dir, "home"), boardSize, idOf)
}

// with makes a home whose board has n cards, and runs the binary in it.
func with(b *testing.B, binary, root string, n int, id func(i int) kanban.TaskID) (andon func(args ...string) *exec.Cmd) {
	b.Helper()
	fill(b, filepath.Join(root, "kanban.db"), n, id)
	return within(b, binary, root)
}

// within runs the binary in a home.
func within(b *testing.B, binary, root string) (andon func(args ...string) *exec.Cmd) {
	return func(args ...string) *exec.Cmd {
		cmd := exec.CommandContext(b.Context(), binary, args...)
		cmd.Env = append(os.Environ(), "ANDON_HOME="+root)
		return cmd
	}
}

// fill puts n cards of every kind on a new board.
func fill(b *testing.B, path string, n int, id func(i int) kanban.TaskID) {
	b.Helper()
	stock(b, path, n, func(tx *store.Tx, i int) error {
		c, err := kanban.Create(id(i), someCard(i), nil, tx.Now)
		if err != nil {
			return err
		}
		return tx.Apply(b.Context(), &c)
	})
}

// finished puts n cards that are done on a new board.
func finished(b *testing.B, path string, n int) {
	b.Helper()
	stock(b, path, n, func(tx *store.Tx, i int) error {
		d := someCard(i)
		d.Triage, d.Blocked = false, false
		c, err := kanban.Create(idOf(i), d, nil, tx.Now)
		if err != nil {
			return err
		}
		if err := tx.Apply(b.Context(), &c); err != nil {
			return err
		}
		if c, err = c.Task.Complete(kanban.Report{Summary: "done"}, nil, kanban.Witness{}, tx.Now); err != nil {
			return err
		}
		return tx.Apply(b.Context(), &c)
	})
}

func stock(b *testing.B, path string, n int, put func(tx *store.Tx, i int) error) {
	b.Helper()
	db, err := home.Board{DB: path}.Open(b.Context(), store.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	const slice = 10_000
	for from := 0; from < n; from += slice {
		err := db.Update(b.Context(), func(tx *store.Tx) error {
			for i := from; i < min(n, from+slice); i++ {
				if err := put(tx, i); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
	}
}

// idOf scatters the numbers, as ids are drawn at random.
func idOf(i int) kanban.TaskID { return kanban.TaskID(fmt.Sprintf("t_%08x", uint32(i)*2654435761)) }

func BenchmarkCommand(b *testing.B) {
	andon := command(b)
	for _, c := range []struct {
		name string
		args []string
	}{
		{"version", []string{"version"}}, // touches no board,
		{"show", []string{"show", string(idOf(boardSize / 2))}},
		{"list50", []string{"list", "--limit", "50"}},
		{"list1000", []string{"list", "--limit", "1000"}},
		{"complete-id", []string{"__complete", "show", "t_0"}}, // somebody has typed that much, and waits
		{"create", []string{"create", "One more", "--body", "What is to be done."}},
	} {
		b.Run(c.name, func(b *testing.B) { wait(b, func(int) *exec.Cmd { return andon(c.args...) }) })
	}
}

// BenchmarkShowMillion compares showing a card of a million with showing the only
// one: a person should not feel how large the board is.
func BenchmarkShowMillion(b *testing.B) {
	const million = 1_000_000
	dir := b.TempDir()
	binary := build(b, dir)
	// In the order of their ids, so that the index grows at its end alone.
	inOrder := func(i int) kanban.TaskID { return kanban.TaskID(fmt.Sprintf("t_%08x", i*(1<<32/million))) }
	sizes := []int{1, million}
	var took [2][]float64
	var andon [2]func(...string) *exec.Cmd
	begun := time.Now()
	for k, n := range sizes {
		andon[k] = with(b, binary, filepath.Join(dir, fmt.Sprint("home", n)), n, inOrder)
	}
	b.Logf("made in %v", time.Since(begun).Round(time.Second))
	for i := 0; b.Loop(); i++ {
		for j := range sizes {
			k := (i + j) % 2 // each is as often the first
			args := []string{"show", string(inOrder(i * 7919 % sizes[k]))}
			began := time.Now()
			if out, err := andon[k](args...).CombinedOutput(); err != nil {
				b.Fatalf("%v: %v\n%s", args, err, out)
			}
			took[k] = append(took[k], time.Since(began).Seconds()*1000)
		}
	}
	one, many := median(took[0]), median(took[1])
	b.ReportMetric(one, "one-ms")
	b.ReportMetric(many, "million-ms")
	b.ReportMetric(many/one, "ratio")
}

// BenchmarkInit sums what the packages do before main begins. Each verb and each
// supervisor pays it; the budget is 2 ms.
func BenchmarkInit(b *testing.B) {
	andon := command(b)
	var sums []float64
	for b.Loop() {
		cmd := andon("version")
		var trace bytes.Buffer
		cmd.Env, cmd.Stderr = append(cmd.Env, "GODEBUG=inittrace=1"), &trace
		if err := cmd.Run(); err != nil {
			b.Fatalf("version: %v\n%s", err, trace.Bytes())
		}
		sum := 0.0
		for lines := bufio.NewScanner(&trace); lines.Scan(); {
			// init andon/kanban @1.0 ms, 0.009 ms clock, 8608 bytes, 67 allocs
			_, text, _ := strings.Cut(lines.Text(), " ms, ")
			var ms float64
			if _, err := fmt.Sscanf(text, "%f ms clock", &ms); err != nil {
				b.Fatalf("%q: %v", lines.Text(), err)
			}
			sum += ms
		}
		sums = append(sums, sum)
	}
	b.ReportMetric(median(sums), "init-ms")
}

func median(list []float64) float64 {
	slices.Sort(list)
	return list[len(list)/2]
}
