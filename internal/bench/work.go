package bench

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"andon/internal/board"
	"andon/kanban"
)

// Verbs is a lifecycle: what is done with each card, in order. Each commits once
// and leaves one event.
var Verbs = []kanban.Verb{kanban.VerbCreate, kanban.VerbClaim, kanban.VerbHeartbeat, kanban.VerbComplete}

// ready is what a process says when it waits at the barrier. A line on its
// input opens that.
const ready = "ready\n"

// Log is what one process measured.
type Log struct {
	Ends []int64                 `json:"ends"` // when each lifecycle was done, in microseconds of the epoch, rising
	Took map[kanban.Verb][]int64 `json:"took"` // microseconds
}

// Work is one of the processes: it says that it is ready, waits for a line, does
// its lifecycles, thinking after each verb, and prints its [Log]. It gives up
// when in ends, for then nobody waits for it any more.
func Work(ctx context.Context, b *board.Board, in io.Reader, out io.Writer, lifecycles int, pace time.Duration) error {
	if _, err := io.WriteString(out, ready); err != nil {
		return err
	}
	lines := bufio.NewReader(in)
	if _, err := lines.ReadString('\n'); err != nil {
		return fmt.Errorf("wait for the start: %w", err)
	}
	ctx, cancel := context.WithCancel(ctx)
	left := make(chan struct{})
	go func() {
		defer close(left)
		defer cancel()
		_, _ = io.Copy(io.Discard, lines) // an error is an end as well
	}()
	log, err := lives(ctx, b, lifecycles, pace)
	if err != nil {
		return err // and the process with it, so the reader above need not be awaited
	}
	if err := json.NewEncoder(out).Encode(log); err != nil {
		return err
	}
	<-left
	return nil
}

func lives(ctx context.Context, b *board.Board, lifecycles int, pace time.Duration) (Log, error) {
	log := Log{Took: map[kanban.Verb][]int64{}}
	name := fmt.Sprintf("bench:%d", os.Getpid())
	for i := range lifecycles {
		var card kanban.Task
		for _, v := range Verbs {
			began := time.Now()
			if err := step(ctx, b, v, &card, name, i); err != nil {
				return log, err
			}
			log.Took[v] = append(log.Took[v], time.Since(began).Microseconds())
			if err := think(ctx, pace); err != nil {
				return log, err
			}
		}
		log.Ends = append(log.Ends, time.Now().UnixMicro())
	}
	return log, nil
}

func step(ctx context.Context, b *board.Board, v kanban.Verb, card *kanban.Task, name string, i int) (err error) {
	var c kanban.Change
	switch v {
	case kanban.VerbCreate:
		*card, _, err = b.Create(ctx, kanban.Draft{
			Title: fmt.Sprintf("Card %d of %s", i, name), Body: "A card that the bench takes through its life.",
			Assignee: "bench", CreatedBy: "bench",
		})
		return err
	case kanban.VerbClaim:
		c, err = b.Claim(ctx, card.ID, kanban.Claimant{Lock: name})
	case kanban.VerbHeartbeat:
		c, err = b.Heartbeat(ctx, card.ID, kanban.Heartbeat{Run: card.Run})
	case kanban.VerbComplete:
		c, err = b.Complete(ctx, card.ID, kanban.Report{Run: card.Run, Summary: "done"})
	default:
		return errors.New("the bench has no step for " + string(v))
	}
	*card = c.Task
	return err
}

func think(ctx context.Context, pace time.Duration) error {
	if pace <= 0 {
		return ctx.Err()
	}
	t := time.NewTimer(pace)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
