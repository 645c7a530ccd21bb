package kanban

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// life is one card, and what a store would keep of it.
type life struct {
	task    Task
	runs    []Run
	parents []Task
	gate    Gate
	now     time.Time
}

// Any sequence of verbs, each with any facts, keeps to the table of moves, and
// leaves a card that does not contradict itself.
func TestAnySequenceOfVerbs(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := &life{now: noon}
		draft, err := Draft{
			Title: "x", Triage: rapid.Bool().Draw(t, "triage"), Blocked: rapid.Bool().Draw(t, "blocked"),
			MaxRetries: rapid.Int64Range(0, 3).Draw(t, "retries"),
		}.Clean()
		if err != nil {
			t.Fatal(err)
		}
		c, err := Create("t_1", draft, nil, l.now)
		l.did(t, VerbCreate, c, err)
		actions := map[string]func(*rapid.T){
			"": func(t *rapid.T) { l.whole(t) },
			"time": func(t *rapid.T) {
				l.now = l.now.Add(time.Duration(rapid.IntRange(0, 7200).Draw(t, "s")) * time.Second)
			},
			"parents": func(t *rapid.T) {
				l.parents = nil
				for _, s := range rapid.SliceOfN(rapid.SampledFrom(Statuses), 0, 2).Draw(t, "parents") {
					l.parents = append(l.parents, Task{ID: "t_p", Status: s})
				}
			},
		}
		for name, act := range l.verbs() {
			actions[name] = act
		}
		t.Repeat(actions)
	})
}

