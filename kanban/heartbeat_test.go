package kanban

import (
	"testing"
	"time"
)

// A lease belongs to the run's own worker. A sign of life from anybody else is
// noted and lengthens nothing.
func TestHeartbeatExtendsTheLeaseForItsOwnWorker(t *testing.T) {
	task, run := running()
	short, long := noon.Add(time.Minute), noon.Add(time.Hour)
	for _, tt := range []struct {
		name    string
		h       Heartbeat
		expires time.Time
		want    time.Time
	}{
		{"the worker", Heartbeat{Run: 7, TTL: time.Hour}, short, long},
		{"the worker, by the default", Heartbeat{Run: 7}, short, noon.Add(15 * time.Minute)},
		{"the worker, with a longer lease already", Heartbeat{Run: 7, TTL: time.Minute}, long, long},
		{"a person", Heartbeat{TTL: time.Hour}, short, short},
	} {
		t.Run(tt.name, func(t *testing.T) {
			task.Expires = tt.expires
			c := does(t)(task.Heartbeat(tt.h, run, noon))
			if c.Task.Expires != tt.want || c.Runs[0].Expires != tt.want {
				t.Errorf("lease until %v on the card, %v in the run; want %v", c.Task.Expires, c.Runs[0].Expires, tt.want)
			}
			if c.Task.HeartbeatAt != noon || c.Runs[0].HeartbeatAt != noon {
				t.Errorf("heartbeat %v on the card, %v in the run; want now", c.Task.HeartbeatAt, c.Runs[0].HeartbeatAt)
			}
		})
	}
	c := does(t)(task.Heartbeat(Heartbeat{Note: "half way"}, run, noon))
	wants(t, c, `heartbeat {"note": "half way"}`)
	if c.Events[0].Run != 7 {
		t.Errorf("the event carries run %d, want 7", c.Events[0].Run)
	}
	wants(t, does(t)(task.Heartbeat(Heartbeat{}, run, noon)), `heartbeat null`)
}

func TestRenew(t *testing.T) {
	task, run := running()
	c := does(t)(task.Renew(*run, "host:11", time.Hour, noon))
	if at := noon.Add(time.Hour); c.Task.Expires != at || c.Runs[0].Expires != at || len(c.Events) != 0 {
		t.Errorf("lease until %v on the card, %v in the run, events %v; want an hour and no event", c.Task.Expires, c.Runs[0].Expires, c.Events)
	}
	_, err := task.Renew(*run, "host:12", time.Hour, noon)
	refuses(t, err, ErrSuperseded, Conflict, "renew", "t_0000000a")
}
