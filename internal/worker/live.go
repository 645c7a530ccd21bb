package worker

import (
	"andon/internal/home"
	"andon/internal/proc"
	"andon/internal/store"
)

// Live is a worker of this host whose process lives.
type Live struct {
	store.Held
	Supervisor proc.ID // of a worker that another program started: the worker
	Agent      proc.ID // zero: none yet, or another program's
	Tree       proc.Tree
}

// Living are those of the cards in hand whose worker lives on this host. A card that
// somebody claimed without a process of andon's, such as a person, has none.
func Living(b home.Board, held []store.Held, host string) []Live {
	var all []Live
	for _, h := range held {
		if h.Task.WorkerPID == 0 || !Local(h.Task.Lock, host) {
			continue
		}
		l := Live{Held: h, Supervisor: proc.ID{PID: int(h.Task.WorkerPID), Start: h.Run.Worker.Start}}
		if !l.Supervisor.Alive() {
			continue // the dispatcher will take the card back
		}
		l.Tree = proc.Tree{Root: l.Supervisor}
		if h.Run.Worker.Start != "" {
			t := treeOf(b, h.Run)
			l.Tree.Mark, l.Tree.Known, l.Tree.Cgroup = t.Mark, t.Known, t.Cgroup
			if a := (proc.ID{PID: int(h.Run.Worker.AgentPID), Start: h.Run.Worker.AgentStart}); a.PID != 0 && a.Alive() {
				l.Agent = a
			}
		}
		all = append(all, l)
	}
	return all
}