func (l *life) verbs() map[string]func(*rapid.T) {
	// Whoever acts is the card's own worker, an old one, or a person.
	who := func(t *rapid.T) RunID {
		return rapid.SampledFrom([]RunID{0, l.task.Run, RunID(len(l.runs)), 1}).Draw(t, "run")
	}
	// The run that one who answers for it believes in; its record is the stored one.
	believed := func(t *rapid.T) Run {
		if len(l.runs) == 0 {
			return Run{ID: 99, Task: l.task.ID}
		}
		return l.runs[rapid.IntRange(max(0, len(l.runs)-2), len(l.runs)-1).Draw(t, "run")]
	}
	policy := func(t *rapid.T) Policy {
		return Policy{BoardLimit: rapid.Int64Range(0, 3).Draw(t, "limit"), Jitter: rapid.Float64Range(0, 0.99).Draw(t, "jitter"), Cooldown: time.Minute}
	}
	termination := func(t *rapid.T) Termination {
		return Termination{PrevPID: 1, HostLocal: rapid.Bool().Draw(t, "local"), Attempted: true, Terminated: rapid.Bool().Draw(t, "ended")}
	}
	exit := rapid.SampledFrom([]Exit{{}, {Code: 1}, {Code: RateLimitCode}, {Signal: 9}, {Unknown: true}})
	return map[string]func(*rapid.T){
		"claim": func(t *rapid.T) {
			c, err := l.task.Claim(Claimant{Lock: rapid.SampledFrom([]string{"a:1", "b:2"}).Draw(t, "lock"), TTL: time.Minute, Review: rapid.Bool().Draw(t, "review")}, l.parents, l.run(), l.now)
			l.did(t, VerbClaim, c, err)
		},
		"start": func(t *rapid.T) {
			r := believed(t)
			c, err := l.task.Started(r, r.Lock, Worker{PID: 5}, "/w")
			l.did(t, VerbHeartbeat, c, err)
		},
		"agent": func(t *rapid.T) {
			if len(l.runs) > 0 {
				c, err := l.task.Agent(believed(t), 6, "1")
				l.did(t, "", c, err)
			}
		},
		"renew": func(t *rapid.T) {
			r := believed(t)
			c, err := l.task.Renew(r, r.Lock, time.Minute, l.now)
			l.did(t, VerbHeartbeat, c, err)
		},
		"heartbeat": func(t *rapid.T) {
			c, err := l.task.Heartbeat(Heartbeat{Run: who(t)}, l.run(), l.now)
			l.did(t, VerbHeartbeat, c, err)
		},
		"extend": func(t *rapid.T) {
			c, err := l.task.Extend(believed(t), time.Minute, l.now)
			l.did(t, VerbHeartbeat, c, err)
		},
		"defer": func(t *rapid.T) {
			c, err := l.task.Defer("why", termination(t), believed(t), l.now)
			l.did(t, VerbHeartbeat, c, err)
		},
		"complete": func(t *rapid.T) {
			c, err := l.task.Complete(Report{Run: who(t), Summary: rapid.SampledFrom([]string{"", "done"}).Draw(t, "summary"),
				Artifacts: rapid.SliceOfN(rapid.SampledFrom([]string{"/a", "b", " "}), 0, 2).Draw(t, "artifacts")}, l.run(), Witness{}, l.now)
			l.did(t, VerbComplete, c, err)
		},
		"block": func(t *rapid.T) {
			kind := rapid.SampledFrom([]BlockKind{"", Dependency, NeedsInput, Transient}).Draw(t, "kind")
			c, err := l.task.Block(Block{Kind: kind, Run: who(t), Reason: rapid.SampledFrom([]string{"", "why"}).Draw(t, "reason"), Author: "a"}, l.parents, l.run(), l.now)
			l.did(t, VerbBlock, c, err)
		},
		"unblock": func(t *rapid.T) {
			c, err := l.task.Unblock(Unblock{}, l.parents, l.run(), l.now)
			l.did(t, VerbUnblock, c, err)
		},
		"promote": func(t *rapid.T) {
			if c, due := l.task.Promote(l.parents, l.gate, policy(t)); due {
				if len(open(l.parents)) > 0 || l.gate.Breaker == EventGaveUp && l.task.Status == Blocked || l.gate.Block == EventBlocked && l.task.Status == Blocked {
					t.Fatalf("promoted past %v and gate %+v", l.parents, l.gate)
				}
				l.did(t, VerbPromote, c, nil)
			}
		},
		"promote by hand": func(t *rapid.T) {
			c, err := l.task.PromoteBy(Promotion{Force: rapid.Bool().Draw(t, "force")}, l.parents)
			l.did(t, VerbPromote, c, err)
		},
		"request review": func(t *rapid.T) {
			c, err := l.task.RequestReview(ReviewRequest{Run: who(t), Summary: rapid.SampledFrom([]string{"", "look"}).Draw(t, "summary")}, l.run(), l.now)
			l.did(t, VerbRequestReview, c, err)
		},
		"reopen review": func(t *rapid.T) {
			c, err := l.task.ReopenReview(Reopening{Reason: "no", Author: "a"}, l.parents, l.run(), l.now)
			l.did(t, VerbReopenReview, c, err)
		},
		"schedule": func(t *rapid.T) {
			var at time.Time
			if s := rapid.IntRange(-1, 3600).Draw(t, "in"); s >= 0 {
				at = l.now.Add(time.Duration(s) * time.Second)
			}
			c, err := l.task.Schedule(Schedule{At: at, Run: who(t), Reason: rapid.SampledFrom([]string{"", "later"}).Draw(t, "reason"), Author: "a"}, l.run(), l.now)
			l.did(t, VerbSchedule, c, err)
		},
		"due": func(t *rapid.T) {
			if c, ok := l.task.Due(l.parents, l.now); ok {
				l.did(t, VerbDue, c, nil)
			}
		},
		"fail": func(t *rapid.T) {
			class := rapid.SampledFrom([]Class{SpawnFailed, Crashed, TimedOut, Breach, RateLimited}).Draw(t, "class")
			before := l.task.Failures
			c, err := l.task.Fail(Failure{Class: class, Exit: exit.Draw(t, "exit")}, believed(t), policy(t), l.now)
			if want := before + 1; err == nil && class != RateLimited && c.Task.Failures != want || err == nil && class == RateLimited && c.Task.Failures != before {
				t.Fatalf("%s: %d failures became %d", class, before, c.Task.Failures)
			}
			l.did(t, VerbFail, c, err)
		},
		"ended": func(t *rapid.T) {
			if len(l.runs) == 0 {
				return
			}
			c, err := l.task.Ended(believed(t), exit.Draw(t, "exit"), rapid.SampledFrom([]OnExit{OnExitProtocol, OnExitComplete}).Draw(t, "on"), nil, policy(t), l.now)
			if err != nil {
				t.Fatalf("how a run ended was refused: %v", err)
			}
			l.did(t, c.Verb, c, nil)
		},
		"lapse": func(t *rapid.T) {
			lapse := rapid.SampledFrom([]Lapse{LeaseLapsed, ClaimerGone, WorkerSilent}).Draw(t, "lapse")
			c, err := l.task.Lapsed(lapse, time.Minute, termination(t), believed(t), l.now)
			l.did(t, VerbReclaim, c, err)
		},
		"reclaim": func(t *rapid.T) {
			c, err := l.task.Reclaim("", who(t), termination(t), l.run(), l.now)
			l.did(t, VerbReclaim, c, err)
		},
		"complete with a phantom": func(t *rapid.T) {
			c, err := l.task.Complete(Report{Run: who(t), Created: []TaskID{"t_gone"}}, l.run(), Witness{}, l.now)
			if err == nil && (c.Refusal == nil || c.Task.Status != l.task.Status) {
				t.Fatalf("completed as %+v with a card that nobody made", c.Task)
			}
			l.did(t, "", c, err)
		},
		"specify": func(t *rapid.T) {
			c, err := l.task.Specify(Specification{Body: new(rapid.SampledFrom([]string{"", "b"}).Draw(t, "body")), Author: "a"}, l.now)
			l.did(t, VerbSpecify, c, err)
		},
		"decompose": func(t *rapid.T) {
			changes, err := l.task.Decompose(Decomposition{Parts: []Part{{Title: "x"}, {Title: "y", After: []int{0}}}}, []TaskID{"t_x", "t_y"}, nil, l.now)
			if err != nil {
				l.did(t, VerbDecompose, Change{}, err)
				return
			}
			l.did(t, VerbDecompose, changes[2], nil)
			l.parents = append(l.parents, changes[0].Task, changes[1].Task)
		},
		"delete": func(t *rapid.T) { // as far as the decision; afterwards there is nothing to go on with
			if c, err := l.task.Delete(Deletion{Was: who(t)}); err == nil && (c.Legal() != nil || l.task.Run != 0 && c.Was.Run != l.task.Run) {
				t.Fatalf("deleted %+v as %+v", l.task, c)
			}
		},
		"cancel": func(t *rapid.T) {
			failures := l.task.Failures
			c, err := l.task.Cancel("ada", who(t), termination(t), l.run(), l.now)
			if err == nil && c.Task.Failures != failures {
				t.Fatalf("cancelled, %d failures became %d", failures, c.Task.Failures)
			}
			l.did(t, VerbCancel, c, err)
		},
		"edit": func(t *rapid.T) {
			c, err := l.task.Edit(Edit{Title: new(rapid.SampledFrom([]string{"x", "y", " "}).Draw(t, "title")), Priority: new(rapid.Int64Range(0, 2).Draw(t, "priority"))})
			l.did(t, VerbEdit, c, err)
		},
		"edit result": func(t *rapid.T) {
			var last *Run
			for i := range l.runs {
				if l.runs[i].Outcome == OutcomeCompleted {
					last = &l.runs[i]
				}
			}
			c, err := l.task.EditResult(ResultEdit{Result: "r"}, last, l.now)
			l.did(t, VerbEditResult, c, err)
		},
		"overrides": func(t *rapid.T) {
			c, err := l.task.SetModel(rapid.SampledFrom([]string{"", "m"}).Draw(t, "model"), rapid.SampledFrom([]string{"", "p"}).Draw(t, "provider"))
			l.did(t, VerbSetModel, c, err)
			c, err = l.task.SetEffort(rapid.SampledFrom([]string{"", "HIGH", "huge"}).Draw(t, "effort"))
			l.did(t, VerbSetEffort, c, err)
			c, err = l.task.Unguard("", "")
			l.did(t, VerbUnguard, c, err)
		},
		"assign": func(t *rapid.T) {
			c, err := l.task.Assign(rapid.SampledFrom([]string{"", "ada", "bob"}).Draw(t, "to"))
			l.did(t, VerbAssign, c, err)
		},
		"comment": func(t *rapid.T) {
			c, err := l.task.Comment("ada", "x", l.now)
			l.did(t, VerbComment, c, err)
		},
		"attach": func(t *rapid.T) {
			c, err := l.task.Attach(Attachment{Name: rapid.SampledFrom([]string{"a", "../a"}).Draw(t, "name"), Path: "/a"}, who(t), l.now)
			l.did(t, VerbAttach, c, err)
			c, err = l.task.Detach(Attachment{ID: 1, Name: "a"}, who(t))
			l.did(t, VerbDetach, c, err)
		},
		"link": func(t *rapid.T) {
			p := Task{ID: "t_p", Status: rapid.SampledFrom(Statuses).Draw(t, "parent")}
			c, err := l.task.Link(p, nil)
			if l.did(t, VerbLink, c, err); err == nil {
				l.parents = append(l.parents, p)
			}
		},
		"unlink": func(t *rapid.T) {
			c, err := l.task.Unlink("t_p", []Link{{"t_p", "t_1"}})
			l.did(t, VerbUnlink, c, err)
		},
		"archive": func(t *rapid.T) {
			c, err := l.task.Archive(l.run(), l.now)
			l.did(t, VerbArchive, c, err)
		},
	}
}

