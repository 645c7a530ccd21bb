package kanban

import "time"

// Overdue reports whether the card should have been finished by now and is not.
// Nothing follows from it but that it is told: a due date starts no card, and
// changes nothing of the order in which cards are started.
func (t Task) Overdue(now time.Time) bool {
	return !t.DueAt.IsZero() && t.DueAt.Unix() < now.Unix() && !t.Status.Satisfied()
}

// Unfinished lists the statuses in which a card can be overdue.
func Unfinished() []Status {
	var all []Status
	for _, s := range Statuses {
		if !s.Satisfied() {
			all = append(all, s)
		}
	}
	return all
}

// cleanDue is a due date in its stored form: whole seconds of this epoch.
func cleanDue(t time.Time) (time.Time, error) {
	if t.IsZero() {
		return time.Time{}, nil
	}
	if t.Unix() <= 0 {
		return t, Invalidf("the due date %s is before 1970", t.Format("2006-01-02 15:04:05"))
	}
	return time.Unix(whole(t).Unix(), 0), nil
}

// graveAfter is how late a card must be for that to be an error.
const graveAfter = 24 * time.Hour

// overdue: it should be finished, and is not. The rule is andon's own: Hermes has
// no due dates.
func overdue(c Chart, _ Thresholds, now time.Time) *Diagnostic {
	t := c.Task
	if !t.Overdue(now) {
		return nil
	}
	late := now.Sub(t.DueAt)
	d := &Diagnostic{Kind: "overdue", Severity: Warning, Count: 1, First: t.DueAt, Last: t.DueAt,
		Title:  sprintf("Overdue for %s", span(late)),
		Detail: sprintf("It should have been finished %s ago, and is %s.", span(late), t.Status),
		Data:   map[string]any{"due_at": t.DueAt.Unix(), "late_seconds": int64(late.Seconds())}}
	if late >= graveAfter {
		d.Severity = Grave
	}
	id := string(t.ID)
	look := hint("See what holds it", "andon why "+id, true)
	if t.Status == Running {
		look = hint("See what its worker does", "andon log "+id, true)
	}
	d.Actions = []Remedy{look, hint("Give it more time", "andon edit "+id+" --due +1d", false)}
	return d
}
