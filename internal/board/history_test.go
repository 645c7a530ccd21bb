package board_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"

	"andon/internal/board"
	"andon/internal/store"
	"andon/internal/store/storetest"
	"andon/kanban"
)

// call is one verb upon one card, as the process that made it saw it. The hours
// are those of the host's clock, which all its processes share.
type call struct {
	Verb    string // claim, heartbeat, reclaim or look
	Card    kanban.TaskID
	Run     kanban.RunID // what was named; of a claim that succeeded and of a look: what was found
	OK      bool
	At, End int64 // nanoseconds since 1970
}

// live is what several processes do to a few cards, without any agreement: each
// acts on what it happened to see last.
func live(ctx context.Context, b *board.Board, args []string) error {
	rounds, err := strconv.Atoi(args[0])
	if err != nil {
		return err
	}
	ids := args[1:]
	seed := fnv.New64()
	fmt.Fprint(seed, os.Getpid())
	r := rand.New(rand.NewPCG(seed.Sum64(), 1))
	if err := storetest.Gate(0); err != nil {
		return err
	}
	seen := map[kanban.TaskID]kanban.RunID{}
	for range rounds {
		c := call{Card: kanban.TaskID(ids[r.IntN(len(ids))])}
		c.Run, c.Verb = seen[c.Card], []string{"claim", "claim", "claim", "heartbeat", "heartbeat", "reclaim", "reclaim", "look"}[r.IntN(8)]
		c.At = time.Now().UnixNano()
		var done kanban.Change
		switch c.Verb {
		case "claim":
			if done, err = b.Claim(ctx, c.Card, kanban.Claimant{Lock: fmt.Sprint("h:", os.Getpid()), TTL: time.Hour}); err == nil {
				c.Run = done.Task.Run
			}
		case "heartbeat":
			_, err = b.Heartbeat(ctx, c.Card, kanban.Heartbeat{Run: c.Run})
		case "reclaim":
			_, err = b.Reclaim(ctx, c.Card, "", c.Run, kanban.Termination{})
		case "look":
			done.Task, err = b.Task(ctx, c.Card)
			c.Run = done.Task.Run
		}
		c.End, c.OK = time.Now().UnixNano(), err == nil
		if !c.OK && !errors.Is(err, kanban.ErrHeld) && kanban.CodeOf(err) != kanban.Conflict {
			return err
		}
		if c.OK && c.Verb != "reclaim" {
			seen[c.Card] = c.Run
		}
		line, err := json.Marshal(c)
		if err != nil {
			return err
		}
		fmt.Println(string(line))
	}
	return nil
}

// holding says what each verb may answer about a card, given the run that holds
// it; zero where it is ready.
var holding = porcupine.Model{
	Partition: func(history []porcupine.Operation) [][]porcupine.Operation {
		cards := map[kanban.TaskID][]porcupine.Operation{}
		for _, op := range history {
			id := op.Input.(call).Card
			cards[id] = append(cards[id], op)
		}
		var apart [][]porcupine.Operation
		for _, ops := range cards {
			apart = append(apart, ops)
		}
		return apart
	},
	Init: func() any { return kanban.RunID(0) },
	Step: func(state, _, output any) (bool, any) {
		held, c := state.(kanban.RunID), output.(call)
		switch {
		case c.Verb == "look":
			return c.Run == held, held
		case c.Verb == "claim" && c.OK:
			return held == 0, c.Run
		case c.Verb == "claim":
			return held != 0, held
		// A heartbeat or a reclaim without a run is a person's: any run, but one.
		case c.OK && c.Verb == "reclaim":
			return held != 0 && c.Run == held, kanban.RunID(0)
		case c.OK:
			return held != 0 && (c.Run == held || c.Run == 0), held
		case c.Verb == "reclaim":
			return held == 0 || c.Run != held, held
		default:
			return held == 0 || c.Run != held && c.Run != 0, held
		}
	},
}

// Whatever eight processes do to the same cards at once, there is an order of
// their calls in which each answer is the right one.
func TestHistoryIsLinearizable(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		b := board.New(db)
		args := []string{"150"}
		for range 3 {
			args = append(args, string(add(t, b, kanban.Draft{})))
		}
		var history []porcupine.Operation
		claims := 0
		for process, lines := range storetest.Race(t, 8, 1, as("live", db, args...)) {
			for _, line := range lines {
				var c call
				if err := json.Unmarshal([]byte(line), &c); err != nil {
					t.Fatal(err)
				}
				if c.OK && c.Verb == "claim" {
					claims++
				}
				history = append(history, porcupine.Operation{ClientId: process, Input: c, Output: c, Call: c.At, Return: c.End})
			}
		}
		switch porcupine.CheckOperationsTimeout(holding, history, time.Minute) {
		case porcupine.Illegal:
			t.Errorf("no order of these %d calls explains their answers", len(history))
		case porcupine.Unknown:
			t.Errorf("the history of %d calls could not be judged in a minute", len(history))
		}
		if claims < 10 {
			t.Errorf("%d claims succeeded: that proves nothing", claims)
		}
		// The judge is awake: one more claim, of a card that is held, has no place.
		held := porcupine.Operation{ClientId: 8, Input: call{Card: "t_x"}, Output: call{Verb: "claim", OK: true, Run: 1}, Call: 1, Return: 2}
		twice := held
		twice.ClientId, twice.Output, twice.Call, twice.Return = 9, call{Verb: "claim", OK: true, Run: 2}, 3, 4
		if porcupine.CheckOperations(holding, append(history, held, twice)) {
			t.Error("two claims of one card that nobody gave back passed")
		}
		t.Logf("%d calls, %d claims that succeeded", len(history), claims)
	})
}