// run is the open run that the card names.
func (l *life) run() *Run {
	if i := slices.IndexFunc(l.runs, func(r Run) bool { return r.ID == l.task.Run }); i >= 0 {
		r := l.runs[i]
		return &r
	}
	return nil
}

// did keeps what a verb decided, as a store does.
func (l *life) did(t *rapid.T, v Verb, c Change, err error) {
	if err != nil {
		if CodeOf(err) == Internal {
			t.Fatalf("%s: an unclassified refusal: %v", v, err)
		}
		return
	}
	if err := c.Legal(); err != nil {
		t.Fatal(err)
	}
	if c.Verb != v {
		t.Fatalf("%s decided as %q", v, c.Verb)
	}
	if v != VerbCreate && (c.Was.Status != l.task.Status || c.Was.Lock != l.task.Lock || c.Was.Run != l.task.Run) {
		t.Fatalf("%s says that the card was %+v, and it was %+v", v, c.Was, l.task)
	}
	if c.Was.Status != c.Task.Status && len(c.Events) == 0 {
		t.Fatalf("%s moved the card from %s to %s without an event", v, c.Was.Status, c.Task.Status)
	}
	opened := RunID(0)
	for _, r := range c.Runs {
		if r.ID == 0 {
			opened = RunID(len(l.runs) + 1)
			r.ID = opened
			l.runs = append(l.runs, r)
			continue
		}
		was := l.runs[r.ID-1]
		if !was.Open() && (r.Outcome != was.Outcome || r.EndedAt != was.EndedAt || r.Summary != was.Summary && v != VerbEditResult) {
			t.Fatalf("%s rewrote the ended run %+v as %+v", v, was, r)
		}
		l.runs[r.ID-1] = r
	}
	if l.task = c.Task; l.task.Run == NewRun {
		l.task.Run = opened
	}
	for _, e := range c.Events {
		if e.Run == NewRun {
			e.Run = opened
		}
		if e.Run < 0 || int(e.Run) > len(l.runs) {
			t.Fatalf("%s: event %s names run %d of %d", v, e.Kind, e.Run, len(l.runs))
		}
		text, err := EncodeJSON(e.Payload.Resolve(opened))
		if err != nil {
			t.Fatalf("%s: event %s: %v", v, e.Kind, err)
		}
		if len(ParsePayload(text)) != len(e.Payload) {
			t.Fatalf("%s: event %s is stored as %s", v, e.Kind, text)
		}
		seen := map[string]bool{}
		for _, f := range e.Payload {
			if seen[f.Key] {
				t.Fatalf("%s: event %s has the key %s twice", v, e.Kind, f.Key)
			}
			seen[f.Key] = true
		}
		if slices.Contains(BlockGate, e.Kind) {
			l.gate.Block = e.Kind
		}
		if slices.Contains(BreakerGate, e.Kind) {
			l.gate.Breaker = e.Kind
		}
	}
}

// whole holds after every step.
func (l *life) whole(t *rapid.T) {
	if found := Audit(l.task, l.runs); found != nil {
		t.Fatalf("%q", found)
	}
	switch task := l.task; {
	case task.Forced && task.Status != Ready && task.Status != Running:
		t.Fatalf("the card is %s and still promoted by force", task.Status)
	case task.Status == Done && (task.Failures != 0 || task.BlockKind != "" || task.CompletedAt.IsZero()):
		t.Fatalf("the card is done and remembers its troubles: %+v", task)
	case task.Status == Ready && task.WorkerPID != 0:
		t.Fatalf("a ready card has a worker: %+v", task)
	case !task.StartAt.IsZero() && task.Status != Scheduled:
		t.Fatalf("the card is %s and has an hour: %+v", task.Status, task)
	case task.Failures < 0:
		t.Fatalf("%d failures", task.Failures)
	}
}
