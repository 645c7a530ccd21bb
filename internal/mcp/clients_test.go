package mcp_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"os"
	"regexp"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"andon/internal/board"
	"andon/internal/store"
	"andon/internal/store/storetest"
	"andon/kanban"
)

// clientsEnv says how long the many clients are at the board.
const clientsEnv = "ANDON_CLIENTS"

const clients = 50

// refusals are the reasons for which a call may be refused while many move the same
// cards. Everything else is an error.
var refusals = regexp.MustCompile(`: the card is (triage|todo|scheduled|ready|running|blocked|review|done|archived), and only one in |: the card is running, held by |: it would close the circle |: there is no such link$|: a card cannot wait for itself$`)

// crowd is what many clients share.
type crowd struct {
	t     *testing.T
	b     *board.Board
	until time.Time

	mu       sync.Mutex
	cards    []string // of late, which all move
	took     []time.Duration
	refused  map[string]int
	made     map[string]bool
	comments map[int64]string // by their ids, the cards
	finished map[string]bool  // of which a worker was told so
}

// Fifty agents at one board, workers that come and go with their runs and others that
// do everything to any card, are answered or refused for a reason, and leave the board
// whole, with all that was acknowledged.
func TestClients(t *testing.T) {
	lasts := 2 * time.Second
	if s := os.Getenv(clientsEnv); s != "" {
		var err error
		if lasts, err = time.ParseDuration(s); err != nil {
			t.Fatalf("%s: %v", clientsEnv, err)
		}
	}
	h := newHouse(t)
	h.andon("init")
	server := h.serve()
	db, err := h.place().Open(t.Context(), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	seed := rand.Uint64()
	c := &crowd{t: t, b: board.New(db), until: time.Now().Add(lasts), refused: map[string]int{}, made: map[string]bool{}, comments: map[int64]string{}, finished: map[string]bool{}}
	first, _, err := c.b.Create(t.Context(), kanban.Draft{Title: "there from the beginning", Assignee: "bob"}) // so there is one to move
	if err != nil {
		t.Fatal(err)
	}
	c.cards = []string{string(first.ID)}
	var all sync.WaitGroup
	for i := range clients {
		r := rand.New(rand.NewPCG(seed, uint64(i)))
		all.Go(func() {
			if i%2 == 0 {
				c.orchestrate(server, r)
				return
			}
			for again := true; again; again = time.Now().Before(c.until) && !t.Failed() { // once in any case
				c.work(h, server, r)
			}
		})
	}
	all.Wait()
	server.stop()

	for why, n := range c.refused {
		if !refusals.MatchString(why) {
			t.Errorf("refused %d times: %s", n, why)
		}
	}
	storetest.Check(t, db)
	c.verify()
	slices.Sort(c.took)
	if len(c.took) < clients || len(c.finished) == 0 {
		t.Fatalf("seed %d: %d calls, %d cards finished by workers", seed, len(c.took), len(c.finished))
	}
	t.Logf("%d clients for %s (seed %d): %d calls, %d refused; half within %s, p99 %s, the longest %s", clients, lasts, seed, len(c.took), c.sum(),
		at(c.took, 0.5), at(c.took, 0.99), c.took[len(c.took)-1])
}

// at is the time within which a part of the calls was answered.
func at(sorted []time.Duration, part float64) time.Duration {
	return sorted[int(part*float64(len(sorted)-1))].Round(100 * time.Microsecond)
}

func (c *crowd) sum() (n int) {
	for _, k := range c.refused {
		n += k
	}
	return n
}

var varies = regexp.MustCompile(`t_[0-9a-f]+|\d+`)

// do calls a tool, and notes how it went.
func (c *crowd) do(s *session, tool string, a args) map[string]any {
	began := time.Now()
	answer, err := s.CallTool(context.Background(), &mcp.CallToolParams{Name: tool, Arguments: a})
	took := time.Since(began)
	var result map[string]any
	var refusal string
	if err == nil {
		result, refusal, err = s.judge(tool, answer)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.took = append(c.took, took)
	switch {
	case err != nil:
		c.t.Errorf("%s %v: %v", tool, a, err)
	case refusal != "":
		c.refused[varies.ReplaceAllString(refusal, "#")]++
	case tool == "kanban_create":
		id := result["task_id"].(string)
		c.made[id] = true
		c.remember(id)
	case tool == "kanban_comment":
		c.comments[int64(result["comment_id"].(float64))] = result["task_id"].(string)
	}
	return result
}

// remember keeps the cards that all move few, so that they meet. Its caller has the lock.
func (c *crowd) remember(id string) {
	if c.cards = append(c.cards, id); len(c.cards) > 60 {
		c.cards = c.cards[1:]
	}
}

func (c *crowd) any(r *rand.Rand) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.cards[r.IntN(len(c.cards))]
}

// orchestrate is one agent of the owner.
func (c *crowd) orchestrate(server *served, r *rand.Rand) {
	s, err := server.reach(server.owner, "", nil)
	if err != nil {
		c.t.Errorf("begin a session: %v", err)
		return
	}
	s.t = c.t
	defer c.end(s)
	c.do(s, "kanban_create", args{"title": "the first", "assignee": "bob"})
	for time.Now().Before(c.until) && !c.t.Failed() {
		id, other := c.any(r), c.any(r)
		calls := map[string]args{
			"kanban_create": {"title": "more", "assignee": "bob", "parents": []string{other}}, "kanban_comment": {"task_id": id, "body": "well"},
			"kanban_list": {}, "kanban_search": {"query": "more", "limit": 10}, "kanban_show": {"task_id": id}, "kanban_why": {"task_id": id}, "kanban_stats": {},
			"kanban_edit": {"task_id": id, "priority": r.IntN(9)}, "kanban_assign": {"task_id": id, "assignee": "eve"}, "kanban_block": {"task_id": id, "reason": "which?"},
			"kanban_unblock": {"task_id": id, "reason": "that"}, "kanban_promote": {"task_id": id, "force": true}, "kanban_schedule": {"task_id": id, "at": "+1h"},
			"kanban_link": {"parent_id": id, "child_id": other}, "kanban_unlink": {"parent_id": id, "child_id": other}, "kanban_complete": {"task_id": id, "summary": "done"},
			"kanban_request_review": {"task_id": id, "summary": "look"}, "kanban_archive": {"task_id": id}, "kanban_attachments": {"task_id": id},
			"kanban_heartbeat": {"task_id": id}, "kanban_attach": {"task_id": id, "filename": "a.txt", "content_base64": base64.StdEncoding.EncodeToString([]byte("hello"))},
		}
		names := make([]string, 0, len(calls))
		for name := range calls {
			names = append(names, name)
		}
		slices.Sort(names)
		tool := names[r.IntN(len(names))]
		c.do(s, tool, calls[tool])
	}
}

// work is one worker with the token of its run, from its beginning to its end.
func (c *crowd) work(h *house, server *served, r *rand.Rand) {
	ctx := context.Background()
	t, _, err := c.b.Create(ctx, kanban.Draft{Title: "work", Assignee: "ada"})
	if err != nil {
		c.t.Errorf("make a card for a worker: %v", err)
		return
	}
	change, err := c.b.Claim(ctx, t.ID, kanban.Claimant{Lock: "test:" + strconv.FormatUint(r.Uint64(), 36)})
	if err != nil {
		c.t.Errorf("begin the run of %s: %v", t.ID, err)
		return
	}
	s, err := server.reach(h.token(string(t.ID), change.Task.Run.String(), time.Time{}), "", nil)
	if err != nil {
		c.t.Errorf("begin the session of the worker of %s: %v", t.ID, err)
		return
	}
	s.t = c.t
	defer c.end(s)
	c.do(s, "kanban_show", nil)
	for range 1 + r.IntN(8) {
		switch r.IntN(5) {
		case 0:
			c.do(s, "kanban_heartbeat", args{"note": "at it"})
		case 1:
			c.do(s, "kanban_comment", args{"task_id": c.any(r), "body": "from a worker"})
		case 2:
			c.do(s, "kanban_create", args{"title": "a part", "assignee": "bob"})
		case 3:
			c.do(s, "kanban_search", args{"query": "well", "limit": 5})
		case 4:
			c.do(s, "kanban_attach", args{"filename": "b.txt", "content_base64": "aGVsbG8="})
		}
	}
	if r.IntN(4) == 0 {
		c.do(s, "kanban_block", args{"reason": "a person must say"})
	} else if c.do(s, "kanban_complete", args{"summary": "done"}) != nil {
		c.mu.Lock()
		c.finished[string(t.ID)] = true
		c.mu.Unlock()
	}
	// What it was given is worth nothing from here on.
	if got, _, err := s.try("kanban_comment", args{"task_id": string(t.ID), "body": "after the end"}); got != nil || err != nil {
		c.t.Errorf("the worker of %s after the end of its run: %v, %v", t.ID, got, err)
	}
	c.mu.Lock()
	c.remember(string(t.ID))
	c.mu.Unlock()
}

func (c *crowd) end(s *session) {
	if err := s.Close(); err != nil {
		c.t.Errorf("end a session: %v", err)
	}
}

// verify looks for all that was acknowledged.
func (c *crowd) verify() {
	ctx := context.WithoutCancel(c.t.Context())
	for id := range c.made {
		if _, err := c.b.Task(ctx, kanban.TaskID(id)); err != nil {
			c.t.Errorf("a card that was made is not there: %v", err)
		}
	}
	said := map[string][]kanban.Comment{}
	for number, id := range c.comments {
		if said[id] == nil {
			list, err := c.b.Comments(ctx, kanban.TaskID(id))
			if err != nil {
				c.t.Error(err)
			}
			said[id] = list
		}
		if !slices.ContainsFunc(said[id], func(m kanban.Comment) bool { return m.ID == number }) {
			c.t.Errorf("comment %d on %s was made and is not there", number, id)
		}
	}
	for id := range c.finished {
		runs, err := c.b.Runs(ctx, kanban.TaskID(id))
		if err != nil || len(runs) == 0 || runs[0].Outcome != kanban.OutcomeCompleted {
			c.t.Errorf("the run of %s was completed, and is %v, %v", id, fmt.Sprint(runs), err)
		}
	}
}
