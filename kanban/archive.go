package kanban

import "time"

// Archive puts the card away. An open run ends as reclaimed; its supervisor
// ends the worker when it sees that.
func (t Task) Archive(run *Run, now time.Time) (Change, error) {
	if err := t.allowed(VerbArchive, ""); err != nil {
		return Change{}, err
	}
	c := t.change(VerbArchive)
	c.Task.Status, c.Task.Forced, c.Task.StartAt = Archived, false, time.Time{}
	id := c.end(run, ending{outcome: OutcomeReclaimed, summary: "task archived with run still active"}, false, now)
	c.event(EventArchived, id, nil)
	return c, nil
}
