package proc

import (
	"os"
	"slices"
)

// Tree says which processes belong to one run. Each field left empty adds
// none; a process that any of them names belongs to it, and so do its
// descendants, as far as the system still knows whose child they are.
type Tree struct {
	// Mark is a whole entry of the environment, such as "ANDON_RUN=main/7",
	// that the first process was started with and hands down. Only Linux can
	// look for it, and there not in processes of other users.
	Mark string
	// Group is a process group.
	Group int
	// Root is the first process. If it is also the leader of Group, a group
	// that got the number later is known for another.
	Root ID
	// Own adds the descendants of the process that asks. Together with [Adopt] they
	// are all that it ever started and that lives.
	Own bool
	// Known are processes of which it was seen earlier that they belong to it.
	Known []ID
	// Cgroup is the folder of a control group, as [MakeCgroup] returns it. All that
	// is in it or in a group below it belongs to the tree.
	Cgroup string
	// Except are pids that do not belong to it, whatever else is true.
	Except []int
}

// Members are those that live, without the process that asks, whose own
// descendants only count if it is Root, or with Own. It is nil if the system does not tell.
func (t Tree) Members() []ID {
	list, err := table()
	if err != nil {
		return nil
	}
	return t.members(list, nil)
}

// members also counts those in seen, which may have lost their parent since.
func (t Tree) members(list []entry, seen map[ID]bool) []ID {
	group := t.group(list)
	children := make(map[int][]entry)
	var reached []entry
	found := make(map[int]bool)
	reach := func(e entry) {
		if !found[e.id.PID] {
			found[e.id.PID] = true
			reached = append(reached, e)
		}
	}
	grouped := inCgroup(t.Cgroup)
	for _, e := range list {
		children[e.parent] = append(children[e.parent], e)
		switch {
		case t.isRoot(e.id), seen[e.id], group > 0 && e.group == group, grouped[e.id.PID], t.owns(e.id):
			reach(e)
		case e.id.Start != "" && slices.Contains(t.Known, e.id):
			reach(e)
		case t.Mark != "" && marked(e.id.PID, t.Mark):
			reach(e)
		}
	}
	var ids []ID
	for i := 0; i < len(reached); i++ { // it grows
		e := reached[i]
		apart := e.id.PID == os.Getpid() || slices.Contains(t.Except, e.id.PID)
		if !apart {
			ids = append(ids, e.id)
		}
		if apart && !t.isRoot(e.id) && !t.owns(e.id) {
			continue
		}
		for _, child := range children[e.id.PID] {
			reach(child)
		}
	}
	return ids
}

func (t Tree) owns(id ID) bool { return t.Own && id.PID == os.Getpid() }

func (t Tree) isRoot(id ID) bool {
	return t.Root.PID > 0 && id.PID == t.Root.PID &&
		(t.Root.Start == "" || id.Start == t.Root.Start)
}

// group is 0 if there is none, or if its number is now another's: a pid is not
// used again while it is the number of a group.
func (t Tree) group(list []entry) int {
	if t.Group <= 1 {
		return 0
	}
	for _, e := range list {
		if e.id.PID == t.Group && t.Root.PID == t.Group && !t.isRoot(e.id) {
			return 0
		}
	}
	return t.Group
}
