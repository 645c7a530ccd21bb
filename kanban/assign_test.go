package kanban

import "testing"

func TestAssign(t *testing.T) {
	was := card(Blocked).with(func(t *Task) { t.Failures, t.LastError, t.RetryAt = 2, "e", noon })
	c := does(t)(was.Assign("  Bob "))
	wants(t, c, `assigned {"assignee": "bob"}`)
	if c.Task.Assignee != "bob" || c.Task.Failures != 0 || c.Task.LastError != "" || !c.Task.RetryAt.IsZero() || c.Task.Status != Blocked {
		t.Errorf("to another: card %+v; want no failures", c.Task)
	}
	c = does(t)(was.Assign("ADA"))
	wants(t, c, `assigned {"assignee": "ada"}`)
	if c.Task.Failures != 2 || c.Task.RetryAt != noon {
		t.Errorf("to the same: card %+v; want its failures kept", c.Task)
	}
	wants(t, does(t)(was.Assign("")), `assigned {"assignee": null}`)
	_, err := card(Running).Assign("bob")
	refuses(t, err, ErrHeld, Conflict, "assign", "running", "host:11", "reclaim")
}

func TestArchive(t *testing.T) {
	was, run := running()
	c := does(t)(was.Archive(run, noon))
	wants(t, c, `archived null`)
	if r := c.Runs[0]; r.Outcome != OutcomeReclaimed || r.Summary != "task archived with run still active" || c.Events[0].Run != 7 || c.Task.Lock != "" {
		t.Errorf("run %+v, event of run %d, lock %q", r, c.Events[0].Run, c.Task.Lock)
	}
	if c = does(t)(card(Done).Archive(nil, noon)); c.Events[0].Run != 0 || len(c.Runs) != 0 {
		t.Errorf("without a run: event of run %d, runs %+v", c.Events[0].Run, c.Runs)
	}
}

func TestComment(t *testing.T) {
	c := does(t)(card(Done).Comment(" ada ", "  grüße\n", noon))
	wants(t, c, `commented {"author": " ada ", "len": 8}`) // as Hermes tells of it
	if want := (Comment{Task: "t_0000000a", Author: "ada", Body: "grüße", At: noon}); c.Comments[0] != want {
		t.Errorf("comment %+v, want %+v", c.Comments[0], want)
	}
	_, err := card(Done).Comment("ada", " \n", noon)
	refuses(t, err, nil, Invalid, "blank")
	_, err = card(Done).Comment(" ", "x", noon)
	refuses(t, err, nil, Invalid, "author")
}
