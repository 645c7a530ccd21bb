package kanban

import (
	"fmt"
	"slices"
)

// Audit says what about a card contradicts itself. runs are all of the card's.
// A board on which any verb of any program was carried out whole has no finding.
func Audit(t Task, runs []Run) []string {
	var found []string
	say := func(format string, args ...any) {
		found = append(found, fmt.Sprintf("card %s: ", t.ID)+fmt.Sprintf(format, args...))
	}
	if _, err := ParseStatus(string(t.Status)); err != nil {
		say("%v", err)
	}
	current := false
	for _, r := range runs {
		if r.ID == t.Run {
			current = true
		}
		switch {
		case r.Open() && r.ID != t.Run:
			say("run %s is open and not the card's current one", r.ID)
		case !r.Open() && r.ID == t.Run:
			say("its current run %s has ended", r.ID)
		}
		if r.Open() != (r.Outcome == "") {
			say("run %s has outcome %q and end %v", r.ID, r.Outcome, unix(r.EndedAt))
		}
	}
	switch {
	case t.Run != 0 && !current:
		say("its current run %s does not exist", t.Run)
	case t.Status == Running && t.Run == 0:
		say("it is running without a run")
	case t.Status != Running && t.Run != 0:
		say("it is %s and has the open run %s", t.Status, t.Run)
	}
	if t.Status != Running && t.Lock != "" {
		say("it is %s and held by %s", t.Status, t.Lock)
	}
	if t.Status == Running && t.Lock == "" {
		say("it is running and held by nobody")
	}
	return found
}

// AuditLinks finds the cards that wait for themselves, by way of others or not:
// none of them ever becomes ready. No verb links so, but two programs may have that
// linked at the same moment. The links are those among cards that exist.
func AuditLinks(links []Link) (found []string) {
	children := map[TaskID][]TaskID{}
	for _, l := range links {
		children[l.Parent] = append(children[l.Parent], l.Child)
	}
	var parents []TaskID
	for id := range children {
		slices.Sort(children[id])
		parents = append(parents, id)
	}
	slices.Sort(parents)
	seen, way := map[TaskID]bool{}, []TaskID{}
	at := map[TaskID]int{} // the places of those on the way
	var walk func(TaskID)
	walk = func(id TaskID) {
		if i, on := at[id]; on {
			found = append(found, "cards wait for each other: "+arrows(append(slices.Clone(way[i:]), id)))
			return
		}
		if seen[id] {
			return
		}
		seen[id], at[id], way = true, len(way), append(way, id)
		for _, c := range children[id] {
			walk(c)
		}
		way = way[:len(way)-1]
		delete(at, id)
	}
	for _, id := range parents {
		walk(id)
	}
	return found
}
