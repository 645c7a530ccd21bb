package proc

import "time"

// Usage is what the living processes of a tree have used and hold.
type Usage struct {
	Processes int
	CPU       time.Duration // with that of their children who have ended and were waited for
	Memory    int64         // bytes that are resident; what several share counts for each
}

// Usages tells what each of the trees uses, from one look at the system. It reports
// false where the system does not tell. As everywhere, the process that asks does
// not count.
func Usages(trees []Tree) ([]Usage, bool) {
	if !canWeigh {
		return nil, false
	}
	list, err := table()
	if err != nil {
		return nil, false
	}
	all := make([]Usage, len(trees))
	for i, t := range trees {
		for _, id := range t.members(list, nil) {
			cpu, memory, ok := weigh(id)
			if !ok {
				continue // it has ended meanwhile
			}
			all[i].Processes++
			all[i].CPU += cpu
			all[i].Memory += memory
		}
	}
	return all, true
}
