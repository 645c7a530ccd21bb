package proc

import (
	"os"
	"slices"
	"testing"
)

func TestMembersOfATable(t *testing.T) {
	t.Parallel()
	self := os.Getpid()
	pid := func(n int) int { return self + n } // none of them is the test itself
	id := func(n int) ID { return ID{PID: pid(n), Start: "1"} }
	list := []entry{
		{id: id(3), parent: pid(2), group: pid(3)}, // before its parent, as after a wrap of pids
		{id: id(1), parent: self, group: pid(1)},
		{id: id(2), parent: pid(1), group: pid(1)},
		{id: id(4), parent: 1, group: pid(1)},
		{id: id(5), parent: 1, group: pid(5)},
		{id: ID{PID: self, Start: "1"}, parent: 1, group: pid(1)},
	}
	old := ID{PID: pid(1), Start: "0"}
	for name, c := range map[string]struct {
		tree Tree
		seen []ID
		want []int
	}{
		"nothing":              {Tree{}, nil, nil},
		"root":                 {Tree{Root: id(1)}, nil, []int{1, 2, 3}},
		"root by pid alone":    {Tree{Root: ID{PID: pid(1)}}, nil, []int{1, 2, 3}},
		"root long gone":       {Tree{Root: old}, nil, nil},
		"root asks":            {Tree{Root: ID{PID: self}}, nil, []int{1, 2, 3}},
		"group":                {Tree{Group: pid(1)}, nil, []int{1, 2, 3, 4}},
		"group of its leader":  {Tree{Group: pid(1), Root: id(1)}, nil, []int{1, 2, 3, 4}},
		"group of another":     {Tree{Group: pid(1), Root: old}, nil, nil},
		"group 1":              {Tree{Group: 1}, nil, nil},
		"seen before":          {Tree{}, []ID{id(5), old}, []int{5}},
		"except a branch":      {Tree{Root: id(1), Except: []int{pid(2)}}, nil, []int{1}},
		"except the root only": {Tree{Root: id(1), Except: []int{pid(1)}}, nil, []int{2, 3}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			seen := make(map[ID]bool)
			for _, id := range c.seen {
				seen[id] = true
			}
			var got []int
			for _, id := range c.tree.members(list, seen) {
				got = append(got, id.PID-self)
			}
			slices.Sort(got)
			if !slices.Equal(got, c.want) {
				t.Errorf("members = %v, want %v", got, c.want)
			}
		})
	}
}

func TestIdentity(t *testing.T) {
	t.Parallel()
	self := Self()
	if self.PID != os.Getpid() || self.Start == "" || self != Self() || !self.Alive() {
		t.Errorf("Self = %+v, then %+v; want the same, alive", self, Self())
	}
	if !(ID{PID: self.PID}).Alive() {
		t.Error("a pid without a start is not alive")
	}
	if (ID{PID: self.PID, Start: self.Start + "0"}).Alive() {
		t.Error("another start is alive")
	}
	for _, pid := range []int{0, -1} {
		if id, ok := Of(pid); ok || id.Alive() {
			t.Errorf("Of(%d) = %+v, %v; want none", pid, id, ok)
		}
	}
}

func TestHostname(t *testing.T) {
	t.Parallel()
	if Hostname() == "" {
		t.Error("Hostname is empty")
	}
}
