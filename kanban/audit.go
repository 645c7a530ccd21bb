package kanban

import "fmt"

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
