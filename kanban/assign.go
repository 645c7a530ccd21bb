package kanban

// Assign gives the card to another profile or person; the empty name leaves it
// to nobody. A new assignee begins with no failures. A running card is refused.
func (t Task) Assign(to string) (Change, error) {
	if err := cleanText("the assignee", to); err != nil {
		return Change{}, err
	}
	to = CanonicalAssignee(to)
	if t.Status == Running && t.Lock != "" {
		return Change{}, &Error{Code: Conflict, Err: ErrHeld,
			Msg:  sprintf("assign %s: the card is running, held by %s", t.ID, t.Lock),
			Hint: sprintf("`andon reclaim %s` takes it back first", t.ID)}
	}
	c := t.change(VerbAssign)
	if to != t.Assignee {
		c.Task.Assignee = to
		c.Task.clearFailures()
	}
	c.event(EventAssigned, 0, payload("assignee", orNull(to)))
	return c, nil
}
